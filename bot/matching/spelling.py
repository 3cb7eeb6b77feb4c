"""Repairs misspelt words against the words we know, never one medicine into another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from rapidfuzz import process
from rapidfuzz.distance import OSA

_SHORTEST, _MIDDLING, _LONG = 4, 6, 8
"""Below 4 letters nothing is repaired; below 6 only a letter too many, too few or swapped; from 8 on two slips are."""
_LONGEST = 24
_MOST_SLIPS = 2
_TOO_FAR = 9.0
_CLEARLY = 0.9
"""How much nearer than any other medicine a medicine must be before a word is taken for it."""
_LIKELIER = 0.15
"""What a word that the topics or the urgent signs name is nearer than any ordinary word."""


class Speller:
    """Knows every word of the vocabulary and the phrases, in all their forms.

    `medicines` maps the names of medicines to the medicine each means: misspellings that were written down for one
    are no rivals of its name. `likely` are the words that the topics and the signs of an emergency make likely.
    """

    def __init__(
        self, known: Iterable[str], medicines: Mapping[str, str], likely: Iterable[str], stem: Callable[[str], str]
    ) -> None:
        self._stem = stem
        self._medicines = {word: name for word, name in medicines.items() if word.isalpha()}
        self._likely = frozenset(likely)
        self._real = {*known, *self._medicines}
        self._stems = {stem(word) for word in self._real}
        self._first, self._second = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
        for goal in sorted(word for word in self._real if word.isalpha() and _SHORTEST <= len(word) <= _LONGEST):
            self._first[goal[0]].append(goal)
            self._second[goal[1]].append(goal)

    def knows(self, word: str) -> bool:
        """Return whether the word needs no repair."""
        return word in self._real or self._stem(word) in self._stems

    def repair(self, word: str) -> str:
        """Return the known word that `word` misspells, or `word` itself when none or several medicines are meant."""
        if not word.isalpha() or not _SHORTEST <= len(word) <= _LONGEST or self.knows(word):
            return word
        ranked = sorted((cost, goal) for goal in set(self._near(word)) if (cost := self._cost(word, goal)) < _TOO_FAR)
        if not ranked:
            return word
        nearest, best = ranked[0]
        rivals = {
            self._medicines[goal] for cost, goal in ranked if cost - nearest < _CLEARLY and goal in self._medicines
        }
        if best in self._medicines and len(rivals) > 1:
            return word
        return best

    def _cost(self, word: str, goal: str) -> float:
        return _cost(word, goal) - (_LIKELIER if goal in self._likely else 0.0)

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
    swapped = len(word) == len(goal) and not _substitutes(word, goal)
    return slips + (0.2 if word[-1] != goal[-1] and not swapped else 0.0) - (0.1 if swapped else 0.0)


def _substitutes(word: str, goal: str) -> bool:
    return len(word) == len(goal) and sorted(word) != sorted(goal)
