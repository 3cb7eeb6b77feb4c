"""The store on SQLite: one file, one connection, one thread, grouped commits."""

from __future__ import annotations

import asyncio
import fcntl
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any, Literal

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
    Turn,
    TurnResult,
)
from bot.store.sqlite import people, turns
from bot.store.sqlite.commit import GroupCommit

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
        for pragma in (*PRAGMAS, f"synchronous = {synchronous}"):
            await connection.execute_fetchall(f"PRAGMA {pragma}")
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
        await self._group.run(lambda db: people.release(db, None))

    async def accept(self, new_event: NewEvent, lease: Lease | None) -> AcceptResult:
        return await self._group.run(lambda db: turns.accept(db, new_event, lease))

    async def claim(self, channel: str, limit: int, lease: Lease) -> list[Turn]:
        return await self._group.run(lambda db: turns.claim(db, channel, limit, lease))

    async def renew(self, lease: Lease, conversations: Sequence[bytes]) -> None:
        await self._group.run(lambda db: people.renew(db, lease, conversations))

    async def progress(self, turn: Turn, sent: Sequence[str]) -> None:
        await self._group.run(lambda db: turns.progress(db, turn.row, sent))

    async def finish(self, turn: Turn, record: TurnResult, lease: Lease | None) -> Turn | None:
        return await self._group.run(lambda db: turns.finish(db, turn, record, lease))

    async def postpone(self, turn: Turn, due_at: float, attempts: int) -> None:
        await self._group.run(lambda db: people.postpone(db, turn.row, turn.conversation, due_at, attempts))

    async def quarantine(self, turn: Turn, reason: str, now: float) -> None:
        await self._group.run(lambda db: people.quarantine(db, turn.row, turn.conversation, reason, now))

    async def quarantine_raw(self, channel: str, event: bytes, payload: bytes, reason: str, now: float) -> bool:
        return await self._group.run(lambda db: people.quarantine_raw(db, channel, event, payload, reason, now))

    async def release(self, owner: int) -> None:
        await self._group.run(lambda db: people.release(db, owner))

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

    async def user_left(self, person: bytes, at: float) -> None:
        await self._group.run(lambda db: people.user_left(db, person, at))

    async def prune(self, cutoffs: RetentionCutoffs) -> PruneCounts:
        counts = Counter(await self._group.run(lambda db: people.prune_rest(db, cutoffs)))
        for number in range(people.SLICES):
            counts.update(await self._group.run(partial(people.prune_slice, number=number, cutoffs=cutoffs)))
        return PruneCounts(counts)

    async def queue_depth(self) -> Mapping[str, QueueDepth]:
        return await self._group.run(people.queue_depth)

    async def pending(self, status: str | None = None) -> Sequence[PendingTurn]:
        return await self._group.run(lambda db: people.pending(db, status))

    async def replay(self, row: int, now: float) -> bool:
        return await self._group.run(lambda db: people.replay(db, row, now))

    async def drop(self, row: int) -> bool:
        return await self._group.run(lambda db: people.drop(db, row))

    @asynccontextmanager
    async def lead(self, post: str) -> AsyncIterator[asyncio.Event]:  # noqa: ARG002
        """One process serves from a file (`adopt` sees to it), so it holds every post for good."""
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
