"""Time for the stand-in: real for other processes, turned by hand in tests so that nothing has to wait."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

Errand = Callable[[], Awaitable[None]]


class Clock(Protocol):
    """What the stand-in needs to know about time."""

    def time(self) -> float:
        """Return seconds since the epoch."""

    def later(self, seconds: float, errand: Errand) -> None:
        """Run `errand` once, `seconds` from now."""


class RealClock:
    """The wall clock, for a stand-in that runs as a process of its own."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def time(self) -> float:
        return time.time()

    def later(self, seconds: float, errand: Errand) -> None:
        task = asyncio.get_running_loop().create_task(self._wait(seconds, errand))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @staticmethod
    async def _wait(seconds: float, errand: Errand) -> None:
        await asyncio.sleep(seconds)
        await errand()

    def cancel(self) -> None:
        """Drop every errand that is still waiting."""
        for task in self._tasks:
            task.cancel()


class ManualClock:
    """Stands still until a test turns it."""

    def __init__(self, start: float | None = None) -> None:
        self._now = time.time() if start is None else start
        self._errands: list[tuple[float, int, Errand]] = []
        self._order = itertools.count()

    def time(self) -> float:
        return self._now

    def later(self, seconds: float, errand: Errand) -> None:
        heapq.heappush(self._errands, (self._now + seconds, next(self._order), errand))

    async def advance(self, seconds: float) -> None:
        """Turn the clock, running each errand at its moment, in order."""
        end = self._now + seconds
        while self._errands and self._errands[0][0] <= end:
            self._now, _, errand = heapq.heappop(self._errands)
            await errand()
        self._now = end

    def cancel(self) -> None:
        """Drop every errand that is still waiting."""
        self._errands.clear()
