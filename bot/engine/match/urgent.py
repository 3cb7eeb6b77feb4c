"""Recognises what needs help now, before anything else is asked of a message; every decision has its reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.engine.match.lexicon import Mention
from bot.engine.match.message import Message
from bot.engine.match.rules import Fired, Places, fired
from bot.library.models_matching import UrgentRules

_BEFORE = 4
"""Words before a sign in which a `no` still belongs to it."""
_SIGN_SPREAD = 12
"""Words around a sign in which `years ago` or `now` belong to it rather than to another part of a long story."""


class Urgency:
    """The urgent rules over one vocabulary of signs."""

    def __init__(self, rules: UrgentRules) -> None:
        self._rules = rules

    def find(self, message: Message) -> Fired | None:
        """Return the first rule that fires and is not excused, or None."""
        places = Places([*message.signs, *message.mentions])
        if not any(name in places for rule in self._rules.rules for name in rule.all[0]):
            return None
        excuses = _Excuses(self._rules, places)
        return next((hit for hit in fired(self._rules.rules, places) if hit.rule.firm or not excuses.cover(hit)), None)


class _Excuses:
    """What in a message says that a sign is denied, past, or only asked about."""

    def __init__(self, rules: UrgentRules, places: Places) -> None:
        self._negations = places.of(rules.negation)
        self._past = places.of(rules.past)
        self._general = places.of(rules.general)
        self._now = places.of(rules.now)

    def cover(self, hit: Fired) -> bool:
        """Return whether the sign at `hit` is excused."""
        if any(hit.start - _BEFORE <= no.start and no.end <= hit.start for no in self._negations):
            return True
        if not (_near(self._past, hit) or _near(self._general, hit)):
            return False
        return not _near(self._now, hit)


def _near(mentions: Sequence[Mention], hit: Fired) -> bool:
    return any(hit.start - _SIGN_SPREAD <= found.end and found.start <= hit.end + _SIGN_SPREAD for found in mentions)


def reasons(hits: Iterable[Fired]) -> tuple[str, ...]:
    """Return the reasons of fired rules."""
    return tuple(hit.rule.reason or hit.rule.id for hit in hits)
