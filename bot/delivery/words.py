"""How the engine's words are spelt in the database, the same in both."""

from __future__ import annotations

from bot.engine.turn import State, Tone

DAY = 86400.0
"""Seconds in a day."""

LONGEST_WAIT = 7200.0
"""Seconds. No retry is ever further away (Slack and Telegram ask for an hour at most), so a later one is the leavings
of a clock that was ahead, and counts as due."""


def day_of(moment: float) -> int:
    """Return the day number (days since 1970-01-01) of a moment in seconds since the epoch."""
    return int(moment // DAY)


def trail_text(state: State) -> str:
    """Return the trail as it is stored: node ids, oldest first, separated by spaces."""
    return " ".join(state.trail)


def state_from(tone: str | None, met: bool | None, trail: str | None) -> State:
    """Return the state from what the person's row (tone, met) and the conversation's row (trail) hold, if anything."""
    return State(Tone(tone) if tone else None, bool(met), tuple(trail.split()) if trail else ())
