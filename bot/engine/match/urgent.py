"""Recognises what needs help now, before anything else is asked of a message; every decision has its reason."""

from __future__ import annotations

from collections.abc import Sequence

from bot.engine.match.lexicon import Mention
from bot.engine.match.message import Message
from bot.engine.match.rules import Fired, Places, fired
from bot.library.models_matching import UrgentRules

_BEFORE = 4
"""Words before a sign in which a `no` still belongs to it."""
_SIGN_SPREAD = 14
"""Words around a sign in which `years ago` can still belong to it; nearer words of `now` win."""
_FAR = 10_000


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
        excuse = min(_distance(self._past, hit), _distance(self._general, hit))
        return excuse <= _SIGN_SPREAD and excuse < _distance(self._now, hit)


def _distance(mentions: Sequence[Mention], hit: Fired) -> int:
    """Return how many words stand between the sign and the nearest mention."""
    sign = hit.anchor
    gaps = (max(found.start - sign.end, sign.start - found.end, 0) for found in mentions)
    return min(gaps, default=_FAR)
