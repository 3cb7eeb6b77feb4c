"""Many turns in one statement: each keeps its own fate, and groups of several replicas do not wait for each other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest

from bot.dialog.turn import Register, State
from bot.inbox.processor import pack
from bot.store.base import Lease, NewEvent, Store, Turn, TurnResult, Vote
from bot.store.common import day_of
from bot.store.open import open_store
from tests.inbox.support import IDENTITY, START, event

LEASE = Lease(1, START, START + 15)
LANES = 40


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[Store]:
    opened = await open_store(postgres_url)
    yield opened
    await opened.close()


def new_events(text: str = "ala", person: str | None = None) -> list[NewEvent]:
    about = {"person": person} if person else {}
    return [pack(event(text, f"telegram:{number}", **about), IDENTITY, START) for number in range(LANES)]


async def begun(store: Store, arrived: list[NewEvent]) -> list[Turn]:
    accept_results = await asyncio.gather(*(store.accept(new_event, LEASE) for new_event in arrived))
    return [accepted.turn for accepted in accept_results if accepted.turn]


async def test_every_turn_of_a_group_is_its_own(store: Store) -> None:
    """Also where one person writes in all conversations: only the one that changed the register changes it."""
    turns = await begun(store, new_events(person="telegram:1"))
    assert len(turns) == LANES
    states = [State(Register.PROFESSIONAL if n == 7 else None, True, (f"n{n}",)) for n in range(LANES)]
    records = [TurnResult(START, state, state.history[0], (f"m{n}", f"m{n}b")) for n, state in enumerate(states)]
    finishes = (store.finish(turn, record, LEASE) for turn, record in zip(turns, records, strict=True))
    assert await asyncio.gather(*finishes) == [None] * LANES
    for turn, state in zip(await begun(store, new_events(person="telegram:1")), states, strict=True):
        assert turn.state == replace(state, register=Register.PROFESSIONAL)
    assert (await store.export(IDENTITY.person("telegram:1")))["messages"] == 2 * LANES


async def test_votes_of_a_group_are_added_up(store: Store) -> None:
    turns = await begun(store, new_events())
    votes = [Vote("ala", "layperson", "telegram", "up" if n % 4 else "down", day_of(START)) for n in range(LANES)]
    await asyncio.gather(
        *(store.finish(turn, TurnResult(START, vote=vote), None) for turn, vote in zip(turns, votes, strict=True))
    )
    assert await store.votes() == {("ala", "up"): 30, ("ala", "down"): 10}


async def test_one_that_postgres_refuses_fails_alone(store: Store) -> None:
    arrived = new_events()
    arrived[3] = replace(arrived[3], question="no database\x00stores this")
    accept_results = await asyncio.gather(
        *(store.accept(new_event, None) for new_event in arrived), return_exceptions=True
    )
    assert isinstance(accept_results.pop(3), asyncpg.DataError)
    assert all(not isinstance(accepted, BaseException) and accepted.fresh for accepted in accept_results)
    assert (await store.queue_depth())["telegram"].waiting == LANES - 1


async def test_replicas_that_accept_and_finish_in_the_same_lanes_do_not_wait_for_each_other(
    store: Store, postgres_url: str
) -> None:
    """Somebody holds a lane in the middle until both are stuck; a deadlock would surface as `StoreUnavailable`."""
    turns, other, operator = (
        await begun(store, new_events()),
        await open_store(postgres_url),
        await asyncpg.connect(postgres_url),
    )
    middle = sorted(turn.conversation for turn in turns)[LANES // 2]
    async with operator.transaction():
        await operator.execute("SELECT FROM lane WHERE conversation = $1 FOR UPDATE", middle)
        finishes = [
            store.finish(turn, TurnResult(START, State(introduced=True), "ala", ("m1",)), None) for turn in turns
        ]
        accepts = [other.accept(new_event, None) for new_event in reversed(new_events())]
        both = asyncio.gather(*finishes, *accepts)
        async with asyncio.timeout(5):
            while await operator.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted") < 2:
                pass
    assert (await both)[:LANES] == [None] * LANES
    assert len(await other.claim("telegram", LANES, LEASE)) == LANES
    await operator.close()
    await other.close()
