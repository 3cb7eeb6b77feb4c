"""One YAML file into plain data, refusing YAML's tricks.

The C parser delivers events; the constructor here turns them into tuples, dictionaries and scalars. It knows text,
numbers, `true`, `false` and `null`, and nothing else: no tags, no anchors, no merge keys, no dates, and none of
YAML 1.1's surprises (`on`, `no` and `12:30` are text). Events, unlike the parser's node trees, cost no memory and do
not recurse in C, where 100,000 nested brackets would end the whole process. Places in the file are found when a fault
needs them (bot.content.diagnostics).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from yaml import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    MarkedYAMLError,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
    YAMLError,
)
from yaml._yaml import CParser
from yaml.reader import ReaderError

from bot.content.diagnostics import Diagnostic, Level, Location, Place, SourceMap, lines_of

Explained = tuple[tuple[int, int], str, str]
"""Place (line and column from 0), sentence, remedy."""

_QUOTE_IT = "put the text in quotes"
_PROBLEMS = {
    "mapping values are not allowed": (
        "a colon stands inside unquoted text, or the line is indented wrongly",
        _QUOTE_IT,
    ),
    "mapping keys are not allowed": ("a question mark stands alone or begins unquoted text", _QUOTE_IT),
    "did not find expected key": ("text goes on after a closing quote, or the indentation is off", ""),
    "block sequence entries are not allowed": ("a list item `- ` cannot begin here", "begin the list on its own line"),
    "did not find expected ',' or ']'": ("a list `[` is not closed", "close it with `]`, or quote text with commas"),
    "did not find expected ',' or '}'": ("`{` is not closed, or text inside needs quotes", "close it with `}`"),
    "did not find expected node content": ("a value is missing here, or text here needs quotes", _QUOTE_IT),
    "unknown escape character": ("a backslash in double quotes begins no known escape", "use single quotes"),
    "could not find expected ':'": ("a name without its colon", "write `name: value`"),
    "nested deeper": ("the file is nested too deeply", "flatten it: content needs six levels"),
    "did not find expected <document start>": ("something stands after the end of the content", "delete it"),
}


def explain(error: Exception, lines: list[str]) -> Explained:
    """Return where the parser stopped, why in plain words, and what to do about it."""
    if isinstance(error, ReaderError):
        return _unreadable(error, lines)
    if not isinstance(error, MarkedYAMLError) or error.problem_mark is None:
        return (0, 0), "the file is not valid YAML", ""
    problem, mark = error.problem or "the file is not valid YAML", error.problem_mark
    if "quoted scalar" in (error.context or "") and "end of" in problem and error.context_mark:
        opening = error.context_mark
        return (opening.line, opening.column), "the quote that opens here is never closed", "close the quote"
    place = (mark.line, mark.column)
    if "cannot start any token" in problem:
        return place, *_bad_start(lines, place)
    if "expected node content" in problem and _character(lines, place) == "?":
        return place, "a question mark begins unquoted text", _QUOTE_IT
    for fragment, (sentence, remedy) in _PROBLEMS.items():
        if fragment in problem:
            return place, sentence, remedy
    return place, f"not valid YAML: {problem}", ""


def _bad_start(lines: list[str], place: tuple[int, int]) -> tuple[str, str]:
    character = _character(lines, place)
    if character == "\t":
        return "a tab stands where YAML wants spaces", "replace the tab by spaces"
    return f"text cannot begin with `{character}` unless it is quoted", _QUOTE_IT


def _character(lines: list[str], place: tuple[int, int]) -> str:
    line, column = place
    return lines[line][column : column + 1] if line < len(lines) else ""


def _unreadable(error: ReaderError, lines: list[str]) -> Explained:
    """Return the place of a control character, which the parser reports by offset only."""
    for number, line in enumerate(lines):
        for column, character in enumerate(line):
            if ord(character) == error.character or not (character.isprintable() or character in "\t "):
                return (number, column), f"the control character U+{ord(character):04X} is not allowed", "delete it"
    return (0, 0), "a character that YAML does not allow", "delete it"


MAX_BYTES = 32 * 2**20
"""Largest file read, in bytes: ten thousand nodes in one file are about 22 MB; without aliases size bounds memory."""

MAX_DEPTH = 50
"""Deepest nesting read; content needs six levels."""

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"[-+]?[0-9]{1,17}\.[0-9]{1,17}")
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_NUMERIC = frozenset("-+0123456789")


@dataclass(frozen=True)
class YamlFile:
    """One file as read: its text, its data (None where it has none), and what is wrong with it."""

    path: str
    text: str
    data: Any = None
    diagnostics: list[Diagnostic] = field(default_factory=list)

    @cached_property
    def lines(self) -> list[str]:
        """The file's lines without their breaks."""
        return lines_of(self.text)

    @cached_property
    def source_map(self) -> SourceMap:
        """Where everything stands; found by reading the text again."""
        return SourceMap(self.text)

    def diagnostic_at(
        self, location: Location, code: str, message: str, remedy: str = "", *, key: bool = False
    ) -> Diagnostic:
        """Return a fault about the value (or the key) at `location`."""
        return self.diagnostic(self.source_map.place(location, key=key), code, message, remedy)

    def diagnostic(self, place: Place, code: str, message: str, remedy: str = "", level: Level = "error") -> Diagnostic:
        """Return a fault at `place`, with the line it is about."""
        line, column = place
        snippet = self.lines[line] if line < len(self.lines) else ""
        return Diagnostic(self.path, line + 1, column + 1, code, message, snippet, remedy, level)


def read(path: str, raw: bytes) -> YamlFile:
    """Return the page of a file's bytes. Never raises for what the bytes hold: `faults` says what is wrong."""
    if len(raw) > MAX_BYTES:
        return _refused(path, f"the file is larger than {MAX_BYTES // 2**20} MiB", "split it into several files")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return _refused(path, "the file is not UTF-8 text", "save it as UTF-8", line)
    return _built(path, text)


def _refused(path: str, message: str, remedy: str, line: int = 1) -> YamlFile:
    return YamlFile(path, "", diagnostics=[Diagnostic(path, line, 1, "F01", message, "", remedy)])


def _built(path: str, text: str) -> YamlFile:
    builder = _Builder(text)
    try:
        data = builder.document()
    except YAMLError as error:
        page = YamlFile(path, text)
        place, message, remedy = explain(error, page.lines)
        page.diagnostics.append(page.diagnostic(place, "F02", message, remedy))
        return page
    if data is None and not builder.refused:
        return _refused(path, "the file is empty", "write its content, or delete the file")
    page = YamlFile(path, text, data)
    page.diagnostics.extend(page.diagnostic(*refusal) for refusal in builder.refused)
    return page


class _Builder:
    """Builds a document from the parser's events, noting what is refused on the way."""

    def __init__(self, text: str) -> None:
        self.refused: list[tuple[Place, str, str, str]] = []
        self._next: Callable[[], Any] = CParser(text).get_event
        self._depth = 0

    def document(self) -> Any:
        """Return the data of the one document; raises YAMLError where the text is no YAML."""
        self._next()
        if type(self._next()) is StreamEndEvent:
            return None
        data = self._value(self._next())
        self._next()
        after = self._next()
        if type(after) is not StreamEndEvent:
            self._refuse(after, "F02", "a second document begins here", "keep one document per file: delete the `---`")
        return data

    def _value(self, event: Any) -> Any:
        kind = type(event)
        if event.anchor is not None:
            self._refuse(
                event, "F04", "anchors and aliases (`&name`, `*name`) are not used here", "write the value out"
            )
        if kind is AliasEvent:
            return None
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._refuse(event, "F04", f"the tag `{tag}` is not used here", "remove the tag")
        if kind is ScalarEvent:
            return _scalar(event.value) if event.implicit[0] else event.value
        return self._inside(event)

    def _inside(self, event: Any) -> Any:
        if self._depth == MAX_DEPTH:
            raise MarkedYAMLError(problem=f"nested deeper than {MAX_DEPTH} levels", problem_mark=event.start_mark)
        self._depth += 1
        made = self._mapping() if type(event) is MappingStartEvent else self._sequence()
        self._depth -= 1
        return made

    def _sequence(self) -> tuple[Any, ...]:
        items = []
        while type(event := self._next()) is not SequenceEndEvent:
            items.append(self._value(event))
        return tuple(items)

    def _mapping(self) -> dict[str, Any]:
        data: dict[str, Any] = {}
        while type(event := self._next()) is not MappingEndEvent:
            key = self._value(event)
            if not isinstance(key, str):
                self._refuse(event, "F05", "a name must be text", "put quotes around it")
                key = str(key)
            if key in data:
                self._refuse(event, "F03", f"`{key}` stands here twice", "keep one of the two")
            data[key] = self._value(self._next())
        return data

    def _refuse(self, event: Any, code: str, message: str, remedy: str) -> None:
        self.refused.append(((event.start_mark.line, event.start_mark.column), code, message, remedy))


def _scalar(text: str) -> Any:
    """Return what unquoted text stands for."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in _NUMERIC:
        if _INTEGER.fullmatch(text):
            return int(text)
        if _DECIMAL.fullmatch(text):
            return float(text)
    return text
