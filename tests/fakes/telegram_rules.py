"""What the Bot API refuses, in its own words.

Stricter than Telegram in three places where Telegram repairs or drops silently: overlapping or wrongly nested entities,
more than 100 entities, and more than 8 buttons in a row. A bot that passes here never depends on such repairs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

Json = dict[str, Any]

MAX_TEXT = 4096
MAX_ENTITIES = 100
MAX_BUTTONS = 100
MAX_ROW = 8
MAX_CALLBACK_BYTES = 64
MAX_COPY = 256

STYLES = frozenset({"primary", "success", "danger"})
_ALONE = frozenset({"code", "pre"})
_QUOTES = frozenset({"blockquote", "expandable_blockquote"})
_PLAIN = frozenset({"bold", "italic", "underline", "strikethrough", "spoiler"})
_FOUND = frozenset({"mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number"})
_TYPES = _ALONE | _QUOTES | _PLAIN | _FOUND | {"text_link", "text_mention", "custom_emoji", "date_time"}
_ACTIONS = ("callback_data", "url", "copy_text", "switch_inline_query", "switch_inline_query_current_chat", "web_app")


class Refused(Exception):
    """The answer `{"ok": false}`; `parameters` are the Bot API's ResponseParameters."""

    def __init__(self, description: str, code: int = 400, **parameters: Any) -> None:
        super().__init__(description)
        self.description = description
        self.code = code
        self.parameters = parameters


def utf16(text: str) -> int:
    """Return the length in UTF-16 code units, the only length Telegram knows."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def decoded(value: Any) -> Any:
    """Return a nested parameter that was sent as a JSON string, or as it is when sent as JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise Refused("Bad Request: can't parse parameter as JSON object") from None


def whole(value: Any, name: str) -> int:
    """Return an integer parameter."""
    try:
        return int(value)
    except (TypeError, ValueError):
        raise Refused(f"Bad Request: {name} must be an integer") from None


def check_text(text: Any, entities: list[Json]) -> None:
    """Refuse an empty or overlong text and entities that do not fit it."""
    if not isinstance(text, str) or not text.strip():
        raise Refused("Bad Request: message text is empty")
    if utf16(text) > MAX_TEXT:
        raise Refused("Bad Request: message is too long")
    check_entities(text, entities)


def check_entities(text: str, entities: list[Json]) -> None:
    """Refuse entities out of range, cutting a character, too many, or nested wrongly."""
    if len(entities) > MAX_ENTITIES:
        raise Refused(f"Bad Request: too many entities ({len(entities)})")
    borders = _borders(text)
    for entity in entities:
        _check_entity(entity, borders, utf16(text))
    _check_nesting(entities)


def _borders(text: str) -> set[int]:
    """Return the UTF-16 offsets at which a character begins, and the end."""
    found, at = {0}, 0
    for char in text:
        at += 2 if char > "\uffff" else 1
        found.add(at)
    return found


def _check_entity(entity: Json, borders: set[int], end: int) -> None:
    kind, offset, length = entity.get("type"), entity.get("offset"), entity.get("length")
    if kind not in _TYPES:
        raise Refused(f"Bad Request: can't parse entities: unsupported type {kind}")
    if not isinstance(offset, int) or not isinstance(length, int) or offset < 0 or length <= 0:
        raise Refused("Bad Request: can't parse entities: offset and length must be positive integers")
    if offset + length > end:
        raise Refused(
            f"Bad Request: entity beginning at UTF-16 offset {offset} ends after the end of the text at {end}"
        )
    if offset not in borders or offset + length not in borders:
        raise Refused(f"Bad Request: entity beginning at UTF-16 offset {offset} ends in a middle of a UTF-16 symbol")
    if kind == "text_link":
        check_url(entity.get("url"), "entity URL")


def _check_nesting(entities: Iterable[Json]) -> None:
    open_entities: list[Json] = []
    for entity in sorted(entities, key=lambda one: (one["offset"], -one["length"])):
        while open_entities and _end(open_entities[-1]) <= entity["offset"]:
            open_entities.pop()
        for outer in open_entities:
            _check_pair(outer, entity)
        open_entities.append(entity)


def _check_pair(outer: Json, inner: Json) -> None:
    if _end(inner) > _end(outer):
        raise Refused("Bad Request: can't parse entities: entities overlap")
    if {outer["type"], inner["type"]} & _ALONE and not {outer["type"], inner["type"]} & _QUOTES:
        raise Refused("Bad Request: can't parse entities: code can't be combined with other entities")
    if outer["type"] == inner["type"] or {outer["type"], inner["type"]} <= _QUOTES:
        raise Refused(f"Bad Request: can't parse entities: {inner['type']} can't be nested")


def _end(entity: Json) -> int:
    return int(entity["offset"] + entity["length"])


def check_url(url: Any, what: str) -> None:
    """Refuse an address Telegram would not open."""
    parts = urlsplit(url) if isinstance(url, str) and not re.search(r"\s", url) else None
    web = parts is not None and parts.scheme in ("http", "https") and "." in (parts.hostname or "")
    if not web and not (parts is not None and parts.scheme == "tg"):
        raise Refused(f"Bad Request: {what} '{url}' is invalid: Wrong HTTP URL")


def check_keyboard(markup: Any) -> None:
    """Refuse an inline keyboard Telegram would refuse."""
    rows = markup.get("inline_keyboard") if isinstance(markup, dict) else None
    if not isinstance(rows, list):
        raise Refused("Bad Request: object expected as reply markup")
    if sum(map(len, rows)) > MAX_BUTTONS or any(len(row) > MAX_ROW for row in rows):
        raise Refused("Bad Request: too many inline keyboard buttons")
    for row in rows:
        for button in row:
            check_button(button)


def check_button(button: Json) -> None:
    """Refuse one button: it needs a text and exactly one thing to do."""
    if not str(button.get("text") or "").strip():
        raise Refused("Bad Request: inline keyboard button text must be non-empty")
    actions = [name for name in _ACTIONS if name in button]
    if len(actions) != 1:
        raise Refused("Bad Request: exactly one action of an inline keyboard button must be set")
    if button.get("style", "primary") not in STYLES:
        raise Refused("Bad Request: invalid button style specified")
    _check_action(actions[0], button[actions[0]])


def _check_action(name: str, value: Any) -> None:
    if name == "callback_data" and not 1 <= len(str(value).encode()) <= MAX_CALLBACK_BYTES:
        raise Refused("Bad Request: BUTTON_DATA_INVALID")
    if name == "url":
        check_url(value, "inline keyboard button URL")
    if name == "copy_text" and not 1 <= len(str(value.get("text") or "")) <= MAX_COPY:
        raise Refused("Bad Request: BUTTON_COPY_TEXT_INVALID")
