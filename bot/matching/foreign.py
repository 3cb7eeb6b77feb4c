"""Signs of an emergency in other languages, and which language a message is in: by its letters and its little words."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.content.matching_models import Language, LanguagesFile
from bot.matching.sentences import Word, seen, sentence, without_accents, words_of
from bot.matching.text import expand

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
        parts = _parts(seen(text).text)
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
