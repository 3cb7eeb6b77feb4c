"""The App Home: a quiet place to read. Topics, register, how to ask in a thread, review status, privacy and data.

What is pressed on the Home is answered on the Home. Nothing here is about a patient: the Home is drawn from authored
text alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from bot.channels.base import Texts
from bot.channels.slack.blocks import SlackMessage, context, header
from bot.channels.slack.buttons import Buttons, actions, for_asker
from bot.dialog import payloads
from bot.dialog.turn import Button, Register, Reply

Json = dict[str, Any]

Topics = Callable[[Register], Sequence[Button]]
"""Returns the buttons of the topics one can start with."""

MAX_BLOCKS = 100
"""Blocks of a Home view (docs.slack.dev, View objects)."""

_PLACES = ("help", "references", "review-status", "privacy")
"""The nodes that the Home always offers, by the key of their label."""


class AppHome:
    """Draws Home views."""

    def __init__(self, texts: Texts, topics: Topics) -> None:
        self._texts = texts
        self._topics = topics
        self._buttons = Buttons(texts)

    def view(self, reply: Reply, parts: list[SlackMessage]) -> Json | None:
        """Return the view for an answer, or None when the answer is too long for one."""
        above, below = self._above(reply.card.node, reply.card.register), self._below(reply.card.register)
        shown = [block for part in parts for block in part.blocks]
        blocks = [*above, *_without(_values([*above, *below]), shown), *below]
        return {"type": "home", "blocks": blocks} if len(blocks) <= MAX_BLOCKS else None

    def _above(self, node: str, register: Register) -> list[Json]:
        texts, other = self._texts, Register.LAYPERSON if register is Register.PROFESSIONAL else Register.PROFESSIONAL
        switch = Button(texts(f"to-{other}", register), payloads.payload(node, other), "tone")
        topics = self._buttons.elements(self._topics(register), register, "topic")
        rows = [topics, self._buttons.elements([switch], register, "register")]
        return [
            header(texts("slack-home-title", register)),
            context([texts("slack-home-intro", register), texts(f"slack-home-{register}", register)]),
            *_named(rows, "above"),
            {"type": "divider"},
        ]

    def _below(self, register: Register) -> list[Json]:
        texts = self._texts
        places = [
            Button(texts(f"slack-home-{node}", register), payloads.payload(node), "navigation") for node in _PLACES
        ]
        data = [
            self._buttons.command("slack-home-export", "export", register),
            self._buttons.command("slack-home-forget", "forget", register, danger=True),
        ]
        rows = [self._buttons.elements(places, register, "place"), data]
        return [
            {"type": "divider"},
            header(texts("slack-home-how-title", register), 2),
            context([texts("slack-home-how", register), texts("slack-home-data", register)]),
            *_named(rows, "below"),
        ]


def _values(blocks: list[Json]) -> frozenset[str]:
    """Return what the buttons of some blocks carry."""
    return frozenset(one["value"] for block in blocks for one in block.get("elements", ()) if "value" in one)


def _without(taken: frozenset[str], blocks: list[Json]) -> Iterator[Json]:
    """Yield the blocks without the buttons that stand elsewhere on the Home already."""
    for block in blocks:
        if block["type"] != "actions":
            yield block
        elif left := [one for one in block["elements"] if one.get("value") not in taken]:
            yield {**block, "elements": left}


def _named(rows: list[list[Json]], where: str) -> list[Json]:
    return for_asker(list(actions(rows)), "", where)
