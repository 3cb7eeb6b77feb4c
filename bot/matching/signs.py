"""Where a message names signs that make an emergency together: rules over mentions, every place where each fires."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.content.matching_models import UrgentRule
from bot.matching.concepts import Sighting
from bot.matching.sentences import Word

_BESIDE = 3
"""Words around a hit in which a concept of `none` forbids it."""
_CLOSEST = 3
"""Mentions looked at on either side of the first group's."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that fired on the words `first` to `last`, both included; `mentions` are its concepts, one a group."""

    rule: UrgentRule
    first: int
    last: int
    mentions: tuple[Sighting, ...] = ()


class Sightings:
    """Where each concept of one message stands."""

    def __init__(self, mentions: Iterable[Sighting], words: Sequence[Word]) -> None:
        self.words = words
        self._at: dict[str, list[Sighting]] = {}
        self.add(mentions)

    def add(self, mentions: Iterable[Sighting]) -> None:
        """Add more mentions."""
        for mention in mentions:
            self._at.setdefault(mention.concept, []).append(mention)

    def of(self, names: Iterable[str]) -> list[Sighting]:
        """Return the mentions of any of the concepts, in reading order."""
        found = [mention for name in names for mention in self._at.get(name, ())]
        found.sort(key=_first)
        return found

    def any_of(self, names: Iterable[str]) -> bool:
        """Tell whether one of the concepts is named."""
        return not self._at.keys().isdisjoint(names)

    def distance(self, first: int, last: int) -> int:
        """Return how many words apart two words stand, a full stop counting for several."""
        return self.words[last].at - self.words[first].at


def _first(mention: Sighting) -> int:
    return mention.first


class Marks:
    """The mentions of some concepts, to be asked for by place."""

    def __init__(self, mentions: Sequence[Sighting]) -> None:
        self._mentions = mentions
        self._firsts = [mention.first for mention in mentions]
        self._starts = frozenset(self._firsts)

    def within(self, begin: int, end: int) -> list[Sighting]:
        """Return the mentions that lie between two places, the end excluded."""
        found = self._mentions[bisect_left(self._firsts, begin) : bisect_left(self._firsts, end)]
        return [mention for mention in found if mention.last < end]

    def starting(self, begin: int, end: int) -> Sequence[Sighting]:
        """Return the mentions that start between two places, the end excluded."""
        return self._mentions[bisect_left(self._firsts, begin) : bisect_left(self._firsts, end)]

    def start_at(self, at: int) -> bool:
        """Tell whether a mention starts at a word."""
        return at in self._starts


def hits(rules: Iterable[tuple[UrgentRule, Sequence[Sequence[str]]]], places: Sightings) -> Iterator[Hit]:
    """Yield every place where a rule fires; `rules` come with their groups split."""
    for rule, groups in rules:
        if places.any_of(groups[0]) and all(places.any_of(group) for group in groups[1:]):
            for hit in _spans(rule, [places.of(group) for group in groups], places):
                if not rule.none or not _beside(rule, hit, places):
                    yield hit


def _beside(rule: UrgentRule, hit: Hit, places: Sightings) -> bool:
    """Tell whether a concept that forbids the rule stands beside the hit, in the same sentence."""
    return any(
        max(places.distance(mention.last, hit.first), places.distance(hit.last, mention.first)) <= _BESIDE
        for mention in places.of(rule.none)
    )


def _spans(rule: UrgentRule, groups: Sequence[Sequence[Sighting]], places: Sightings) -> Iterator[Hit]:
    """Yield the narrowest span around each mention of the first group that is narrow enough."""
    told: set[tuple[int, int]] = set()
    for first in groups[0]:
        hit = _around(rule, first, groups[1:], places)
        if hit and (hit.first, hit.last) not in told:
            told.add((hit.first, hit.last))
            if not rule.near or places.distance(hit.first, hit.last) <= rule.near:
                yield hit


def _around(rule: UrgentRule, mention: Sighting, groups: Sequence[Sequence[Sighting]], places: Sightings) -> Hit | None:
    first, last, found = mention.first, mention.last, [mention]
    for group in groups:
        nearest = _nearest(group, first, last, rule.ordered, places)
        if nearest is None:
            return None
        found.append(nearest)
        first, last = min(first, nearest.first), max(last, nearest.last)
    return Hit(rule, first, last, tuple(found))


def _nearest(group: Sequence[Sighting], first: int, last: int, ordered: bool, places: Sightings) -> Sighting | None:
    at = bisect_left(group, last if ordered else first, key=_first)
    candidates = group[at if ordered else max(0, at - _CLOSEST) : at + _CLOSEST]
    if ordered:
        candidates = [mention for mention in candidates if mention.first > last]
    return min(candidates, key=lambda one: _wider(one, first, last, places), default=None)


def _wider(mention: Sighting, first: int, last: int, places: Sightings) -> int:
    return places.distance(min(first, mention.first), max(last, mention.last))
