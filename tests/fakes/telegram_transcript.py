"""A chat as text: what was said, how it is styled, which buttons stand under it."""

from __future__ import annotations

from tests.fakes.telegram_rules import Json
from tests.fakes.telegram_world import Chat

_MARKS = {"bold": "**", "italic": "_", "code": "`"}


def transcript(chat: Chat, bot: int) -> str:
    """Return the chat as it stands now, newest last."""
    return "\n\n".join(_message(message, bot) for message in chat.messages.values())


def _message(message: Json, bot: int) -> str:
    mine = message["from"]["id"] == bot
    name = "BOT" if mine else message["from"]["first_name"].upper()
    place = f" (topic {message['message_thread_id']})" if message.get("is_topic_message") else ""
    answered = message.get("reply_to_message")
    reply = f" (replying to “{answered['text'][:30]}…”)" if mine and answered and answered.get("text") else ""
    edited = " (edited)" if "edit_date" in message else ""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    buttons = "".join("\n    " + " ".join(map(_button, row)) for row in rows)
    return f"{name}{place}{reply}{edited}:\n{marked(message)}{buttons}"


def marked(message: Json) -> str:
    """Return the text with its entities as Markdown-like marks; folded quotes as `|> `."""
    if "text" not in message:
        return f"[{list(message)[4]}] {message.get('caption', '')}"
    units = message["text"].encode("utf-16-le")
    is_openable_url: dict[int, list[str]] = {}
    closes: dict[int, list[str]] = {}
    quoted: list[tuple[int, int, str]] = []
    for entity in message.get("entities", ()):
        begin, end = entity["offset"] * 2, (entity["offset"] + entity["length"]) * 2
        if "blockquote" in entity["type"]:
            quoted.append((begin, end, "|> " if entity["type"].startswith("expandable") else "> "))
        elif entity["type"] == "text_link":
            closes.setdefault(end, []).insert(0, f" <{entity['url']}>")
        elif entity["type"] in _MARKS:
            is_openable_url.setdefault(begin, []).append(_MARKS[entity["type"]])
            closes.setdefault(end, []).insert(0, _MARKS[entity["type"]])
    lines, line, begin = [], "", 0
    for at in range(0, len(units) + 2, 2):
        line += "".join(closes.get(at, ())) + "".join(is_openable_url.get(at, ()))
        char = units[at : at + 2]
        if char in (b"\n\0", b""):
            mark = next((mark for start, end, mark in quoted if start <= begin < end), "")
            lines.append(mark + line)
            line, begin = "", at + 2
        else:
            line += char.decode("utf-16-le", "surrogatepass")
    return "\n".join(lines).encode("utf-16-le", "surrogatepass").decode("utf-16-le")


def _button(button: Json) -> str:
    style = {"danger": "!"}.get(button.get("style", ""), "")
    what = "→" if "url" in button else "⧉" if "copy_text" in button else ""
    return f"[{style}{button['text']}{what}]"
