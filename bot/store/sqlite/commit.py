"""Group commit: whoever is waiting shares one transaction, one thread hop and one sync of the disk.

A transaction of its own per turn costs one fdatasync each; fifty turns in one transaction cost one. A call that fails
does not undo its neighbours: then all are run again, each in a savepoint of its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import aiosqlite

from bot.store.base import StoreUnavailable
from bot.store.batching import Grouping, Outcome

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], Any]
"""Works on the database and on nothing else: if a neighbour fails, it is undone and run again."""


class GroupCommit:
    """Runs jobs on one connection in its thread, in the order of their calls."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._jobs: Grouping[Job, Any] = Grouping(partial(run_in_thread, connection, _commit))

    async def run(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `job` returned, once committed. Raises what it raised, or `StoreUnavailable`."""
        result: T = await self._jobs.run(job)
        return result

    async def flush(self) -> None:
        """Return when every call made so far has its outcome."""
        await self._jobs.flush()


async def run_in_thread(connection: aiosqlite.Connection, function: Callable[..., T], *arguments: Any) -> T:
    """Run `function(sqlite3 connection, *arguments)` in the connection's thread: one hop, however many statements.

    aiosqlite offers one hop per statement only; this is the one place that reaches below its public methods (the
    version is pinned, and tests/store/sqlite/test_commit.py fails if an upgrade moves them).
    """
    return await connection._execute(function, connection._conn, *arguments)  # type: ignore[no-any-return, no-untyped-call]


def _commit(connection: sqlite3.Connection, jobs: Sequence[Job]) -> list[Outcome]:
    """Run the jobs in one transaction; raises `StoreUnavailable` if it could not begin, go on or commit."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        outcomes = _outcomes(connection, jobs)
        connection.execute("COMMIT")
    except sqlite3.Error as fault:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise StoreUnavailable(f"the database cannot be used now: {fault}") from fault
    return outcomes


def _outcomes(connection: sqlite3.Connection, jobs: Sequence[Job]) -> list[Outcome]:
    """Run the jobs; should one fail, undo them all and run them again, each in a savepoint (two statements a job)."""
    try:
        return [(job(connection), None) for job in jobs]
    except sqlite3.OperationalError:
        raise  # locked, full, read-only: nobody in the group can succeed
    except Exception:
        connection.execute("ROLLBACK")
        connection.execute("BEGIN IMMEDIATE")
        return [_in_savepoint(connection, job) for job in jobs]


def _in_savepoint(connection: sqlite3.Connection, job: Job) -> Outcome:
    connection.execute("SAVEPOINT turn")
    outcome: Outcome
    try:
        outcome = job(connection), None
    except sqlite3.OperationalError:
        raise  # locked, full, read-only: no neighbour can succeed either
    except Exception as fault:
        connection.execute("ROLLBACK TO turn")
        outcome = None, fault
    connection.execute("RELEASE turn")
    return outcome
