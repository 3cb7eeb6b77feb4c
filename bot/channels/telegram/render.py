"""A reply as Telegram messages: texts with entities (nothing is ever parsed as markup), buttons under the answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

from bot.channels.telegram.entities import TextLine, entities, fragments, is_openable_url, utf16
from bot.channels.telegram.layout import Unit, card_units, closing_units, code_units, text_units
from bot.dialog.turn import Button, Card, Outcome, Register, Reply

Row = list[dict[str, Any]]

SHORT = 15
"""Characters up to which two labels stand whole side by side on a phone 360 points wide."""

DIAL = "tel:"
"""A button with such an address copies the number: Telegram opens no telephone links."""

_GROUPS = {"follow-up": "topics", "tone": "ways", "navigation": "ways", "link": "ways", "feedback": "feedback"}
"""Roles that may share a row; choices and danger stand alone."""


def keyboard(reply: Reply, more: Iterable[Button] = ()) -> dict[str, Any] | None:
    """Return the inline keyboard of a reply, or None without buttons."""
    return _keyboard((*reply.buttons, *more))


@lru_cache(maxsize=2048)
def _keyboard(all_buttons: tuple[Button, ...]) -> dict[str, Any] | None:
    """Lay out the buttons, once for each set of them: most answers are shown with the same few again and again."""
    buttons = [button for button in all_buttons if button.label]
    buttons.sort(key=_rank)
    return {"inline_keyboard": list(_rows(buttons))} if buttons else None


def _rank(button: Button) -> int:
    """Return what comes first: a number to call before all, a vote after all."""
    return 0 if (button.url or "").startswith(DIAL) else 2 if button.role == "feedback" else 1


def _rows(buttons: Sequence[Button]) -> Iterator[Row]:
    """Yield rows of one or two, in order."""
    at = 0
    while at < len(buttons):
        pair = buttons[at : at + 2]
        row = pair if len(pair) == 2 and _together(*pair) else pair[:1]
        yield [_button(button) for button in row]
        at += len(row)


def _together(left: Button, right: Button) -> bool:
    group = _GROUPS.get(left.role)
    return group is not None and group == _GROUPS.get(right.role) and max(len(left.label), len(right.label)) <= SHORT


def _button(button: Button) -> dict[str, Any]:
    """Return one button. Danger is shown by colour and said by the label, for those who cannot see the colour."""
    shown: dict[str, Any] = {"text": button.label}
    if button.url and button.url.startswith(DIAL):
        shown["copy_text"] = {"text": button.url.removeprefix(DIAL)}
    elif button.url and is_openable_url(button.url):
        shown["url"] = button.url
    else:
        shown["callback_data"] = button.payload
    return shown | ({"style": "danger"} if button.role == "danger" else {})


MAX_UNITS = 4096
"""UTF-16 code units of one message after entity parsing (Bot API, sendMessage)."""

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


class Words(Protocol):
    """The bot's own sentences, by key and register."""

    def __call__(self, key: str, register: Register, **values: object) -> str:
        """Return one sentence; raises KeyError for an unknown key."""


@dataclass(frozen=True, slots=True)
class TextPart:
    """One message: its text, its entities, and its keyboard if it has one."""

    text: str
    entities: list[dict[str, Any]]
    keyboard: dict[str, Any] | None = None

    def parameters(self) -> dict[str, Any]:
        """Return what sendMessage and editMessageText have in common; an answer shows no preview of its links."""
        content: dict[str, Any] = {"text": self.text, "link_preview_options": {"is_disabled": True}}
        if self.entities:
            content["entities"] = self.entities
        if self.keyboard:
            content["reply_markup"] = self.keyboard
        return content


Parts = tuple[TextPart, ...]


@dataclass(frozen=True, slots=True)
class _Rendered:
    card: Card
    units: tuple[Unit, ...]
    parts: Parts


class TelegramRenderer:
    """Renders replies; what depends on the card alone is rendered once per node and register."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._cards: dict[tuple[str, Register, Outcome], _Rendered] = {}

    def render(self, reply: Reply, more: Iterable[Button] = ()) -> list[TextPart]:
        """Return one or more messages in order; `more` are buttons of this place, such as a way to privacy."""
        rendered = self._rendered(reply.card)
        own = reply.lead or reply.stored or reply.disclaimer or reply.offer
        parts, after = _divided(rendered.units, reply) if own else (rendered.parts, ())
        last = parts[-1]
        return [*parts[:-1], TextPart(last.text, last.entities, keyboard(reply, more)), *after]

    def _rendered(self, card: Card) -> _Rendered:
        key = (card.node, card.register, card.outcome)
        known = self._cards.get(key)
        if known is None or known.card != card:
            units = card_units(card, self._words("sources-heading", card.register))
            known = self._cards[key] = _Rendered(card, units, _parts((*units, *closing_units(card))))
        return known


def _divided(card: tuple[Unit, ...], reply: Reply) -> tuple[Parts, Parts]:
    """Return the messages of a card with what belongs to this turn alone, and the message that follows them.

    A full disclaimer that would divide the answer comes after it: what is one message can still be changed in place.
    """
    before = (*text_units(reply.lead), *code_units(reply.stored), *card)
    offer = text_units(reply.offer)
    whole = _parts((*before, *closing_units(reply.card, reply.disclaimer), *offer))
    if len(whole) == 1 or not reply.disclaimer:
        return whole, ()
    return _parts((*before, *closing_units(reply.card), *offer)), _parts(closing_units(reply.card, reply.disclaimer))


def _parts(units: tuple[Unit, ...]) -> Parts:
    return tuple(TextPart(message.text, message.entities) for message in pack(units))
