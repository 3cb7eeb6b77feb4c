"""Repairs misspelt words against the words we know, never one medicine into another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.matching.text import Kept

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
        self._repaired = Kept(self._nearest)
        self._goals = {word for word in self._real if word.isalpha() and _SHORTEST <= len(word) <= _LONGEST}
        self._begun = defaultdict[tuple[str, int], list[str]](list)
        self._ended, self._first, self._second = (defaultdict[str, list[str]](list) for _ in range(3))
        for goal in self._goals:
            self._begun[goal[0], len(goal)].append(goal)
            self._ended[goal[1:]].append(goal)
        for goal in self._goals & self._likely:
            self._first[goal[0]].append(goal)
            self._second[goal[1]].append(goal)

    def knows(self, word: str) -> bool:
        """Return whether the word needs no repair."""
        return word in self._real or self._stem(word) in self._stems

    def guesses(self, word: str) -> bool:
        """Tell whether a word is only repaired because no other is near: two slips in a short one prove little."""
        return self.repair(word) != word and not any(_cost(word, goal) < _TOO_FAR for goal in set(self._near(word)))

    def repair(self, word: str) -> str:
        """Return the known word that `word` misspells, or `word` itself when none or several medicines are meant."""
        if not word.isalpha() or not _SHORTEST <= len(word) <= _LONGEST or self.knows(word):
            return word
        return self._repaired[word]

    def _nearest(self, word: str) -> str:
        near = ((_cost(word, goal), goal) for goal in set(self._near(word)))
        ranked = sorted((self._discounted(cost, goal), goal) for cost, goal in near if cost < _TOO_FAR)
        ranked = ranked or sorted((_TOO_FAR, goal) for goal in set(self._likely_near(word)))
        if not ranked:
            return word
        nearest, best = ranked[0]
        rivals = {
            self._medicines[goal] for cost, goal in ranked if cost - nearest < _CLEARLY and goal in self._medicines
        }
        if best in self._medicines and len(rivals) > 1:
            return word
        return best

    def _discounted(self, cost: float, goal: str) -> float:
        return cost - (_LIKELIER if goal in self._likely else 0.0)

    def _near(self, word: str) -> Iterator[str]:
        """Yield the words a slip or two away; a first letter is only ever left out, put before, or swapped."""
        for size in range(len(word) - _MOST_SLIPS, len(word) + _MOST_SLIPS + 1):
            slips = _slips_in(min(len(word), size))
            goals = self._begun.get((word[0], size), ()) if abs(len(word) - size) <= slips else ()
            yield from _within(slips, word, goals)
        yield from self._goals & {word[1:], word[1] + word[0] + word[2:]}
        yield from self._ended.get(word, ())

    def _likely_near(self, word: str) -> Iterator[str]:
        """Yield the likely words two slips away, however short: one of them is meant where no other word is near."""
        for goals in (self._first.get(word[0], ()), self._first.get(word[1], ()), self._second.get(word[0], ())):
            yield from _within(_MOST_SLIPS, word, goals)


def _within(slips: int, word: str, goals: Sequence[str]) -> Iterator[str]:
    """Yield the goals that so many slips may have made into a word."""
    for goal, _, _ in process.extract(word, goals, scorer=OSA.distance, score_cutoff=slips, limit=None):
        yield goal


def _cost(word: str, goal: str) -> float:
    slips = OSA.distance(word, goal)
    shorter = min(len(word), len(goal))
    if slips > _slips_in(shorter):
        return _TOO_FAR
    if shorter < _MIDDLING and (word[0] != goal[0] or _substitutes(word, goal)):
        return _TOO_FAR
    if word[0] != goal[0] and (slips > 1 or _substitutes(word, goal)):
        return _TOO_FAR
    swapped = len(word) == len(goal) and not _substitutes(word, goal)
    return slips + (0.2 if word[-1] != goal[-1] and not swapped else 0.0) - (0.1 if swapped else 0.0)


def _slips_in(letters: int) -> int:
    """Return how many slips a word of so many letters may hold."""
    return _MOST_SLIPS if letters >= _LONG else 1


def _substitutes(word: str, goal: str) -> bool:
    return len(word) == len(goal) and sorted(word) != sorted(goal)
