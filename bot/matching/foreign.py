"""Signs of an emergency in other languages, by a lexicon and by examples; and which language a message is in.

A glossary leads the words of every language to the same kinds (a part of the body, what happens to it, since when), so
that one model of kinds serves all of them and English too; a model of pieces of words tells the rest of a language.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations, pairwise

import numpy as np

from bot.content.matching_models import Concept, Language, LanguagesFile, UrgentExamples
from bot.matching.build import Data, Parts
from bot.matching.classifier import UNTAUGHT, Classifier, Values, multiplied, unit
from bot.matching.concepts import ConceptTree, Sighting
from bot.matching.lessons import Rows
from bot.matching.likeness import CALM, log_odds
from bot.matching.sentences import Break, Word, parts, says, seen, sentence, without_accents, words_of
from bot.matching.text import Kept, expand, without_abbreviations

_Part = tuple[int, int]
"""The number of a wording, and which of its words."""

_WITHIN = 4
"""Words that may stand between the words of one wording, in all."""
_LONGEST = 300
_ANY = "*"
_READING = "#"
"""Stands for a number that is a low sugar, in either unit."""
_LOW = ((0.4, 3.9), (35.0, 69.0))
_ARABIC = ("\u0600", "\u06ff")
"""Letters in which `the`, `and`, `in` are written onto the word, so that a wording may stand inside one."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A sign named in another language."""

    sign: str
    language: str
    sentence: str


class ForeignLanguages:
    """How the speakers of content/languages.yaml name the signs of an emergency."""

    def __init__(self, file: LanguagesFile) -> None:
        self._wordings = _Wordings(file.languages)
        self._never = {code: _never(one) for code, one in file.languages.items()}

    def may_be(self, code: str, text: str) -> bool:
        """Tell whether a text may be in a language: it has none of the letters that this never has."""
        return not self._never[code].search(text)

    def find(self, text: str, words: Sequence[Word]) -> tuple[Spoken | None, bool]:
        """Return the first sign that some other language names and nothing in its sentence excuses, or None; and
        whether a sign was named, but excused."""
        found = self._wordings.found(words)
        calm = [one for one in found if not one.sign]
        for one in found:
            begin, end = sentence(words, one.first, one.last)
            if one.sign and not any(begin <= other.first < end and other.language == one.language for other in calm):
                told = " ".join(text[words[begin].start : words[end - 1].end].split())
                return Spoken(one.sign, one.language, told[:_LONGEST]), False
        return None, any(one.sign for one in found)


@dataclass(frozen=True, slots=True)
class _Found:
    """A wording named by words from `first` to `last`; one of `calm` has no sign."""

    sign: str
    language: str
    first: int
    last: int


class _Wordings:
    """The wordings of all languages, looked up word by word together."""

    def __init__(self, languages: Mapping[str, Language]) -> None:
        self._whole: dict[str, list[_Part]] = {}
        self._begun: dict[str, list[_Part]] = {}
        self._inside: list[tuple[str, _Part]] = []
        self._kinds: list[tuple[str, str, int]] = []
        for code, language in languages.items():
            for sign, wordings in (*language.signs.items(), ("", language.calm)):
                for wording in wordings:
                    for plain in expand(wording):
                        self._add(code, sign, plain)
        self._lengths = sorted({len(beginning) for beginning in self._begun})

    def _add(self, code: str, sign: str, wording: str) -> None:
        pieces = _pieces(wording)
        number = len(self._kinds)
        self._kinds.append((sign, code, len(pieces)))
        for at, piece in enumerate(pieces):
            bare = piece.strip(_ANY)
            if piece.startswith(_ANY):
                self._inside.append((bare, (number, at)))
            elif piece.endswith(_ANY):
                self._begun.setdefault(bare, []).append((number, at))
            else:
                self._whole.setdefault(bare, []).append((number, at))

    def found(self, words: Sequence[Word]) -> list[_Found]:
        """Return every wording all of whose words stand near one another, in reading order."""
        places: dict[int, dict[int, list[int]]] = {}
        for at, word in enumerate(words):
            for number, part in self._of(word.text):
                places.setdefault(number, {}).setdefault(part, []).append(at)
        found = [one for number, parts in places.items() for one in self._near(number, parts)]
        return sorted(found, key=lambda one: one.first)

    def _of(self, word: str) -> Iterator[_Part]:
        yield from self._whole.get(word, ())
        for size in self._lengths:
            if size <= len(word):
                yield from self._begun.get(word[:size], ())
        if word[0].isdigit() and _is_low(word):
            yield from self._whole.get(_READING, ())
        if _ARABIC[0] <= word[0] <= _ARABIC[1]:
            yield from (part for inside, part in self._inside if inside in word)

    def _near(self, number: int, parts: Mapping[int, Sequence[int]]) -> Iterator[_Found]:
        """Yield every place where the words of a wording stand near one another."""
        sign, code, many = self._kinds[number]
        if len(parts) < many:
            return
        for at in parts[0]:
            others = [_nearest(parts[part], at) for part in range(1, many)]
            first, last = min([at, *others]), max([at, *others])
            if len({at, *others}) == many and last - first < _WITHIN + many:
                yield _Found(sign, code, first, last)


def _is_low(number: str) -> bool:
    value = re.fullmatch(r"(\d{1,3})(?:[.,](\d))?", number)
    return bool(value) and any(low <= float(number.replace(",", ".")) <= high for low, high in _LOW)


def _nearest(places: Sequence[int], at: int) -> int:
    """Return the place nearest to another; `places` are sorted."""
    after = bisect_left(places, at)
    return min(places[max(0, after - 1) : after + 2], key=lambda place: abs(place - at))


def _pieces(wording: str) -> list[str]:
    """Return the words of an authored wording as a message would have them, `*` kept at either end."""
    found: list[str] = []
    for part in wording.split():
        if part == _READING:
            found.append(part)
            continue
        words = [*_words(part.strip(_ANY))]
        if words and part.startswith(_ANY):
            words[0] = _ANY + words[0]
        if words and part.endswith(_ANY):
            words[-1] += _ANY
        found += words
    return found


@cache
def _words(part: str) -> tuple[str, ...]:
    """Return the words of a piece without spaces; the same pieces make up most wordings."""
    return tuple(word.text for word in words_of(without_accents(part)))


def _range(language: Language) -> tuple[str, str]:
    low, _, high = language.script.partition("-")
    return low, high


def _never(language: Language) -> re.Pattern[str]:
    return re.compile(f"[{language.never}]" if language.never else "(?!)", re.IGNORECASE)


# --- what a message in another language is like -----------------------------------------------------------------------

ENGLISH, OTHER = "en", "other"
_SIZES = (3, 5)
"""Lengths of the pieces of words; in Chinese, where every letter is a word, three and five span two and three words."""
_KINDS = 0.3
"""How much is told by the kinds of words; the rest by their pieces, which all of a language is in."""
_FROM = -0.8
"""Log-odds from which a message is one: of 360 emergencies and 495 calm messages of the fresh files 353 and 9 are.
With -0.9 they are 354 and 11, with -1.0 354 and 14 (measured 2026-11)."""
_SENTENCE = 0.9
"""By how much a sentence must be likelier than a whole message: with 0.5 as few are missed, and 13 more alarm."""
_THOUGHT = 60
_ENGLISH, BESIDE = 0.7, 0.3
"""Share of English words from which a message is English, and from which it is partly so."""
_CHANCE = 2
"""Words that may all be English by chance."""
_WORTH = 2
_LOW_READING = "2.9"
_OURS = 6
"""How often what we say ourselves teaches that it is calm."""
_EVERY = 3
"""Of the messages in English, every so many teach what is no other language."""
_NAMED, _SLIGHT = 2.0, 1e-3
"""How much the sign the lexicon names is preferred, in logarithms, and what every sign has at least."""
_ARTICLE = re.compile("^[وفبك]?ال(?=..)")
"""What Arabic writes onto a word."""

Sights = Callable[[str], Sequence[Sighting]]


@dataclass(frozen=True, slots=True)
class Tongue:
    """What a message is like: its language, the log-odds of an emergency, how likely each sign is, and whether hardly a
    word is English."""

    language: str
    odds: float
    signs: Mapping[str, float]
    alone: bool = True

    def sign(self, named: str = "") -> str:
        """Return the likeliest sign, that which the lexicon names being likelier."""
        worth = {one: math.log(share + _SLIGHT) + _NAMED * (one == named) for one, share in self.signs.items()}
        return max(worth, key=lambda one: worth[one])


@dataclass(frozen=True, slots=True)
class TongueModels:
    """`kinds` tells the sign by kinds of words, `pieces` by pieces of words, `language` which language it is."""

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
        self._telling = frozenset(examples.words).difference(examples.framing)
        self._ordinary = examples.ordinary
        self._ranges = {name: Concept(words=(), range=one.range) for name, one in examples.words.items() if one.range}
        self._languages = file.languages
        self._glossaries = Kept(self._glossary)

    def _glossary(self, code: str) -> ConceptTree:
        """Return the glossary of a language; most processes meet few of them, and some none."""
        kinds = self._languages[code].kinds
        return ConceptTree({name: _plain(words) for name, words in kinds.items()} | self._ranges)

    def rows(self, data: Data, english: Sights) -> dict[str, Rows]:
        """Return what each model is trained from; `english` names the kinds in an English line."""
        found = {"kinds": Rows(), "pieces": Rows(), "language": Rows()}
        for sign, line in _english(data):
            found["kinds"].add(sign, _values(english(line)))
        for line in [line for _, line in _english(data)][::_EVERY]:
            _add(found, CALM, ENGLISH, words_of(seen(line).text))
        for line in data.languages.others:
            _add(found, CALM, OTHER, words_of(seen(line).text))
        for code, sign, line in _lessons(data.languages):
            words = words_of(seen(line).text)
            found["kinds"].add(sign, self._kinds(code, words), _WORTH)
            _add(found, sign, code, words)
        return found

    def weigh(self, words: Sequence[Word]) -> Tongue | None:
        """Return what a message is like, whole or in a sentence; None where it is English or of no known language."""
        if not says(words, 0, len(words)) or self.is_english(words) or not (code := self.language(words)):
            return None
        sentences = [words[begin:end] for begin, end in parts(0, len(words), lambda at: words[at].before is Break.STOP)]
        told = [one for one in sentences if len(sentences) > 1 and len(one) <= _THOUGHT and says(one, 0, len(one))]
        found = [self._weigh(code, words)] if len(words) <= _THOUGHT else []
        found += [replace(tongue, odds=tongue.odds - _SENTENCE) for tongue in (self._weigh(code, one) for one in told)]
        best = max(found, key=lambda one: one.odds, default=None)
        return best and replace(best, alone=not self.is_english(words, BESIDE))

    def language(self, words: Sequence[Word], at_least: float = 0.0) -> str:
        """Return the likeliest language of some words, if it is at least so likely; empty for English and any other."""
        likely = self._models.language.probabilities(_features(words)) if self._models.language.labels else {}
        code = max(likely, key=lambda one: likely[one], default="")
        return code if code in self._languages and likely[code] >= at_least else ""

    def is_english(self, words: Sequence[Word], share: float = _ENGLISH) -> bool:
        """Tell whether more than a share of some words is English; so are two by chance, such as `sung mat`."""
        return len(words) > _CHANCE and sum(1 for word in words if word.text in self._english) > share * len(words)

    def _weigh(self, code: str, words: Sequence[Word]) -> Tongue:
        kinds = self._models.kinds.probabilities(self._kinds(code, words))
        pieces = self._models.pieces.probabilities(_features(words))
        odds = _KINDS * log_odds(kinds.pop(CALM, 0.0)) + (1 - _KINDS) * log_odds(pieces.pop(CALM, 0.0)) - _FROM
        one, two = (np.array([opinion.get(sign, 0.0) for sign in kinds]) for opinion in (kinds, pieces))
        signs = multiplied(one, two, (_KINDS, 1 - _KINDS)).tolist()
        return Tongue(code, odds, dict(zip(kinds, signs, strict=True)))

    def is_ordinary(self, code: str, sign: str, words: Sequence[Word]) -> bool:
        """Tell whether a message names nothing but what people name every day who have no such sign."""
        named = self._telling.intersection(one.concept for one in self._sightings(code, words))
        return named.issubset(self._ordinary.get(sign, ()))

    def _kinds(self, code: str, words: Sequence[Word]) -> Values:
        return _values(self._sightings(code, words))

    def _sightings(self, code: str, words: Sequence[Word]) -> list[Sighting]:
        bare = [word._replace(text=_ARTICLE.sub("", word.text)) for word in words]
        return self._glossaries[code].mentions(bare, lambda _: True)


def tongues_of(library: Parts, models: TongueModels = UNLEARNED) -> Tongues:
    """Return what a library's languages teach; untaught without the models."""
    english = frozenset(library.data.matching.words.common)
    return Tongues(library.data.languages, library.data.examples, english, models)


def _plain(words: Sequence[str]) -> Concept:
    """Return an entry of a glossary as the words of a message are: without accents and without what is written on."""
    return Concept(words=tuple(_ARTICLE.sub("", without_accents(word).replace("'", "")) for word in words))


def _lessons(file: LanguagesFile) -> Iterator[tuple[str, str, str]]:
    """Yield every message and wording of every language with the language and its sign; what we say in it is calm."""
    for code, language in file.languages.items():
        ours = (language.emergency, language.only_english)
        calm = (*language.calm_messages, *(ours * _OURS))
        for sign, lines in (*language.messages.items(), (CALM, calm)):
            yield from ((code, sign, form) for line in lines for form in expand(line))
        for sign, wordings in language.signs.items():
            plain = (form for wording in wordings for form in expand(wording))
            yield from ((code, sign, form.replace(_ANY, "").replace(_READING, _LOW_READING)) for form in plain)


def _add(found: Mapping[str, Rows], sign: str, code: str, words: Sequence[Word]) -> None:
    pieces = _features(words)
    found["pieces"].add(sign, pieces)
    found["language"].add(code, pieces)


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


def _features(words: Sequence[Word]) -> Values:
    """Return the pieces of words, the words, their neighbours and the next but one."""
    told = [word.text for word in words]
    text = f" {' '.join(told)} "
    pieces = (text[at : at + size] for size in _SIZES for at in range(len(text) - size + 1))
    pairs = (f"b {one} {two}" for one, two in pairwise(["^", *told, "$"]))
    apart = (f"s {one} {two}" for one, two in zip(told, told[2:], strict=False))
    return unit([*pieces, *(f"w {one}" for one in told), *pairs, *apart])


# --- which language a message is in ----------------------------------------------------------------------------------

_FEWEST, _SHARE = 2, 4
"""Telling words that make a message one of a language whatever else it holds; one word in so many must be one."""
_TOO_SHORT = 2
"""Words so short are shared by many languages, or are abbreviations: they count half, single letters not at all."""
_LETTERS_READ = 600
_PART = re.compile(r"[\u3400-\u9fff]|(?:[^\W\d_\u3400-\u9fff]|[\u0900-\u0dff])+|[¿¡]")
"""A Chinese letter, a word as far as an apostrophe, a mark that only Spanish has."""


@dataclass(frozen=True, slots=True)
class _Telling:
    """What tells one language: words that are not English, those that are English too, and letters only it has."""

    words: frozenset[str]
    shared: frozenset[str]
    accented: frozenset[str]
    letters: frozenset[str]
    script: tuple[str, str] | None

    @classmethod
    def of(cls, language: Language, common: frozenset[str]) -> _Telling:
        """Return what tells a language; `common` are the words of English."""
        plain = frozenset(part for word in language.words for part in _parts(without_accents(word)))
        accented = frozenset(part for word in language.words for part in _parts(word))
        script = _range(language) if language.script else None
        return cls(plain - common, plain & common, accented, frozenset(language.letters), script)

    def weigh(self, words: Sequence[str], written: Sequence[str], english: frozenset[str]) -> tuple[float, int]:
        """Return how much tells this language, 0 for too little, and how much of it is in its very accents.

        One telling word is enough where no other word is English: "ist ALA sicher?".
        """
        marked = sum(1 for word in written if not word.isascii() and self._marks(word))
        telling = marked + self._own(words) + sum(_weight(word) for word in words if word in self.words)
        if telling < 1:  # as nearly every language says of nearly every message
            return 0, 0
        others = sum(1 for word in words if word in english and word not in self.shared)
        if telling < (_FEWEST if others else 1) or telling < others or telling * _SHARE < len(words):
            return 0, 0
        return telling, marked + sum(1 for word in written if word in self.accented)

    def _marks(self, written: str) -> bool:
        """Tell whether a word has a letter that only this language has, or is one letter with its accent, as `è`."""
        lone = self.script is None and len(written) == 1 and not written.isascii()
        return not self.letters.isdisjoint(written) or (lone and written in self.accented)

    def _own(self, words: Sequence[str]) -> int:
        """Return how many words are in its own script, where it has one and most of the message is in it."""
        if self.script is None:
            return 0
        low, high = self.script
        own = sum(1 for word in words if low <= word[0] <= high)
        return own if own * 2 > len(words) else 0


class Languages:
    """Tells which language a message is in, by its letters and its little words, where it is not English."""

    def __init__(
        self,
        file: LanguagesFile,
        others: Mapping[str, Sequence[str]],
        common: frozenset[str],
        asked: frozenset[str],
        names: frozenset[str],
    ) -> None:
        """`others` are telling words of further languages, `common` words of English, `asked` those of all authored
        lines, of which a few are foreign, and `names` words that belong to no language."""
        self._telling = {code: _Telling.of(language, common) for code, language in file.languages.items()}
        self._others = {name: frozenset(words) for name, words in others.items()}
        self._asked, self._names = asked, names
        self._english = (common | asked).difference(*(one.words for one in self._telling.values()))

    def code(self, text: str) -> str | None:
        """Return the code of the language of content/languages.yaml that a message is in, or None."""
        parts = _parts(seen(without_abbreviations(text)).text)
        words = [word for word in parts if (len(word) > 1 or not word.isascii()) and word not in self._names]
        words, written = list(dict.fromkeys(words)), _parts(text[:_LETTERS_READ])
        weighed = {code: one.weigh(words, written, self._english) for code, one in self._telling.items()}
        best = max(weighed, key=lambda code: weighed[code], default=None)
        return best if best is not None and weighed[best][0] else None

    def other(self, cleaned: str, words: Sequence[str]) -> str | None:
        """Return the other language a message is in that is not one of these, or None.

        `script` when not even the letters are Latin, `words` when hardly a word is known.
        """
        if _foreign_letters(cleaned):
            return "script"
        english = sum(1 for word in words if word in self._asked)
        if _nothing_known(words, sum(1 for word in words if len(word) > _TOO_SHORT and word in self._asked)):
            return "words"
        counts = {name: sum(1 for word in words if word in found) for name, found in self._others.items()}
        best = max(counts, key=lambda name: counts[name], default=None)
        if best is None or counts[best] < _FEWEST or counts[best] <= english:
            return None
        return best


def _weight(word: str) -> float:
    return 1.0 if len(word) > _TOO_SHORT or not word.isascii() else 0.5


def _parts(text: str) -> list[str]:
    return _PART.findall(text.lower())


def _nothing_known(words: Sequence[str], english: int) -> bool:
    letters = [word for word in words if word.isalpha() and len(word) > _TOO_SHORT]
    return len(letters) > _TOO_SHORT and english * 3 < len(letters)


def _foreign_letters(cleaned: str) -> bool:
    letters = [letter for letter in cleaned[:_LETTERS_READ] if letter.isalpha()]
    foreign = sum(1 for letter in letters if not letter.isascii())
    return foreign > _TOO_SHORT and foreign * 3 > len(letters)
