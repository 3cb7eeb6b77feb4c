"""The pretended Slack and the bot on it. After each test everything sent is checked against Slack's limits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.dialog.engine import Engine
from tests.channels.slack.slack_app import Mode, SlackApp, check_everything_shown, running_app
from tests.fakes.slack import FakeSlack


@pytest.fixture(params=["socket", "http"])
def mode(request: pytest.FixtureRequest) -> Mode:
    """Both ways Slack brings events."""
    chosen: Mode = request.param
    return chosen


@pytest.fixture
async def fake() -> AsyncIterator[FakeSlack]:
    """A pretended Slack with one channel and three people."""
    async with FakeSlack() as slack:
        yield slack
        check_everything_shown(slack)


@pytest.fixture
async def slack_app(fake: FakeSlack, engine: Engine, mode: Mode, tmp_path: Path) -> AsyncIterator[SlackApp]:
    """The bot at work in that Slack."""
    async with running_app(fake, engine, mode, tmp_path) as slack_app:
        yield slack_app


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits of a second or a minute take no time."""
    monkeypatch.setattr("bot.channels.slack.client.PAUSE", 0.01)
    monkeypatch.setattr("bot.channels.slack.client.LONG_PAUSE", 0.05)
    monkeypatch.setattr("bot.channels.slack.client.retry_after", lambda _headers: 0.01)
    monkeypatch.setattr("bot.channels.slack.sender.MISSING", 0.01)
    monkeypatch.setattr("bot.inbox.inbox.after_failure", lambda _attempts: 0.01)
