"""What the command line does to a database: the quarantine, reports, backup and restore."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from bot.dialog.turn import Incoming, Kind
from bot.errors import UsageError
from bot.inbox.events import InboundEvent
from bot.inbox.metrics import current_week
from bot.inbox.processor import pack
from bot.store.base import NewEvent, PendingTurn, Store
from bot.store.common import DecryptionError, Identity
from bot.store.open import copy, open_store, put_in_place, sqlite_path
from bot.store.records import Published, StoredReport, Summed
from bot.store.sqlite.store import lock_file


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


async def summed(url: str, weeks: int) -> Summed:
    """Return the counts of the last weeks that are over, added up, also of one that no running bot has ended yet."""
    async with _opened(url) as store:
        await store.end_weeks(current_week(time.time()))
        return await store.summed(weeks)


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


@dataclass(frozen=True, slots=True)
class ReadableReport:
    """A report as its editor reads it."""

    number: int
    node: str
    register: str
    channel: str
    words: str
    at: float
    closed: float | None


class ReportDesk:
    """Where editors read reports and close them, with an answer to whoever reported if they like."""

    def __init__(self, store: Store, identity: Identity, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._identity = identity
        self._now = now

    async def list(self, *, closed: bool = False) -> Sequence[ReadableReport]:
        """Return the open reports, or all of them, oldest first."""
        return [self._read(report) for report in await self._store.reports(closed=closed)]

    async def show(self, number: int) -> ReadableReport:
        """Return one report. Raises UsageError if there is none of that number."""
        return self._read(await self._find(number, closed=True))

    async def close(self, number: int, answer: str = "") -> ReadableReport:
        """Close an open report; an answer is sent, by whoever serves, as an event of its own. Raises UsageError."""
        report = await self._find(number, closed=False)
        if answer.strip():
            await self._store.accept(self._answer(report, " ".join(answer.split())), None)
        closed = await self._store.close_report(number, self._now())
        return self._read(closed or report)

    def _answer(self, report: StoredReport, words: str) -> NewEvent:
        address = json.loads(self._identity.unseal(report.address))
        incoming = Incoming(Kind.ANSWERED, f"{report.node} {words}", report.channel)
        event = InboundEvent((f"report:{report.number}",), report.channel, "", "", incoming, address)
        packed = pack(event, self._identity, self._now())
        return replace(packed, person=report.person, conversation=report.conversation)

    async def _find(self, number: int, *, closed: bool) -> StoredReport:
        for report in await self._store.reports(closed=closed):
            if report.number == number:
                return report
        kind = "report" if closed else "open report"
        raise UsageError(f"there is no {kind} {number}: `footnote reports list` shows those there are")

    def _read(self, report: StoredReport) -> ReadableReport:
        try:
            words = self._identity.unseal(report.words).decode()
        except DecryptionError:
            words = "(sealed with another FOOTNOTE_SECRET)"
        return ReadableReport(
            report.number, report.node, report.register, report.channel, words, report.at, report.closed
        )


@asynccontextmanager
async def report_desk(url: str, identity: Identity) -> AsyncIterator[ReportDesk]:
    """Lend the desk of a database."""
    async with _opened(url) as store:
        yield ReportDesk(store, identity)


async def back_up(url: str, target: Path) -> None:
    """Copy a SQLite database that may be in use to `target`, consistent as of now.

    Raises UsageError for PostgreSQL or a target that exists, StoreError if it cannot be read or written.
    """
    source = _sqlite_only(url, "pg_dump")
    await asyncio.to_thread(copy, source, target)


async def restore(url: str, source: Path) -> None:
    """Put a backup in the place of the database, which is kept beside it as `*.before-restore`.

    Questions that were waiting when the backup was made go to quarantine, because they have most likely been answered
    since. Raises StoreInUse while a process serves from the database, StoreError if the backup is not sound,
    SchemaTooNew if a newer version made it.
    """
    target = _sqlite_only(url, "pg_restore")
    with lock_file(target):
        await asyncio.to_thread(put_in_place, source, target)
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
