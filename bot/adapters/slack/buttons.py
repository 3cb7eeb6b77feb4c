"""Buttons: rows of actions, each with a label for screen readers, and Slack's own thumbs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.adapters.slack.presses import COMMAND, FEEDBACK, SHARE, TAP, asker_block
from bot.adapters.slack.rich import plain_text
from bot.adapters.slack.say import Say
from bot.engine.turn import Button, Reply, Tone

Json = dict[str, Any]

MAX_LABEL = 75
"""Characters of a button's text and of its label for screen readers (docs.slack.dev, Button element)."""

MAX_ROW = 25
"""Elements of an actions block."""

_SPELT_OUT = frozenset({"follow-up", "choice", "tone"})
"""Roles whose label for screen readers says more than the button shows."""


class Buttons:
    """Lays out what one can press under an answer."""

    def __init__(self, say: Say) -> None:
        self._say = say

    def under(self, reply: Reply, asker: str, *, share: bool, home: bool) -> list[Json]:
        """Return the rows: choices, follow-ups, ways around, thumbs; the Home has ways of its own and no thumbs."""
        tone, card = reply.card.tone, reply.card
        ways = [] if home else [b for b in card.buttons if b.role not in ("follow-up", "danger", "feedback")]
        ways += [reply.back] if reply.back else []
        rows = [reply.choices, [b for b in card.buttons if b.role in ("follow-up", "danger")], ways]
        blocks = [block for row in rows for block in self.row(row, tone)]
        if share:
            blocks += [actions([self._share(reply)])]
        thumbs = [b for b in card.buttons if b.role == "feedback" and b.label.strip()]
        if not home and len(thumbs) == 2 and reply.effect is None:
            blocks.append({"type": "context_actions", "elements": [self._thumbs(thumbs[0], thumbs[1])]})
        return numbered(blocks, asker, card.node)

    def row(self, buttons: Sequence[Button], tone: Tone) -> Iterator[Json]:
        """Yield as many actions blocks as the buttons need."""
        shown = [self.button(button, tone) for button in buttons if button.label.strip()]
        for start in range(0, len(shown), MAX_ROW):
            yield actions(shown[start : start + MAX_ROW])

    def button(self, button: Button, tone: Tone, word: str = TAP) -> Json:
        """Return one button; its action id is completed by `numbered`."""
        one: Json = {"type": "button", "text": plain_text(clipped(button.label)), "action_id": word}
        if button.url:
            return {**one, "url": button.url}
        one["value"] = button.payload
        if button.role == "danger":
            one["style"] = "danger"
        if button.role in _SPELT_OUT:
            one["accessibility_label"] = clipped(self._say("slack-button", tone, label=button.label))
        return one

    def command(self, key: str, name: str, tone: Tone, *, danger: bool = False) -> Json:
        """Return a button for one of the bot's commands, such as `forget`."""
        button = Button(self._say(key, tone), name, "danger" if danger else "navigation")
        return self.button(button, tone, COMMAND)

    def _share(self, reply: Reply) -> Json:
        payload = f"v1:{reply.card.node}"
        button = Button(self._say("slack-share", reply.card.tone), payload, "navigation")
        return self.button(button, reply.card.tone, SHARE)

    @staticmethod
    def _thumbs(up: Button, down: Button) -> Json:
        positive, negative = ({"text": plain_text(clipped(b.label)), "value": b.payload} for b in (up, down))
        return {
            "type": "feedback_buttons",
            "action_id": FEEDBACK,
            "positive_button": positive,
            "negative_button": negative,
        }


def actions(elements: list[Json]) -> Json:
    """Return an actions block."""
    return {"type": "actions", "elements": elements}


def numbered(blocks: list[Json], asker: str, node: str) -> list[Json]:
    """Return the blocks with ids of their own: the rows name the asker, the elements are unlike each other."""
    return [
        {
            **block,
            "block_id": asker_block(asker, row, node),
            "elements": [
                {**one, "action_id": f"{one['action_id']}:{row}:{index}"} for index, one in enumerate(block["elements"])
            ],
        }
        for row, block in enumerate(blocks)
    ]


def clipped(label: str) -> str:
    """Return the label as long as Slack allows."""
    return label if len(label) <= MAX_LABEL else label[: MAX_LABEL - 1] + "…"
