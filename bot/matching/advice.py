"""What speaks of one person: a question about their own treatment, which no general answer may decide, and what may
be kept of a question, in which nothing speaks of anybody."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.content.matching_models import AdviceRules, Rule
from bot.matching.parser import Lexicon, Mention, Message
from bot.matching.text import FUNCTION, PERSONS, STOP

IN_THREAD = "in-thread"
"""The concept every message names that follows an answer, so that `it` can be a treatment."""
_A = "a-"
"""Begins the concept that a held subject is for the rules: whatever the topic, `a-drug` is a drug it holds."""


@dataclass(frozen=True, slots=True)
class Personal:
    """How surely (0..1) a question is about a person's own treatment, and why."""

    score: float
    reasons: tuple[str, ...]


class Advice:
    """The advice rules over their own vocabulary; `kinds` are those of the subjects that topics hold."""

    def __init__(self, rules: AdviceRules, lexicon: Lexicon, kinds: Mapping[str, str]) -> None:
        self._rules = rules.rules
        self._facts = frozenset(rules.facts)
        self._lexicon = lexicon
        self._kinds = kinds

    def weigh(self, message: Message, *, in_thread: bool) -> Personal:
        """Return how surely the message asks for personal advice."""
        thread = [Mention((IN_THREAD,), 0, 0)] if in_thread else []
        named = [Mention(self._called(one), one.start, one.end) for one in message.mentions]
        hits = fired(self._rules, Places([*self._lexicon.every(message.stems), *named, *thread]))
        return Personal(min(1.0, sum(hit.rule.score for hit in hits)), tuple(hit.rule.reason for hit in hits))

    def states_facts(self, message: Message) -> bool:
        """Tell whether a part of a message says something that decides for one person."""
        return any(self._facts.intersection(one.concepts) for one in self._lexicon.every(message.stems))

    def _called(self, mention: Mention) -> tuple[str, ...]:
        held = (name for name in mention.concepts if name in self._kinds and not name.startswith("foreign/"))
        return (*mention.concepts, *(f"{_A}{self._kinds[name]}" for name in held))


_BESIDE = 3
"""Words around a rule's own in which a concept of `none` still forbids it."""
_MOST = 40
"""Places of one concept looked at from either end; a message that names it more often says nothing new in between."""

_Span = tuple[int, int, Mention]


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that fired on the words from `start` to `end`, end excluded; `anchor` is its first group's mention."""

    rule: Rule
    start: int
    end: int
    anchor: Mention


class Places:
    """Where each concept of one message stands."""

    def __init__(self, mentions: Iterable[Mention]) -> None:
        self._at: dict[str, list[Mention]] = {}
        for mention in mentions:
            for name in mention.concepts:
                self._at.setdefault(name, []).append(mention)

    def __contains__(self, concept: str) -> bool:
        return concept in self._at

    def of(self, concepts: Iterable[str]) -> list[Mention]:
        """Return the mentions of any of the concepts, in reading order; of very many only those near either end."""
        found = sorted((mention for name in concepts for mention in self._at.get(name, ())), key=_start)
        return found if len(found) <= 2 * _MOST else [*found[:_MOST], *found[-_MOST:]]


def _start(mention: Mention) -> int:
    return mention.start


def fired(rules: Iterable[Rule], places: Places) -> list[Fired]:
    """Return every rule that fires, each at its tightest place."""
    found = []
    for rule in rules:
        if not all(any(name in places for name in group) for group in rule.all):
            continue
        span = _tightest(rule, [places.of(group) for group in rule.all])
        if span and not _beside(places.of(rule.none), span[0], span[1]):
            found.append(Fired(rule, *span))
    return found


def _beside(mentions: Sequence[Mention], start: int, end: int) -> bool:
    return any(start - _BESIDE < mention.end and mention.start < end + _BESIDE for mention in mentions)


def _tightest(rule: Rule, groups: Sequence[Sequence[Mention]]) -> _Span | None:
    """Return the narrowest span with one mention of each group: from every mention of the first, the nearest others."""
    best: _Span | None = None
    for first in groups[0]:
        span = _around(first, groups[1:], rule.ordered)
        if span and (best is None or span[1] - span[0] < best[1] - best[0]):
            best = span
    if best is None or (rule.near and best[1] - best[0] > rule.near):
        return None
    return best


def _around(first: Mention, groups: Sequence[Sequence[Mention]], ordered: bool) -> _Span | None:
    start, end, after = first.start, first.end, first.end
    for group in groups:
        nearest = _nearest(group, start, end, after if ordered else None)
        if nearest is None:
            return None
        start, end, after = min(start, nearest.start), max(end, nearest.end), nearest.end
    return start, end, first


def _nearest(group: Sequence[Mention], start: int, end: int, after: int | None) -> Mention | None:
    at = bisect_left(group, start if after is None else after, key=_start)
    candidates = group[at : at + 3] if after is not None else group[max(0, at - 3) : at + 3]
    return min(candidates, key=lambda mention: max(mention.start - end, start - mention.end), default=None)


# --- what may be kept of a question ---

GONE = "…"
LEAST_WORDS, LEAST_SHARE = 3, 0.6
"""Fewer words than these, or a smaller share of them, are no question an editor could use."""
_PERSONAL = frozenset({"i", "my", "relative"})
"""Concepts of content/matching/vocabulary.yaml that stand for a person."""


_CAPITALISED = re.compile(r"(?<=[\w,] )[A-Z][a-z]+")
"""A word with a capital inside a sentence: the name of somebody, of a place or of a thing, it cannot be told which."""


def scrubbed(text: str, message: Message, ordinary: Collection[str]) -> str:
    """Return what of a message is named in the vocabulary, is grammar or an `ordinary` word, and a mark for the rest.

    Nothing is recognised as a name, a place or a number: what is not known to be none is not kept. The whole is empty
    where it is personal or too little is left. `message` is what was read of `text`.
    """
    written = {*message.words, *(word for word, _ in message.repairs)}
    if not PERSONS.isdisjoint(written) or not _PERSONAL.isdisjoint(message.concepts):
        return ""
    doubtful = {word.lower() for word in _CAPITALISED.findall(text)} | {mended for _, mended in message.repairs}
    kept = [GONE if word in doubtful else word for word in _kept(message, ordinary)]
    left = sum(word != GONE for word in kept)
    return " ".join(kept) if left >= max(LEAST_WORDS, LEAST_SHARE * len(kept)) else ""


def _kept(message: Message, ordinary: Collection[str]) -> Iterator[str]:
    named = {at for mention in message.mentions for at in range(mention.start, mention.end)}
    for at, word in enumerate(message.words):
        if word != STOP:
            known = at in named or word in FUNCTION or word in ordinary
            yield word if known and not word[0].isdigit() else GONE
