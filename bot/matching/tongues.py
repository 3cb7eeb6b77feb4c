"""How like an emergency a message in another language is: learned from what its speakers write.

A glossary leads the words of every language to the same kinds (a part of the body, what happens to it, since when), so
that one model of kinds serves all of them and English too; a model of pieces of words tells the rest of a language.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise

from bot.content.matching_models import Concept, LanguagesFile, UrgentExamples
from bot.matching.build import Data, Parts
from bot.matching.classifier import UNTAUGHT, Classifier, Rows
from bot.matching.concepts import ConceptTree, Sighting
from bot.matching.features import Values, unit
from bot.matching.sentences import Break, Word, parts, says, words_of
from bot.matching.text import expand
from bot.matching.visible import seen, without_accents

CALM, URGENT = "calm", "urgent"
ENGLISH, OTHER = "en", "other"
_PIECES = (2, 3, 4)
"""Lengths of the pieces of words; in Chinese, where every letter is a word, two and four span two words."""
_KINDS = 0.65
"""How much of the log-odds is told by the kinds of words; the rest by their pieces."""
_FROM = -0.5
"""Log-odds from which a message is one: in doubt it is, for nobody asks again where nothing was understood."""
_PART = 0.5
"""By how much a sentence must be likelier than a whole message."""
_MOST = 60
_SHARE = 0.7
"""Share of English words from which a message is English."""
_WORTH = 2
_EVERY = 3
"""Of the messages in English, every so many teach what is no other language."""
_LEAST = 1e-5
_NAMED, _SLIGHT = 2.0, 1e-3
"""How much the sign the lexicon names is preferred, in logarithms, and what every sign has at least."""
_ARTICLE = re.compile("^[وفبك]?ال(?=..)")
"""What Arabic writes onto a word."""

Sights = Callable[[str], Sequence[Sighting]]


@dataclass(frozen=True, slots=True)
class Tongue:
    """What a message is like: its language, the log-odds of an emergency, how likely each sign is."""

    language: str
    odds: float
    signs: Mapping[str, float]

    def sign(self, named: str = "") -> str:
        """Return the likeliest sign, that which the lexicon names being likelier."""
        worth = {one: math.log(share + _SLIGHT) + _NAMED * (one == named) for one, share in self.signs.items()}
        return max(worth, key=lambda one: worth[one])


@dataclass(frozen=True, slots=True)
class TongueModels:
    """`kinds` tells the sign by kinds of words, `pieces` whether there is one by pieces, `language` which it is."""

    kinds: Classifier = UNTAUGHT
    pieces: Classifier = UNTAUGHT
    language: Classifier = UNTAUGHT


UNLEARNED = TongueModels()


class Tongues:
    """The glossaries of all languages, and what was learned with them."""

    def __init__(
        self,
        file: LanguagesFile,
        examples: UrgentExamples,
        english: frozenset[str],
        models: TongueModels,
    ) -> None:
        self._english, self._models = english, models
        ranges = {name: Concept(words=(), range=one.range) for name, one in examples.words.items() if one.range}
        self._glossaries = {
            code: ConceptTree({name: _plain(words) for name, words in language.kinds.items()} | ranges)
            for code, language in file.languages.items()
        }

    def rows(self, data: Data, english: Sights) -> dict[str, Rows]:
        """Return what each model is trained from; `english` names the kinds in an English line."""
        found = {"kinds": Rows(), "pieces": Rows(), "language": Rows()}
        for sign, line in _english(data):
            found["kinds"].add(sign, _values(english(line)))
        for line in [line for _, line in _english(data)][::_EVERY]:
            self._add(found, CALM, ENGLISH, line)
        for line in data.languages.others:
            self._add(found, CALM, OTHER, line)
        for code, sign, line in _lessons(data.languages):
            for _ in range(_WORTH):
                found["kinds"].add(sign, self._kinds(code, words_of(seen(line).text)))
                self._add(found, sign, code, line)
        return found

    def _add(self, found: Mapping[str, Rows], sign: str, code: str, line: str) -> None:
        pieces = _pieces(words_of(seen(line).text))
        found["pieces"].add(sign if sign == CALM else URGENT, pieces)
        found["language"].add(code, pieces)

    def weigh(self, words: Sequence[Word]) -> Tongue | None:
        """Return what a message is like, whole or in a sentence; None where it is English or of no known language."""
        if not self._models.kinds.labels or len(words) > _MOST or self._is_english(words):
            return None
        likely = self._models.language.probabilities(_pieces(words))
        code = max(likely, key=lambda one: likely[one])
        if code not in self._glossaries:
            return None
        whole = self._weigh(code, words)
        sentences = [words[begin:end] for begin, end in parts(0, len(words), lambda at: words[at].before is Break.STOP)]
        found = [self._weigh(code, one) for one in sentences if len(sentences) > 1 and says(one, 0, len(one))]
        return max([whole, *(replace(one, odds=one.odds - _PART) for one in found)], key=lambda one: one.odds)

    def _weigh(self, code: str, words: Sequence[Word]) -> Tongue:
        signs = self._models.kinds.probabilities(self._kinds(code, words))
        calm = signs.pop(CALM, 0.0)
        spelt = self._models.pieces.probabilities(_pieces(words))[CALM]
        odds = _KINDS * _log_odds(calm) + (1 - _KINDS) * _log_odds(spelt) - _FROM
        return Tongue(code, odds, {sign: share / max(1 - calm, _LEAST) for sign, share in signs.items()})

    def _is_english(self, words: Sequence[Word]) -> bool:
        return sum(1 for word in words if word.text in self._english) > _SHARE * len(words)

    def _kinds(self, code: str, words: Sequence[Word]) -> Values:
        bare = [replace(word, text=_ARTICLE.sub("", word.text)) for word in words]
        return _values(list(self._glossaries[code].mentions(bare, lambda _: True)))


def tongues_of(library: Parts, models: TongueModels = UNLEARNED) -> Tongues:
    """Return what a library's languages teach; untaught without the models."""
    english = frozenset(library.data.matching.words.common)
    return Tongues(library.data.languages, library.data.examples, english, models)


def _plain(words: Sequence[str]) -> Concept:
    """Return an entry of a glossary as the words of a message are: without accents and without what is written on."""
    return Concept(words=tuple(_ARTICLE.sub("", without_accents(word).replace("'", "")) for word in words))


def _lessons(file: LanguagesFile) -> Iterator[tuple[str, str, str]]:
    """Yield every message of every language with the language and its sign."""
    for code, language in file.languages.items():
        for sign, lines in (*language.messages.items(), (CALM, language.calm_messages)):
            yield from ((code, sign, form) for line in lines for form in expand(line))


def _english(data: Data) -> Iterator[tuple[str, str]]:
    yield from ((sign, line) for sign, lines in data.examples.messages.items() for line in lines)
    yield from ((CALM, line) for line in data.examples.calm_messages)


def _values(found: Sequence[Sighting]) -> Values:
    """Return the features of the kinds that stand in a text: alone, in pairs, beside one another."""
    kinds = sorted({one.concept for one in found})
    at: dict[int, list[str]] = {}
    for one in sorted(found, key=lambda one: one.first):
        at.setdefault(one.first, []).append(one.concept)
    return unit(
        [
            *(f"k {one}" for one in kinds),
            *(f"p {one} {two}" for one, two in combinations(kinds, 2)),
            *(f"n {one} {two}" for left, right in pairwise(at.values()) for one in left for two in right),
        ]
    )


def _pieces(words: Sequence[Word]) -> Values:
    """Return the pieces of words, the words and their neighbours."""
    told = [word.text for word in words]
    text = f" {' '.join(told)} "
    pieces = (text[at : at + size] for size in _PIECES for at in range(len(text) - size + 1))
    pairs = (f"b {one} {two}" for one, two in pairwise(["^", *told, "$"]))
    return unit([*pieces, *(f"w {one}" for one in told), *pairs])


def _log_odds(calm: float) -> float:
    return math.log(max(1.0 - calm, _LEAST)) - math.log(max(calm, _LEAST))
