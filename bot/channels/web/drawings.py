"""Telegram's and Slack's looks, drawn from the very payloads that are sent there: for the workbench, not for readers.

What is drawn is the text, its styles, what is folded, and the buttons in their rows. Each app draws a little otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

Json = Mapping[str, Any]

Link = Callable[[str], str]
"""Returns where a press of the button with this payload leads."""

_TAGS = {
    "bold": "strong",
    "italic": "em",
    "underline": "u",
    "strikethrough": "s",
    "strike": "s",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}


def telegram(parameters: Json, link: Link) -> Markup:
    """Draw the parameters of one sendMessage: a bubble and its inline keyboard."""
    text = _entities(str(parameters["text"]), parameters.get("entities", ()))
    rows = parameters.get("reply_markup", {}).get("inline_keyboard", ())
    keys = Markup("").join(
        Markup('<p class="row">{}</p>').format(Markup("").join(_key(button, link) for button in row)) for row in rows
    )
    return Markup('<div class="bubble">{}</div><div class="keys">{}</div>').format(text, keys)


def _key(button: Json, link: Link) -> Markup:
    label, style = button["text"], button.get("style", "")
    if "callback_data" in button:
        return _press(label, link(button["callback_data"]), style)
    return _press(label, button.get("url", "#"), style or "outside")


def _press(label: str, target: str, style: str = "") -> Markup:
    return Markup('<a class="key {}" href="{}">{}</a>').format(style, target, label)


def _entities(text: str, entities: Iterable[Json]) -> Markup:
    """Return a text with its entities as tags. Offsets count UTF-16 units; entities nest and never cross."""
    raw, opened, html, at = text.encode("utf-16-le"), list[Json](), list[str](), 0
    ordered = sorted(entities, key=lambda one: (one["offset"], -one["length"]))
    places = {edge for one in ordered for edge in (one["offset"], one["offset"] + one["length"])}
    for place in sorted({*places, len(raw) // 2}):
        html.append(str(escape(raw[at * 2 : place * 2].decode("utf-16-le"))))
        while opened and opened[-1]["offset"] + opened[-1]["length"] <= place:
            html.append(_tag(opened.pop(), closes=True))
        for one in ordered:
            if one["offset"] == place and one["length"]:
                opened.append(one)
                html.append(_tag(one))
        at = place
    return Markup("".join(html))  # noqa: S704  (every text was escaped)


def _tag(entity: Json, *, closes: bool = False) -> str:
    match entity["type"]:
        case "expandable_blockquote":
            return "</blockquote>" if closes else '<blockquote class="fold" tabindex="0">'
        case "text_link":
            return "</a>" if closes else f'<a href="{escape(entity["url"])}" target="_blank" rel="noreferrer">'
        case kind if kind in _TAGS:
            return f"</{_TAGS[kind]}>" if closes else f"<{_TAGS[kind]}>"
        case _:
            return ""


# --- Slack ------------------------------------------------------------------------------------------------------------


def slack(blocks: Iterable[Json], link: Link) -> Markup:
    """Draw the blocks of one message."""
    return Markup("").join(_block(block, link) for block in blocks)


def _block(block: Json, link: Link) -> Markup:
    match block["type"]:
        case "header":
            return Markup("<h4>{}</h4>").format(block["text"]["text"])
        case "rich_text":
            return Markup("").join(map(_rich, block["elements"]))
        case "container":
            inside, title = slack(block["child_blocks"], link), block["title"]["text"]
            tag = Markup("<details>") if block.get("default_collapsed") else Markup("<details open>")
            return tag + Markup("<summary>{}</summary>{}</details>").format(title, inside)
        case "context":
            return Markup('<p class="context">{}</p>').format(
                " ".join(one.get("text", "") for one in block["elements"])
            )
        case "actions" | "context_actions":
            return Markup('<p class="row">{}</p>').format(
                Markup("").join(_button(one, link) for one in block["elements"])
            )
        case "table":
            return _table(block["rows"])
        case "divider":
            return Markup("<hr>")
        case unknown:
            return Markup('<p class="context">({})</p>').format(unknown)


def _button(element: Json, link: Link) -> Markup:
    if element["type"] == "feedback_buttons":
        both = (element["positive_button"], element["negative_button"])
        return Markup("").join(_press(one["text"]["text"], link(one["value"]), "thumb") for one in both)
    target = element.get("url") or link(element.get("value", ""))
    return _press(element.get("text", {}).get("text", "…"), target, element.get("style", ""))


def _rich(element: Json) -> Markup:
    inside = element["elements"]
    match element["type"]:
        case "rich_text_list":
            tag, indent = ("ol" if element["style"] == "ordered" else "ul"), element.get("indent", 0)
            items = Markup("").join(Markup("<li>{}</li>").format(_inlines(one["elements"])) for one in inside)
            return Markup('<{} class="d{}">{}</{}>').format(tag, indent, items, tag)
        case "rich_text_quote":
            return Markup("<blockquote>{}</blockquote>").format(_inlines(inside))
        case "rich_text_preformatted":
            return Markup("<pre>{}</pre>").format(_inlines(inside))
        case _:
            return Markup("<p>{}</p>").format(_inlines(inside))


def _inlines(elements: Iterable[Json]) -> Markup:
    return Markup("").join(map(_inline, elements))


def _inline(element: Json) -> Markup:
    text = escape(element.get("text", element.get("url", "")))
    for style, on in element.get("style", {}).items():
        if on and style in _TAGS:
            text = Markup("<{0}>{1}</{0}>").format(_TAGS[style], text)
    if element["type"] == "link":
        return Markup('<a href="{}" target="_blank" rel="noreferrer">{}</a>').format(element["url"], text)
    return text


def _table(rows: Sequence[Sequence[Json]]) -> Markup:
    drawn = Markup("").join(
        Markup("<tr>{}</tr>").format(
            Markup("").join(Markup("<td>{}</td>").format(_block(cell, lambda _: "#")) for cell in row)
        )
        for row in rows
    )
    return Markup('<div class="wide"><table>{}</table></div>').format(drawn)
