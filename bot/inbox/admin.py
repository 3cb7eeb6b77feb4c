"""What the command line does to a database: the quarantine, backup and restore."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from bot.errors import UsageError
from bot.inbox.identity import DecryptionError, Identity
from bot.inbox.insights import current_week
from bot.store.base import PendingTurn, Store
from bot.store.open import open_store, sqlite_path
from bot.store.sqlite import backup
from bot.store.sqlite.store import lock_file
from bot.store.tally import Published


async def unfinished(url: str, status: str | None = None) -> Sequence[PendingTurn]:
    """Return the unfinished turns, oldest first; only `waiting` or `quarantined` ones if a status is given."""
    async with _opened(url) as store:
        return await store.pending(status)


async def listing(url: str, status: str | None = None) -> str:
    """Return the unfinished turns as lines for an operator, or a sentence when there are none."""
    lines = [
        f"{pending.row:>8}  {pending.channel:<9} {pending.status:<12} attempts {pending.attempts}  "
        f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(pending.received))}Z  {pending.reason or ''}".rstrip()
        for pending in await unfinished(url, status)
    ]
    return "\n".join(lines) or "nothing is waiting"


async def replay(url: str, row: int) -> None:
    """Put a quarantined turn back to work. Raises UsageError if there is none of that number."""
    async with _opened(url) as store:
        _found(await store.replay(row, time.time()), row)


async def drop(url: str, row: int) -> None:
    """Delete a quarantined turn unanswered. Raises UsageError if there is none of that number."""
    async with _opened(url) as store:
        _found(await store.drop(row), row)


async def published(url: str) -> Sequence[Published]:
    """Return the counts of every week that is over, also of one that no running bot has ended yet."""
    async with _opened(url) as store:
        await store.end_weeks(current_week(time.time()))
        return await store.published()


async def unmatched(url: str, identity: Identity) -> list[tuple[int, str]]:
    """Return the unanswered questions that were kept, with their numbers; those of another secret are left out."""
    async with _opened(url) as store:
        return [(number, text) for number, sealed in await store.unmatched() for text in _clear(identity, sealed)]


async def drop_unmatched(url: str, number: int) -> None:
    """Delete a question that was kept. Raises UsageError if there is none of that number."""
    async with _opened(url) as store:
        if not await store.drop_unmatched(number):
            raise UsageError(f"no question {number} is kept: `footnote insights questions` shows those that are")


def _clear(identity: Identity, sealed: bytes) -> Iterator[str]:
    with suppress(DecryptionError):
        yield identity.unseal(sealed).decode()


async def back_up(url: str, target: Path) -> None:
    """Copy a SQLite database that may be in use to `target`, consistent as of now.

    Raises UsageError for PostgreSQL or a target that exists, StoreError if it cannot be read or written.
    """
    source = _sqlite_only(url, "pg_dump")
    await asyncio.to_thread(backup.copy, source, target)


async def restore(url: str, source: Path) -> None:
    """Put a backup in the place of the database, which is kept beside it as `*.before-restore`.

    Questions that were waiting when the backup was made go to quarantine, because they have most likely been answered
    since. Raises StoreInUse while a process serves from the database, StoreError if the backup is not sound,
    SchemaTooNew if a newer version made it.
    """
    target = _sqlite_only(url, "pg_restore")
    with lock_file(target):
        await asyncio.to_thread(backup.put_in_place, source, target)
    async with _opened(url) as store:  # brings an older backup to today's schema
        await store.ping()


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[Store]:
    store = await open_store(url)
    try:
        yield store
    finally:
        await store.close()


def _found(done: bool, row: int) -> None:
    if not done:
        raise UsageError(f"there is no quarantined turn {row}: `footnote inbox list` shows those there are")


def _sqlite_only(url: str, instead: str) -> Path:
    if not url.startswith("sqlite"):
        raise UsageError(f"this command is for SQLite; for PostgreSQL use {instead} (docs/operations.md)")
    return sqlite_path(url)
