"""Group commit: shared transactions, separate fates."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiosqlite
import pytest

from bot.store.base import StoreUnavailable
from bot.store.sqlite.store import GroupCommit


@pytest.fixture
async def connection(tmp_path: Path) -> AsyncIterator[aiosqlite.Connection]:
    async with aiosqlite.connect(tmp_path / "group.sqlite3", isolation_level=None, timeout=0) as opened:
        await opened.execute("PRAGMA journal_mode = WAL")
        await opened.execute("CREATE TABLE word (word TEXT UNIQUE)")
        yield opened


def write(word: str) -> Callable[[sqlite3.Connection], int]:
    return lambda db: db.execute("INSERT INTO word VALUES (?)", (word,)).rowcount


async def words(connection: aiosqlite.Connection) -> list[str]:
    return [word for (word,) in await connection.execute_fetchall("SELECT word FROM word ORDER BY rowid")]


async def test_those_who_wait_share_one_transaction_and_keep_their_order(connection: aiosqlite.Connection) -> None:
    begun: list[str] = []
    await connection.set_trace_callback(lambda statement: begun.append(statement))
    group = GroupCommit(connection)
    await asyncio.gather(*(group.run(write(f"w{n}")) for n in range(50)))
    assert sum(statement.startswith("BEGIN") for statement in begun) <= 2
    assert await words(connection) == [f"w{n}" for n in range(50)]


async def test_one_that_fails_does_not_undo_its_neighbours(connection: aiosqlite.Connection) -> None:
    group = GroupCommit(connection)
    outcomes = await asyncio.gather(
        *(group.run(write(word)) for word in ("a", "b", "a", "c")),
        return_exceptions=True,
    )
    assert isinstance(outcomes[2], sqlite3.IntegrityError)
    assert await words(connection) == ["a", "b", "c"]


async def test_half_of_a_failed_job_is_undone(connection: aiosqlite.Connection) -> None:
    def halfway(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO word VALUES ('half')")
        raise ValueError("no further")

    with pytest.raises(ValueError, match="no further"):
        await GroupCommit(connection).run(halfway)
    assert await words(connection) == []


async def test_nothing_resolves_before_its_commit(connection: aiosqlite.Connection, tmp_path: Path) -> None:
    await GroupCommit(connection).run(write("told"))
    with sqlite3.connect(tmp_path / "group.sqlite3") as another:
        assert another.execute("SELECT word FROM word").fetchall() == [("told",)]


async def test_a_locked_database_fails_everybody_and_works_again_later(
    connection: aiosqlite.Connection, tmp_path: Path
) -> None:
    group, other = GroupCommit(connection), sqlite3.connect(tmp_path / "group.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    outcomes = await asyncio.gather(group.run(write("a")), group.run(write("b")), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [StoreUnavailable, StoreUnavailable]
    other.close()
    await group.run(write("a"))
    assert await words(connection) == ["a"]


async def test_a_full_database_loses_nothing_it_said_yes_to(connection: aiosqlite.Connection) -> None:
    group = GroupCommit(connection)
    [[pages]] = await connection.execute_fetchall("PRAGMA page_count")
    await connection.execute(f"PRAGMA max_page_count = {pages + 3}")
    outcomes = await asyncio.gather(
        *(group.run(write(f"{n}" * 900)) for n in range(10, 60)),
        return_exceptions=True,
    )
    assert {type(outcome) for outcome in outcomes} == {StoreUnavailable}
    assert await words(connection) == []
    await connection.execute(f"PRAGMA max_page_count = {pages + 100}")
    await group.run(write("room again"))
    assert await words(connection) == ["room again"]


async def test_a_caller_who_leaves_changes_nothing_for_the_others(connection: aiosqlite.Connection) -> None:
    group = GroupCommit(connection)
    calls = [asyncio.ensure_future(group.run(write(word))) for word in ("a", "b", "c")]
    await asyncio.sleep(0)
    calls[1].cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    await group.flush()
    assert await words(connection) == ["a", "b", "c"]
