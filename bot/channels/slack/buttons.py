"""Buttons: rows of actions, each with a label for screen readers, and Slack's own thumbs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.channels.base import Texts
from bot.channels.screens import ROW, SCREEN, rows_of
from bot.channels.slack.actions import ABOVE, COMMAND, FEEDBACK, SHARE, STAY_QUIET, TAP, asker_block
from bot.channels.slack.blocks import plain_text
from bot.channels.slack.screens import FRAME, VOTE
from bot.dialog import payloads
from bot.dialog.turn import Button, ClaimCard, Register, Reply

Json = dict[str, Any]

MAX_LABEL = 75
"""Characters of a button's text and of its label for screen readers (docs.slack.dev, Button element)."""

MAX_ROW = 25
"""Elements of an actions block."""

_TOOLS = frozenset({"share", "report"})
"""Roles of what opens a modal about the answer; they stand in the menu behind the dots."""

_SPELT_OUT = frozenset({"follow-up", "choice", "tone"})
"""Roles whose label for screen readers says more than the button shows."""


MAX_BUTTONS, MAX_ROWS = 5, 2
"""Buttons under a message, feedback not counted, and the rows in which a phone shows them. Where the text fills the
screen there is one row; further follow-ups are in the menu behind the dots."""

MIN_MENU, MAX_MENU = 2, 5
"""Entries of an overflow menu (docs.slack.dev, Overflow menu element)."""


class Buttons:
    """Lays out what one can press under an answer."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def under(self, reply: Reply, asker: str, lines: int, *, home: bool, share: bool, quiet: bool) -> list[Json]:
        """Return the blocks below an answer that fills so many lines of a phone: buttons, and a row for a vote. The
        Home has ways of its own; in a thread the menu also holds how to keep the bot quiet there."""
        register = reply.card.register
        rows = MAX_ROW if home else min(MAX_ROWS, max(1, (SCREEN - VOTE - lines) // ROW))
        room = Room(MAX_ROW if home else MAX_BUTTONS - share, rows)
        hush = [Button(self._texts("quiet-button", register), STAY_QUIET)] if quiet else []
        tools = [button for button in reply.card.buttons if button.role in _TOOLS]
        shown, menu = _chosen(reply, room, [*tools[:1], *hush], tools[1:], home=home)
        row = self.elements(shown, register, "way") + ([self._share(reply)] if share else [])
        blocks = list(actions([[*row, *([_menu(menu)] if menu else [])]]))
        votes = [button for button in reply.card.buttons if button.role == "feedback" and button.label.strip()]
        if len(votes) == 2 and reply.effect is None and not home:
            blocks.append({"type": "context_actions", "elements": [_feedback_buttons(*votes)]})
        return for_asker(blocks, asker, reply.card.node)

    def elements(self, buttons: Iterable[Button], register: Register, row: str, word: str = TAP) -> list[Json]:
        """Return the buttons of one row; `row` sets their ids apart from those of other rows."""
        shown = (button for button in buttons if button.label.strip())
        return [self._button(button, register, f"{word}:{row}:{index}") for index, button in enumerate(shown)]

    def _button(self, button: Button, register: Register, action_id: str) -> Json:
        one: Json = {"type": "button", "text": plain_text(clipped(button.label)), "action_id": action_id}
        if button.url:
            return {**one, "url": button.url}
        one["value"] = button.payload
        if button.role == "danger":
            one["style"] = "danger"
        if button.role in _SPELT_OUT:
            one["accessibility_label"] = clipped(self._texts("slack-button", register, label=button.label))
        return one

    def command(self, key: str, name: str, register: Register, *, danger: bool = False) -> Json:
        """Return a button for one of the bot's commands, such as `forget`."""
        button = Button(self._texts(key, register), name, "danger" if danger else "navigation")
        return self._button(button, register, f"{COMMAND}:{name}")

    def above(self, register: Register, thread: str) -> Json:
        """Return the button that reads the first message of a thread, once it was looked at."""
        return self._button(Button(self._texts("read-above-button", register), thread), register, ABOVE)

    def _share(self, reply: Reply) -> Json:
        payload = payloads.payload(reply.card.node, reply.card.register, "share")
        button = Button(self._texts("slack-share", reply.card.register), payload, "navigation")
        return self._button(button, reply.card.register, SHARE)


@dataclass(frozen=True, slots=True)
class Room:
    """How many buttons there is room for, and in how many rows."""

    buttons: int
    rows: int

    def takes(self, buttons: Sequence[Button]) -> bool:
        """Tell whether they fit."""
        return len(buttons) <= self.buttons and len(rows_of((button.label for button in buttons), FRAME)) <= self.rows


def _chosen(
    reply: Reply, room: Room, last: list[Button], spare: list[Button], *, home: bool
) -> tuple[list[Button], list[Button]]:
    """Return the buttons to show and those for the menu, which `last` ends, and `spare` where it has room: the turn's
    own and the ways around are shown, and as many follow-ups as a phone has room for. Sources that are folded into the
    message need no button."""
    own = list(reply.choices)
    rest = [b for b in reply.buttons if b not in own and b.role not in ("feedback", *_TOOLS) and b.label.strip()]
    follow = [button for button in rest if _leads_on(button)]
    folded = isinstance(reply.card, ClaimCard) and bool(reply.card.sources)
    around = [button for button in rest if button not in follow and not (folded and button.role == "sources")]
    around = [] if home else around
    seen = len(follow)
    while seen and not room.takes([*own, *follow[:seen], *around]):
        seen -= 1
    if 0 < len(follow) - seen + len(last) < MIN_MENU:
        seen = max(0, len(follow) - MIN_MENU + len(last))
    menu = [*follow[seen : seen + MAX_MENU - len(last)], *last, *spare][:MAX_MENU]
    return [*own, *follow[:seen], *around], menu if len(menu) >= MIN_MENU else []


def _leads_on(button: Button) -> bool:
    """Tell whether a button leads to another answer, rather than doing something with this one."""
    tap = payloads.parse(button.payload)
    return button.role == "follow-up" or (button.role == "danger" and tap is not None and not tap.word)


def _menu(buttons: Sequence[Button]) -> Json:
    options = [{"text": plain_text(clipped(button.label)), "value": button.payload} for button in buttons]
    return {"type": "overflow", "action_id": f"{TAP}:menu", "options": options}


def actions(rows: Iterable[Sequence[Json]]) -> Iterator[Json]:
    """Yield the rows as actions blocks, as many as their elements need."""
    for row in rows:
        for start in range(0, len(row), MAX_ROW):
            yield {"type": "actions", "elements": row[start : start + MAX_ROW]}


def for_asker(blocks: list[Json], asker: str, node: str) -> list[Json]:
    """Return the blocks with ids that name the person they were made for."""
    return [{**block, "block_id": asker_block(asker, row, node)} for row, block in enumerate(blocks)]


def clipped(label: str) -> str:
    """Return the label as long as Slack allows."""
    return label if len(label) <= MAX_LABEL else label[: MAX_LABEL - 1] + "…"


def _feedback_buttons(up: Button, down: Button) -> Json:
    positive, negative = ({"text": plain_text(clipped(b.label)), "value": b.payload} for b in (up, down))
    return {
        "type": "feedback_buttons",
        "action_id": FEEDBACK,
        "positive_button": positive,
        "negative_button": negative,
    }
