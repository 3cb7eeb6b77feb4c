"""What must happen now and then: leases renewed, depth measured, old rows pruned."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

from bot.delivery.clerk import Clerk
from bot.delivery.desk import Desk
from bot.delivery.store import Depth, Lease, StoreUnavailable

log = structlog.stdlib.get_logger(__name__)

_EMPTY = Depth(waiting=0, quarantined=0, oldest=None)


class Upkeep:
    """Three small jobs, each at its own pace; a database that is away is tried again at the next turn."""

    def __init__(self, clerk: Clerk, desks: Mapping[str, Desk], lease: Callable[[], Lease]) -> None:
        self._clerk = clerk
        self._desks = desks
        self._lease = lease
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin."""
        policy = self._clerk.policy
        jobs = ((self.renew, policy.lease / 3), (self.measure, policy.measure_every), (self.prune, policy.prune_every))
        self._tasks = [asyncio.create_task(self._every(seconds, job)) for job, seconds in jobs]

    async def stop(self) -> None:
        """End."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def renew(self) -> None:
        """Keep the lanes under way ours."""
        lanes = [lane for desk in self._desks.values() for lane in desk.lanes]
        if lanes:
            await self._clerk.store.renew(self._lease(), lanes)

    async def measure(self) -> None:
        """Publish how full the inbox is, and correct the desks' own count."""
        depths = await self._clerk.store.depth()
        for name in {*depths, *self._desks}:
            self._clerk.metrics.depth(name, depths.get(name, _EMPTY), self._clerk.now())
        for name, desk in self._desks.items():
            desk.waiting = depths.get(name, _EMPTY).waiting

    async def prune(self) -> None:
        """Remove what is older than the policy keeps."""
        pruned = await self._clerk.store.prune(self._clerk.policy.horizon(self._clerk.now()))
        log.info("pruned", **pruned.counts)

    async def _every(self, seconds: float, job: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await job()
            except StoreUnavailable as fault:
                self._clerk.metrics.store_failed("upkeep")
                log.warning("store_unavailable", step="upkeep", reason=str(fault))
            await asyncio.sleep(seconds)
