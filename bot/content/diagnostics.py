"""What is wrong with a file, said so that an author finds the place and the remedy.

Characters that a reader of a file cannot see, or takes for others, are named, so that an author can find them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Literal

from rapidfuzz import fuzz, process
from yaml import (
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    YAMLError,
)
from yaml._yaml import CParser

from bot.errors import FootnoteError

Level = Literal["error", "warning"]

_ALIKE = 60  # a suggestion less alike than this (0..100) would confuse more than it helps


@dataclass(frozen=True, slots=True, order=True)
class Diagnostic:
    """One finding at one place. `line` and `column` count from 1; `suggestion` says how to mend it, or is empty."""

    path: str
    line: int
    column: int
    code: str
    message: str
    snippet: str = ""
    suggestion: str = ""
    level: Level = "error"

    @property
    def where(self) -> str:
        """The place alone, such as `content/facts.yaml:12`."""
        return f"{self.path}:{self.line}"

    @property
    def headline(self) -> str:
        """The one-line form editors understand."""
        return f"{self.path}:{self.line}:{self.column}: {self.code} {self.message}"

    def __str__(self) -> str:
        """Return the headline, the line with a caret under the place, and the remedy."""
        lines = [self.headline]
        if self.snippet.strip():
            shown, offset = _clipped(self.snippet, self.column - 1)
            lines += [f"    {shown}", f"    {' ' * offset}^"]
        if self.suggestion:
            lines.append(f"    fix: {self.suggestion}")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, object]:
        """Return the fault as plain data for `--json`."""
        return asdict(self)


class LoadError(FootnoteError):
    """The dialogs or the content cannot be used; `faults` holds everything wrong, in file order."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(sorted(diagnostics))
        super().__init__("\n".join(str(diagnostic) for diagnostic in self.diagnostics))


def nearest(word: str, known: Iterable[str], *, alike: int = _ALIKE) -> str:
    """Return a sentence that names the known word most like `word`, or an empty string."""
    found = process.extractOne(word, sorted(known), scorer=fuzz.ratio, score_cutoff=alike)
    return f"did you mean `{found[0]}`?" if found else ""


def _clipped(line: str, offset: int, width: int = 110) -> tuple[str, int]:
    """Return a stretch of `line` around `offset` and where the offset falls in it; tabs become one space."""
    start = max(0, offset - width * 2 // 3) if len(line) > width else 0
    head = "…" if start else ""
    tail = "…" if len(line) > start + width else ""
    return head + line[start : start + width].replace("\t", " ") + tail, offset - start + len(head)


Location = Sequence[str | int]
"""The way to a value: keys of mappings and numbers of list items, such as ("claims", 0, "cites")."""

Place = tuple[int, int]
"""Line and column, counted from 0 as the parser does."""

_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # what YAML calls a line break


def lines_of(text: str) -> list[str]:
    """Return the lines of `text` as YAML counts them, without their breaks."""
    return _LINE_BREAK.split(text)


@dataclass(frozen=True, slots=True)
class SourceRange:
    """Where one value stands: its key (or itself, in a list), its beginning and end, and how it is written."""

    key: Place
    start: Place
    end: Place
    block: bool = False
    """Whether it is text that begins on the line after its `|` or `>`."""
    rows: tuple[str, ...] = ()
    """The names of a mapping that has one name per line; empty for anything else, and for a mapping in brackets."""


class SourceMap:
    """The places of a text; empty from the point on where the text is no YAML."""

    def __init__(self, text: str) -> None:
        self._ranges: dict[tuple[str | int, ...], SourceRange] = {}
        self._next: Callable[[], Any] = CParser(text).get_event
        with suppress(YAMLError, RecursionError):
            self._next()
            if type(self._next()) is DocumentStartEvent:
                self._value(self._next(), ())

    def __contains__(self, location: Location) -> bool:
        return tuple(location) in self._ranges

    def source_range(self, location: Location) -> SourceRange:
        """Return the spot of a location, or the nearest one above it."""
        way = tuple(location)
        while way not in self._ranges and way:
            way = way[:-1]
        return self._ranges.get(way, SourceRange((0, 0), (0, 0), (0, 0)))

    def place(self, location: Location, *, key: bool = False) -> Place:
        """Return where the value at `location` (or its key) begins."""
        source_range = self.source_range(location)
        return source_range.key if key else source_range.start

    def _value(self, event: Any, way: tuple[str | int, ...], key: Any = None) -> Place:
        """Note the value that begins with `event`, and everything inside it; return where it ends."""
        flow = bool(getattr(event, "flow_style", False))
        end, names, number = _ends(event), [], 0
        if isinstance(event, MappingStartEvent):
            while not isinstance(name := self._next(), MappingEndEvent):
                names.append(str(getattr(name, "value", "")))
                end = self._value(self._next(), (*way, names[-1]), name)
            end = _ends(name) if flow else end
        elif isinstance(event, SequenceStartEvent):
            while not isinstance(item := self._next(), SequenceEndEvent):
                end = self._value(item, (*way, number))
                number += 1
            end = _ends(item) if flow else end
        block = isinstance(event, ScalarEvent) and event.style in ("|", ">")
        source_range = SourceRange(_place(key or event), _place(event), end, block, () if flow else tuple(names))
        self._ranges.setdefault(way, source_range)
        return end


def _place(event: Any) -> Place:
    return event.start_mark.line, event.start_mark.column


def _ends(event: Any) -> Place:
    return event.end_mark.line, event.end_mark.column


# --- characters that are not seen -------------------------------------------------------------------------------------

_IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
"""What Unicode lets a screen leave out, beside the format characters: fillers and variation selectors."""
_JOINERS = "\u200c\u200d"
_VARIATION = "\ufe0e\ufe0f"
_LETTERS = re.compile(r"[^\W\d_]+")
_NO_ENGLISH_LETTER = re.compile(r"[^\x00-\x7f\W\d_]")
_GREEK_TWINS = frozenset("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧοϲϳ")
"""Greek letters that look like Latin ones. Others may stand in a name, as in `TNFα` and `NFκB`."""
_MICRO = "μ"
_UNUSUAL = re.compile(r"[^\t\n\r\x20-\x7e]")
"""What not every keyboard types: all others are what they look like."""


def sign_name(sign: str) -> str:
    """Return what a character is called, with its code: `a no-break space (U+00A0)`."""
    name = unicodedata.name(sign, "control character").lower()
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name} (U+{ord(sign):04X})"


def odd_space(sign: str) -> bool:
    """Tell whether a character looks like a space and is none to YAML."""
    return sign != " " and unicodedata.category(sign) in ("Zs", "Zl", "Zp")


def hidden(text: str, at: int) -> bool:
    """Tell whether the character at a place cannot be seen there.

    A joiner or a variation selector inside an emoji, and a joiner between letters of a script that needs it, may stay.
    """
    sign = text[at]
    if sign in " \t\n\r" or (sign < "\x7f" and sign >= " "):
        return False
    category = unicodedata.category(sign)
    if category not in ("Cf", "Cc", "Zl", "Zp") and not _IGNORABLE.match(sign):
        return False
    before = text[at - 1] if at else ""
    if sign in _VARIATION or sign == "\u200d":
        return not (before and unicodedata.category(before) in ("So", "Sk", "Sm", "Mn", "Me", "Nd", "Po", "Cf"))
    if sign in _JOINERS:
        return before.isascii() or _script(before) == "LATIN"
    return True


def foreign(text: str) -> Iterator[tuple[int, str]]:
    """Yield each letter that only looks like the Latin one it replaces: its place, and what it is."""
    for word in _LETTERS.finditer(text) if _NO_ENGLISH_LETTER.search(text) else ():
        if word[0].isascii() or not word[0].isalpha():
            continue
        scripts = [_script(letter) for letter in word[0]]
        for at, (letter, script) in enumerate(zip(word[0], scripts, strict=True)):
            if _dressed_up(letter) or (script != "LATIN" and "LATIN" in scripts and _out_of_place(word[0], at, script)):
                yield word.start() + at, letter


def suspicious(value: str, *, text: bool) -> Iterator[tuple[int, str, str]]:
    """Yield each character of a value that its author does not see as it is: its place, a sentence and a remedy.

    In free text (`text`) spaces of any kind may stand.
    """
    for unusual in _UNUSUAL.finditer(value):
        at, sign = unusual.start(), unusual[0]
        if hidden(value, at):
            yield at, f"a sign that cannot be seen stands here: {sign_name(sign)}", "delete it"
        elif not text and odd_space(sign):
            yield at, f"{sign_name(sign)} stands here", "delete it, or type a space"
    for at, letter in foreign(value):
        message = f"this letter is not what it looks like: {sign_name(letter)}"
        yield at, message, "type it on an English keyboard"


def _dressed_up(letter: str) -> bool:
    """Tell whether a letter is a Latin one in another dress: full width, mathematical, a ligature."""
    folded = unicodedata.normalize("NFKC", letter)
    return letter not in "ªº" and folded != letter and folded.isascii() and folded.isalpha()


def _out_of_place(word: str, at: int, script: str) -> bool:
    if word[at].lower() == word[at].upper():  # only scripts with capitals have letters that look like Latin ones
        return False
    if script not in ("GREEK", "MICRO"):
        return True
    if word[at] in _GREEK_TWINS:
        return True
    around = word[max(0, at - 1) : at] + word[at + 1 : at + 2]
    return script == "GREEK" and word[at] != _MICRO and any("a" <= letter <= "z" for letter in around)


@cache
def _script(letter: str) -> str:
    return unicodedata.name(letter, "UNKNOWN").split()[0] if letter else ""
