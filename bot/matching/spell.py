"""Repairs misspelt words against the words we know, never one medicine into another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from rapidfuzz import process
from rapidfuzz.distance import OSA

_SHORTEST, _MIDDLING, _LONG = 4, 6, 8
"""Below 4 letters nothing is repaired; below 6 only a letter too many, too few or swapped; from 8 on two slips are."""
_LONGEST = 24
_MOST_SLIPS = 2
_TOO_FAR = 9.0
_CLEARLY = 0.9
"""How much nearer than any other medicine a medicine must be before a word is taken for it."""


class Speller:
    """Knows every word of the vocabulary and the phrases, in all their forms."""

    def __init__(
        self, known: Iterable[str], medicines: Iterable[str], ordinary: Iterable[str], stem: Callable[[str], str]
    ) -> None:
        self._stem = stem
        self._medicines = {word for word in medicines if word.isalpha()}
        self._real = {*known, *ordinary, *self._medicines}
        self._stems = {stem(word) for word in self._real}
        self._first, self._second = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
        for goal in sorted(word for word in self._real if word.isalpha() and _SHORTEST <= len(word) <= _LONGEST):
            self._first[goal[0]].append(goal)
            self._second[goal[1]].append(goal)

    def knows(self, word: str) -> bool:
        """Return whether the word needs no repair."""
        return word in self._real or self._stem(word) in self._stems

    def repair(self, word: str) -> str:
        """Return the known word that `word` misspells, or `word` itself when none or several are meant."""
        if not word.isalpha() or not _SHORTEST <= len(word) <= _LONGEST or self.knows(word):
            return word
        ranked = sorted((cost, goal) for goal in self._near(word) if (cost := _cost(word, goal)) < _TOO_FAR)
        if not ranked:
            return word
        nearest, best = ranked[0]
        rivals = {goal for cost, goal in ranked if cost - nearest < _CLEARLY}
        if best in self._medicines and len(rivals & self._medicines) > 1:
            return word
        return best

    def _near(self, word: str) -> Iterator[str]:
        """Yield the words a slip or two away; a first letter is only ever left out, put before, or swapped."""
        for goals in (self._first[word[0]], self._first[word[1]], self._second[word[0]]):
            for goal, _, _ in process.extract(word, goals, scorer=OSA.distance, score_cutoff=_MOST_SLIPS, limit=None):
                yield goal


def _cost(word: str, goal: str) -> float:
    slips = OSA.distance(word, goal)
    shorter = min(len(word), len(goal))
    if slips > (_MOST_SLIPS if shorter >= _LONG else 1):
        return _TOO_FAR
    if shorter < _MIDDLING and (word[0] != goal[0] or _substitutes(word, goal)):
        return _TOO_FAR
    if word[0] != goal[0] and (slips > 1 or _substitutes(word, goal)):
        return _TOO_FAR
    return slips + (0.2 if word[-1] != goal[-1] else 0.0)


def _substitutes(word: str, goal: str) -> bool:
    return len(word) == len(goal) and sorted(word) != sorted(goal)
