"""One channel's workers: slots of its own, so that a platform that hangs never delays another."""

from __future__ import annotations

import asyncio
import contextlib
import traceback
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import structlog

from bot.inbox.events import Busy, Delivery, Gone, Paced, Refused, WhenEnded
from bot.inbox.insights import current_week
from bot.inbox.policy import after_failure, while_busy
from bot.inbox.processor import Incomplete, TurnProcessor
from bot.store.base import AcceptResult, Lease, QueueDepth, StoreUnavailable, Turn, TurnResult

log = structlog.stdlib.get_logger(__name__)


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

    def wake(self) -> None:
        """Look for work now instead of at the next tick."""
        self._wake.set()

    def reserve(self, *, urgent: bool = False) -> Lease | None:
        """Return a lease if there is a free place for one more turn; `flush` gives it back. What is urgent has places
        of its own, for when every other is taken by turns whose platform hangs."""
        if not self._open or self._free() + self._policy.urgent_slots * urgent <= 0:
            self._wake.set()
            return None
        self._reserved += 1
        return self._lease()

    def flush(self, lease: Lease | None, accepted: AcceptResult) -> None:
        """Use the reserved place for what was accepted, or give it back."""
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


log = structlog.stdlib.get_logger(__name__)

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
