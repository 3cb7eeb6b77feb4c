"""Recognises what needs help now, before anything else is asked of a message; every decision has its reason."""

from __future__ import annotations

from collections.abc import Sequence

from bot.matching.lexicon import Mention
from bot.matching.parser import Message
from bot.matching.rules import Fired, Places, fired
from bot.library.models_matching import UrgentRules

_BESIDE = 3
"""Words between a sign and a `no`, `history of` or `healed` that still belongs to it."""
_PAST_SPREAD, _GENERAL_SPREAD = 7, 14
"""Words between a sign and `years ago` or a general question that still excuses it; nearer words of `now` win."""
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
        self._before = places.of((*rules.negation, *rules.just_before))
        self._after = places.of(rules.just_after)
        self._past = places.of(rules.past)
        self._general = places.of(rules.general)
        self._now = places.of(rules.now)

    def cover(self, hit: Fired) -> bool:
        """Return whether the sign at `hit` is excused."""
        if self._denied(hit):
            return True
        past, general = _distance(self._past, hit.anchor), _distance(self._general, hit.anchor)
        now = _distance(self._now, hit.anchor)
        return (past <= _PAST_SPREAD and past < now) or (general <= _GENERAL_SPREAD and general < now)

    def _denied(self, hit: Fired) -> bool:
        before = any(0 <= hit.start - word.end < _BESIDE for word in self._before)
        return before or any(0 <= word.start - hit.end < _BESIDE for word in self._after)


def _distance(mentions: Sequence[Mention], sign: Mention) -> int:
    """Return how many words stand between the sign and the nearest mention."""
    gaps = (max(found.start - sign.end, sign.start - found.end, 0) for found in mentions)
    return min(gaps, default=_FAR)
