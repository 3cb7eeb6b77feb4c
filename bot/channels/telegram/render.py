"""A reply as Telegram messages: texts with entities (nothing is ever parsed as markup), buttons under the answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from bot.channels.base import Texts
from bot.channels.telegram.entities import TextLine, entities, fragments, utf16
from bot.channels.telegram.keyboard import keyboard
from bot.channels.telegram.layout import FOLD, Unit, reply_units
from bot.channels.telegram.screens import text_lines
from bot.dialog import payloads
from bot.dialog.turn import Button, Card, ClaimCard, Outcome, Register, Reply, View
from bot.pictures.shelf import Drawn

MAX_UNITS = 4096
"""UTF-16 code units of one message after entity parsing (Bot API, sendMessage)."""

MAX_CAPTION = 1024
"""The same of a caption (Bot API, sendPhoto)."""

MAX_ENTITIES = 100
"""Entities of one message; Telegram ignores what exceeds them."""

_INDENT = "   "
_PARAGRAPH, _LINE = "\n\n", "\n"


@dataclass(slots=True)
class OutgoingText:
    """One message being filled."""

    text: str = ""
    units: int = 0
    entities: list[dict[str, Any]] = field(default_factory=list)
    _folded: bool = False

    def takes(self, unit: Unit) -> bool:
        """Return whether the unit still fits."""
        return self.units + _size(unit) <= MAX_UNITS and len(self.entities) + _count(unit) <= MAX_ENTITIES

    def add(self, unit: Unit, gap: str = _PARAGRAPH) -> None:
        """Append the unit; lines in a row that stand in a quote share one. A folded quotation needs no blank line."""
        quote, begin = "", 0
        folded = unit[0].quote == FOLD
        gap = _LINE if folded != self._folded else gap
        self._folded = folded
        for line in unit:
            self._append(gap if self.text else "")
            if line.quote != quote:
                self._close(quote, begin)
                quote, begin = line.quote, self._begin(line.quote)
            self._append(_INDENT * line.indent if self.text else "")
            self.entities += entities(line, self.units)
            self._append(line.text if self.text else line.text.lstrip())  # Telegram cuts white space off the beginning
            gap = _LINE
        self._close(quote, begin)

    def _append(self, text: str) -> None:
        self.text += text
        self.units += utf16(text)

    def _begin(self, quote: str) -> int:
        """Return where a quotation begins: what is folded goes on with the one that has just ended."""
        last = self.entities[-1] if quote == FOLD and self.entities else None
        if last and last["type"] == FOLD and self.units - last["offset"] - last["length"] <= len(_PARAGRAPH):
            return int(self.entities.pop()["offset"])
        return self.units

    def _close(self, quote: str, begin: int) -> None:
        if quote:
            end = len(self.text.rstrip("\n").encode("utf-16-le")) // 2
            self.entities.append({"type": quote, "offset": begin, "length": end - begin})


def pack(units: Iterable[Unit]) -> list[OutgoingText]:
    """Return as few messages as needed, in order. Every message holds something."""
    messages = [OutgoingText()]
    for unit in units:
        for piece, gap in _pieces(unit):
            if not messages[-1].takes(piece):
                messages.append(OutgoingText())
            messages[-1].add(piece, gap)
    return [message for message in messages if message.text]


def _pieces(unit: Unit) -> Iterator[tuple[Unit, str]]:
    """Yield the unit whole, or its lines one by one, or parts of a line: whatever fits into an empty message."""
    empty = OutgoingText()
    if empty.takes(unit):
        yield unit, _PARAGRAPH
        return
    gap = _PARAGRAPH
    for line in unit:
        for piece in _broken(line):
            yield (piece,), gap
            gap = _LINE


def _broken(line: TextLine) -> Iterator[TextLine]:
    room = MAX_UNITS - len(_PARAGRAPH) - len(_INDENT) * line.indent
    yield from fragments(line, room, MAX_ENTITIES - 1)


def _size(unit: Unit) -> int:
    """Return the units a unit takes at most, with what separates it."""
    return len(_PARAGRAPH) + sum(utf16(line.text) + len(_INDENT) * line.indent + len(_LINE) for line in unit) - 1


def _count(unit: Unit) -> int:
    return sum(len(line.spans) + bool(line.quote) for line in unit)


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that a message carries: a picture to look at, or a page under its own name."""

    drawn: Drawn
    name: str = ""

    @property
    def kind(self) -> str:
        """Return the Bot API's word for it."""
        return "document" if self.name else "photo"


@dataclass(frozen=True, slots=True)
class TextPart:
    """One message: its text, its entities, and its keyboard if it has one.

    With a file the text is the caption, and `instead` is the message without the file.
    """

    text: str
    entities: list[dict[str, Any]]
    keyboard: dict[str, Any] | None = None
    attached: Attached | None = None
    instead: TextPart | None = None

    def parameters(self) -> dict[str, Any]:
        """Return what sending and editing have in common; an answer shows no preview of its links."""
        content: dict[str, Any] = {"text": self.text, "link_preview_options": {"is_disabled": True}}
        name = "entities"
        if self.attached:
            content, name = {"caption": self.text} if self.text else {}, "caption_entities"
        if self.entities:
            content[name] = self.entities
        if self.keyboard:
            content["reply_markup"] = self.keyboard
        return content


Parts = tuple[TextPart, ...]

NOTHING = "…"
"""Telegram takes no empty message."""


@dataclass(frozen=True, slots=True)
class _Rendered:
    card: Card
    parts: Parts
    lines: int


class TelegramRenderer:
    """Renders replies; what depends on the card alone is rendered once per node, register and view."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._cards: dict[tuple[str, Register, Outcome, View], _Rendered] = {}

    def render(self, reply: Reply, more: Iterable[Button] = (), *, group: bool = False) -> list[TextPart]:
        """Return one or more messages in order; `more` are buttons of this place, such as a way to privacy.

        A group reads the brief and its sources alone.
        """
        if group and reply.view is View.BRIEF:
            reply = replace(reply, view=View.SHORT)
        own = reply.lead or reply.stored or reply.second or reply.remark or reply.offer
        rendered = self._anew(reply) if own else self._known(reply)
        last = rendered.parts[-1]
        return [*rendered.parts[:-1], TextPart(last.text, last.entities, keyboard(reply, rendered.lines, more))]

    def captioned(self, reply: Reply, drawn: Drawn, more: Iterable[Button] = ()) -> list[TextPart]:
        """Return the answer as one picture with its brief as caption, and the same in words alone should the picture be
        refused; in words alone, too, where the brief is longer than a caption may be."""
        words = self.render(reply, more)
        texts, card = self._texts, reply.card
        wishes = {"more": "more-button"} if card.detail or (isinstance(card, ClaimCard) and card.sources) else {}
        ways = [
            Button(texts(key, card.register), payloads.payload(card.node, word=word), "navigation")
            for word, key in {**wishes, "handout": "handout-button"}.items()
        ]
        brief = replace(reply, view=View.SHORT, choices=(*reply.choices, *ways))
        units = tuple(reply_units(brief, texts))
        unfolded = tuple(unit for unit in units if unit[0].quote != FOLD)
        for told in (units, unfolded):
            [first, *others] = pack(told)
            if not others and first.units <= MAX_CAPTION and len(words) == 1:
                buttons = keyboard(brief, text_lines(first.text, first.entities), more)
                return [TextPart(first.text, first.entities, buttons, Attached(drawn), words[0])]
        return words

    def _known(self, reply: Reply) -> _Rendered:
        card = reply.card
        key = (card.node, card.register, card.outcome, reply.view)
        known = self._cards.get(key)
        if known is None or known.card != card:
            known = self._cards[key] = self._anew(reply)
        return known

    def _anew(self, reply: Reply) -> _Rendered:
        messages = pack(reply_units(reply, self._texts)) or [OutgoingText(NOTHING, len(NOTHING))]
        parts = tuple(TextPart(message.text, message.entities) for message in messages)
        return _Rendered(reply.card, parts, sum(text_lines(part.text, part.entities) for part in parts))
