"""Retries, limits and retention: every figure an operator might ask about, with its reason."""

from __future__ import annotations

from dataclasses import dataclass

from bot.store.base import DAY, RetentionCutoffs


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Seconds unless said otherwise.

    `slots` turns of one channel are under way at once, and `urgent_slots` more that are urgent; `backlog` may wait
    before more is refused (the platforms keep what is refused: Telegram a day, Slack with retries). `lease` is how long
    a dead replica's turns wait for another. A turn that fails `attempts` times is quarantined; one whose platform stays
    away for `backoff` too.
    """

    slots: int = 64
    urgent_slots: int = 16
    backlog: int = 10_000
    lease: float = 15.0
    attempts: int = 5
    backoff: float = DAY
    tick: float = 0.5
    store_pause: float = 0.5
    measure_every: float = 5.0
    prune_every: float = 3600.0
    keep_events: float = 3 * DAY  # platforms repeat an event for a day at most
    keep_messages: float = 180 * DAY
    keep_quarantine: float = 30 * DAY
    keep_idle: float = 400 * DAY
    grace: float = 30 * DAY  # after the person blocked the bot

    def cutoffs(self, now: float) -> RetentionCutoffs:
        """Return what is old at `now`."""
        return RetentionCutoffs(
            events=now - self.keep_events,
            messages=now - self.keep_messages,
            quarantine=now - self.keep_quarantine,
            idle=now - self.keep_idle,
            user_left=now - self.grace,
        )


def after_failure(attempts: int) -> float:
    """Return how long to wait after the nth failed attempt: 1, 2, 4, 8 ... seconds, a minute at most."""
    return min(2.0 ** (attempts - 1), 60.0)


def while_busy(asked: float, age: float) -> float:
    """Return how long to wait for a busy platform: what it asked for, longer the longer it has been away.

    A turn that has waited eight minutes is tried once a minute, so that a long outage costs little; an hour at most.
    """
    return min(max(asked, min(age / 8, 60.0), 0.05), 3600.0)
