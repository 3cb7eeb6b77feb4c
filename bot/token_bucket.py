"""Token buckets by name: so many at once, then so many a second. For people and for addresses alike."""

from __future__ import annotations

import time
from collections.abc import Callable

_CROWD = 10_000
"""Names remembered, about two megabytes. Beyond that full buckets are forgotten, then those first heard of."""


class TokenBuckets:
    """A bucket for each name, in memory only.

    What is kept of a bucket is the moment at which it will be full again (the generic cell rate algorithm): one number
    each, and no timer. `rate` is in tokens a second, `burst` is how many a full bucket holds.
    """

    def __init__(self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = 1 / rate
        self._burst = burst
        self._clock = clock
        self._full_at: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, name: str) -> bool:
        """Take a token and return True, or return False if there is none."""
        now = self._clock()
        full_at = max(self._full_at.get(name, now), now) + self._interval
        if full_at - now > self._burst * self._interval + 1e-9:  # the sum of many intervals is a hair too long
            return False
        self._full_at[name] = full_at
        if len(self._full_at) > _CROWD:
            self._forget(now)
        return True

    def give_back(self, name: str) -> None:
        """Return a token that was not used after all."""
        if name in self._full_at:
            self._full_at[name] -= self._interval

    def seconds(self, name: str) -> float:
        """Return how long it takes until there is a token, 0 if there is one."""
        return max(self._full_at.get(name, 0.0) - self._clock() - (self._burst - 1) * self._interval, 0.0)

    def _forget(self, now: float) -> None:
        """Forget full buckets, which changes nothing, and if those were few, half of the crowd, the oldest first."""
        left = [(name, full_at) for name, full_at in self._full_at.items() if full_at > now]
        self._full_at = dict(left[-_CROWD // 2 :])
