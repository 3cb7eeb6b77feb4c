"""Recognises what needs help now by the rules of content/urgent.yaml; every decision has its reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.content.matching_models import UrgentRules
from bot.matching.lexicon import Mention
from bot.matching.parser import Message, Reader
from bot.matching.rules import Fired, Places, fired
from bot.matching.text import STOP

_BESIDE = 3
"""Words between a sign and a `no`, `history of` or `healed` that still belongs to it."""
_PAST_SPREAD, _GENERAL_SPREAD = 7, 14
"""Words between a sign and `years ago` or a general question that still excuses it; nearer words of `now` win."""
_FAR = 10_000
_CALLED = {"lipoic": "ala", "drugs": "drug", "first": "drug", "second": "drug"}
"""What the rules call some of the subjects that topics hold."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is urgent in a message: the answer to show, and the rule that saw it."""

    card: str
    rule: str


class Urgency:
    """The urgent rules over one vocabulary of signs, read on the whole message and sentence by sentence."""

    def __init__(self, rules: UrgentRules, reader: Reader, card: str) -> None:
        self._rules = rules
        self._reader = reader
        self._card = card

    def detect(self, text: str) -> Finding | None:
        """Return what is urgent in a message, or None; never raises."""
        message = self._reader.read(text)
        if not message.signs:
            return None
        found = next((hit for part in (message, *_sentences(message)) if (hit := self._find(part))), None)
        return Finding(self._card, found.rule.reason or found.rule.id) if found else None

    def _find(self, message: Message) -> Fired | None:
        """Return the first rule that fires and is not excused, or None."""
        places = Places([*message.signs, *map(_by_rule_names, message.mentions)])
        excuses = _Excuses(self._rules, places)
        return next((hit for hit in fired(self._rules.rules, places) if hit.rule.firm or not excuses.cover(hit)), None)


def _by_rule_names(mention: Mention) -> Mention:
    bare = (name.rpartition("/")[2] for name in mention.concepts)
    return Mention(tuple(called for name in bare for called in (name, _CALLED.get(name, name))), mention.start, mention.end)


def _sentences(message: Message) -> Iterator[Message]:
    at = 0
    for place, word in enumerate((*message.words, STOP)):
        if word == STOP:
            if at < place and (at, place) != (0, len(message.words)):
                yield message.part(at, place)
            at = place + 1


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
