"""What a turn counts as: which answer, how it was asked for, after what; never who asked, never the words."""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import dataclass, field

from bot.dialog import payloads
from bot.dialog.turn import Incoming, Kind, Outcome, Reply, State
from bot.store.base import DAY, Store, StoreUnavailable, Turn, day_of
from bot.store.tally import SALT_BYTES, Tally, TallyCell, bit_of, first_day, week_of

SURE, LIKELY = 0.8, 0.6
"""How likely the chosen answer was: from `SURE` on it is sure, from `LIKELY` on likely."""


HANDOUT = "handout"
"""What a turn is about that made a page to take along."""


def current_week(now: float) -> int:
    """Return the first week that is not over yet; a day is allowed for turns and clocks that are late."""
    return week_of(day_of(now - DAY))


@dataclass(slots=True)
class Counting:
    """Makes the count of each turn; it knows this week's salt and nothing else."""

    store: Store
    _salt: bytes | None = field(default=None, init=False)
    _from: float = field(default=0.0, init=False)
    _until: float = field(default=0.0, init=False)

    async def tally(self, turn: Turn, incoming: Incoming, reply: Reply, before: State, at: float) -> Tally | None:
        """Return how a turn that ends at `at` is counted, or None where its week is over or unknown: a turn is more
        than its count, so nothing is raised."""
        if not self._from <= at < self._until:
            await self._turn_to(week_of(day_of(at)))
        if self._salt is None:
            return None
        return Tally("\t".join(cell_of(turn.channel, incoming, reply, before)), bit_of(self._salt, turn.person))

    async def _turn_to(self, week: int) -> None:
        """Take the salt of another week; while the store cannot say it, nothing is counted."""
        self._salt, self._from, self._until = None, 0.0, 0.0
        with contextlib.suppress(StoreUnavailable):
            self._salt = await self.store.week_salt(week, secrets.token_bytes(SALT_BYTES))
            self._from, self._until = first_day(week) * DAY, first_day(week + 1) * DAY


def cell_of(channel: str, incoming: Incoming, reply: Reply, before: State) -> TallyCell:
    """Return the one cell that a turn is in."""
    via, card = _via(incoming), reply.card
    return TallyCell(channel, card.register, via, card.outcome, card.node, before.node or "", _about(via, reply))


def _via(incoming: Incoming) -> str:
    """Return how it was asked for: in words, by a command, or by the button that was pressed."""
    if incoming.kind is not Kind.TAP:
        return "command" if incoming.kind is Kind.COMMAND else "words"
    tap = payloads.parse(incoming.text)
    return (tap and (tap.word or ("register" if tap.register else ""))) or "button"


def _about(via: str, reply: Reply) -> str:
    """Return what else is worth telling apart: what is not held, what was offered, or how sure an answer was."""
    outcome = reply.card.outcome
    if reply.leaflet is not None:
        return HANDOUT
    if reply.missing:
        return reply.missing
    if outcome is Outcome.CHOICES:
        taps = (payloads.parse(button.payload) for button in reply.choices if button.role == "choice")
        return " ".join(sorted(tap.node for tap in taps if tap))
    if via != "words" or outcome is not Outcome.ANSWER:
        return ""
    return "sure" if reply.sure >= SURE else "likely" if reply.sure >= LIKELY else "unsure"
