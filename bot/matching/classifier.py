"""What the models see of a message, and how they weigh it: softmax regression over sparse, hashed features.

Features are words, neighbours, what is named, kinds of words and pieces of words. There are two views: one sees names
as they are; the other puts a placeholder where a subject is named, so that what is asked of one is learned for all.
They are known by the checksum of their name, so that a model is two arrays of numbers and needs no table of strings.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import combinations, pairwise
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

from bot.matching.parser import Message, clauses
from bot.matching.subjects import Named, Subjects
from bot.matching.text import STOP

_LEAST = 1e-6
"""The least probability that counts: an opinion that rules a label out does not outweigh all others."""
SLIGHT = 0.25
"""The strength of each feature of a word."""
STEPS = 25
"""Weights are kept as so many steps to one, each in a byte. With finer ones, or those beyond five, as many of 6,881
questions were right, and they take twice the memory (measured 2026-11)."""

Floats = npt.NDArray[np.float32]
Column = npt.NDArray[np.float64]
Weights = npt.NDArray[np.int8]
Keys = npt.NDArray[np.uint32]
Places = npt.NDArray[np.integer[Any]]


_SLOTS = {
    "remedy": "@x",
    "drug": "@x",
    "plan": "@x",
    "condition": "@cond",
    "test": "@test",
    "cause": "@cause",
    "measure": "@measure",
    "medicine": "@med",
}


def slot(kind: str) -> str:
    """Return the placeholder that stands for a name of this kind."""
    return _SLOTS.get(kind, f"@{kind}")


class Values:
    """The features of one text: their different names, how strong each is, and their checksums, found once."""

    __slots__ = ("keys", "names", "strengths")

    def __init__(self, names: Iterable[str], strength: float) -> None:
        """All of one strength; `and_also` adds others."""
        self.names: tuple[str, ...] = tuple(names)
        self.keys = array("I", map(crc32, map(str.encode, self.names)))
        self.strengths = array("f", (strength,)) * len(self.names)

    def at(self, strength: float) -> Values:
        """Return the same features, all of another strength."""
        found = Values.__new__(Values)
        found.names, found.keys = self.names, self.keys
        found.strengths = array("f", (strength,)) * len(self.keys)
        return found

    def unnamed(self) -> Values:
        """Return the same without the names, which take the most memory, and of which nothing is learned."""
        found = Values.__new__(Values)
        found.names, found.keys, found.strengths = (), self.keys, self.strengths
        return found

    def and_also(self, *others: Values) -> Values:
        """Return these features and others, of which none is among these."""
        found = Values.__new__(Values)
        found.names, found.keys, found.strengths = self.names, self.keys, self.strengths
        for one in others:
            found.names, found.keys = found.names + one.names, found.keys + one.keys
            found.strengths = found.strengths + one.strengths
        return found


class Lookup:
    """Finds some of many rising checksums. A table says where those begin that have their first bits in common, so few
    are looked at: a search through all of them waits for memory at nearly every step, which took a quarter of the time
    of a message (measured 2026-11)."""

    def __init__(self, keys: Keys) -> None:
        bits = len(keys).bit_length() or 1
        self._keys, self._shift = keys, np.uint32(32 - bits)
        sizes = np.bincount(keys >> self._shift, minlength=1 << bits)
        self._begins = (sizes.cumsum() - sizes).astype(np.uint32)
        self._halves = [np.uint32(1 << power) for power in reversed(range(int(sizes.max()).bit_length()))]

    def find(self, wanted: Keys) -> tuple[Places, npt.NDArray[np.bool_]]:
        """Return the places of what is found, and which of what is wanted that is."""
        at = self._begins.take(wanted >> self._shift)
        for half in self._halves:
            at += (self._keys.take(at + (half - 1), mode="clip") < wanted) * half
        known = self._keys.take(at, mode="clip") == wanted
        return at[known], known


@dataclass(frozen=True, eq=False)
class Classifier:
    """`weights` has a row for each of `keys`, which rise, and a column for each of `labels`, in STEPS; what is of one
    `origin` was trained from the same."""

    labels: tuple[str, ...]
    bias: Floats
    keys: Keys
    weights: Weights
    origin: str = ""

    def probabilities(self, values: Values) -> dict[str, float]:
        """Return the probability of each label."""
        return dict(zip(self.labels, self.likely(values).tolist(), strict=True))

    def likely(self, values: Values) -> Floats:
        """Return the same in the order of the labels."""
        rows, known = self._rows(values.keys)
        strengths = np.frombuffer(values.strengths, np.float32)[known]
        return softmax(self.bias + strengths @ self.weights.take(rows, axis=0).astype(np.float32) / np.float32(STEPS))

    def has(self, names: Iterable[str]) -> bool:
        """Return whether it learned something of every one of these features."""
        return bool(self._rows(Values(names, SLIGHT).keys)[1].all())

    def leanings(self, names: Sequence[str], labels: Collection[str], others: Collection[str]) -> list[float]:
        """Return how much each of these features speaks for the best of some labels rather than for the best of others;
        minus infinity for one of which nothing was learned."""
        rows, known = self._rows(Values(names, SLIGHT).keys)
        weights = self.weights.take(rows, axis=0).astype(np.float32) / np.float32(STEPS)
        best, other = (
            weights[:, [at for at, one in enumerate(self.labels) if one in some]].max(axis=1, initial=-np.inf)
            for some in (labels, others)
        )
        found = np.full(len(names), -np.inf, np.float32)
        found[known] = best - other
        return [float(one) for one in found]

    def each(self, several: Sequence[Values]) -> list[dict[str, float]]:
        """Return the probability of each label for each of several texts, looked up together."""
        sizes = [len(one.keys) for one in several]
        rows, known = self._rows(sum((one.keys for one in several), array("I")))
        strengths = np.frombuffer(sum((one.strengths for one in several), array("f")), np.float32)
        mine = np.repeat(np.arange(len(several)), sizes) == np.arange(len(several))[:, None]
        weights = self.weights.take(rows, axis=0).astype(np.float32)
        scores = self.bias + (mine * strengths)[:, known] @ weights / np.float32(STEPS)
        return [dict(zip(self.labels, one, strict=True)) for one in softmax(scores).tolist()]

    def log_odds(self, several: Sequence[Iterable[str]], label: str) -> list[float]:
        """Return the log-odds of one of two labels for several sets of features of one strength, all at once."""
        if len(self.labels) != 2 or label not in self.labels:
            return [0.0] * len(several)
        names = [list(one) for one in several]
        rows, known = self._rows(Values((name for one in names for name in one), SLIGHT).keys)
        at = self.labels.index(label)
        weights = self.weights.take(rows, axis=0).astype(np.float32)
        margins = (weights[:, at] - weights[:, 1 - at]) / np.float32(STEPS)
        owners = np.repeat(np.arange(len(names)), [len(one) for one in names])[known]
        sums = SLIGHT * np.bincount(owners, margins, len(names)) + float(self.bias[at] - self.bias[1 - at])
        return [float(value) if one else 0.0 for value, one in zip(sums, names, strict=True)]

    def telling(self, values: Values, label: str, most: int = 3) -> list[str]:
        """Return the features that speak most for `label`; none for a label the model does not know."""
        if label not in self.labels:
            return []
        rows, known = self._rows(values.keys)
        weights = self.weights[rows, self.labels.index(label)] * np.frombuffer(values.strengths, np.float32)[known]
        at = np.flatnonzero(known)[weights > 0].tolist()
        ranked = sorted(zip((-weights[weights > 0]).tolist(), (values.names[one] for one in at), strict=True))
        return [name for _, name in ranked[:most]]

    def relabelled(self, label_of: Callable[[str], str | None]) -> Classifier:
        """Return the classifier with other labels; what `label_of` has none for is left out."""
        found = [(at, label) for at, old in enumerate(self.labels) if (label := label_of(old)) is not None]
        labels, places = tuple(label for _, label in found), [at for at, _ in found]
        if labels == self.labels:
            return self
        # `take` keeps the weights of a feature side by side; an index would turn them, and every look-up be slower
        return Classifier(labels, self.bias[places], self.keys, self.weights.take(places, axis=1))

    def _rows(self, hashed: array[int]) -> tuple[Places, npt.NDArray[np.bool_]]:
        if not hashed or not len(self.keys):
            return np.zeros(0, np.uint32), np.zeros(len(hashed), np.bool_)
        return self._lookup.find(np.frombuffer(hashed, np.uint32))

    @cached_property
    def _lookup(self) -> Lookup:
        return Lookup(self.keys)


UNTAUGHT = Classifier((), np.zeros(0, np.float32), np.zeros(0, np.uint32), np.zeros((0, 0), np.int8))


def softmax(scores: Floats) -> Floats:
    """Return scores as probabilities, along the last axis."""
    if not scores.size:
        return scores
    powers: Floats = np.exp(scores - scores.max(axis=-1, keepdims=True))
    powers /= powers.sum(axis=-1, keepdims=True)
    return powers


def multiplied(one: Column, two: Column, weights: tuple[Column | float, Column | float]) -> Column:
    """Return two opinions on the same labels multiplied, each to the power of its weight."""
    first, second = weights
    logs = first * np.log(np.maximum(one, _LEAST)) + second * np.log(np.maximum(two, _LEAST))
    powers = np.exp(logs - logs.max(initial=-np.inf))
    shares: Column = powers / powers.sum()
    return shares


def shifted(shares: Column, place: int, by: float) -> Column:
    """Return the shares with the log-odds of one moved, the others sharing the rest as before."""
    old = float(shares[place])
    share = min(max(old, 1e-4), 1 - 1e-4)
    new = 1 / (1 + math.exp(-(math.log(share / (1 - share)) + by)))
    found: Column = shares * ((1 - new) / (1 - old) if old < 1 else 0.0)
    found[place] = new
    return found


class Order:
    """All answers in one order, so that an opinion on them is a column of numbers: opinions held by name took a fourth
    of the time of a message (measured 2026-11)."""

    def __init__(self, answers: Iterable[str]) -> None:
        self.answers = tuple(sorted(set(answers)))
        self.at = {answer: at for at, answer in enumerate(self.answers)}
        self._placed = cache(self.places)

    def places(self, answers: Iterable[str]) -> Places:
        """Return where some answers stand; what is no answer has no place."""
        return np.array([self.at[one] for one in answers if one in self.at], np.intp)

    def marked(self, answers: Collection[str]) -> npt.NDArray[np.bool_]:
        """Return which answers are among these."""
        return np.array([one in answers for one in self.answers])

    def column(self, shares: Mapping[str, float]) -> Column:
        """Return the shares of a few answers as a column; what is no answer is left out."""
        found = np.zeros(len(self.answers))
        for answer, share in shares.items():
            if answer in self.at:
                found[self.at[answer]] = share
        return found

    def said(self, model: Classifier, values: Values) -> Column:
        """Return what a model says of the answers, which are all that it knows."""
        found = np.zeros(len(self.answers))
        found[self._placed(model.labels)] = model.likely(values)
        return found


class Ranked:
    """How likely each answer is: as a column, and by name only when somebody asks; few are asked for all."""

    def __init__(self, order: Order, column: Column) -> None:
        self.order, self.column = order, column

    @property
    def best(self) -> str:
        """The likeliest answer, of equal ones the first by name."""
        return self.order.answers[int(self.column.argmax())]

    @property
    def next_share(self) -> float:
        """How likely the second likeliest answer is."""
        return float(np.sort(self.column)[-2:][0])

    def of(self, answer: str) -> float:
        """Return how likely one answer is."""
        return float(self.column[self.order.at[answer]]) if answer in self.order.at else 0.0

    @cached_property
    def shares(self) -> dict[str, float]:
        """The shares by name, the likeliest first, and of equal ones the first by name."""
        at = np.argsort(-self.column, kind="stable")[: np.count_nonzero(self.column)]
        return dict(zip(map(self.order.answers.__getitem__, at.tolist()), self.column[at].tolist(), strict=True))


# --- what is seen of a message ---

_MOST_CONCEPTS = 14
"""Concepts paired with each other; a long story names many, and their pairs grow with the square."""
_PIECE_LENGTH = 4
"""Letters of a piece of words: pieces tell kin and misspelt words, and what no vocabulary holds. Pieces of three
letters beside them told nothing more and took a third of the time of learning (measured 2026-11)."""
_FIRST, _LAST = 300, 100
"""Words at either end that the models see; a question has twenty, more is a page of text. The urgent rules see all."""
_LONG = 12
"""Words from which on a question is as long as any."""
UNKNOWN, _PIECE = "@unknown", "#"
"""Stands for every word nobody authored, a name, a brand, a subject we have never heard of; begins a piece of words."""
PRONOUNS = frozenset(("it", "they", "them", "this", "that", "these", "those", "one", "ones"))


@dataclass(frozen=True, slots=True)
class Unnamed:
    """What is asked, whatever it is asked about: words with their neighbours and kinds, and the pieces of words."""

    words: Values
    pieces: Values
    rest: Sequence[str]
    """The words outside the names, of which the pieces are."""
    kinds: Sequence[str]
    alone: Sequence[str]
    """The words, names and kinds, without neighbours."""

    def unnamed(self) -> Unnamed:
        """Return the same without the names of features."""
        return replace(self, words=self.words.unnamed(), pieces=self.pieces.unnamed())


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
        sequence = _ends(self.items(message))
        held = named.held or named.leaning
        words = [
            *sequence,
            *_neighbours(sequence),
            *self._pairs(message, placeholders=False),
            *asked.kinds,
            *_named(named),
            "=" + "+".join(held),
        ]
        names_none = len(asked.rest) == len(message.words)
        return unit(words).and_also(asked.pieces if names_none else unit(_pieces(message.words)))

    def asked(self, message: Message, named: Named) -> Unnamed:
        """Return what is asked, with a placeholder for each name: what the next three are made of."""
        sequence = _ends(self.items(message, placeholders=True, lonely=named.nothing))
        kinds, rest = self._kinds(message), self._unnamed(message)
        alone = tuple(dict.fromkeys((*sequence, *self._pairs(message, placeholders=True), *kinds)))
        return Unnamed(unit((*alone, *_neighbours(sequence))), unit(_pieces(rest)), rest, kinds, alone)

    def aspect(self, asked: Unnamed) -> Values:
        """Return the features of what is asked, whatever it is asked about."""
        return asked.words.and_also(asked.pieces)

    def about(self, asked: Unnamed, named: Named, subject: str | None) -> Values:
        """Return the features of what is asked, each also together with the subject it is asked about."""
        weight = 1.0 / math.sqrt(len(asked.words.keys) + 1)
        subjects = Values((f"about {subject}", *_named(named)), 1.5 * weight)
        crossed = Values([f"{subject}|{one}" for one in asked.alone], weight)
        return asked.words.at(weight).and_also(asked.pieces, subjects, crossed)

    def after(self, seen: Values, asked: Unnamed, context: str, subject: str | None) -> Values:
        """Return the features of a question after an answer: those of its words, what is asked also together with that
        answer and with what the answer is about."""
        places = Values((f"after {context}", f"spoken of {subject}"), 1.0)
        pairs = (f"{place}>{one}" for place in (f"after {context}", f"of {subject}") for one in asked.alone)
        return seen.and_also(places, Values(pairs, 1.0 / math.sqrt(len(asked.words.keys) + 1)))

    def standing(self, message: Message, named: Named, aspect: Values) -> Values:
        """Return the features that tell whether a question stands by itself: those of its aspect, and its size."""
        size = f"size {min(len(message.words), _LONG)}"
        names = f"names {bool(named.held)} {bool(named.leaning)} {bool(named.foreign)}"
        return aspect.and_also(Values((size,), 0.5), Values((names,), 1.0))

    def words(self, message: Message) -> list[list[str]]:
        """Return, for each word, what tells whether it asks or only stands around what asks: it and its clause."""
        stems = self._placed(message)
        found: list[list[str]] = [[] for _ in stems]
        for start, end in clauses(message):
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

    def items(self, message: Message, *, placeholders: bool = False, lonely: bool = False) -> list[str]:
        """Return the stems of a message, a token in place of what is named."""
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
        if not message.mentions:
            return
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


def _neighbours(sequence: Sequence[str]) -> Iterator[str]:
    return map(" ".join, pairwise(["^", *sequence, "$"]))


def _ends(words: Sequence[str]) -> Sequence[str]:
    return words if len(words) <= _FIRST + _LAST else [*words[:_FIRST], *words[-_LAST:]]


def _pieces(words: Sequence[str]) -> list[str]:
    """Return the pieces of the words; the space between two words counts as a letter of both."""
    text = f" {' '.join(_ends(words))} "
    return [_PIECE + text[at : at + _PIECE_LENGTH] for at in range(len(text) - _PIECE_LENGTH + 1)]


def unit(found: Iterable[str]) -> Values:
    """Return the different features in their order, at one length, however many they are."""
    different = dict.fromkeys(found)
    return Values(different, 1.0 / math.sqrt(len(different) or 1))
