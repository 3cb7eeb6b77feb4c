"""How much of a phone's screen an answer fills on Telegram: text, folded quotations, buttons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bot.channels.layout import Part, sections, words_of
from bot.channels.screens import FOLD, Shown, broken, wrapped
from bot.dialog.turn import Reply

Entities = Sequence[dict[str, Any]]


def text_lines(text: str, entities: Entities) -> int:
    """Return the lines of one message: a folded quotation is at most three."""
    return len(picture(text, entities))


def picture(text: str, entities: Entities) -> list[str]:
    """Return the lines of one message as a phone breaks them; those of a folded quotation begin with a bar."""
    raw, at, lines = text.encode("utf-16-le"), 0, list[str]()
    for fold in (one for one in entities if one["type"] == "expandable_blockquote"):
        begin, end = fold["offset"] * 2, (fold["offset"] + fold["length"]) * 2
        lines += _lines(raw[at:begin])
        lines += [f"| {line}".rstrip() for line in _lines(raw[begin:end])[:FOLD]]
        at = end
    return lines + _lines(raw[at:])


def shown(reply: Reply, messages: Iterable[tuple[str, Entities, dict[str, Any] | None]]) -> Shown:
    """Return what a reply fills that was rendered as these messages: text, entities and keyboard."""
    sent = list(messages)
    seen = [line for text, entities, _ in sent for line in picture(text, entities)]
    lines = len(seen)
    rows = [row for *_, keyboard in sent if keyboard for row in keyboard["inline_keyboard"]]
    found = sections(reply)
    small = sum(wrapped(section.line.short) for section in found if section.line is not None)
    head = sum(wrapped(section.text) + 1 for section in found if section.part in (Part.LEAD, Part.TITLE))
    words = sum(words_of(section.document) for section in found if section.part is Part.BRIEF)
    drawn = (*seen, *map(_row, rows))
    return Shown(lines - small, small, len(rows), sum(map(len, rows)), words, head, picture=drawn)


def _row(row: Sequence[dict[str, Any]]) -> str:
    return " ".join(f"[{button['text']}]" for button in row)


def _lines(raw: bytes) -> list[str]:
    """Return the lines of a stretch of text. The line break at its edges parts it from its neighbours, a blank line is
    its own."""
    text = raw.decode("utf-16-le")
    before, after = len(text) - len(text.lstrip("\n")), len(text) - len(text.rstrip("\n"))
    found = broken(text.strip("\n")) if text.strip("\n") else []
    return [""] * (before // 2) + found + [""] * (after // 2)
