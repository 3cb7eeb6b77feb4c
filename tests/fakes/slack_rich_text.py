"""The shape of `rich_text`, its characters, and whom a message would ping."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.fakes.slack_elements import Faults

_STYLES = {"bold", "italic", "strike", "code", "underline"}
_INLINE = {
    "text": ({"type", "text"}, {"style"}),
    "link": ({"type", "url"}, {"text", "unsafe", "style"}),
    "user": ({"type", "user_id"}, {"style"}),
    "usergroup": ({"type", "usergroup_id"}, {"style"}),
    "channel": ({"type", "channel_id"}, {"style"}),
    "emoji": ({"type", "name"}, {"unicode", "skin_tone", "style"}),
    "date": ({"type", "timestamp", "format"}, {"url", "fallback", "style"}),
    "broadcast": ({"type", "range"}, {"style"}),
}
_PINGS = {"user", "usergroup", "broadcast"}
_MARKUP = re.compile(r"<[@!][^>]*>")


def rich_text(elements: Any, at: str, faults: Faults) -> int:
    """Check the elements of a rich_text block; return how many characters they show."""
    faults.count(elements, at, 1_000, minimum=1)
    return sum(_part(part, f"{at}/{index}", faults) for index, part in enumerate(elements or ()))


def pings(text: str, blocks: Any) -> list[str]:
    """Return everything in a message that would notify people: control sequences in `text`, mentions in blocks."""
    return _MARKUP.findall(text) + [str(node) for node in walk(blocks) if node.get("type") in _PINGS]


def walk(node: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every object inside `node`, outermost first."""
    if isinstance(node, Mapping):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from walk(child)


def _part(part: Any, at: str, faults: Faults) -> int:
    kind = part.get("type") if isinstance(part, Mapping) else None
    if kind == "rich_text_list":
        return _list(part, at, faults)
    if kind in {"rich_text_section", "rich_text_quote", "rich_text_preformatted"}:
        faults.keys(part, at, {"type", "elements"}, {"border"} if kind != "rich_text_section" else set())
        return _inlines(part.get("elements"), f"{at}/elements", faults)
    faults.add(f"{at}/type", f"unsupported type: {kind}")
    return 0


def _list(part: Mapping[str, Any], at: str, faults: Faults) -> int:
    faults.keys(part, at, {"type", "style", "elements"}, {"indent", "offset", "border"})
    if part.get("style") not in {"bullet", "ordered"}:
        faults.add(f"{at}/style", "must be bullet or ordered")
    if part.get("indent", 0) not in range(9):
        faults.add(f"{at}/indent", "must be between 0 and 8")
    faults.count(part.get("elements"), f"{at}/elements", 1_000, minimum=1)
    shown = 0
    for index, item in enumerate(part.get("elements", ())):
        where = f"{at}/elements/{index}"
        if not isinstance(item, Mapping) or item.get("type") != "rich_text_section":
            faults.add(f"{where}/type", "list items must be rich_text_section")
        else:
            shown += _part(item, where, faults)
    return shown


def _inlines(items: Any, at: str, faults: Faults) -> int:
    faults.count(items, at, 1_000, minimum=1)
    return sum(_inline(item, f"{at}/{index}", faults) for index, item in enumerate(items or ()))


def _inline(item: Any, at: str, faults: Faults) -> int:
    kind = item.get("type") if isinstance(item, Mapping) else None
    if kind not in _INLINE:
        faults.add(f"{at}/type", f"unsupported type: {kind}")
        return 0
    required, optional = _INLINE[kind]
    faults.keys(item, at, set(required), set(optional))
    style = item.get("style", {})
    if (
        not isinstance(style, Mapping)
        or style.keys() - _STYLES
        or not all(v is True or v is False for v in style.values())
    ):
        faults.add(f"{at}/style", "unknown style")
    if kind == "link":
        faults.url(item.get("url"), f"{at}/url")
    if kind == "text" and not item.get("text"):
        faults.add(f"{at}/text", "must be more than 0 characters")
    return len(str(item.get("text", "")))
