"""A turn leased at its acceptance knows what the turn before it left, even one that ended while it was accepted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from bot.dialog.turn import Register, State
from bot.inbox.processor import pack
from bot.store.base import AcceptResult, Lease, Store, Turn, TurnResult
from bot.store.postgres import statements as sql
from tests.inbox.support import IDENTITY, START, event

LEASE = Lease(1, START, START + 15)
LEFT = State(Register.PROFESSIONAL, True, ("ala",))


@pytest.fixture
def database_url(postgres_url: str) -> str:
    """The store is on PostgreSQL alone."""
    return postgres_url


@pytest.fixture
async def elsewhere(postgres_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Another replica's connection."""
    connection = await asyncpg.connect(postgres_url)
    yield connection
    await connection.close()


async def accept(store: Store, at: float = START) -> AcceptResult:
    return await store.accept(pack(event(), IDENTITY, at), LEASE)


async def begun(store: Store) -> Turn:
    turn = (await accept(store)).turn
    assert turn is not None
    return turn


async def finish(elsewhere: asyncpg.Connection, turn: Turn) -> None:
    await elsewhere.fetch(sql.FINISH, *sql.finish_terms([(turn, TurnResult(START + 1, LEFT, "ala"), None)]))


async def accepted_meanwhile(store: Store, elsewhere: asyncpg.Connection) -> asyncio.Task[AcceptResult]:
    """Return an acceptance under way that waits for the lane."""
    task = asyncio.create_task(accept(store, START + 2))
    async with asyncio.timeout(5):
        while not await elsewhere.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            pass
    return task


async def test_the_turn_before_ended_meanwhile(store: Store, elsewhere: asyncpg.Connection) -> None:
    before = await begun(store)
    async with elsewhere.transaction():
        await finish(elsewhere, before)
        accepting = await accepted_meanwhile(store, elsewhere)
    turn = (await accepting).turn
    assert turn is not None
    assert turn.state == LEFT


@pytest.mark.parametrize("known", [True, False], ids=["in a lane known before", "in a new lane"])
async def test_a_whole_turn_came_and_went_meanwhile(store: Store, elsewhere: asyncpg.Connection, known: bool) -> None:
    if known:
        await store.finish(await begun(store), TurnResult(START), None)
    async with elsewhere.transaction():
        other = pack(event(), IDENTITY, START)
        [row] = await elsewhere.fetch(sql.ACCEPT, *sql.accept_terms([(other, LEASE)]))
        await finish(elsewhere, sql.new_turn(row, other))
        accepting = await accepted_meanwhile(store, elsewhere)
    turn = (await accepting).turn
    assert turn is not None
    assert turn.state == LEFT


async def test_a_lane_left_by_a_clock_that_was_ahead_is_due_when_its_lease_runs_out(store: Store) -> None:
    await store.finish(await begun(store), TurnResult(START + 3600, LEFT), None)
    turn = await begun(store)
    assert turn.state == LEFT
    [again] = await store.claim("telegram", 1, Lease(2, START + 15, START + 30))
    assert again.row == turn.row
