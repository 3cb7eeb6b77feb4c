"""Group commit: whoever is waiting shares one transaction, one thread hop and one sync of the disk.

A transaction of its own per turn costs one fdatasync each; fifty turns in one transaction cost one. Groups form only
from callers already waiting while the previous group commits, so nobody waits for a timer, and a call returns only
after its own commit. Each call has its own savepoint: one that fails does not undo its neighbours.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import aiosqlite

from bot.delivery.store import StoreUnavailable

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], Any]
Outcome = tuple[Any, Exception | None]

MAX_GROUP = 256
"""Calls in one transaction: enough to make the sync free, few enough to keep the hop in the low milliseconds."""


class GroupCommit:
    """Runs jobs on one connection in its thread, in the order of their calls."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self._waiting: list[tuple[Job, asyncio.Future[Any]]] = []
        self._pump: asyncio.Task[None] | None = None

    async def run(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `job` returned, once committed. Raises what it raised, or `StoreUnavailable`."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((job, future))
        if self._pump is None:
            self._pump = asyncio.create_task(self._commit_groups())
        return await future

    async def settle(self) -> None:
        """Return when every call made so far has its outcome."""
        while self._pump is not None:
            await asyncio.wait([self._pump])

    async def _commit_groups(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:MAX_GROUP], self._waiting[MAX_GROUP:]
            try:
                outcomes = await hop(self._connection, _commit, [job for job, _ in group])
            except Exception as fault:
                outcomes = [(None, fault)] * len(group)
            for (_, future), outcome in zip(group, outcomes, strict=True):
                _resolve(future, outcome)
        self._pump = None


async def hop(connection: aiosqlite.Connection, function: Callable[..., T], *arguments: Any) -> T:
    """Run `function(sqlite3 connection, *arguments)` in the connection's thread: one hop, however many statements.

    aiosqlite offers one hop per statement only; this is the one place that reaches below its public methods (the
    version is pinned, and tests/delivery/sqlite/test_group.py fails if an upgrade moves them).
    """
    return await connection._execute(function, connection._conn, *arguments)  # type: ignore[no-any-return, no-untyped-call]


def _resolve(future: asyncio.Future[Any], outcome: Outcome) -> None:
    result, fault = outcome
    if future.done():  # its caller was cancelled; the work is committed all the same
        return
    if fault is None:
        future.set_result(result)
    else:
        future.set_exception(fault)


def _commit(connection: sqlite3.Connection, jobs: Sequence[Job]) -> list[Outcome]:
    """Run the jobs in one transaction; raises `StoreUnavailable` if it could not begin, go on or commit."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        outcomes = [_in_savepoint(connection, job) for job in jobs]
        connection.execute("COMMIT")
    except sqlite3.Error as fault:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise StoreUnavailable(f"the database cannot be used now: {fault}") from fault
    return outcomes


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
