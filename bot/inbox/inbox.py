"""The inbox as channels see it: hand an event over; once `accept` returns, it will be answered.

Each channel has workers of its own, so that a platform that hangs never delays another.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from bot.dialog.turn import State
from bot.inbox.admin import ReportDesk
from bot.inbox.events import (
    Busy,
    Delivery,
    Gone,
    InboundEvent,
    Paced,
    Priority,
    Refused,
    Urgent,
    WhenEnded,
    nothing_urgent,
)
from bot.inbox.metrics import Counting, Metrics, current_week
from bot.inbox.processor import Answerer, Incomplete, RetryPolicy, TurnProcessor, after_failure, pack, while_busy
from bot.store.base import AcceptResult, Lease, QueueDepth, Store, StoreUnavailable, Turn, TurnResult
from bot.store.common import Identity
from bot.store.records import Published, Summed

log = structlog.stdlib.get_logger(__name__)

NOTHING = AcceptResult(fresh=False)


class Overloaded(StoreUnavailable):
    """The channel's inbox is full; the platform keeps the event and repeats it."""


class Inbox:
    """Accepts events durably and answers each of them once, in order within a conversation; what is `urgent` first.

    `now` gives seconds since the epoch. One inbox serves one process; on PostgreSQL several share a database.
    """

    def __init__(
        self,
        store: Store,
        engine: Answerer,
        identity: Identity,
        channels: Iterable[Delivery] = (),
        *,
        metrics: Metrics | None = None,
        policy: RetryPolicy | None = None,
        urgent: Urgent = nothing_urgent,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.metrics = metrics or Metrics()
        self._policy = policy or RetryPolicy()
        self._store = store
        self._identity = identity
        self._now = now
        self._owner = secrets.randbits(63)
        self._priority = Priority(urgent)
        self._processor = TurnProcessor(
            store, engine, identity, self.metrics, self._policy, now, Counting(store), urgent
        )
        self._pools: dict[str, WorkerPool] = {}
        self._maintenance = Maintenance(self._processor, self._pools, self._lease)
        for channel in channels:
            self.add(channel)

    def add(self, channel: Delivery) -> None:
        """Serve one more channel; to be called before `start`."""
        self._pools[channel.name] = WorkerPool(channel, self._processor, self._lease)

    async def start(self) -> None:
        """Take over what was left unfinished and begin. Raises `StoreInUse` if another process has the database."""
        await self._store.recover()
        for workers in self._pools.values():
            workers.start()
        self._maintenance.start()

    async def accept(self, event: InboundEvent) -> bool:
        """Write the event to the inbox and return True, or False if it is known already.

        Raises `StoreUnavailable` (`Overloaded` when the inbox is full) if it could not be written: then it must
        not be confirmed, so that the platform repeats it. Raises KeyError for a channel that is not served.
        """
        workers = self._pools[event.channel]
        if workers.full:
            self.metrics.refused(event.channel, "overloaded")
            raise Overloaded(f"{workers.waiting} turns are waiting on {event.channel}")
        now = self._now()
        new_event = pack(event, self._identity, now, urgent=self._priority(event, now))
        lease, result = workers.reserve(urgent=new_event.urgent), NOTHING
        try:
            result = await self._store.accept(new_event, lease)
        except StoreUnavailable:
            self.metrics.refused(event.channel, "store")
            raise
        finally:
            workers.admit(lease, result)
        self.metrics.accepted(event.channel, fresh=result.fresh)
        return result.fresh

    async def quarantine_raw(self, channel: str, reason: str, event: str) -> None:
        """Keep an event that cannot be read, sealed and once, so that it blocks nothing and an operator sees it.

        Raises `StoreUnavailable` if it could not be kept: then it must not be confirmed.
        """
        name, sealed = self._identity.event(f"{channel}:{event}"), self._identity.seal(event.encode())
        if await self._store.quarantine_raw(channel, name, sealed, reason, self._now()):
            self.metrics.quarantined(channel)
            log.error("event_unreadable", channel=channel, reason=reason, size=len(event))

    async def preferences(self, person: str) -> State:
        """Return the register a person chose, for a surface that is no conversation (Slack's App Home)."""
        return await self._store.preferences(self._identity.person(person))

    async def is_known(self, conversation: str, person: str | None = None) -> bool:
        """Return whether the bot has answered in this conversation (a Slack thread it may go on following), and that
        person last, if one is given."""
        asker = self._identity.person(person) if person else None
        return await self._store.is_known(self._identity.conversation(conversation), asker)

    async def is_quiet(self, conversation: str) -> bool:
        """Return whether the bot was asked to be quiet in this conversation."""
        return await self._store.is_quiet(self._identity.conversation(conversation))

    async def published(self) -> Sequence[Published]:
        """Return the counts of turns that may be seen, oldest week first."""
        return await self._store.published()

    async def summed(self, weeks: int) -> Summed:
        """Return the counts of the last weeks that may be seen, added up."""
        return await self._store.summed(weeks)

    @property
    def reports(self) -> ReportDesk:
        """The desk where editors read what people report as wrong."""
        return ReportDesk(self._store, self._identity, self._now)

    async def user_left(self, person: str) -> None:
        """Note that a person left; after the grace period they are forgotten, unless they return."""
        await self._store.user_left(self._identity.person(person), self._now())

    @asynccontextmanager
    async def lead(self, name: str) -> AsyncIterator[asyncio.Event]:
        """Wait until this process alone leads in `name`; yield an event that is set when it no longer does.

        For what a platform allows once, however many replicas there are: `async with inbox.lead("telegram") as lost`.
        """
        self.metrics.leading(name, leads=False)
        async with self._store.lead(name) as lost:
            self.metrics.leading(name, leads=True)
            try:
                yield lost
            finally:
                self.metrics.leading(name, leads=False)

    async def drain(self, seconds: float) -> bool:
        """Answer what can be answered within so many seconds, then stop; return whether nothing was broken off.

        What is left stays in the inbox, and its conversations are free at once for another replica or the next start.
        """
        drains = [asyncio.create_task(workers.drain()) for workers in self._pools.values()]
        _, late = await asyncio.wait(drains, timeout=seconds) if drains else (set(), set())
        for drain in late:
            drain.cancel()
        await self._maintenance.stop()
        await asyncio.gather(*(workers.stop() for workers in self._pools.values()), *drains, return_exceptions=True)
        await self._release()
        log.info("drained", broken_off=len(late))
        return not late

    def _lease(self) -> Lease:
        now = self._now()
        return Lease(self._owner, now, now + self._policy.lease)

    async def _release(self) -> None:
        try:
            await self._store.release(self._owner)
        except StoreUnavailable:
            log.warning("leases_left_to_expire", seconds=self._policy.lease)


# --- workers ----------------------------------------------------------------------------------------------------------


class WorkerPool:
    """Works through one channel's conversations: each in order, many side by side."""

    def __init__(self, channel: Delivery, processor: TurnProcessor, lease: Callable[[], Lease]) -> None:
        self.channel = channel
        self._processor = processor
        self._policy = processor.policy
        self._lease = lease
        self._working: dict[asyncio.Task[None], bytes] = {}
        self._under_way: set[int] = set()
        self._reserved = 0
        self._wake = asyncio.Event()
        self._claiming: asyncio.Task[None] | None = None
        self._open = False
        self.waiting = 0

    @property
    def conversations(self) -> list[bytes]:
        """The conversations being worked on."""
        return list(self._working.values())

    @property
    def full(self) -> bool:
        """True when the channel should refuse more for now."""
        return self.waiting >= self._policy.backlog

    def start(self) -> None:
        """Begin with whatever was left unfinished."""
        self._open = True
        self._wake.set()
        self._claiming = asyncio.create_task(self._claim_while_open(), name=f"claim-{self.channel.name}")

    def reserve(self, *, urgent: bool = False) -> Lease | None:
        """Return a lease if there is a free place for one more turn; `admit` uses it or gives it back. What is urgent
        has places of its own, for when every other is taken by turns whose platform hangs."""
        if not self._open or self._free() + self._policy.urgent_slots * urgent <= 0:
            self._wake.set()
            return None
        self._reserved += 1
        return self._lease()

    def admit(self, lease: Lease | None, accepted: AcceptResult) -> None:
        """Begin what was accepted in the place reserved for it, or give the place back."""
        self.waiting += accepted.fresh
        if lease is not None:
            self._reserved -= 1
        if accepted.turn is not None:
            self._begin(accepted.turn)
        elif accepted.due:
            self._wake.set()

    async def drain(self) -> None:
        """Return when nothing that can be answered now is left unanswered."""
        self._open = False
        self._wake.set()
        if self._claiming is not None:
            await self._claiming  # not cancelled: a claim broken off may have leased conversations that nobody works on
        while await self._claim() or self._working:
            await asyncio.wait(self._working, return_when=asyncio.FIRST_COMPLETED)

    async def stop(self) -> None:
        """Break off whatever is still under way; it stays in the inbox."""
        self._open = False
        tasks = [*self._working, *([self._claiming] if self._claiming else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- finding work ------------------------------------------------------------------------------------------

    def _free(self) -> int:
        return self._policy.slots - len(self._working) - self._reserved

    async def _claim_while_open(self) -> None:
        while self._open:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._policy.tick):
                    await self._wake.wait()
            self._wake.clear()
            await self._claim()

    async def _claim(self) -> int:
        """Begin as many due conversations as there are free places; return how many.

        A lease of our own may run out under our hands (the clock is set, the database was away for long): what is under
        way here is not begun again.
        """
        places = self._free()
        if places <= 0:
            return 0
        try:
            turns = await self._processor.store.claim(self.channel.name, places, self._lease())
        except StoreUnavailable as fault:
            self._processor.metrics.store_failed("claim")
            log.warning("store_unavailable", step="claim", reason=str(fault))
            return 0
        new = [turn for turn in turns if turn.row not in self._under_way]
        for turn in new:
            self._begin(turn)
        return len(new)

    # --- doing it ----------------------------------------------------------------------------------------------

    def _begin(self, turn: Turn) -> None:
        self._under_way.add(turn.row)
        task = asyncio.create_task(self._work(turn), name=f"turn-{turn.row}")
        self._working[task] = turn.conversation
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        full = self._free() <= 0
        del self._working[task]
        if full or self.waiting > len(self._working):
            self._wake.set()

    async def _work(self, turn: Turn | None) -> None:
        """Answer the turn and those that follow it in its conversation."""
        while turn is not None:
            self._under_way.add(turn.row)
            try:
                following = await self._one(turn)
            finally:
                self._under_way.discard(turn.row)
            turn = following

    async def _one(self, turn: Turn) -> Turn | None:
        ended: list[Callable[[], None]] = []
        try:
            return await self._try(turn, ended.append)
        finally:
            for then in ended:
                then()

    async def _try(self, turn: Turn, when_ended: WhenEnded) -> Turn | None:
        try:
            return await self._finish(turn, await self._processor.answer(turn, self.channel, when_ended))
        except Incomplete as thought:
            await self._gather(turn, thought)
        except Paced as paced:
            await self._postpone(turn, paced.after, turn.attempts, "paced")
        except Busy as busy:
            await self._wait(turn, busy)
        except Gone as gone:
            return await self._finish(turn, await self._user_left(turn, gone))
        except StoreUnavailable:
            await self._postpone(turn, self._policy.store_pause, turn.attempts, "error")
        except Exception as fault:
            await self._fail(turn, fault)
        return None

    async def _finish(self, turn: Turn, record: TurnResult) -> Turn | None:
        finish = self._processor.store.finish
        following = await self._processor.persist("finish", lambda: finish(turn, record, self._lease()))
        self.waiting = max(self.waiting - 1 - len(record.joined), 0)
        return following

    async def _gather(self, turn: Turn, thought: Incomplete) -> None:
        """Let the beginning of a thought lie until the rest of it comes."""
        now, gather = self._processor.now(), self._processor.store.gather
        await self._processor.persist("postpone", lambda: gather(turn, thought.seen, now, thought.until))
        asyncio.get_running_loop().call_later(max(thought.until - now, 0.0), self._wake.set)
        self._wake.set()

    async def _wait(self, turn: Turn, busy: Busy) -> None:
        age = self._processor.now() - turn.received
        if age > self._policy.backoff:
            await self._quarantine(turn, "the platform could not be reached for too long")
            return
        log.info("turn_postponed", row=turn.row, channel=turn.channel, reason=str(busy))
        await self._postpone(turn, while_busy(busy.after, age), turn.attempts, "busy")

    async def _fail(self, turn: Turn, fault: Exception) -> None:
        reason = _where(fault)
        attempts = turn.attempts + 1
        log.error("turn_failed", row=turn.row, channel=turn.channel, attempts=attempts, reason=reason)
        if attempts >= self._policy.attempts:
            await self._quarantine(turn, reason)
        else:
            await self._postpone(turn, after_failure(attempts), attempts, "error")

    async def _postpone(self, turn: Turn, seconds: float, attempts: int, reason: str) -> None:
        due_at = self._processor.now() + seconds
        await self._processor.persist("postpone", lambda: self._processor.store.postpone(turn, due_at, attempts))
        self._processor.metrics.postponed(turn.channel, reason)
        asyncio.get_running_loop().call_later(seconds, self._wake.set)

    async def _quarantine(self, turn: Turn, reason: str) -> None:
        now = self._processor.now()
        await self._processor.persist("quarantine", lambda: self._processor.store.quarantine(turn, reason, now))
        self._processor.metrics.quarantined(turn.channel)
        self.waiting = max(self.waiting - 1, 0)
        self._wake.set()

    async def _user_left(self, turn: Turn, gone: Gone) -> TurnResult:
        self._processor.metrics.user_left(turn.channel)
        now = self._processor.now()
        log.info("asker_gone", row=turn.row, channel=turn.channel, reason=str(gone))
        if gone.forget:
            await self._processor.persist("departed", lambda: self._processor.store.user_left(turn.person, now))
        return TurnResult(now)


def _where(fault: Exception) -> str:
    """Name the fault by the platform's own word, else by its kind and place; its own text might quote a person."""
    if isinstance(fault, Refused):
        return f"refused: {fault}"
    frames = traceback.extract_tb(fault.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return type(fault).__name__ + place


_EMPTY = QueueDepth(waiting=0, quarantined=0, oldest=None)


class Maintenance:
    """Three small jobs, each at its own pace; a database that is away is tried again at the next turn."""

    def __init__(self, processor: TurnProcessor, pools: Mapping[str, WorkerPool], lease: Callable[[], Lease]) -> None:
        self._processor = processor
        self._pools = pools
        self._lease = lease
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin."""
        policy = self._processor.policy
        jobs = ((self.renew, policy.lease / 3), (self.measure, policy.measure_every), (self.prune, policy.prune_every))
        self._tasks = [asyncio.create_task(self._every(seconds, job)) for job, seconds in jobs]

    async def stop(self) -> None:
        """End."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def renew(self) -> None:
        """Renew the leases of what is under way."""
        conversations = [one for workers in self._pools.values() for one in workers.conversations]
        if conversations:
            await self._processor.store.renew(self._lease(), conversations)

    async def measure(self) -> None:
        """Publish how full the inbox is, and correct the pools' own count."""
        depths = await self._processor.store.queue_depth()
        for name in {*depths, *self._pools}:
            self._processor.metrics.queue_depth(name, depths.get(name, _EMPTY), self._processor.now())
        for name, workers in self._pools.items():
            workers.waiting = depths.get(name, _EMPTY).waiting

    async def prune(self) -> None:
        """Remove what is older than the policy keeps, and end the weeks that are over."""
        now = self._processor.now()
        await self._processor.store.end_weeks(current_week(now))
        pruned = await self._processor.store.prune(self._processor.policy.cutoffs(now))
        log.info("pruned", **pruned.counts)

    async def _every(self, seconds: float, job: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await job()
            except StoreUnavailable as fault:
                self._processor.metrics.store_failed("upkeep")
                log.warning("store_unavailable", step="upkeep", reason=str(fault))
            await asyncio.sleep(seconds)
