"""How like an emergency a sentence is: learned from the examples of content/urgent-examples.yaml.

Rules see the wordings they hold. What the examples teach is which kinds of words make an emergency together (a part of
the body, what happens to it, since when, to whom), so that a wording nobody wrote down is seen too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from bot.content.matching_models import UrgentExamples, UrgentRules
from bot.matching.build import Data, Parts
from bot.matching.classifier import UNTAUGHT, Classifier, Rows, Values
from bot.matching.concepts import ConceptTree, Sighting, SignReader
from bot.matching.features import unit
from bot.matching.sentences import GOING_ON, Break, Word
from bot.matching.signs import Marks
from bot.matching.text import sampled

CALM = "calm"
SURE, SURE_OF_A_CLAUSE = 0.8, 0.85
"""How likely a sentence or a whole message must be an emergency, and one of its clauses, which says less: of 4,257
ordinary questions 17 would be alarms at 0.6, none is at these (measured 2026-11)."""
SURE_DESPITE_PAST = 0.95
"""How likely a sentence must be that speaks of what is past too: half a body went dead, and is a `bit better now`."""
UNLIKE, UNLIKE_IN_PART = 0.15, 0.3
"""A message that is less likely an emergency than this, as a whole and in each of its sentences and clauses, is calm,
whatever it names: of 300 calm lines nobody had read, 29 alarmed before and 12 at these, and of 150 emergencies none
was lost by it (measured 2026-11)."""
CALM_ENOUGH = 0.05
"""A question at large that is less likely an emergency than this is none, whatever it names."""
_FEWEST, _MOST = 3, 60
"""Words of a sentence that says enough; a longer one than the most is read in pieces."""
_PIECE = 40
_FORMS, _CALM_FORMS, _LINE_FORMS = 20, 40, 2
"""Wordings that one example adds: an emergency, a calm one, an authored question."""
_SEAMS = frozenset("and but because cos so also plus then while".split())  # noqa: SIM905
_WORTH = 6
"""How much more than a wording of a pattern a message counts that somebody wrote as it is."""
_NUMBER = "#"

Stem = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Alike:
    """A sign that the words `first` to `last`, both included, are like; `share` is how likely it is, 0..1."""

    sign: str
    first: int
    last: int
    share: float


class Likeness:
    """The examples' vocabulary, and the model trained with it."""

    def __init__(
        self, rules: UrgentRules, examples: UrgentExamples, reader: SignReader, stem: Stem, model: Classifier = UNTAUGHT
    ) -> None:
        self._reader, self._stem, self._model = reader, stem, model
        self._tree = ConceptTree(examples.words, rules.little)
        self._telling = frozenset(examples.words).difference(examples.framing)

    def rows(self, data: Data) -> Rows:
        """Return what the model is trained from: every example under its label."""
        written = [(label, self._all(self._reader.read(line))) for label, line in _written(data.examples)]
        rows = Rows(written * _WORTH)
        for label, line in _lessons(data):
            rows.add(label, self._all(self._reader.read(line)))
        return rows

    def find(
        self, words: Sequence[Word], named: Sequence[Sighting], skip: Callable[[int, int], bool], at_least: float = 0.0
    ) -> Alike | None:
        """Return the likeliest sign in any sentence or clause of a message but those to `skip`, or None.

        A sentence tells better which sign it is than one of its clauses, however sure that is; in a calm sentence no
        clause is one.
        """
        best: tuple[bool, Alike] | None = None
        view = self._view(words, named) if self._model.labels else None
        for begin, end, least, likely in self._readings(words, view) if view else ():
            share = 1.0 - likely.pop(CALM, 0.0)
            if share < max(least, at_least) or skip(begin, end - 1):
                continue
            whole = least == SURE
            if best is None or (whole, share) > (best[0], best[1].share):
                best = whole, Alike(max(likely, key=lambda one: likely[one]), begin, end - 1, share)
        return best[1] if best else None

    def _readings(self, words: Sequence[Word], view: _View) -> Iterator[tuple[int, int, float, dict[str, float]]]:
        """Yield the windows that name a part of a sign, with how sure one must be and what each is like."""
        calm = (0, 0)
        for begin, end, least in _windows(words):
            if (calm[0] <= begin and end <= calm[1]) or not view.tells(begin, end, self._telling):
                continue
            likely = self._model.probabilities(view.values(begin, end))
            if least == SURE and 1.0 - likely[CALM] < UNLIKE:
                calm = begin, end
            yield begin, end, least, likely

    def is_unlike(self, words: Sequence[Word], named: Sequence[Sighting]) -> bool:
        """Tell whether a message is like no emergency, as a whole and in each part; never where it says too little."""
        whole = self.whole(words, named)
        windows = [(begin, end) for begin, end, _ in _windows(words)]
        if whole is None or whole[1] >= UNLIKE or not windows:
            return False
        windows += _parts(0, len(words), lambda at: words[at].before is Break.WRAP)
        view = self._view(words, named)
        return all(1.0 - self._model.probabilities(view.values(*one))[CALM] < UNLIKE_IN_PART for one in windows)

    def is_calm(self, words: Sequence[Word], named: Sequence[Sighting], begin: int, end: int) -> bool:
        """Tell whether some words are surely no emergency; never without the model."""
        if not self._model.labels:
            return False
        likely = self._model.probabilities(self._view(words, named).values(begin, end))
        return 1.0 - likely[CALM] < CALM_ENOUGH

    def whole(self, words: Sequence[Word], named: Sequence[Sighting]) -> tuple[str, float] | None:
        """Return the likeliest sign of a message read as a whole, and how likely it is an emergency at all.

        None where it is longer than one thought, where it says too little or names no part of a sign, or
        where there is no model.
        """
        if not self._model.labels or len(words) > _MOST or not _says(words, 0, len(words)):
            return None
        view = self._view(words, named)
        if not view.tells(0, len(words), self._telling):
            return None
        likely = self._model.probabilities(view.values(0, len(words)))
        calm = likely.pop(CALM, 0.0)
        return max(likely, key=lambda one: likely[one]), 1.0 - calm

    def _all(self, words: Sequence[Word]) -> Values:
        return self._view(words, self._reader.named(words)).values(0, len(words))

    def _view(self, words: Sequence[Word], named: Sequence[Sighting]) -> _View:
        return _View(words, named, self._reader.of(self._tree, words), self._stem)


def likeness_of(parts: Parts, model: Classifier = UNTAUGHT) -> Likeness:
    """Return what a library's examples teach; untaught without the model."""
    return Likeness(parts.data.urgent, parts.data.examples, parts.signs, parts.stem, model)


def _written(examples: UrgentExamples) -> Iterator[tuple[str, str]]:
    """Yield every message that somebody wrote, with its label."""
    yield from ((sign, line) for sign, lines in examples.messages.items() for line in lines)
    yield from ((CALM, line) for line in examples.calm_messages)


def _lessons(data: Data) -> Iterator[tuple[str, str]]:
    """Yield every pattern of an example with its label; authored questions and small talk are calm."""
    for sign, lines in data.examples.signs.items():
        yield from ((sign, form) for line in lines for form in sampled(line, _FORMS))
    yield from ((CALM, form) for line in data.examples.calm for form in sampled(line, _CALM_FORMS))
    cards = {card.card for card in data.urgent.signs.values()}
    asked = (line for node, lines in data.phrases.items() if node not in cards for line in lines)
    yield from ((CALM, form) for line in asked for form in sampled(line, _LINE_FORMS))
    yield from ((CALM, line) for lines in data.small_talk.values() for line in lines)


class _View:
    """One message as the model sees it: its stems, the kinds of its words, and the concepts of the rules."""

    def __init__(self, words: Sequence[Word], named: Sequence[Sighting], kinds: Sequence[Sighting], stem: Stem) -> None:
        self._stems = [_NUMBER if word.text[0].isdigit() else stem(word.text) for word in words]
        self._named, self._kinds = Marks(_sorted(named)), Marks(_sorted(kinds))
        self._at: list[list[str]] = [[] for _ in words]
        for one in kinds:
            if one.first == one.last:
                self._at[one.first].append(one.concept)
        self._mixed = [at[0] if at else stem for at, stem in zip(self._at, self._stems, strict=True)]

    def tells(self, begin: int, end: int, telling: frozenset[str]) -> bool:
        """Tell whether a window names anything that could be a part of a sign."""
        return any(one.concept in telling for one in self._kinds.within(begin, end))

    def values(self, begin: int, end: int) -> Values:
        """Return the features of a window: words, kinds and concepts, alone and beside one another."""
        stems, mixed = self._stems[begin:end], self._mixed[begin:end]
        kinds = sorted({one.concept for one in self._kinds.within(begin, end)})
        return unit(
            [
                *(f"w {one}" for one in stems),
                *(f"b {one} {two}" for one, two in pairwise(["^", *stems, "$"])),
                *(f"s {one} {two}" for one, two in zip(stems, stems[2:], strict=False)),
                *(f"t {one} {two} {three}" for one, two, three in zip(mixed, mixed[1:], mixed[2:], strict=False)),
                *(f"k {one}" for one in kinds),
                *(f"p {one} {two}" for one, two in combinations(kinds, 2)),
                *(f"n {one} {two}" for left, right in pairwise(self._at[begin:end]) for one in left for two in right),
                *(f"c {one.concept}" for one in self._named.within(begin, end)),
            ]
        )


def _sorted(found: Sequence[Sighting]) -> list[Sighting]:
    return sorted(found, key=lambda one: one.first)


def _windows(words: Sequence[Word]) -> Iterator[tuple[int, int, float]]:
    """Yield what is looked at by itself, with how sure one must be: sentences, two that go on, clauses."""
    before = 0
    for begin, end in _parts(0, len(words), lambda at: words[at].before is Break.STOP):
        if end - begin > _MOST:
            yield from ((at, min(at + _PIECE, end), SURE_OF_A_CLAUSE) for at in range(begin, end, _PIECE // 2))
        elif _says(words, begin, end):
            yield begin, end, SURE
        if begin and words[begin].text in GOING_ON and end - before <= _MOST:
            yield before, end, SURE
        for first, last in _parts(begin, end, lambda at: _is_seam(words[at])):
            if last - first < min(end - begin, _MOST) and _says(words, first, last):
                yield first, last, SURE_OF_A_CLAUSE
        before = begin


def _parts(begin: int, end: int, parts: Callable[[int], bool]) -> Iterator[tuple[int, int]]:
    """Yield the pieces between two places, each but the first beginning where `parts` tells."""
    first = begin
    for at in range(begin + 1, end):
        if parts(at):
            yield first, at
            first = at
    if first < end:
        yield first, end


def _within(inner: tuple[int, int], outer: tuple[int, int]) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def _is_seam(word: Word) -> bool:
    return word.before >= Break.DASH or word.text in _SEAMS


def _says(words: Sequence[Word], begin: int, end: int) -> bool:
    return sum(1 for word in words[begin:end] if word.text[0].isalpha()) >= _FEWEST
