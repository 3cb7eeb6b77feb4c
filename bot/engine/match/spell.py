"""Repairs misspelt words against the words we know (symmetric deletion), never one medicine into another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

from rapidfuzz.distance import OSA

_SHORTEST, _LONG = 4, 8
"""Words under 4 letters are left alone; from 8 letters on two slips are repaired instead of one."""


class Speller:
    """Knows every word of the vocabulary and the phrases; `medicines` may be reached only from near-certain slips."""

    def __init__(self, known: Iterable[str], medicines: Iterable[str], real: Iterable[str]) -> None:
        self._medicines = {word for word in medicines if word.isalpha()}
        self._real = {*known, *real, *self._medicines}
        self._goals = {word for word in self._real if word.isalpha() and len(word) >= _SHORTEST}
        self._index: dict[str, list[str]] = {}
        for goal in sorted(self._goals):
            for key in {goal, *_deletions(goal)}:
                self._index.setdefault(key, []).append(goal)

    def knows(self, word: str) -> bool:
        """Return whether the word needs no repair."""
        return word in self._real

    def repair(self, word: str) -> str:
        """Return the known word that `word` misspells, or `word` itself when none or several are meant."""
        if len(word) < _SHORTEST or not word.isalpha() or word in self._real:
            return word
        ranked = sorted((self._cost(word, goal), goal) for goal in self._near(word))
        if not ranked or ranked[0][0] >= _TOO_FAR:
            return word
        best = ranked[0]
        rivals = {goal for cost, goal in ranked if cost - best[0] < 1.0}
        if best[1] in self._medicines and len(rivals & self._medicines) > 1:
            return word
        return best[1]

    def _near(self, word: str) -> set[str]:
        return {goal for key in {word, *_deletions(word)} for goal in self._index.get(key, ())}

    def _cost(self, word: str, goal: str) -> float:
        slips = OSA.distance(word, goal)
        allowed = 1 if min(len(word), len(goal)) < _LONG else 2
        if slips > allowed:
            return _TOO_FAR
        return slips + (0.4 if word[0] != goal[0] else 0.0) + (0.2 if word[-1] != goal[-1] else 0.0)


_TOO_FAR = 9.0


def _deletions(word: str) -> Iterator[str]:
    if len(word) < _SHORTEST or len(word) > 24:
        return
    for at in range(len(word)):
        yield word[:at] + word[at + 1 :]
    if len(word) >= _LONG:
        for first, second in combinations(range(len(word)), 2):
            yield word[:first] + word[first + 1 : second] + word[second + 1 :]
