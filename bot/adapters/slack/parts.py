"""Pieces and the messages packed from them: blocks for the eye, the complete text beside them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bot.adapters.slack.rich import plain_text
from bot.adapters.slack.wording import escaped

Json = dict[str, Any]

MAX_BLOCKS = 50
"""Blocks of a message (docs.slack.dev, Blocks)."""

MAX_BRIEF = 8_000
"""Characters of escaped text per message, addresses left out: more is no longer read in one go, and Slack refuses
blocks with about 13,000 (msg_blocks_too_long)."""

MAX_TEXT = 30_000
"""Characters of escaped text with addresses: below the 40,000 of chat.postMessage."""

_GAP = "\n\n"


@dataclass(frozen=True, slots=True)
class Piece:
    """One block with its text, and with the brief text without addresses. Both are escaped, because Slack reads `text`
    as mrkdwn. A message is packed from whole pieces."""

    block: Json
    text: str
    brief: str


@dataclass(frozen=True, slots=True)
class Part:
    """One message: blocks, complete text, and the text without addresses for where space is short."""

    blocks: list[Json]
    text: str
    brief: str


def piece(block: Json, text: str, brief: str | None = None) -> Piece:
    """Return a piece of literal text."""
    return Piece(block, escaped(text), escaped(text if brief is None else brief))


def around(block: Json, title: str, inside: Iterable[Piece]) -> Piece:
    """Return a block that holds others, with its title before their texts."""
    within = list(inside)
    head = escaped(title)
    return Piece(block, _joined([head, *(p.text for p in within)]), _joined([head, *(p.brief for p in within)]))


def split(found: Iterable[Piece], buttons: list[Json]) -> list[Part]:
    """Return the pieces packed into as few messages as the limits allow, in order, the buttons on the last one."""
    groups: list[list[Piece]] = [[]]
    used = 0
    for one in found:
        size = len(one.brief) + len(_GAP)
        if len(groups[-1]) == MAX_BLOCKS or (groups[-1] and used + size > MAX_BRIEF):
            groups.append([])
            used = 0
        groups[-1].append(one)
        used += size
    if len(groups[-1]) + len(buttons) > MAX_BLOCKS:
        groups.append([])
    parts = [_made(group) for group in groups]
    parts[-1].blocks.extend(buttons)
    return parts


def line(text: str) -> Part:
    """Return a message of one line in small print."""
    return Part([context([text])], escaped(text), escaped(text))


def context(lines: list[str]) -> Json:
    """Return a context block of plain lines."""
    return {"type": "context", "elements": [plain_text(one) for one in lines]}


def _made(group: list[Piece]) -> Part:
    text, brief = _joined([p.text for p in group]), _joined([p.brief for p in group])
    return Part([p.block for p in group], text if len(text) <= MAX_TEXT else brief, brief)


def _joined(texts: list[str]) -> str:
    return _GAP.join(filter(None, texts))
