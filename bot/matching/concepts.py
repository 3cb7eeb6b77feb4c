"""Which concepts a message names, and where: authored wordings, read through a tree of their words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from bot.content.matching_models import Concept
from bot.matching.sentences import Word, joins, words_of
from bot.matching.text import Kept, expand

_MOST_SKIPPED = 3
"""Little words that may stand between two words of a wording: `pain (in my) chest`."""
_SHORTEST_FORM = 6
_NUMBER = "#"
_ANY_ENDING = "*"


@dataclass(frozen=True, slots=True)
class Sighting:
    """A concept named by the words `first` to `last`, both included."""

    concept: str
    first: int
    last: int


@dataclass(slots=True)
class _Branch:
    """What may follow the words so far: whole words, beginnings of words, and the concepts named already."""

    words: dict[str, _Branch] = field(default_factory=dict)
    beginnings: dict[str, _Branch] = field(default_factory=dict)
    lengths: tuple[int, ...] = ()
    names: tuple[str, ...] = ()

    def grown(self, part: str) -> _Branch:
        """Return the branch for one more word of a wording."""
        if not part.endswith(_ANY_ENDING):
            return self.words.setdefault(part, _Branch())
        beginning = part.removesuffix(_ANY_ENDING)
        self.lengths = tuple(sorted({*self.lengths, len(beginning)}))
        return self.beginnings.setdefault(beginning, _Branch())

    def after(self, word: str) -> list[_Branch]:
        """Return the branches that a word leads to."""
        found = [self.words[form] for form in forms(word) if form in self.words]
        if self.lengths:
            found += [
                self.beginnings[word[:size]]
                for size in self.lengths
                if size <= len(word) and word[:size] in self.beginnings
            ]
        if word[0].isdigit() and _NUMBER in self.words:
            found.append(self.words[_NUMBER])
        return found


@lru_cache(maxsize=20_000)
def forms(word: str) -> tuple[str, ...]:
    """Return a word and the verbs it may be a form of: who writes `kill herself` means `killing herself` too."""
    ending = next((end for end in ("ing", "ed") if word.endswith(end)), "")
    if not ending or len(word) < _SHORTEST_FORM:
        return (word,)
    base = word.removesuffix(ending)
    doubled = (base[:-1],) if base[-1] == base[-2] else ()
    return (word, base, base + "e", *doubled)


class ConceptTree:
    """The wordings of many concepts."""

    def __init__(self, concepts: Mapping[str, Concept], little: Iterable[str] = ()) -> None:
        self._root = _Branch()
        self._begun = Kept(self._root.after)
        self._little = frozenset(little)
        self._ranges = [(name, *concept.range) for name, concept in concepts.items() if concept.range]
        self.vocabulary: set[str] = set()
        """Every whole word of every wording."""
        for name, concept in concepts.items():
            for wording in concept.words:
                for plain in expand(wording):
                    self._add(plain, (name, *concept.implies))

    def _add(self, wording: str, names: Sequence[str]) -> None:
        branch = self._root
        for part in parts(wording):
            branch = branch.grown(part)
            self.vocabulary.add(part)
        branch.names = tuple(dict.fromkeys((*branch.names, *names)))

    def knows(self, word: str) -> bool:
        """Tell whether some wording holds this word, whole or by its beginning."""
        return word in self.vocabulary or bool(self._begun[word])

    def mentions(self, words: Sequence[Word], is_reading: Callable[[int], bool]) -> Iterator[Sighting]:
        """Yield every concept the words name; a number counts by its size where `is_reading` says it is a reading."""
        for first, word in enumerate(words):
            for branch in self._begun[word.text]:
                yield from self._along(words, branch, first, first)
            if self._ranges and word.text[0].isdigit() and is_reading(first):
                yield from self._sized(word.text, first)

    def _along(self, words: Sequence[Word], branch: _Branch, first: int, last: int) -> Iterator[Sighting]:
        for name in branch.names:
            yield Sighting(name, first, last)
        if not (branch.words or branch.beginnings):
            return
        for at in range(last + 1, min(last + 2 + _MOST_SKIPPED, len(words))):
            for following in branch.after(words[at].text):
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
        if part == _NUMBER:
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
    if not joins(found) or any(part in (_NUMBER, "%") or part.endswith(_ANY_ENDING) for part in found):
        return found
    return [word.text for word in words_of(" ".join(found))]


def _value(number: str) -> float:
    whole, comma, decimals = number.replace(",", ".").partition(".")
    if comma and (len(decimals) > 2 or "." in decimals):
        return float(whole + decimals.replace(".", ""))
    return float(f"{whole}.{decimals or 0}")
