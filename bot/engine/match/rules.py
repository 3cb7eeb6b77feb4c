"""Rules over concepts: which of them fire on a message, and where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.engine.match.lexicon import Mention
from bot.library.models_matching import Rule

_BESIDE = 3
"""Words around a rule's own in which a concept of `none` still forbids it."""


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that fired on the words from `start` up to `end`; `anchor` is the mention of its first group."""

    rule: Rule
    start: int
    end: int
    anchor: Mention


_Span = tuple[int, int, Mention]


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
        """Return the mentions of any of the concepts, in reading order."""
        found = [mention for name in concepts for mention in self._at.get(name, ())]
        return sorted(found, key=lambda mention: mention.start)


def fired(rules: Iterable[Rule], places: Places) -> list[Fired]:
    """Return every rule that fires, each at its tightest place."""
    found = []
    for rule in rules:
        if not _may_fire(rule, places):
            continue
        span = _tightest(rule, [places.of(group) for group in rule.all])
        if span and not _beside(places.of(rule.none), span[0], span[1]):
            found.append(Fired(rule, *span))
    return found


def _beside(mentions: Sequence[Mention], start: int, end: int) -> bool:
    return any(start - _BESIDE < mention.end and mention.start < end + _BESIDE for mention in mentions)


def _may_fire(rule: Rule, places: Places) -> bool:
    return all(any(name in places for name in group) for group in rule.all)


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
        candidates = [mention for mention in group if mention.start >= after] if ordered else group
        if not candidates:
            return None
        nearest = min(candidates, key=lambda mention: max(mention.start - end, start - mention.end))
        start, end, after = min(start, nearest.start), max(end, nearest.end), nearest.end
    return start, end, first
