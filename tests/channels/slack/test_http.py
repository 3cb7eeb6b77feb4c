"""HTTP mode at the door: signatures, the replay window, the handshake of the address, unreadable requests."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.channels.slack.manifest import EVENTS_PATH
from bot.dialog.engine import Engine
from tests.channels.slack.slack_app import ADA, CHANNEL, SlackApp, running_app
from tests.fakes.slack import FakeSlack


@pytest.fixture
async def slack_app(fake: FakeSlack, engine: Engine, tmp_path: Path) -> AsyncIterator[SlackApp]:
    """The bot in HTTP mode."""
    async with running_app(fake, engine, "http", tmp_path) as slack_app:
        yield slack_app


async def send(slack_app: SlackApp, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    content = {"Content-Type": "application/json", **headers}
    async with (
        aiohttp.ClientSession() as session,
        session.post(slack_app.url + EVENTS_PATH, data=body, headers=content) as answer,
    ):
        return answer.status, await answer.text()


def question(slack_app: SlackApp) -> bytes:
    bot = slack_app.world.bot_of()
    event: dict[str, Any] = {"type": "app_mention", "channel": CHANNEL, "user": ADA, "ts": "1.1"}
    slack_app.world.channels[CHANNEL].messages["1.1"] = event
    return json.dumps(slack_app.people.body({**event, "text": f"<@{bot}> what is ala"}, "T0WARD")).encode()


async def test_only_slacks_own_fresh_signature_opens_the_door(slack_app: SlackApp) -> None:
    body = question(slack_app)
    signed = slack_app.fake.delivery.signed
    refused = [
        {},
        signed(body, secret="another secret"),
        signed(body, at=time.time() - 301),
        signed(body, at=time.time() + 301),
        {**signed(body), "X-Slack-Request-Timestamp": "soon"},
        {**signed(body), "X-Slack-Signature": "v0=zz"},
        {**signed(body + b" ")},
        {k: v for k, v in signed(body).items() if k != "X-Slack-Signature"},
    ]
    for headers in refused:
        assert (await send(slack_app, body, headers))[0] == 401, headers
    assert await send(slack_app, body, signed(body)) == (200, "")
    await slack_app.answer()
    await slack_app.unaddressed()


async def test_the_address_is_verified_by_its_challenge(slack_app: SlackApp) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "3eZbrw1a"}).encode()
    assert await send(slack_app, body, slack_app.fake.delivery.signed(body)) == (200, '{"challenge": "3eZbrw1a"}')


@pytest.mark.parametrize(
    "body", [b"{", b"[1, 2]", b"\xff\xfe\x00", b'"text"', b"payload=%7B", b"", b"null", b"[" * 100_000, b"payload=[]"]
)
async def test_unreadable_bodies_are_refused_whoever_signed_them(slack_app: SlackApp, body: bytes) -> None:
    for headers in ({}, slack_app.fake.delivery.signed(body)):
        status, text = await send(slack_app, body, headers)
        assert status in {200, 400, 401, 404}
        assert "Traceback" not in text
    assert slack_app.world.posts == []


async def test_a_closed_door_says_so_and_slack_comes_back(slack_app: SlackApp) -> None:
    body = question(slack_app)
    await slack_app.slack.stop()
    assert (await send(slack_app, body, slack_app.fake.delivery.signed(body)))[0] == 503


async def test_health_tells_the_mode(slack_app: SlackApp) -> None:
    assert slack_app.slack.health() == {"up": True, "mode": "http", "token": "taken"}
