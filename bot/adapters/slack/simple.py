"""The same message with what Slack has always drawn, for a Slack that refuses a newer block.

Documentation and validator have been seen to disagree about new blocks, so a refused message is sent again: first with
containers opened, tables as lines and thumbs as buttons, then as text alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.adapters.slack.parts import MAX_BLOCKS, Part
from bot.adapters.slack.rich import rich_text

Json = dict[str, Any]


def ways_to_say(part: Part) -> Iterator[Part]:
    """Yield the message in every way, best first; the words are the same in all of them."""
    yield part
    simple = [block for one in part.blocks for block in simplified(one)]
    if len(simple) <= MAX_BLOCKS:
        yield Part(simple, part.text, part.brief)
    yield Part([], part.text, part.brief)


def simplified(block: Json) -> Iterator[Json]:
    """Yield what stands for a block in old-fashioned Block Kit."""
    match block["type"]:
        case "container":
            yield {"type": "header", "text": block["title"]}
            for child in block["child_blocks"]:
                yield from simplified(child)
        case "header":
            yield {"type": "header", "text": block["text"]}
        case "table":
            yield rich_text([_line(row) for row in block["rows"]])
        case "context_actions":
            yield {**block, "type": "actions", "elements": [b for e in block["elements"] for b in _thumbs(e)]}
        case _:
            yield block


def _line(row: list[Json]) -> Json:
    """Return a row as one line, its cells parted by bars."""
    cells = [cell["elements"][0]["elements"] for cell in row]
    bar = {"type": "text", "text": " | "}
    inline = [one for index, cell in enumerate(cells) for one in ([bar, *cell] if index else cell)]
    return {"type": "rich_text_section", "elements": [*inline, {"type": "text", "text": "\n"}]}


def _thumbs(element: Json) -> Iterator[Json]:
    for index, name in enumerate(("positive_button", "negative_button")):
        yield {"type": "button", "action_id": f"{element['action_id']}:{index}", **element[name]}
