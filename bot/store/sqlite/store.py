"""The store on SQLite: one file, one connection, one thread, grouped commits."""

from __future__ import annotations

import asyncio
import fcntl
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any, Literal, TypeVar

import aiosqlite

from bot.dialog.turn import State
from bot.store.base import (
    AcceptResult,
    Lease,
    NewEvent,
    PendingTurn,
    PruneCounts,
    QueueDepth,
    RetentionCutoffs,
    StoreInUse,
    StoreUnavailable,
    Turn,
    TurnResult,
    WaitingTurns,
)
from bot.store.common import DIGEST_BYTES, Grouping, Outcome, day_of
from bot.store.records import (
    PRUNE_REPORTS,
    NewReport,
    Published,
    StoredReport,
    Summed,
    first_day,
    week_of,
)
from bot.store.sqlite import people, turns

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
        turns.count(connection, (result for result, _ in outcomes))
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


Synchronous = Literal["FULL", "NORMAL"]

BUSY_SECONDS = 5.0
"""How long a statement waits for another process (backup, operator) to let go of the file."""

PRAGMAS = ("journal_mode = WAL", "secure_delete = FAST", "wal_autocheckpoint = 4000")
"""The log goes back into the file after 4,000 pages (16 MB) instead of 1,000: a busy page is then copied once, not four
times. What is durable, and when, stays the same: each commit is synced to the log."""


class SqliteStore:
    """Implements `bot.store.base.Store` on a migrated SQLite file."""

    def __init__(self, path: Path, connection: aiosqlite.Connection) -> None:
        self._path = path
        self._connection = connection
        self._group = GroupCommit(connection)
        self._lock: IO[bytes] | None = None

    @classmethod
    async def open(cls, path: Path, synchronous: Synchronous = "FULL") -> SqliteStore:
        """Open a migrated database. FULL survives a power cut, NORMAL a killed process only."""
        connection = await aiosqlite.connect(path, isolation_level=None, timeout=BUSY_SECONDS)
        try:
            for pragma in (*PRAGMAS, f"synchronous = {synchronous}"):
                await connection.execute_fetchall(f"PRAGMA {pragma}")
        except BaseException:
            await connection.close()  # its thread would keep the process from ending
            raise
        return cls(path, connection)

    async def close(self) -> None:
        await self._group.flush()
        await self._connection.close()
        if self._lock is not None:
            self._lock.close()

    async def ping(self) -> None:
        await self._group.run(lambda db: db.execute("UPDATE lane SET waiting = waiting WHERE 0"))

    async def recover(self) -> None:
        """Only one process may serve from a file, so every lease found is a dead one's. Raises `StoreInUse`."""
        self._lock = self._lock or lock_file(self._path)
        await self._group.run(lambda db: turns.release(db, None))

    async def accept(self, new_event: NewEvent, lease: Lease | None) -> AcceptResult:
        return await self._group.run(lambda db: turns.accept(db, new_event, lease))

    async def claim(self, channel: str, limit: int, lease: Lease) -> list[Turn]:
        return await self._group.run(lambda db: turns.claim(db, channel, limit, lease))

    async def renew(self, lease: Lease, conversations: Sequence[bytes]) -> None:
        await self._group.run(lambda db: turns.renew(db, lease, conversations))

    async def progress(self, turn: Turn, sent: Sequence[str]) -> None:
        await self._group.run(lambda db: turns.progress(db, turn.row, sent))

    async def finish(self, turn: Turn, record: TurnResult, lease: Lease | None) -> Turn | None:
        return (await self._group.run(lambda db: turns.finish(db, turn, record, lease))).next

    async def postpone(self, turn: Turn, due_at: float, attempts: int) -> None:
        await self._group.run(lambda db: turns.postpone(db, turn.row, turn.conversation, due_at, attempts))

    async def waiting(self, turn: Turn) -> WaitingTurns:
        return await self._group.run(lambda db: turns.waiting(db, turn))

    async def gather(self, turn: Turn, seen: int, now: float, due_at: float) -> None:
        await self._group.run(lambda db: turns.gather(db, turn, seen, now, due_at))

    async def quarantine(self, turn: Turn, reason: str, now: float) -> None:
        await self._group.run(lambda db: turns.quarantine(db, turn.row, turn.conversation, reason, now))

    async def quarantine_raw(self, channel: str, event: bytes, payload: bytes, reason: str, now: float) -> bool:
        return await self._group.run(lambda db: turns.quarantine_raw(db, channel, event, payload, reason, now))

    async def add_report(self, report: NewReport) -> None:
        await self._group.run(lambda db: people.add_report(db, report))

    async def reports(self, *, closed: bool = False) -> Sequence[StoredReport]:
        return await self._group.run(lambda db: people.list_reports(db, closed=closed))

    async def close_report(self, number: int, at: float) -> StoredReport | None:
        return await self._group.run(lambda db: people.close_report(db, number, at))

    async def release(self, owner: int) -> None:
        await self._group.run(lambda db: turns.release(db, owner))

    async def preferences(self, person: bytes) -> State:
        return await self._group.run(lambda db: people.preferences(db, person))

    async def is_known(self, conversation: bytes, person: bytes | None = None) -> bool:
        return await self._group.run(lambda db: people.is_known(db, conversation, person))

    async def is_quiet(self, conversation: bytes) -> bool:
        return await self._group.run(lambda db: people.is_quiet(db, conversation))

    async def forget(self, person: bytes) -> dict[str, int]:
        return await self._group.run(lambda db: people.forget(db, person))

    async def export(self, person: bytes) -> dict[str, Any]:
        return await self._group.run(lambda db: people.export(db, person))

    async def votes(self) -> Mapping[tuple[str, str], int]:
        return await self._group.run(people.votes)

    async def week_salt(self, week: int, fresh: bytes) -> bytes | None:
        return await self._group.run(lambda db: people.week_salt(db, week, fresh))

    async def end_weeks(self, before: int) -> None:
        await self._group.run(lambda db: people.end_weeks(db, before))

    async def published(self) -> Sequence[Published]:
        return await self._group.run(people.published)

    async def summed(self, weeks: int) -> Summed:
        return await self._group.run(lambda db: people.summed(db, weeks))

    async def unmatched(self) -> Sequence[tuple[int, bytes]]:
        return await self._group.run(people.unmatched)

    async def drop_unmatched(self, number: int) -> bool:
        return await self._group.run(lambda db: people.drop_unmatched(db, number))

    async def user_left(self, person: bytes, at: float) -> None:
        await self._group.run(lambda db: people.user_left(db, person, at))

    async def upload(self, file: str) -> str | None:
        return await self._group.run(lambda db: people.upload(db, file))

    async def keep_upload(self, file: str, reference: str, at: float) -> None:
        await self._group.run(lambda db: people.keep_upload(db, file, reference, at))

    async def prune(self, cutoffs: RetentionCutoffs) -> PruneCounts:
        counts = Counter(await self._group.run(lambda db: prune_rest(db, cutoffs)))
        for keys in slices(await self._group.run(_pages)):
            counts.update(await self._group.run(partial(prune_slice, keys=keys, cutoffs=cutoffs)))
        return PruneCounts(counts)

    async def queue_depth(self) -> Mapping[str, QueueDepth]:
        return await self._group.run(turns.queue_depth)

    async def pending(self, status: str | None = None) -> Sequence[PendingTurn]:
        return await self._group.run(lambda db: turns.pending(db, status))

    async def replay(self, row: int, now: float) -> bool:
        return await self._group.run(lambda db: turns.replay(db, row, now))

    async def drop(self, row: int) -> bool:
        return await self._group.run(lambda db: turns.drop(db, row))

    @asynccontextmanager
    async def lead(self, name: str) -> AsyncIterator[asyncio.Event]:  # noqa: ARG002
        """One process serves from a file (`recover` sees to it), so it leads in everything for good."""
        yield asyncio.Event()


def lock_file(path: Path) -> IO[bytes]:
    """Hold the file's lock as long as the returned file is open; the system frees it when the process dies."""
    lock = path.with_name(path.name + ".lock").open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise StoreInUse(f"another footnote process is serving from {path}; stop it, or use PostgreSQL") from None
    return lock


_OLD = {
    "events": "DELETE FROM seen WHERE event BETWEEN :first AND :last AND at < :events",
    "messages": "DELETE FROM message WHERE conversation BETWEEN :first AND :last AND at < :messages",
    "conversations": "DELETE FROM conversation WHERE conversation BETWEEN :first AND :last AND day < :idle_day",
    "people": "DELETE FROM person WHERE person BETWEEN :first AND :last AND day < :idle_day",
}
_FIRST_BYTES = 256
SLICE_PAGES = 64
"""Pages of the database (4 KiB each) for which there is one slice."""


def slices(pages: int) -> list[range]:
    """Return the first bytes of keys that are pruned together. Keys are hashes, so these cut every table into equal
    slices: a million people are pruned four thousand at a time, no turn waits for more than one slice, and a small
    database, which is pruned at every start, takes one."""
    width = max(1, min(_FIRST_BYTES, _FIRST_BYTES * SLICE_PAGES // pages))
    return [range(first, min(first + width, _FIRST_BYTES)) for first in range(0, _FIRST_BYTES, width)]


def _pages(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA page_count").fetchone()[0])


def prune_slice(db: sqlite3.Connection, keys: range, cutoffs: RetentionCutoffs) -> dict[str, int]:
    """Remove what is older than the cutoffs from one slice of the keys; return how many rows of each kind."""
    terms = {
        "first": bytes([keys[0]]),
        "last": bytes([keys[-1]]) + b"\xff" * DIGEST_BYTES,
        "events": cutoffs.events,
        "messages": cutoffs.messages,
        "idle_day": day_of(cutoffs.idle),
    }
    return {kind: db.execute(statement, terms).rowcount for kind, statement in _OLD.items()}


def prune_rest(db: sqlite3.Connection, cutoffs: RetentionCutoffs) -> dict[str, int]:
    """Forget who left long ago, and drop what nobody looked at in the quarantine."""
    gone = db.execute("SELECT person FROM person WHERE departed < ?", (cutoffs.user_left,)).fetchall()
    for (person,) in gone:
        people.forget(db, person)
    dropped = db.execute("DELETE FROM inbox WHERE status <> 'waiting' AND received < ?", (cutoffs.quarantine,))
    db.execute("DELETE FROM unmatched WHERE day < ?", (day_of(cutoffs.quarantine),))
    week = week_of(day_of(cutoffs.idle))
    db.execute("DELETE FROM tally_week WHERE week < ?", (week,))
    counts = db.execute("DELETE FROM tally WHERE day < ?", (first_day(week),))
    old = db.execute(PRUNE_REPORTS, people.numbered(cutoffs.messages, cutoffs.idle))
    uploads = db.execute("DELETE FROM upload WHERE day < ?", (day_of(cutoffs.idle),))
    return {
        "departed": len(gone),
        "quarantine": dropped.rowcount,
        "reports": old.rowcount,
        "uploads": uploads.rowcount,
        "counts": counts.rowcount,
    }
