"""What the classifiers see of a message: words, neighbours, what is named, kinds of words and pieces of words.

There are two views. One sees names as they are; the other puts a placeholder where a subject is named, so that what
is asked of one subject is learned for all.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from bot.matching.classifier import Values
from bot.matching.parser import Message
from bot.matching.subjects import Named, Subjects, slot
from bot.matching.text import STOP

_MOST_CONCEPTS = 14
"""Concepts paired with each other; a long story names many, and their pairs grow with the square."""
_PIECES = (3, 4)
"""Lengths in letters of the pieces of words: they tell kin and misspelt words, and what no vocabulary holds."""
_FIRST, _LAST = 300, 100
"""Words at either end that the models see; a question has twenty, more is a page of text. The urgent rules see all."""
_LONG = 12
"""Words from which on a question is as long as any."""
UNKNOWN = "@unknown"
"""Stands for every word nobody authored: a name, a brand, a subject we have never heard of."""
PRONOUNS = frozenset(("it", "they", "them", "this", "that", "these", "those", "one", "ones"))
_PIECE = "#"


@dataclass(frozen=True, slots=True)
class Unnamed:
    """What is asked, whatever it is asked about: words with their neighbours and kinds, and the pieces of words."""

    words: Values
    pieces: Values
    rest: Sequence[str]
    """The words outside the names, of which the pieces are."""
    kinds: Sequence[str]


class Features:
    """Turns messages into features; `kin` holds the stems of each kind of ordinary words."""

    def __init__(self, subjects: Subjects, kin: Mapping[str, Sequence[str]]) -> None:
        self._subjects = subjects
        self._kin: dict[str, tuple[str, ...]] = {}
        for name, stems in kin.items():
            for stem in stems:
                self._kin[stem] = (*self._kin.get(stem, ()), f"~{name}")
        self._tokens: dict[tuple[Sequence[str], bool], str] = {}

    def names(self, message: Message, named: Named, asked: Unnamed) -> Values:
        """Return the features of a question with the names in it, of which what is asked is known."""
        sequence = _ends(self._items(message))
        held = named.held or named.leaning
        words = [
            *_grams(sequence),
            *self._pairs(message, placeholders=False),
            *asked.kinds,
            *_named(named),
            "=" + "+".join(held),
        ]
        names_none = len(asked.rest) == len(message.words)
        return unit(words).and_also(asked.pieces if names_none else unit(_pieces(message.words)))

    def asked(self, message: Message, named: Named) -> Unnamed:
        """Return what is asked, with a placeholder for each name: what the next three are made of."""
        sequence = _ends(self._items(message, placeholders=True, lonely=named.nothing))
        kinds, rest = self._kinds(message), self._unnamed(message)
        words = (*_grams(sequence), *self._pairs(message, placeholders=True), *kinds)
        return Unnamed(unit(words), unit(_pieces(rest)), rest, kinds)

    def aspect(self, asked: Unnamed) -> Values:
        """Return the features of what is asked, whatever it is asked about."""
        return asked.words.and_also(asked.pieces)

    def about(self, asked: Unnamed, named: Named, subject: str | None) -> Values:
        """Return the features of what is asked, each also together with the subject it is asked about."""
        weight = 1.0 / math.sqrt(len(asked.words.names) + 1)
        subjects = Values((f"about {subject}", *_named(named)), 1.5 * weight)
        crossed = Values([f"{subject}|{one}" for one in asked.words.names if " " not in one], weight)
        return asked.words.at(weight).and_also(asked.pieces, subjects, crossed)

    def standing(self, message: Message, named: Named, aspect: Values) -> Values:
        """Return the features that tell whether a question stands by itself: those of its aspect, and its size."""
        size = f"size {min(len(message.words), _LONG)}"
        names = f"names {bool(named.held)} {bool(named.leaning)} {bool(named.foreign)}"
        return aspect.and_also(Values((size,), 0.5), Values((names,), 1.0))

    def words(self, message: Message) -> list[list[str]]:
        """Return, for each word, what tells whether it asks or only stands around what asks: it and its clause."""
        stems = self._placed(message)
        found: list[list[str]] = [[] for _ in stems]
        for start, end in _clauses(message):
            named = any(
                name in self._subjects.kind_of
                for one in message.mentions
                if start <= one.start < end
                for name in one.concepts
            )
            clause = (f"in {named}", f"asked {end in message.asked} {named}")
            for at in range(start, end):
                found[at] = [*clause, *self._around(stems, at, start, end)]
        return found

    def _placed(self, message: Message) -> list[str]:
        both = zip(message.words, message.stems, strict=True)
        stems = [UNKNOWN if word in message.unknown else stem for word, stem in both]
        for one in message.mentions:
            token = self._token(one.concepts, placeholders=True)
            if any(name in self._subjects.kind_of for name in one.concepts):
                stems[one.start : one.end] = [token] * (one.end - one.start)
        return stems

    def _around(self, stems: Sequence[str], at: int, start: int, end: int) -> Iterator[str]:
        """Yield a word with its neighbours in the clause."""
        one, two, three, four = (
            stems[place] if start <= place < end else "|" for place in (at - 2, at - 1, at + 1, at + 2)
        )
        word = stems[at]
        yield from (f"w {word}", f"l {two}", f"r {three}", f"ll {one}", f"rr {four}")
        yield f"from start {min(at - start, _LONG)} to end {min(end - at, 2)}"
        yield from (f"lw {two} {word}", f"wr {word} {three}", f"lwr {two} {word} {three}")
        yield from (f"llw {one} {two} {word}", f"wrr {word} {three} {four}")
        yield from (f"k{kin}" for kin in self._kin.get(word, ()))

    def is_bare(self, message: Message) -> bool:
        """Tell whether a message is nothing but names."""
        return all(word == STOP for word in self._unnamed(message))

    def _items(self, message: Message, *, placeholders: bool = False, lonely: bool = False) -> list[str]:
        found, at = list[str](), 0
        for mention in message.mentions:
            found += self._plain(message, at, mention.start, lonely=lonely)
            found.append(self._token(mention.concepts, placeholders=placeholders))
            at = mention.end
        return found + self._plain(message, at, len(message.stems), lonely=lonely)

    def _token(self, concepts: Sequence[str], *, placeholders: bool) -> str:
        token = self._tokens.get((concepts, placeholders))
        if token is None:
            kind = next((self._subjects.kind_of[name] for name in concepts if name in self._subjects.kind_of), None)
            token = slot(kind) if kind is not None and placeholders else f"@{concepts[0]}"
            self._tokens[concepts, placeholders] = token
        return token

    def _plain(self, message: Message, start: int, end: int, *, lonely: bool) -> list[str]:
        stems = message.stems[start:end]
        if not lonely and not message.unknown:
            return [stem for stem in stems if stem != STOP]
        return [
            "@x" if lonely and word in PRONOUNS else UNKNOWN if word in message.unknown else stem
            for word, stem in zip(message.words[start:end], stems, strict=True)
            if stem != STOP
        ]

    def _pairs(self, message: Message, *, placeholders: bool) -> Iterator[str]:
        names = sorted({self._token(one.concepts, placeholders=placeholders) for one in message.mentions})
        names += sorted(
            {f"@{name}" for one in message.mentions for name in one.concepts if name not in self._subjects.kind_of}
            - set(names)
        )
        yield from names
        yield from (f"{one}+{two}" for one, two in combinations(sorted(names)[:_MOST_CONCEPTS], 2))

    def _kinds(self, message: Message) -> list[str]:
        return [kin for stem in message.stems if stem in self._kin for kin in self._kin[stem]]

    def _unnamed(self, message: Message) -> Sequence[str]:
        """Return the words outside the names."""
        gone = {
            at
            for one in message.mentions
            if any(name in self._subjects.kind_of for name in one.concepts)
            for at in range(one.start, one.end)
        }
        return [word for at, word in enumerate(message.words) if at not in gone] if gone else message.words


def _named(named: Named) -> Iterator[str]:
    for name in named.foreign:
        yield f"={name}"
    if named.nothing:
        yield "=nothing"


def _grams(sequence: Sequence[str]) -> Iterator[str]:
    yield from sequence
    yield from map(" ".join, pairwise(["^", *sequence, "$"]))


def _ends(words: Sequence[str]) -> Sequence[str]:
    return words if len(words) <= _FIRST + _LAST else [*words[:_FIRST], *words[-_LAST:]]


def _pieces(words: Sequence[str]) -> list[str]:
    """Return the pieces of the words; the space between two words counts as a letter of both."""
    text = f" {' '.join(_ends(words))} "
    return [_PIECE + text[at : at + size] for size in _PIECES for at in range(len(text) - size + 1)]


def unit(found: Iterable[str]) -> Values:
    """Return the different features in their order, at one length, however many they are."""
    different = dict.fromkeys(found)
    return Values(different, 1.0 / math.sqrt(len(different) or 1))


def _clauses(message: Message) -> Iterator[tuple[int, int]]:
    """Yield where each stretch of words between sentence ends and pauses begins and ends."""
    at = 0
    for place in range(len(message.words) + 1):
        ends = place == len(message.words) or message.words[place] == STOP
        if (ends or place in message.pauses) and place > at:
            yield at, place
            at = place
        if ends:
            at = place + 1
