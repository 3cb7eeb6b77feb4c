"""How much of a phone's screen an answer fills on Slack: blocks as they are folded, buttons as they flow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bot.channels.screens import wrapped

Json = Mapping[str, Any]


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
