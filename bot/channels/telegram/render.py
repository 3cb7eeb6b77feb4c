"""A reply as Telegram messages: texts with entities (nothing is ever parsed as markup), buttons under the answer.

Of the buttons what is asked for most comes first, in as few rows as the answer above them deserves.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from bot.channels.base import Texts
from bot.channels.layout import ROW
from bot.channels.telegram.layout import (
    EXPANDABLE,
    TextLine,
    Unit,
    entities,
    fragments,
    is_openable_url,
    reply_units,
    text_lines,
    utf16,
)
from bot.dialog import payloads
from bot.dialog.turn import Button, Card, ClaimCard, Notice, Outcome, Reply, View
from bot.pictures.shelf import Drawn

# --- messages ---------------------------------------------------------------------------------------------------------

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
        folded = unit[0].quote == EXPANDABLE
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
        last = self.entities[-1] if quote == EXPANDABLE and self.entities else None
        if last and last["type"] == EXPANDABLE and self.units - last["offset"] - last["length"] <= len(_PARAGRAPH):
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


KEPT = 1_024
"""Cards kept with a sentence before or after them: whoever is new gets the same few answers with the same line."""


class TelegramRenderer:
    """Renders replies; what depends on the card alone is rendered once per node, register and view."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._cards: dict[Hashable, _Rendered] = {}
        self._worded: OrderedDict[Hashable, _Rendered] = OrderedDict()

    def render(self, reply: Reply, more: Iterable[Button] = (), *, group: bool = False) -> list[TextPart]:
        """Return one or more messages in order; `more` are buttons of this place, such as a way to privacy.

        A group reads the brief and its sources alone.
        """
        if group and reply.view is View.BRIEF:
            reply = replace(reply, view=View.SHORT)
        rendered = self._anew(reply) if reply.stored or reply.second else self._known(reply)
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
        unfolded = tuple(unit for unit in units if unit[0].quote != EXPANDABLE)
        for told in (units, unfolded):
            [first, *others] = pack(told)
            if not others and first.units <= MAX_CAPTION and len(words) == 1:
                buttons = keyboard(brief, text_lines(first.text, first.entities), more)
                return [TextPart(first.text, first.entities, buttons, Attached(drawn), words[0])]
        return words

    def _known(self, reply: Reply) -> _Rendered:
        card, own = reply.card, (reply.lead, reply.remark, reply.offer)
        kept = self._worded if any(own) else self._cards
        key = (card.node, card.register, card.outcome, reply.view, own)
        known = kept.get(key)
        if known is None or (known.card is not card and known.card != card):
            known = kept[key] = self._anew(reply)
            if len(self._worded) > KEPT:
                self._worded.popitem(last=False)
        return known

    def _anew(self, reply: Reply) -> _Rendered:
        messages = pack(reply_units(reply, self._texts)) or [OutgoingText(NOTHING, len(NOTHING))]
        parts = tuple(TextPart(message.text, message.entities) for message in messages)
        return _Rendered(reply.card, parts, sum(text_lines(part.text, part.entities) for part in parts))


# --- buttons ----------------------------------------------------------------------------------------------------------

Json = dict[str, Any]
Row = tuple[Button, ...]
Rows = list[list[Json]]
"""A keyboard's rows as Telegram has them."""

PAIR = 18
"""Characters up to which two labels stand whole side by side: a line holds 40, less what frames two buttons."""

MAX_ROWS = 4
MAX_BUTTONS = 6
MAX_FOLLOW = 4
MIN_FOLLOW = 2
"""Follow-ups that even a short answer offers, if it has them: with one there is no choice."""
SHARE = 5
"""Buttons take at most one line in so many of what is shown."""

MENU_ROWS = 3
MENU_LINES = 14
"""Rows under what claims nothing in so few lines, such as "I have no answer": its buttons are what it is for."""

MIN_ROWS = 2
"""Rows that even the shortest answer may have: every answer offers a way on, and the other register."""

DIAL = "tel:"
"""A button with such an address copies the number: Telegram opens no telephone links."""

_ALONE = frozenset({"also"})
"""Roles that have a row of their own."""

MAX_OWN_ROWS = 3
"""Rows of what a turn itself offers; beyond them "none of these" is left to words."""

_FOLLOW = frozenset({"follow-up", "danger", "choice"})
_WAYS = ("tone", "share", "sources", "start", "navigation", "link")
_NEEDED = frozenset({"tone", "share", "link"})
"""The other register, the way to other chats, and the way out of a group: never left out."""

_OPINIONS = frozenset({"feedback", "report"})
"""Roles of what one says of an answer: a row of their own, if there is room for it."""

_IN_MENU = frozenset({"start"})
"""Roles of what the command menu holds too: not shown beside follow-ups."""


def keyboard(reply: Reply, lines: int, more: Iterable[Button] = ()) -> Json | None:
    """Return the inline keyboard of a reply whose text fills so many lines, or None without buttons."""
    vote = reply.view is View.DETAIL
    return _keyboard(tuple(reply.choices), (*reply.card.buttons, *more), budget_of(reply, lines), vote=vote)


def budget_of(reply: Reply, lines: int) -> int:
    """Return how many rows may stand under a reply: a greeting is a menu, and so is a notice of a few lines."""
    if isinstance(reply.card, Notice):
        greets = reply.card.outcome is Outcome.ANSWER and not reply.card.about_bot
        return MAX_ROWS if greets else MENU_ROWS if lines <= MENU_LINES else row_budget(lines)
    return row_budget(lines)


def row_budget(lines: int) -> int:
    """Return how many rows an answer of so many lines may have."""
    return min(MAX_ROWS, max(MIN_ROWS, lines // ((SHARE - 1) * ROW)))


@lru_cache(maxsize=2048)
def _keyboard(own: tuple[Button, ...], others: tuple[Button, ...], budget: int, *, vote: bool) -> Json | None:
    """Lay out the buttons, once for each set of them: most answers are shown with the same few again and again."""
    rows = list(rows_of(own, others, budget, vote=vote))
    return {"inline_keyboard": [[_button(button) for button in row] for row in rows]} if rows else None


def rows_of(own: Sequence[Button], others: Sequence[Button], budget: int, *, vote: bool) -> Iterator[Row]:
    """Yield the rows: numbers to copy, the turn's own buttons, follow-ups, ways around, a vote if there is room for it.

    `vote` makes room for one at the cost of follow-ups: whoever has read the detail is asked for it.
    """
    shown = [button for button in _unique(own, others) if button.label.strip() and not _in_menu_alone(button)]
    dials = [button for button in shown if _dials(button)]
    asked = [button for button in own if button in shown and button not in dials]
    rest = [button for button in shown if button not in (*dials, *asked)]
    fixed = [*((button,) for button in dials), *_offered(asked)]
    follow = [button for button in rest if button.role in _FOLLOW]
    votes = tuple(button for button in rest if button.role in _OPINIONS)
    least = MIN_FOLLOW + bool(dials)  # beside numbers to call: that it got worse, and that it is over
    wanted = 0 if asked else min(least, len(follow))
    room = min(budget, MIN_ROWS) if vote and votes else max(0, budget - len(fixed))
    rows = [*fixed, *_guided(follow, _ways(rest, alone=not follow), room, wanted)]
    yield from rows
    room_left = MAX_BUTTONS - len(_flat(rows)) if len(rows) < budget and not asked else 0
    thumbs = tuple(button for button in votes if button.role == "feedback")
    if votes and len(thumbs) <= room_left:
        yield votes if len(votes) <= room_left else thumbs


def _guided(follow: list[Button], ways: list[Button], budget: int, wanted: int) -> list[Row]:
    """Return the follow-ups that fit, and a row of ways around, in which a short follow-up goes before a second way.

    Where the budget has room for fewer follow-ups than are wanted, it is exceeded.
    """
    paired = list(_paired(follow))
    found: list[Row] = []
    for taken in range(min(max(0, budget - bool(ways)), len(paired)), len(paired) + 1):
        rows, left = paired[:taken], _flat(paired[taken:])
        last = _last_row(left, ways) if len(_flat(rows)) < MAX_FOLLOW else _last_row((), ways)
        found = [*rows, last] if last else rows
        if sum(button in follow for button in _flat(found)) >= wanted:
            break
    return found


def _last_row(left: Sequence[Button], ways: Sequence[Button]) -> Row:
    """Return a row that begins with a short follow-up, if there is one, and always holds the first ways of a place."""
    needed = [way for way in ways if way.role in _NEEDED] or list(ways[:1])
    beside = [button for button in left if needed and _together(button, needed[0])]
    others = [way for way in ways if way not in needed]
    chosen = [*needed, *beside, *others]
    row = [button for button in chosen if button is chosen[0] or _together(chosen[0], button)][:2]
    return tuple(sorted(row, key=lambda button: button in ways))


def _flat(rows: Sequence[Row]) -> list[Button]:
    return [button for row in rows for button in row]


def _offered(buttons: Sequence[Button]) -> list[Row]:
    rows = list(_paired(buttons))
    droppable = len(rows) > MAX_OWN_ROWS and [button.role for button in rows[-1]] == ["none"]
    return rows[:-1] if droppable else rows


def _unique(own: Sequence[Button], others: Sequence[Button]) -> Iterator[Button]:
    targets = {button.payload for button in own}
    yield from own
    yield from (button for button in others if button.url or button.payload not in targets)


def _ways(ways: list[Button], *, alone: bool) -> list[Button]:
    """Return the ways around in the order of their roles; what the menu holds only where nothing else is offered."""
    kept = [way for way in ways if way.role in _WAYS and (alone or way.role not in _IN_MENU)]
    return sorted(kept, key=lambda way: _WAYS.index(way.role))


def _paired(buttons: Sequence[Button]) -> Iterator[Row]:
    """Yield rows of one or two, in the order of their first buttons: a short label takes the next short one with it."""
    waiting = list(buttons)
    while waiting:
        left = waiting.pop(0)
        partner = next((b for b in waiting if _together(left, b)), None)
        if partner is not None:
            waiting.remove(partner)
        yield (left,) if partner is None else (left, partner)


def _together(left: Button, right: Button) -> bool:
    alone = left.role in _ALONE or right.role in _ALONE
    return not alone and max(len(left.label), len(right.label)) <= PAIR


def _in_menu_alone(button: Button) -> bool:
    """Tell whether a button works only as a link that this place does not have."""
    return button.role == "share" and not button.url


def _dials(button: Button) -> bool:
    return (button.url or "").startswith(DIAL)


def _button(button: Button) -> Json:
    """Return one button. Danger is shown by colour and said by the label, for those who cannot see the colour."""
    shown: Json = {"text": button.label}
    if button.url and _dials(button):
        shown["copy_text"] = {"text": button.url.removeprefix(DIAL)}
    elif button.url and is_openable_url(button.url):
        shown["url"] = button.url
    else:
        shown["callback_data"] = button.payload
    return shown | ({"style": "danger"} if button.role == "danger" else {})


VOTED = "✓ "
"""Before the label of the vote that was given; a screen reader says "check mark"."""

_OTHER_VOTE = {"up": "toup", "down": "todown"}
_GIVEN = {"up": "up", "toup": "up", "down": "down", "todown": "down"}


def is_vote(data: str) -> bool:
    """Tell whether a button's data is a vote."""
    tap = payloads.parse(data)
    return tap is not None and tap.word in (*_GIVEN, "same")


def voted(rows: Rows, pressed: str) -> Rows:
    """Return a keyboard after a vote: the pressed button is marked, the other changes the vote."""
    tap = payloads.parse(pressed)
    if tap is None or tap.word not in _GIVEN:
        return rows
    return [[_after_vote(button, tap.node, _GIVEN[tap.word], pressed) for button in row] for row in rows]


def _after_vote(button: Json, node: str, given: str, pressed: str) -> Json:
    data = button.get("callback_data", "")
    tap = payloads.parse(data)
    if tap is None or tap.node != node or not is_vote(data):
        return button
    label = button["text"].removeprefix(VOTED)
    if data == pressed:
        return {**button, "text": VOTED + label, "callback_data": payloads.payload(node, word="same")}
    other = "down" if given == "up" else "up"
    return {**button, "text": label, "callback_data": payloads.payload(node, word=_OTHER_VOTE[other])}
