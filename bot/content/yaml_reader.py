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

from bot.content.diagnostics import Diagnostic, Level, Location, Place, SourceMap, lines_of
from bot.content.yaml_errors import explain

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
        return _refused(path, *_NOT_UTF8, raw.count(b"\n", 0, error.start) + 1)
    if 3 * text.count("\0") > len(text):  # UTF-16 without its mark: every other byte is none
        return _refused(path, *_NOT_UTF8)
    return _built(path, text)


_NOT_UTF8 = ("the file is not UTF-8 text", "save it as UTF-8")


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
    """Return what unquoted text stands for; a number that would be shown otherwise (`1.50`, `+5`) stays text."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in _NUMERIC and (_INTEGER.fullmatch(text) or _DECIMAL.fullmatch(text)):
        number = float(text) if "." in text else int(text)
        return number if str(number) == text else text
    return text
