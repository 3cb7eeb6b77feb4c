"""How much of a phone's screen an answer fills on Slack: blocks as they are folded, buttons as they flow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any

from bot.channels.layout import Part, sections, words_of
from bot.channels.screens import Shown, broken, rows_of, wrapped
from bot.dialog.turn import Reply

Json = Mapping[str, Any]

FRAME, VOTE = 3, 1
"""Characters that a button's frame takes of a line, and the line that Slack's thumbs take: they have no frame."""

MENU = "⋯"


def shown(reply: Reply, blocks: Sequence[Json]) -> Shown:
    """Return what a reply fills that was rendered as the blocks of one message."""
    small = sum(block_lines(block) for block in blocks if block["type"] == "context")
    text = sum(map(block_lines, blocks))
    rows = [row for block in blocks for row in button_rows(block)]
    head = sum(block_lines(block) for block in takewhile(lambda one: one["type"] == "header", blocks))
    found = sections(reply)
    words = sum(words_of(section.document) for section in found if section.part is Part.BRIEF)
    votes = sum(VOTE for block in blocks if block["type"] == "context_actions")
    counts = text - small, small, len(rows), sum(map(len, rows)), words, head, before_fold(blocks), votes
    return Shown(*counts, picture=tuple(_picture(blocks)))


def button_rows(block: Json) -> list[list[str]]:
    """Return the labels of a block's buttons in the rows in which a phone shows them."""
    if block["type"] != "actions":
        return []
    labels = [one["text"]["text"] if one["type"] == "button" else MENU for one in block["elements"]]
    return rows_of(labels, FRAME)


def _picture(blocks: Iterable[Json]) -> Iterator[str]:
    """Yield the lines of a message as a phone breaks them, a blank line where Slack leaves space between blocks."""
    for number, block in enumerate(blocks):
        lines = [f"▸ {line}" if block["type"] == "container" else line for line in broken(block_text(block))]
        yield from ("",) if number and block["type"] in ("rich_text", "container") else ()
        yield from lines if block_text(block) else ()
        yield from (" ".join(f"[{label}]" for label in row) for row in button_rows(block))
        yield from ("[👍] [👎]",) if block["type"] == "context_actions" else ()


def block_lines(block: Json) -> int:
    """Return the lines of text that a block fills; of a closed container that is its title."""
    return wrapped(block_text(block))


def before_fold(blocks: Iterable[Json]) -> int:
    """Return the lines of text above the first closed container, or all where nothing is folded."""
    lines = 0
    for block in blocks:
        if block["type"] == "container":
            break
        lines += block_lines(block)
    return lines


def block_text(block: Json) -> str:
    """Return the text of a block as it is seen before anything is opened."""
    match block["type"]:
        case "header":
            return str(block["text"]["text"])
        case "container":
            return str(block["title"]["text"])
        case "context":
            return " ".join(one["text"] for one in block["elements"])
        case "rich_text":
            return "\n".join(_line(element) for element in block["elements"]).rstrip("\n")
        case "table":
            return "\n".join(" ".join(map(block_text, row)) for row in block["rows"])
    return ""


def _line(element: Json) -> str:
    if element["type"] == "rich_text_list":
        return "\n".join("• " + _line(item) for item in element["elements"])
    return "".join(one["text"] for one in element["elements"])
