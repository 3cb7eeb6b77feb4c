"""Units of lines into messages: divided between paragraphs, inside one only when it alone exceeds a message."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.adapters.telegram.layout import Unit
from bot.adapters.telegram.lines import Line, entities, fragments, utf16

MAX_UNITS = 4096
"""UTF-16 code units of one message after entity parsing (Bot API, sendMessage)."""

MAX_ENTITIES = 100
"""Entities of one message; Telegram ignores what exceeds them."""

_INDENT = "   "
_PARAGRAPH, _LINE = "\n\n", "\n"


@dataclass(slots=True)
class Message:
    """One message being filled."""

    text: str = ""
    units: int = 0
    entities: list[dict[str, Any]] = field(default_factory=list)

    def takes(self, unit: Unit) -> bool:
        """Return whether the unit still fits."""
        return self.units + _size(unit) <= MAX_UNITS and len(self.entities) + _count(unit) <= MAX_ENTITIES

    def add(self, unit: Unit, gap: str = _PARAGRAPH) -> None:
        """Append the unit; lines in a row that stand in a quote share one."""
        quote, begin = "", 0
        for line in unit:
            self._append(gap if self.text else "")
            if line.quote != quote:
                self._close(quote, begin)
                quote, begin = line.quote, self.units
            self._append(_INDENT * line.indent if self.text else "")
            self.entities += entities(line, self.units)
            self._append(line.text if self.text else line.text.lstrip())  # Telegram cuts white space off the beginning
            gap = _LINE
        self._close(quote, begin)

    def _append(self, text: str) -> None:
        self.text += text
        self.units += utf16(text)

    def _close(self, quote: str, begin: int) -> None:
        if quote:
            end = len(self.text.rstrip("\n").encode("utf-16-le")) // 2
            self.entities.append({"type": quote, "offset": begin, "length": end - begin})


def pack(units: Iterable[Unit]) -> list[Message]:
    """Return as few messages as needed, in order. Every message holds something."""
    messages = [Message()]
    for unit in units:
        for piece, gap in _pieces(unit):
            if not messages[-1].takes(piece):
                messages.append(Message())
            messages[-1].add(piece, gap)
    return [message for message in messages if message.text]


def _pieces(unit: Unit) -> Iterator[tuple[Unit, str]]:
    """Yield the unit whole, or its lines one by one, or parts of a line: whatever fits into an empty message."""
    empty = Message()
    if empty.takes(unit):
        yield unit, _PARAGRAPH
        return
    gap = _PARAGRAPH
    for line in unit:
        for piece in _broken(line):
            yield (piece,), gap
            gap = _LINE


def _broken(line: Line) -> Iterator[Line]:
    room = MAX_UNITS - len(_PARAGRAPH) - len(_INDENT) * line.indent
    yield from fragments(line, room, MAX_ENTITIES - 1)


def _size(unit: Unit) -> int:
    """Return the units a unit takes at most, with what separates it."""
    return len(_PARAGRAPH) + sum(utf16(line.text) + len(_INDENT) * line.indent + len(_LINE) for line in unit) - 1


def _count(unit: Unit) -> int:
    return sum(len(line.spans) + bool(line.quote) for line in unit)
