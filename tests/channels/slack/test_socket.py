"""Socket Mode when the line is bad: disconnect frames, cut lines, silent sockets, and a stop in the middle."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.dialog.engine import Engine
from tests.channels.slack.slack_app import ADA, CHANNEL, SlackApp, house
from tests.fakes.slack import FakeSlack

ALA = "what is alpha lipoic acid"
PING = 0.05


@pytest.fixture
async def slack_app(fake: FakeSlack, engine: Engine, tmp_path: Path) -> AsyncIterator[SlackApp]:
    """The bot in Socket Mode, with short intervals."""
    async with house(fake, engine, "socket", tmp_path, ping=PING) as slack_app:
        yield slack_app


async def reconnected(slack_app: SlackApp, before: int) -> None:
    """Return once Slack greeted a later connection than the `before`th."""
    await slack_app.world.until(lambda: len(slack_app.fake.delivery.sockets) > 0)
    while slack_app.slack.health()["connections"] <= before or not slack_app.slack.health()["up"]:
        await slack_app.store.ping()


async def test_a_disconnect_frame_leads_to_a_new_connection(slack_app: SlackApp) -> None:
    for reason in ("refresh_requested", "warning"):
        before = slack_app.slack.health()["connections"]
        await slack_app.fake.delivery.disconnect(reason)
        await reconnected(slack_app, before)
        said = await slack_app.people.mention(ADA, CHANNEL, ALA)
        await slack_app.fake.clock.advance(3)  # type: ignore[attr-defined]  # a closing line loses what it is given
        assert (await slack_app.answer()).thread_ts == said.ts


async def test_a_cut_line_is_noticed_and_what_was_missed_is_sent_again(slack_app: SlackApp) -> None:
    before = slack_app.slack.health()["connections"]
    slack_app.world.install_of("T0WARD").scopes.discard("channels:history")
    sockets, slack_app.fake.delivery.sockets = slack_app.fake.delivery.sockets, []
    said = await slack_app.people.mention(ADA, CHANNEL, ALA)
    slack_app.fake.delivery.sockets = sockets
    await slack_app.fake.delivery.cut()
    await reconnected(slack_app, before)
    await slack_app.fake.clock.advance(3)  # type: ignore[attr-defined]
    assert (await slack_app.answer()).thread_ts == said.ts
    assert said.emissions[0].attempts == 2


async def test_a_socket_that_is_never_greeted_is_replaced(slack_app: SlackApp) -> None:
    before = slack_app.slack.health()["connections"]
    slack_app.fake.delivery.silent = True
    await slack_app.fake.delivery.disconnect()
    await slack_app.world.until(lambda: len(slack_app.fake.delivery.sockets) > 0)
    assert slack_app.slack.health()["up"] is False
    slack_app.fake.delivery.silent = False
    await reconnected(slack_app, before)
    said = await slack_app.people.mention(ADA, CHANNEL, ALA)
    assert (await slack_app.answer()).thread_ts == said.ts


async def test_the_watchdog_replaces_a_socket_that_only_answers_pings(slack_app: SlackApp) -> None:
    before = slack_app.slack.health()["connections"]
    slack_app.fake.delivery.deaf = True
    await slack_app.fake.delivery.disconnect()
    await slack_app.world.until(lambda: len(slack_app.fake.delivery.sockets) > 0)
    (deaf,) = slack_app.fake.delivery.sockets
    await slack_app.world.until(lambda: deaf not in slack_app.fake.delivery.sockets)
    slack_app.fake.delivery.deaf = False
    await reconnected(slack_app, before)
    said = await slack_app.people.mention(ADA, CHANNEL, ALA)
    assert (await slack_app.answer()).thread_ts == said.ts


async def test_health_tells_the_mode_and_the_age_of_the_last_frame(slack_app: SlackApp) -> None:
    health = slack_app.slack.health()
    assert health == {"up": True, "mode": "socket", "connections": 1, "silent_seconds": 0}
    await slack_app.slack.stop()
    assert slack_app.slack.health()["up"] is False


async def test_what_was_accepted_is_answered_although_the_door_closed(slack_app: SlackApp) -> None:
    said = await slack_app.people.mention(ADA, CHANNEL, ALA)
    await said.acked()
    await slack_app.slack.stop()
    assert (await slack_app.answer()).thread_ts == said.ts
