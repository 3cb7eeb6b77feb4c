"""Which concepts a message names, and where: authored wordings, read through a tree of their words."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import NamedTuple

from bot.content.matching_models import Concept
from bot.matching.lexicon import HERE, NUMBER, Tree
from bot.matching.sentences import Word, joins, words_of
from bot.matching.text import Kept, expand

_MOST_SKIPPED = 3
"""Little words that may stand between two words of a wording: `pain (in my) chest`."""
_SHORTEST_FORM = 6
_ANY_ENDING = "*"
_LENGTHS = " "
"""No word: under it a branch has the lengths of the beginnings it goes on with."""


class Sighting(NamedTuple):
    """A concept named by the words `first` to `last`, both included."""

    concept: str
    first: int
    last: int


@lru_cache(maxsize=20_000)
def forms(word: str) -> tuple[str, ...]:
    """Return a word and the verbs it may be a form of: who writes `kill herself` means `killing herself` too."""
    ending = next((end for end in ("ing", "ed") if word.endswith(end)), "")
    if not ending or len(word) < _SHORTEST_FORM:
        return (word,)
    base = word.removesuffix(ending)
    doubled = (base[:-1],) if base[-1] == base[-2] else ()
    return (word, base, base + "e", *doubled)


def tree_of_signs(concepts: Mapping[str, Concept]) -> Tree:
    """Return the tree of the wordings of many concepts; beginnings of words end in `*`."""
    root: Tree = {}
    for name, concept in concepts.items():
        for wording in concept.words:
            for plain in expand(wording):
                _add(root, parts(plain), (name, *concept.implies))
    return root


def _add(branch: Tree, wording: Sequence[str], names: Sequence[str]) -> None:
    for part in wording:
        if part.endswith(_ANY_ENDING):
            branch[_LENGTHS] = sorted({*branch.get(_LENGTHS, ()), len(part) - 1})
        branch = branch.setdefault(part, {})
    branch[HERE] = list(dict.fromkeys((*branch.get(HERE, ()), *names)))


def _after(branch: Tree, word: str) -> list[Tree]:
    """Return the branches that a word leads to."""
    found = [branch[form] for form in forms(word) if form in branch]
    if _LENGTHS in branch:
        beginnings = (word[:size] + _ANY_ENDING for size in branch[_LENGTHS] if size <= len(word))
        found += [branch[beginning] for beginning in beginnings if beginning in branch]
    if NUMBER in branch and word[0].isdigit():
        found.append(branch[NUMBER])
    return found


class ConceptTree:
    """The wordings of many concepts, in the tree of them where it is made already."""

    def __init__(self, concepts: Mapping[str, Concept], little: Iterable[str] = (), tree: Tree | None = None) -> None:
        self._root = tree_of_signs(concepts) if tree is None else tree
        self._begun = Kept(partial(_after, self._root))
        self._little = frozenset(little)
        self._ranges = [(name, *concept.range) for name, concept in concepts.items() if concept.range]

    def begins(self, word: str) -> bool:
        """Tell whether some wording begins with this word, whole or by its beginning."""
        return bool(self._begun[word])

    def mentions(self, words: Sequence[Word], is_reading: Callable[[int], bool]) -> Iterator[Sighting]:
        """Yield every concept the words name; a number counts by its size where `is_reading` says it is a reading."""
        for first, word in enumerate(words):
            for branch in self._begun[word.text]:
                yield from self._along(words, branch, first, first)
            if self._ranges and word.text[0].isdigit() and is_reading(first):
                yield from self._sized(word.text, first)

    def _along(self, words: Sequence[Word], branch: Tree, first: int, last: int) -> Iterator[Sighting]:
        for name in branch.get(HERE, ()):
            yield Sighting(name, first, last)
        if len(branch) == (HERE in branch):
            return
        for at in range(last + 1, min(last + 2 + _MOST_SKIPPED, len(words))):
            for following in _after(branch, words[at].text):
                yield from self._along(words, following, first, at)
            if words[at].text not in self._little:
                return

    def _sized(self, number: str, at: int) -> Iterator[Sighting]:
        value = _value(number)
        for name, low, high in self._ranges:
            if low <= value <= high:
                yield Sighting(name, at, at)


def vocabulary(concepts: Iterable[Concept]) -> set[str]:
    """Return every word of every wording of some concepts."""
    plain = {wording for concept in concepts for each in concept.words for wording in expand(each)}
    return {part for wording in plain for part in parts(wording)}


def parts(wording: str) -> list[str]:
    """Return the words of an authored wording as a message would have them, `#` and `*` kept."""
    found: list[str] = []
    for part in wording.split():
        if part == NUMBER:
            found.append(part)
        elif part.endswith(_ANY_ENDING):
            found.append(part.lower())
        else:
            found += _plain(part)
    return _joined(found)


@lru_cache(maxsize=20_000)
def _plain(part: str) -> tuple[str, ...]:
    """Return the words of a piece without spaces; the same few thousand pieces make up all wordings."""
    return tuple(word.text for word in words_of(part))


def _joined(found: list[str]) -> list[str]:
    """Return the words with those joined that a message's reading joins (`can not`, `want to`)."""
    if not joins(found) or any(part in (NUMBER, "%") or part.endswith(_ANY_ENDING) for part in found):
        return found
    return [word.text for word in words_of(" ".join(found))]


def _value(number: str) -> float:
    """Return the size of a number; one in digits that count no decimals has none."""
    if not number.replace(",", "").replace(".", "").isdecimal():
        return math.nan
    whole, comma, decimals = number.replace(",", ".").partition(".")
    if comma and (len(decimals) > 2 or "." in decimals):
        return float(whole + decimals.replace(".", ""))
    return float(f"{whole}.{decimals or 0}")
