"""Several replicas behind one address share the work, and take over a dead one's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.inbox.inbox import Inbox
from bot.store.base import StoreUnavailable
from bot.store.open import open_store
from bot.store.postgres.store import PostgresStore
from tests.inbox.support import IDENTITY, PATIENT, Clock, EchoEngine, Notebook, at_work, event
from tests.postgres import TestServer


@pytest.fixture
async def two_stores(postgres_url: str) -> AsyncIterator[tuple[PostgresStore, PostgresStore]]:
    first, second = await open_store(postgres_url), await open_store(postgres_url)
    assert isinstance(first, PostgresStore)
    assert isinstance(second, PostgresStore)
    yield first, second
    await asyncio.gather(first.close(), second.close())


async def test_a_repetition_at_the_other_replica_is_known(two_stores: tuple[PostgresStore, PostgresStore]) -> None:
    here, there = Notebook(), Notebook()
    async with at_work(two_stores[0], here) as first, at_work(two_stores[1], there) as second:
        mention = event("ala")
        accepted = await asyncio.gather(first.accept(mention), second.accept(mention), first.accept(mention))
        assert sorted(accepted) == [False, False, True]
    assert len(here.messages) + len(there.messages) == 1


async def test_a_conversation_split_between_replicas_keeps_its_order_and_state(
    two_stores: tuple[PostgresStore, PostgresStore],
) -> None:
    delivered: list[str] = []
    here = Notebook(before=lambda letter: delivered.append(letter.reply.card.node))
    there = Notebook(before=lambda letter: delivered.append(letter.reply.card.node))
    async with at_work(two_stores[0], here) as first, at_work(two_stores[1], there) as second:
        for number in range(40):
            await (first if number % 2 else second).accept(event(f"n{number}"))
        await asyncio.gather(first.drain(5), second.drain(5))
    assert delivered == [f"n{number}" for number in range(40)]
    stored = await two_stores[0].export(IDENTITY.person("telegram:1"))
    assert stored["trails"] == [[f"n{number}" for number in range(32, 40)]]


async def test_a_dead_replicas_turn_is_answered_by_another_when_its_lease_runs_out(
    two_stores: tuple[PostgresStore, PostgresStore],
) -> None:
    clock, never, there = Clock(), asyncio.Event(), Notebook()
    dead = Inbox(two_stores[0], EchoEngine(), IDENTITY, [Notebook(before=lambda _: never.wait())], now=clock)
    await dead.start()
    await dead.accept(event("ala"))
    await dead.accept(event("k2"))
    async with at_work(two_stores[1], there, clock=clock):
        clock.advance(PATIENT.lease)
        assert await there.wait_for(2) == ["ala", "k2"]
    await dead.drain(0)


async def test_a_turn_that_takes_longer_than_its_lease_is_kept_by_renewing_it(
    two_stores: tuple[PostgresStore, PostgresStore],
) -> None:
    clock, released = Clock(), asyncio.Event()
    here, there = Notebook(before=lambda _: released.wait()), Notebook()
    slow = replace(PATIENT, lease=15.0)
    async with at_work(two_stores[0], here, clock=clock, policy=slow) as first:
        await first.accept(event("ala"))
        clock.advance(10)
        await first._maintenance.renew()
        async with at_work(two_stores[1], there, clock=clock) as second:
            clock.advance(10)
            await second.accept(event("k2", "telegram:2"))
            assert await there.wait_for(1) == ["k2"]
        released.set()
        assert await here.wait_for(1) == ["ala"]


async def test_postgres_restarting_in_the_middle_of_turns_loses_and_doubles_nothing(
    postgres: TestServer, postgres_url: str
) -> None:
    """The answer is out when the database goes away: it must be written down once it is back, not sent again."""
    store, notebook, delivering, back = await open_store(postgres_url), Notebook(), asyncio.Event(), asyncio.Event()

    def deliver_while_it_restarts(_: object) -> object:
        delivering.set()
        return back.wait()

    notebook.before = deliver_while_it_restarts
    async with at_work(store, notebook) as inbox:
        await inbox.accept(event("ala"))
        await delivering.wait()
        await asyncio.to_thread(postgres.stop)
        with pytest.raises(StoreUnavailable):
            await inbox.accept(event("k2"))
        back.set()
        await asyncio.to_thread(postgres.restart)
        assert await inbox.accept(event("caveats"))
        assert await notebook.wait_for(2) == ["ala", "caveats"]
        await inbox.drain(5)
    assert notebook.nodes == ["ala", "caveats"]
    assert await store.pending() == []
    await store.close()
