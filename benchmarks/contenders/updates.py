"""Telegram updates as the Bot API sends them: the same bytes for every contender."""

from __future__ import annotations

import itertools
import json
from typing import Any

from benchmarks import trees

TOKEN = "123456:benchmark"
BOT = {"id": 123456, "is_bot": True, "first_name": "Bench", "username": "bench_bot"}
CHARACTERS = 1200
BUTTONS = 5

_numbers = itertools.count(1)


def user(number: int) -> dict[str, Any]:
    """Return a person."""
    return {"id": 1_000_000 + number, "is_bot": False, "first_name": "Ada", "language_code": "en"}


def chat(number: int) -> dict[str, Any]:
    """Return a person's private chat with the bot."""
    return {"id": 1_000_000 + number, "type": "private", "first_name": "Ada"}


def keyboard(data: str) -> dict[str, Any]:
    """Return five buttons that all carry `data`."""
    return {"inline_keyboard": [[{"text": f"Answer {n}", "callback_data": data}] for n in range(BUTTONS)]}


def shown(number: int, data: str) -> dict[str, Any]:
    """Return the bot's message that a button was pressed under: 1,200 characters, five buttons."""
    return {
        "message_id": 5000 + next(_numbers),
        "from": BOT,
        "chat": chat(number),
        "date": 1_800_000_000,
        "text": trees.text(1, CHARACTERS),
        "reply_markup": keyboard(data),
    }


def press(number: int, data: str) -> bytes:
    """Return the update of one person's press."""
    query = {
        "id": str(next(_numbers)),
        "from": user(number),
        "message": shown(number, data),
        "chat_instance": "1",
        "data": data,
    }
    return json.dumps({"update_id": next(_numbers), "callback_query": query}).encode()


def words(number: int, text: str) -> bytes:
    """Return the update of one person's message."""
    message = {
        "message_id": next(_numbers),
        "from": user(number),
        "chat": chat(number),
        "date": 1_800_000_000,
        "text": text,
    }
    return json.dumps({"update_id": next(_numbers), "message": message}).encode()


def answer(method: str, parameters: dict[str, Any]) -> bytes:
    """Return what the Bot API answers: the whole message for those that send or edit one."""
    if method in ("sendMessage", "editMessageText"):
        chat_id = int(parameters["chat_id"])
        message = {
            "message_id": next(_numbers),
            "from": BOT,
            "chat": {"id": chat_id, "type": "private", "first_name": "Ada"},
            "date": 1_800_000_000,
            "text": parameters["text"],
        }
        if markup := parameters.get("reply_markup"):
            message["reply_markup"] = json.loads(markup) if isinstance(markup, str) else markup
        return json.dumps({"ok": True, "result": message}).encode()
    if method == "getMe":
        return json.dumps({"ok": True, "result": BOT}).encode()
    return b'{"ok": true, "result": true}'
