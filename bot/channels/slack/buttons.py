"""Buttons: rows of actions, each with a label for screen readers, and Slack's own thumbs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.channels.base import Say
from bot.channels.slack.actions import COMMAND, FEEDBACK, SHARE, TAP, asker_block
from bot.channels.slack.blocks import plain_text
from bot.dialog import payloads
from bot.dialog.turn import Button, Card, Register, Reply

Json = dict[str, Any]

MAX_LABEL = 75
"""Characters of a button's text and of its label for screen readers (docs.slack.dev, Button element)."""

MAX_ROW = 25
"""Elements of an actions block."""

_SPELT_OUT = frozenset({"follow-up", "choice", "tone"})
"""Roles whose label for screen readers says more than the button shows."""


@dataclass(frozen=True, slots=True)
class ButtonRows:
    """What can be pressed under every showing of a card: follow-ups, ways around, thumbs."""

    follow: list[Json]
    ways: list[Json]
    feedback_buttons: list[Json]


class Buttons:
    """Lays out what one can press under an answer."""

    def __init__(self, say: Say) -> None:
        self._say = say

    def of_card(self, card: Card, *, home: bool) -> ButtonRows:
        """Return the rows that depend on the card alone; the Home has ways of its own and no thumbs."""
        follow = [b for b in card.buttons if b.role in ("follow-up", "danger")]
        ways = [b for b in card.buttons if b.role not in ("follow-up", "danger", "feedback")]
        feedback_buttons = [b for b in card.buttons if b.role == "feedback" and b.label.strip()]
        return ButtonRows(
            self.elements(follow, card.register, "follow"),
            [] if home else self.elements(ways, card.register, "way"),
            [] if home or len(feedback_buttons) != 2 else [_thumbs(feedback_buttons[0], feedback_buttons[1])],
        )

    def under(self, reply: Reply, rows: ButtonRows, asker: str, *, share: bool) -> list[Json]:
        """Return the blocks below an answer: choices, follow-ups, ways around, thumbs."""
        register = reply.card.register
        shared = [self._share(reply)] if share else []
        blocks = list(actions([self.elements(reply.choices, register, "choice"), rows.follow, rows.ways, shared]))
        if rows.feedback_buttons and reply.effect is None:
            blocks.append({"type": "context_actions", "elements": rows.feedback_buttons})
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
            one["accessibility_label"] = clipped(self._say("slack-button", register, label=button.label))
        return one

    def command(self, key: str, name: str, register: Register, *, danger: bool = False) -> Json:
        """Return a button for one of the bot's commands, such as `forget`."""
        button = Button(self._say(key, register), name, "danger" if danger else "navigation")
        return self._button(button, register, f"{COMMAND}:{name}")

    def _share(self, reply: Reply) -> Json:
        button = Button(self._say("slack-share", reply.card.register), payloads.payload(reply.card.node), "navigation")
        return self._button(button, reply.card.register, SHARE)


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


def _thumbs(up: Button, down: Button) -> Json:
    positive, negative = ({"text": plain_text(clipped(b.label)), "value": b.payload} for b in (up, down))
    return {
        "type": "feedback_buttons",
        "action_id": FEEDBACK,
        "positive_button": positive,
        "negative_button": negative,
    }
