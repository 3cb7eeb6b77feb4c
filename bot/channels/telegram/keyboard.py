"""The buttons under a message: what is asked for most first, in as few rows as the answer above them deserves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from bot.channels.screens import ROW
from bot.channels.telegram.entities import is_openable_url
from bot.dialog import payloads
from bot.dialog.turn import Button, Notice, Outcome, Reply, View

Json = dict[str, Any]
Row = tuple[Button, ...]
Rows = list[list[Json]]
"""A keyboard's rows as Telegram has them."""

LABEL = 30
"""Characters of a label that a phone shows whole in a row of its own."""

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
    wanted = 0 if asked else min(MIN_FOLLOW, len(follow))
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
