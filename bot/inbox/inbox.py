"""The inbox as channels see it: hand an event over; once `accept` returns, it will be answered."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager

import structlog

from bot.dialog.turn import State
from bot.inbox.admin import ReportDesk
from bot.inbox.events import Delivery, InboundEvent
from bot.inbox.identity import Identity
from bot.inbox.insights import Counting
from bot.inbox.metrics import Metrics
from bot.inbox.policy import RetryPolicy
from bot.inbox.processor import Answerer, TurnProcessor, pack
from bot.inbox.thoughts import Priority, Urgent, nothing_urgent
from bot.inbox.workers import Maintenance, WorkerPool
from bot.store.base import AcceptResult, Lease, Store, StoreUnavailable
from bot.store.tally import Published, Summed

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
        lease, receipt = workers.reserve(urgent=new_event.urgent), NOTHING
        try:
            receipt = await self._store.accept(new_event, lease)
        except StoreUnavailable:
            self.metrics.refused(event.channel, "store")
            raise
        finally:
            workers.flush(lease, receipt)
        self.metrics.accepted(event.channel, fresh=receipt.fresh)
        return receipt.fresh

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

    def wake(self) -> None:
        """Look for due work now instead of at the next tick."""
        for workers in self._pools.values():
            workers.wake()

    def _lease(self) -> Lease:
        now = self._now()
        return Lease(self._owner, now, now + self._policy.lease)

    async def _release(self) -> None:
        try:
            await self._store.release(self._owner)
        except StoreUnavailable:
            log.warning("leases_left_to_expire", seconds=self._policy.lease)
