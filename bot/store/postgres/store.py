"""The store on PostgreSQL: several replicas share inbox, preferences and de-duplication, and elect a leader.

What one replica alone may do (Telegram allows one poller) is guarded by an advisory lock on its own connection, which
lives as long as the connection: when the leader dies, PostgreSQL frees it and another replica has it within
`RETRY_SECONDS`. A host that vanishes without a word is noticed by TCP keep-alive in about ten seconds.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any

import asyncpg
import structlog

from bot.dialog.turn import State
from bot.store.base import (
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
)
from bot.store.common import (
    MOST_JOINED,
    Grouping,
    day_of,
    exported,
    net_votes,
    quiet_in,
    reported,
    settings_of,
    state_from,
    together,
)
from bot.store.postgres import statements as sql
from bot.store.postgres.statements import TROUBLE
from bot.store.records import (
    ADD_REPORT,
    CLOSE_REPORT,
    LIST_REPORTS,
    PRUNE_REPORTS,
    PUBLISHED,
    SUM_CELLS,
    SUM_WEEKS,
    THEIR_REPORTS,
    NewReport,
    Published,
    StoredReport,
    Summed,
    cells_from,
    first_day,
    left_of,
    published_from,
    report_terms,
    week_of,
)

log = structlog.stdlib.get_logger(__name__)

MAX_CONNECTIONS = 10
"""Per process. PostgreSQL allows 100 by default, so nine replicas fit beside an operator."""

COMMAND_SECONDS = 10.0
"""A statement that takes longer is given up; every one here touches a handful of rows."""


class PostgresStore:
    """Implements `bot.store.base.Store` on a migrated PostgreSQL database."""

    def __init__(self, pool: asyncpg.Pool, dsn: str) -> None:
        self._pool = pool
        self._dsn = dsn
        self._acceptances: Grouping[sql.Acceptance, AcceptResult] = Grouping(together(self._accept), sql.accept_names)
        self._finishes: Grouping[sql.Finish, Turn | None] = Grouping(together(self._finish), sql.finish_names)

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
        queues = dict(await self._rows(sql.CLAIM, channel, lease.now, lease.owner, lease.until, limit, lease.farthest))
        rows = await self._rows(sql.FIRST_TURNS, list(queues)) if queues else []
        return [sql.turn_from(row, doubtful=queues[row["conversation"]]) for row in rows]

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
            count = await db.fetchval(sql.WAITING_IN_ALL, turn.conversation)
            rows = await db.fetch(sql.WAITING, turn.conversation, turn.person, MOST_JOINED)
        return WaitingTurns(tuple(WaitingRow(*row) for row in rows), count)

    async def gather(self, turn: Turn, seen: int, now: float, due_at: float) -> None:
        await self._execute(sql.GATHER, turn.conversation, seen, now, due_at)

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
            said = await db.fetch(THEIR_REPORTS, person)
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
        found = sorted(map(tuple, await self._rows(SUM_WEEKS, PUBLISHED, weeks)))
        since = found[0][0] if found else 0
        return Summed(found, cells_from(map(tuple, await self._rows(SUM_CELLS, PUBLISHED, since))))

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
                "reports": await self._execute(PRUNE_REPORTS, cutoffs.messages, cutoffs.idle),
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
        await self._execute(ADD_REPORT, *report_terms(report))

    async def reports(self, *, closed: bool = False) -> Sequence[StoredReport]:
        return [StoredReport(*row) for row in await self._rows(LIST_REPORTS, closed)]

    async def close_report(self, number: int, at: float) -> StoredReport | None:
        found = await self._rows(CLOSE_REPORT, number, at)
        return StoredReport(*found[0]) if found else None

    def lead(self, name: str) -> AbstractAsyncContextManager[asyncio.Event]:
        return lead(self._dsn, name)

    async def _accept(self, calls: Sequence[sql.Acceptance]) -> list[AcceptResult]:
        async with self._connection() as db:
            rows = {row["conversation"]: row for row in await db.fetch(sql.ACCEPT, *sql.accept_terms(calls))}
            moved = [queue for queue, row in rows.items() if row["leased"] and not row["unmoved"]]
            first = await _first_turns(db, moved)
        return [_accept_result(new_event, rows.get(new_event.conversation), first) for new_event, _ in calls]

    async def _finish(self, calls: Sequence[sql.Finish]) -> list[Turn | None]:
        async with self._connection() as db:
            left = dict(await db.fetch(sql.FINISH, *sql.finish_terms(calls)))
            queues = [(turn.conversation, lease) for turn, _, lease in calls]
            first = await _first_turns(db, [queue for queue, lease in queues if lease and left.get(queue)])
        return [first.get(queue) for queue, _ in queues]

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


def _accept_result(new_event: NewEvent, row: Any, first: Mapping[bytes, Turn]) -> AcceptResult:
    if row is None or not row["leased"]:
        return AcceptResult(fresh=row is not None, due=row is not None and row["due"])
    turn = sql.new_turn(row, new_event) if row["unmoved"] else first.get(new_event.conversation)
    return AcceptResult(fresh=True, turn=turn)


async def _first_turns(db: Any, conversations: Sequence[bytes]) -> dict[bytes, Turn]:
    rows = await db.fetch(sql.FIRST_TURNS, conversations) if conversations else []
    return {row["conversation"]: sql.turn_from(row) for row in rows}


def _affected(tag: str) -> int:
    """Return the count at the end of a command tag such as `DELETE 3`."""
    return int(tag.rpartition(" ")[2])


# --- leader election --------------------------------------------------------------------------------------------------


RETRY_SECONDS = 1.0
"""How often the others campaign, and how often the leader makes sure that it still leads."""

_LEADERSHIP = 0x466F6F74
"""First half of the lock's key: what keeps our locks apart from those of other programs in the same database."""

_TRY = "SELECT pg_try_advisory_lock($1, hashtext($2))"
_KEEP_ALIVE = {"tcp_keepalives_idle": "4", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3"}


@asynccontextmanager
async def lead(dsn: str, name: str) -> AsyncIterator[asyncio.Event]:
    """Wait to become the leader; yield an event that is set when that ends. Leaving the block gives leadership up."""
    connection = await _lead_until_lost(dsn, name)
    lost = asyncio.Event()
    connection.add_termination_listener(lambda _: lost.set())
    watch = asyncio.create_task(_watch(connection, lost))
    try:
        yield lost
    finally:
        watch.cancel()
        await _close(connection)


async def _lead_until_lost(dsn: str, name: str) -> Any:
    """Return a connection that holds the lock, however long that takes and whatever the database goes through."""
    while True:
        try:
            return await _acquire(dsn, name)
        except TROUBLE as fault:
            log.warning("election_interrupted", leadership=name, reason=type(fault).__name__)
            await asyncio.sleep(RETRY_SECONDS)


async def _acquire(dsn: str, name: str) -> Any:
    connection = await asyncpg.connect(
        dsn, timeout=5 * RETRY_SECONDS, command_timeout=5 * RETRY_SECONDS, server_settings=_KEEP_ALIVE
    )
    try:
        while not await connection.fetchval(_TRY, _LEADERSHIP, name):  # noqa: ASYNC110 (what is awaited is elsewhere)
            await asyncio.sleep(RETRY_SECONDS)
    except BaseException:
        await _close(connection)
        raise
    return connection


async def _watch(connection: Any, lost: asyncio.Event) -> None:
    """Notice a connection that died without saying so."""
    with suppress(*TROUBLE):
        while True:
            await connection.execute("SELECT 1")
            await asyncio.sleep(RETRY_SECONDS)
    lost.set()


async def _close(connection: Any) -> None:
    with suppress(*TROUBLE):
        await connection.close(timeout=RETRY_SECONDS)
