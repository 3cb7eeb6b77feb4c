"""Socket Mode when the line is bad: disconnect frames, cut lines, silent sockets, and a stop in the middle."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.channels.slack.client import LINES
from bot.dialog.engine import Engine
from tests.channels.slack.slack_app import ADA, CHANNEL, SlackApp, running_app, until, words_of
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_faults import Fault
from tests.fakes.slack_world import Post

ALA = "what is alpha lipoic acid"
PING = 0.05


@pytest.fixture
async def slack_app(fake: FakeSlack, engine: Engine, tmp_path: Path) -> AsyncIterator[SlackApp]:
    """The bot in Socket Mode with both lines open, with short intervals."""
    async with running_app(fake, engine, "socket", tmp_path, ping=PING) as slack_app:
        await all_open(slack_app)
        yield slack_app


async def all_open(slack_app: SlackApp) -> None:
    """Return once every line is open."""
    await until(lambda: slack_app.slack.health()["open"] >= LINES)


async def reconnected(slack_app: SlackApp, before: int) -> None:
    """Return once Slack greeted a later connection than the `before`th on every line."""
    await until(lambda: slack_app.slack.health()["connections"] >= before + LINES)
    await all_open(slack_app)


async def answered_in_the_end(slack_app: SlackApp) -> Post:
    """Return the answer to what a line that closes may lose: Slack sends it again at 3 seconds, 1 and 5 minutes."""
    answer = asyncio.ensure_future(slack_app.answer())
    for seconds in (0, 3, 70, 310):
        await slack_app.fake.clock.advance(seconds)  # type: ignore[attr-defined]
        await asyncio.wait({answer}, timeout=2)
    return await answer


async def test_a_disconnect_frame_leads_to_a_new_connection(slack_app: SlackApp) -> None:
    for reason in ("refresh_requested", "warning", "link_disabled", "a_reason_of_tomorrow"):
        before = slack_app.slack.health()["connections"]
        await slack_app.fake.delivery.disconnect(reason)
        await reconnected(slack_app, before)
        said = await slack_app.people.mention(ADA, CHANNEL, ALA)
        assert (await answered_in_the_end(slack_app)).thread_ts == said.ts


async def test_presses_and_commands_find_the_other_line_while_one_is_replaced(slack_app: SlackApp) -> None:
    await slack_app.people.mention(ADA, CHANNEL, ALA)
    post = await slack_app.answer()
    await slack_app.idle()
    for index in range(6):
        away = slack_app.fake.faults.add(Fault("hold", "apps.connections.open"))
        cut = slack_app.fake.delivery.sockets[index % 2]
        cut._req.transport.abort()  # type: ignore[union-attr]
        await slack_app.world.until(lambda cut=cut: cut not in slack_app.fake.delivery.sockets)  # type: ignore[misc]
        await slack_app.people.command(ADA, CHANNEL, f"{ALA} ({index})")
        await slack_app.answer()
        await slack_app.people.press(ADA, CHANNEL, post.ts, slack_app.label("ala-safety"))
        assert slack_app.title("ala-safety") in words_of(await slack_app.answer())
        await slack_app.fake.clock.advance(2)  # type: ignore[attr-defined]  # a press of its own, not a double click
        assert slack_app.slack.health()["open"] == 1
        away.release.set()
        await all_open(slack_app)
    await slack_app.unaddressed()


async def test_nothing_is_lost_or_doubled_across_a_reset_of_every_line(slack_app: SlackApp) -> None:
    slack_app.world.install_of("T0WARD").scopes.discard("channels:history")
    said = []
    for _ in range(4):
        before = slack_app.slack.health()["connections"]
        said += [await slack_app.people.mention(ADA, CHANNEL, ALA) for _ in range(4)]
        await slack_app.fake.delivery.cut()
        await reconnected(slack_app, before)
    await slack_app.fake.clock.advance(3)  # type: ignore[attr-defined]
    posts = await slack_app.answers(16)
    assert sorted(str(post.thread_ts) for post in posts) == sorted(one.ts for one in said)
    await slack_app.unaddressed()


async def test_an_event_that_comes_over_both_lines_is_answered_once(slack_app: SlackApp) -> None:
    said = await slack_app.people.mention(ADA, CHANNEL, ALA)
    for emission in said.emissions:
        emission.done.clear()
        await slack_app.fake.delivery.attempt(emission)
    assert (await slack_app.answer()).thread_ts == said.ts
    await slack_app.unaddressed()


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
    deaf = list(slack_app.fake.delivery.sockets)
    await slack_app.world.until(lambda: not set(deaf) & set(slack_app.fake.delivery.sockets))
    slack_app.fake.delivery.deaf = False
    await reconnected(slack_app, before)
    said = await slack_app.people.mention(ADA, CHANNEL, ALA)
    assert (await slack_app.answer()).thread_ts == said.ts


async def test_health_tells_the_mode_the_lines_and_the_age_of_the_last_frame(slack_app: SlackApp) -> None:
    health = slack_app.slack.health()
    assert health.items() >= {"up": True, "mode": "socket", "open": 2, "silent_seconds": 0, "token": "taken"}.items()
    await slack_app.slack.stop()
    assert slack_app.slack.health()["up"] is False


async def test_what_was_accepted_is_answered_although_the_door_closed(slack_app: SlackApp) -> None:
    said = await slack_app.people.mention(ADA, CHANNEL, ALA)
    await said.acked()
    await slack_app.slack.stop()
    assert (await slack_app.answer()).thread_ts == said.ts
