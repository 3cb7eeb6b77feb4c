"""Where everything in a YAML text stands. Read only when a fault has to be pointed at."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

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
