"""The store on PostgreSQL: several replicas share inbox, preferences and de-duplication."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import asyncpg

from bot.dialog.turn import State
from bot.store import reports as kept
from bot.store import tally
from bot.store.base import (
    MOST_JOINED,
    AcceptResult,
    Lease,
    NewEvent,
    PendingTurn,
    PruneCounts,
    QueueDepth,
    RetentionCutoffs,
    StoreUnavailable,
    Turn,
    TurnResult,
    WaitingRow,
    WaitingTurns,
    day_of,
)
from bot.store.batching import Grouping, together
from bot.store.codec import exported, net_votes, quiet_in, reported, settings_of, state_from
from bot.store.postgres import leader, turns
from bot.store.postgres import statements as sql
from bot.store.postgres.statements import TROUBLE
from bot.store.reports import NewReport, StoredReport
from bot.store.tally import PUBLISHED, Published, Summed, first_day, left_of, published_from, week_of

MAX_CONNECTIONS = 10
"""Per process. PostgreSQL allows 100 by default, so nine replicas fit beside an operator."""

COMMAND_SECONDS = 10.0
"""A statement that takes longer is given up; every one here touches a handful of rows."""


class PostgresStore:
    """Implements `bot.store.base.Store` on a migrated PostgreSQL database."""

    def __init__(self, pool: asyncpg.Pool, dsn: str) -> None:
        self._pool = pool
        self._dsn = dsn
        self._acceptances: Grouping[turns.Acceptance, AcceptResult] = Grouping(
            together(self._accept), turns.accept_names
        )
        self._finishes: Grouping[turns.Finish, Turn | None] = Grouping(together(self._finish), turns.finish_names)

    @classmethod
    async def open(cls, dsn: str) -> PostgresStore:
        """Open a migrated database."""
        pool = await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=MAX_CONNECTIONS,
            command_timeout=COMMAND_SECONDS,
            init=_plan_once,
            reset=_keep_as_it_is,
        )
        return cls(pool, dsn)

    async def close(self) -> None:
        await self._acceptances.flush()
        await self._finishes.flush()
        await self._pool.close()

    async def ping(self) -> None:
        await self._execute(sql.PING)

    async def recover(self) -> None:
        """Nothing to take over: the leases of a dead replica run out, and others live."""

    async def accept(self, new_event: NewEvent, lease: Lease | None) -> AcceptResult:
        return await self._acceptances.run((new_event, lease))

    async def claim(self, channel: str, limit: int, lease: Lease) -> list[Turn]:
        lanes = dict(await self._rows(turns.CLAIM, channel, lease.now, lease.owner, lease.until, limit, lease.farthest))
        rows = await self._rows(turns.FIRST_TURNS, list(lanes)) if lanes else []
        return [turns.turn_from(row, doubtful=lanes[row["conversation"]]) for row in rows]

    async def renew(self, lease: Lease, conversations: Sequence[bytes]) -> None:
        await self._execute(sql.RENEW, lease.until, lease.owner, list(conversations))

    async def progress(self, turn: Turn, sent: Sequence[str]) -> None:
        await self._execute(sql.PROGRESS, turn.row, json.dumps(sent))

    async def finish(self, turn: Turn, record: TurnResult, lease: Lease | None) -> Turn | None:
        return await self._finishes.run((turn, record, lease))

    async def postpone(self, turn: Turn, due_at: float, attempts: int) -> None:
        await self._execute(sql.POSTPONE, turn.row, attempts, due_at)

    async def waiting(self, turn: Turn) -> WaitingTurns:
        async with self._connection() as db:
            count = await db.fetchval(turns.WAITING_IN_ALL, turn.conversation)
            rows = await db.fetch(turns.WAITING, turn.conversation, turn.person, MOST_JOINED)
        return WaitingTurns(tuple(WaitingRow(*row) for row in rows), count)

    async def gather(self, turn: Turn, seen: int, now: float, due_at: float) -> None:
        await self._execute(turns.GATHER, turn.conversation, seen, now, due_at)

    async def quarantine(self, turn: Turn, reason: str, now: float) -> None:
        await self._execute(sql.QUARANTINE, turn.row, reason, now)

    async def quarantine_raw(self, channel: str, event: bytes, payload: bytes, reason: str, now: float) -> bool:
        return bool(await self._column(sql.UNREADABLE, event, now, channel, payload, reason))

    async def release(self, owner: int) -> None:
        await self._execute(sql.RELEASE, owner)

    async def preferences(self, person: bytes) -> State:
        [(register, introduced, settings)] = await self._rows(sql.PREFERENCES, person) or [(None, False, "")]
        return state_from(register, introduced, None, settings=settings)

    async def is_known(self, conversation: bytes, person: bytes | None = None) -> bool:
        found = await self._rows(sql.CONVERSATION, conversation)
        return any(person is None or row["person"] == person for row in found)

    async def is_quiet(self, conversation: bytes) -> bool:
        return any(quiet_in(row["context"]) for row in await self._rows(sql.CONVERSATION, conversation))

    async def forget(self, person: bytes) -> dict[str, int]:
        async with self._connection() as db, db.transaction():
            return {kind: _affected(await db.execute(statement, person)) for kind, statement in sql.FORGET.items()}

    async def export(self, person: bytes) -> dict[str, Any]:
        async with self._connection() as db, db.transaction(isolation="repeatable_read", readonly=True):
            about = await db.fetchrow(sql.PREFERENCES, person)
            conversations = await db.fetch(sql.CONVERSATIONS, person)
            counts = await db.fetchrow(sql.COUNTS, person)
            said = await db.fetch(kept.THEIRS, person)
            unmatched = await db.fetch(sql.THEIR_UNMATCHED, person)
        register, introduced, settings = about or (None, False, "")
        return {
            "tone": register,
            "met": introduced,
            "settings": settings_of(state_from(None, False, None, settings=settings)),
            "reports": [reported(row) for row in said],
            "unmatched": [sealed for (sealed,) in unmatched],
            **exported([row["trail"] for row in conversations], [row["context"] for row in conversations]),
            **dict(counts),
        }

    async def votes(self) -> Mapping[tuple[str, str], int]:
        return net_votes({(node, vote): votes for node, vote, votes in await self._rows(sql.VOTES)})

    async def week_salt(self, week: int, fresh: bytes) -> bytes | None:
        [salt] = await self._column(sql.WEEK_SALT, week, fresh)
        return salt if salt is None else bytes(salt)

    async def end_weeks(self, before: int) -> None:
        async with self._connection() as db, db.transaction():
            for (week,) in await db.fetch(sql.OPEN_WEEKS, before):
                rows = await db.fetch(sql.TALLIES, first_day(week), first_day(week + 1))
                left = [(first_day(week), PUBLISHED, cell, times) for cell, times in left_of(map(tuple, rows))]
                await db.executemany(sql.KEEP_TALLY, left)
                await db.execute(sql.END_WEEK, week)
            await db.execute(sql.DROP_TALLIES, first_day(before))

    async def published(self) -> Sequence[Published]:
        return published_from(map(tuple, await self._rows(sql.PUBLISHED_TALLIES, PUBLISHED)))

    async def summed(self, weeks: int) -> Summed:
        found = sorted(map(tuple, await self._rows(tally.SUM_WEEKS, PUBLISHED, weeks)))
        since = found[0][0] if found else 0
        return Summed(found, tally.cells_from(map(tuple, await self._rows(tally.SUM_CELLS, PUBLISHED, since))))

    async def unmatched(self) -> Sequence[tuple[int, bytes]]:
        return [(number, bytes(sealed)) for number, sealed in await self._rows(sql.UNMATCHED)]

    async def drop_unmatched(self, number: int) -> bool:
        return bool(await self._column(sql.DROP_UNMATCHED, number))

    async def user_left(self, person: bytes, at: float) -> None:
        await self._execute(sql.USER_LEFT, person, day_of(at), at)

    async def upload(self, file: str) -> str | None:
        return next(iter(await self._column(sql.UPLOAD, file)), None)

    async def keep_upload(self, file: str, reference: str, at: float) -> None:
        await self._execute(sql.KEEP_UPLOAD, file, reference, day_of(at))

    async def prune(self, cutoffs: RetentionCutoffs) -> PruneCounts:
        gone = await self._column(sql.LEFT_BEFORE, cutoffs.user_left)
        for person in gone:
            await self.forget(person)
        idle = day_of(cutoffs.idle)
        return PruneCounts(
            {
                "events": await self._execute(sql.PRUNE_EVENTS, cutoffs.events),
                "messages": await self._execute(sql.PRUNE_MESSAGES, cutoffs.messages),
                "quarantine": await self._execute(sql.PRUNE_QUARANTINE, cutoffs.quarantine),
                "conversations": await self._execute(sql.PRUNE_CONVERSATIONS, idle),
                "people": await self._execute(sql.PRUNE_PEOPLE, idle),
                "lanes": await self._execute(sql.PRUNE_LANES),
                "departed": len(gone),
                "reports": await self._execute(kept.PRUNE, cutoffs.messages, cutoffs.idle),
                "uploads": await self._execute(sql.PRUNE_UPLOADS, idle),
                "unmatched": await self._execute(sql.PRUNE_UNMATCHED, day_of(cutoffs.quarantine)),
                "weeks": await self._execute(sql.PRUNE_WEEKS, week_of(idle)),
                "counts": await self._execute(sql.PRUNE_TALLIES, first_day(week_of(idle))),
            }
        )

    async def queue_depth(self) -> Mapping[str, QueueDepth]:
        rows = await self._rows(sql.QUEUE_DEPTH)
        return {channel: QueueDepth(waiting, pending, oldest) for channel, waiting, pending, oldest in rows}

    async def pending(self, status: str | None = None) -> Sequence[PendingTurn]:
        return [PendingTurn(*row) for row in await self._rows(sql.PENDING, status)]

    async def replay(self, row: int, now: float) -> bool:
        return bool(await self._column(sql.REPLAY, row, now))

    async def drop(self, row: int) -> bool:
        return bool(await self._column(sql.DROP, row))

    async def add_report(self, report: NewReport) -> None:
        await self._execute(kept.ADD, *kept.terms(report))

    async def reports(self, *, closed: bool = False) -> Sequence[StoredReport]:
        return [StoredReport(*row) for row in await self._rows(kept.LIST, closed)]

    async def close_report(self, number: int, at: float) -> StoredReport | None:
        found = await self._rows(kept.CLOSE, number, at)
        return StoredReport(*found[0]) if found else None

    def lead(self, name: str) -> AbstractAsyncContextManager[asyncio.Event]:
        return leader.lead(self._dsn, name)

    async def _accept(self, calls: Sequence[turns.Acceptance]) -> list[AcceptResult]:
        async with self._connection() as db:
            rows = {row["conversation"]: row for row in await db.fetch(turns.ACCEPT, *turns.accept_terms(calls))}
            moved = [lane for lane, row in rows.items() if row["leased"] and not row["unmoved"]]
            first = await _first_turns(db, moved)
        return [_receipt(new_event, rows.get(new_event.conversation), first) for new_event, _ in calls]

    async def _finish(self, calls: Sequence[turns.Finish]) -> list[Turn | None]:
        async with self._connection() as db:
            left = dict(await db.fetch(turns.FINISH, *turns.finish_terms(calls)))
            lanes = [(turn.conversation, lease) for turn, _, lease in calls]
            first = await _first_turns(db, [lane for lane, lease in lanes if lease and left.get(lane)])
        return [first.get(lane) for lane, _ in lanes]

    async def _column(self, statement: str, *terms: Any) -> list[Any]:
        return [row[0] for row in await self._rows(statement, *terms)]

    async def _rows(self, statement: str, *terms: Any) -> list[Any]:
        async with self._connection() as db:
            return list(await db.fetch(statement, *terms))

    async def _execute(self, statement: str, *terms: Any) -> int:
        async with self._connection() as db:
            return _affected(await db.execute(statement, *terms))

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        """Lend a connection; whatever kind of trouble the database is in becomes `StoreUnavailable`."""
        try:
            async with self._pool.acquire(timeout=COMMAND_SECONDS) as connection:
                yield connection
        except TROUBLE as fault:
            raise StoreUnavailable(f"PostgreSQL cannot be used now: {type(fault).__name__}: {fault}") from fault


async def _plan_once(connection: asyncpg.Connection) -> None:
    """Every statement looks rows up by key, whatever its terms; planning `ACCEPT` each time takes a millisecond."""
    await connection.execute("SET plan_cache_mode = force_generic_plan")


async def _keep_as_it_is(connection: asyncpg.Connection) -> None:
    """No step changes a connection's settings, so resetting it (a round trip per step) is not needed."""


def _receipt(new_event: NewEvent, row: Any, first: Mapping[bytes, Turn]) -> AcceptResult:
    if row is None or not row["leased"]:
        return AcceptResult(fresh=row is not None, due=row is not None and row["due"])
    turn = turns.new_turn(row, new_event) if row["unmoved"] else first.get(new_event.conversation)
    return AcceptResult(fresh=True, turn=turn)


async def _first_turns(db: Any, conversations: Sequence[bytes]) -> dict[bytes, Turn]:
    rows = await db.fetch(turns.FIRST_TURNS, conversations) if conversations else []
    return {row["conversation"]: turns.turn_from(row) for row in rows}


def _affected(tag: str) -> int:
    """Return the count at the end of a command tag such as `DELETE 3`."""
    return int(tag.rpartition(" ")[2])
