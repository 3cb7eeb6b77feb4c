"""Signs of an emergency in other languages, and which language a message is in: by its letters and its little words."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.content.urgent_models import Language, LanguagesFile
from bot.matching.sentences import Word, sentence, words_of
from bot.matching.text import expand
from bot.matching.visible import seen, without_accents

_Part = tuple[int, int]
"""The number of a wording, and which of its words."""

_WITHIN = 4
"""Words that may stand between the words of one wording, in all."""
_FEWEST = 2
"""Telling words that make a message one of a language."""
_SHARE = 4
"""One word in so many must be a telling one, in a language that shares its letters with English."""
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
    """All languages of content/languages.yaml."""

    def __init__(self, file: LanguagesFile) -> None:
        self._languages = file.languages
        self._telling = {code: _plain(language.words) for code, language in file.languages.items()}
        self._letters = {code: _range(language) for code, language in file.languages.items() if language.script}
        self._wordings = _Wordings(file.languages)

    def find(self, text: str, words: Sequence[Word]) -> Spoken | None:
        """Return the first sign that some other language names and nothing in its sentence excuses, or None."""
        found = self._wordings.found(words)
        calm = [one for one in found if not one.sign]
        for one in found:
            begin, end = sentence(words, one.first, one.last)
            if one.sign and not any(begin <= other.first < end and other.language == one.language for other in calm):
                told = " ".join(text[words[begin].start : words[end - 1].end].split())
                return Spoken(one.sign, one.language, told[:_LONGEST])
        return None

    def language(self, text: str) -> str | None:
        """Return the code of the language most of a message is in, when it is one of these and not English."""
        words = words_of(seen(text).text)
        scores = {code: self._score(code, words) for code in self._languages}
        best = max(scores, key=lambda code: scores[code], default=None)
        return best if best is not None and scores[best] >= _FEWEST else None

    def _score(self, code: str, words: Sequence[Word]) -> float:
        telling = sum(1 for word in words if word.text in self._telling[code])
        if code not in self._letters:
            return telling if telling * _SHARE >= len(words) else 0
        low, high = self._letters[code]
        own = sum(1 for word in words if low <= word.text[0] <= high)
        return (own + telling) / 2 if own * 2 > len(words) and (own > 1 or telling) else 0


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
        words = [word.text for word in words_of(without_accents(part.strip(_ANY)))]
        if words and part.startswith(_ANY):
            words[0] = _ANY + words[0]
        if words and part.endswith(_ANY):
            words[-1] += _ANY
        found += words
    return found


def _range(language: Language) -> tuple[str, str]:
    low, _, high = language.script.partition("-")
    return low, high


def _plain(words: Sequence[str]) -> frozenset[str]:
    return frozenset(word.text for text in words for word in words_of(without_accents(text)))


# --- whether a message is English ------------------------------------------------------------------------------------

_LETTERS_READ = 600
_TOO_SHORT = 2
"""So few words say too little to be called foreign, and so short ones are shared by many languages."""


class Languages:
    """Counts the telling words of each other language against those of English."""

    def __init__(self, words: Mapping[str, Sequence[str]], english: frozenset[str]) -> None:
        self._words = {name: frozenset(found) for name, found in words.items()}
        self._english = english

    def other(self, cleaned: str, words: Sequence[str]) -> str | None:
        """Return the other language a message is in, or None.

        `script` when not even the letters are Latin, `words` when hardly a word is known.
        """
        if _foreign_letters(cleaned):
            return "script"
        english = sum(1 for word in words if word in self._english)
        if _nothing_known(words, sum(1 for word in words if len(word) > _TOO_SHORT and word in self._english)):
            return "words"
        counts = {name: sum(1 for word in words if word in found) for name, found in self._words.items()}
        best = max(counts, key=lambda name: counts[name], default=None)
        if best is None or counts[best] < 2 or counts[best] <= english:
            return None
        return best


def _nothing_known(words: Sequence[str], english: int) -> bool:
    letters = [word for word in words if word.isalpha() and len(word) > _TOO_SHORT]
    return len(letters) > _TOO_SHORT and english * 3 < len(letters)


def _foreign_letters(cleaned: str) -> bool:
    letters = [letter for letter in cleaned[:_LETTERS_READ] if letter.isalpha()]
    foreign = sum(1 for letter in letters if not letter.isascii())
    return foreign > _TOO_SHORT and foreign * 3 > len(letters)
