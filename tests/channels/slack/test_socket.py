"""Socket Mode when the line is bad: disconnect frames, cut lines, silent sockets, and a stop in the middle."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.dialog.engine import Engine
from tests.channels.slack.slack_app import ADA, CHANNEL, Ward, house
from tests.fakes.slack import FakeSlack

ALA = "what is alpha lipoic acid"
PING = 0.05


@pytest.fixture
async def ward(fake: FakeSlack, engine: Engine, tmp_path: Path) -> AsyncIterator[Ward]:
    """The bot in Socket Mode, with short intervals."""
    async with house(fake, engine, "socket", tmp_path, ping=PING) as ward:
        yield ward


async def reconnected(ward: Ward, before: int) -> None:
    """Return once Slack greeted a later connection than the `before`th."""
    await ward.world.until(lambda: len(ward.fake.delivery.sockets) > 0)
    while ward.slack.health()["connections"] <= before or not ward.slack.health()["up"]:
        await ward.store.ping()


async def test_a_disconnect_frame_leads_to_a_new_connection(ward: Ward) -> None:
    for reason in ("refresh_requested", "warning"):
        before = ward.slack.health()["connections"]
        await ward.fake.delivery.disconnect(reason)
        await reconnected(ward, before)
        said = await ward.people.mention(ADA, CHANNEL, ALA)
        await ward.fake.clock.advance(3)  # type: ignore[attr-defined]  # a closing line loses what it is given
        assert (await ward.answer()).thread_ts == said.ts


async def test_a_cut_line_is_noticed_and_what_was_missed_is_sent_again(ward: Ward) -> None:
    before = ward.slack.health()["connections"]
    ward.world.install_of("T0WARD").scopes.discard("channels:history")
    sockets, ward.fake.delivery.sockets = ward.fake.delivery.sockets, []
    said = await ward.people.mention(ADA, CHANNEL, ALA)
    ward.fake.delivery.sockets = sockets
    await ward.fake.delivery.cut()
    await reconnected(ward, before)
    await ward.fake.clock.advance(3)  # type: ignore[attr-defined]
    assert (await ward.answer()).thread_ts == said.ts
    assert said.emissions[0].attempts == 2


async def test_a_socket_that_is_never_greeted_is_replaced(ward: Ward) -> None:
    before = ward.slack.health()["connections"]
    ward.fake.delivery.silent = True
    await ward.fake.delivery.disconnect()
    await ward.world.until(lambda: len(ward.fake.delivery.sockets) > 0)
    assert ward.slack.health()["up"] is False
    ward.fake.delivery.silent = False
    await reconnected(ward, before)
    said = await ward.people.mention(ADA, CHANNEL, ALA)
    assert (await ward.answer()).thread_ts == said.ts


async def test_the_watchdog_replaces_a_socket_that_only_answers_pings(ward: Ward) -> None:
    before = ward.slack.health()["connections"]
    ward.fake.delivery.deaf = True
    await ward.fake.delivery.disconnect()
    await ward.world.until(lambda: len(ward.fake.delivery.sockets) > 0)
    (deaf,) = ward.fake.delivery.sockets
    await ward.world.until(lambda: deaf not in ward.fake.delivery.sockets)
    ward.fake.delivery.deaf = False
    await reconnected(ward, before)
    said = await ward.people.mention(ADA, CHANNEL, ALA)
    assert (await ward.answer()).thread_ts == said.ts


async def test_health_tells_the_mode_and_the_age_of_the_last_frame(ward: Ward) -> None:
    health = ward.slack.health()
    assert health == {"up": True, "mode": "socket", "connections": 1, "silent_seconds": 0}
    await ward.slack.stop()
    assert ward.slack.health()["up"] is False


async def test_what_was_accepted_is_answered_although_the_door_closed(ward: Ward) -> None:
    said = await ward.people.mention(ADA, CHANNEL, ALA)
    await said.acked()
    await ward.slack.stop()
    assert (await ward.answer()).thread_ts == said.ts
