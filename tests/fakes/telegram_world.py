"""The people, chats and messages of the stand-in, as the Bot API would describe them."""

from __future__ import annotations

import copy
import itertools
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.telegram_rules import Json, Refused, utf16

_FOUND = re.compile(r"(?<!\S)(?P<bot_command>/[A-Za-z0-9_]{1,32}(?:@\w+)?)|(?<!\w)(?P<mention>@\w{4,32})")


@dataclass
class Chat:
    """One chat with everything the Bot API may refuse about it. `topics` maps thread ids to names."""

    id: int
    type: str
    name: str
    forum: bool = False
    topics: dict[int, str] = field(default_factory=dict)
    messages: dict[int, Json] = field(default_factory=dict)
    refusal: Refused | None = None
    ids: itertools.count[int] | None = None

    @property
    def json(self) -> Json:
        """The chat as it stands in a message."""
        name = "first_name" if self.type == "private" else "title"
        return {"id": self.id, "type": self.type, name: self.name} | ({"is_forum": True} if self.forum else {})


@dataclass(frozen=True)
class Event:
    """Something the bot did that a person would see: `kind` is message, edit, delete, answer or action."""

    kind: str
    chat: int | None
    json: Json


class World:
    """Every chat and message, and what happened in order."""

    def __init__(self, bot: Json, changed: Callable[[], None]) -> None:
        self.bot = bot
        self.changed = changed
        self.chats: dict[int, Chat] = {}
        self.events: list[Event] = []
        self.queries: dict[str, Json] = {}
        self._ids = itertools.count(1)

    def add(self, chat: Chat) -> Chat:
        """Make the chat known; a supergroup counts its own message ids, other chats share the bot's counter."""
        chat.ids = itertools.count(1) if chat.type == "supergroup" else self._ids
        self.chats[chat.id] = chat
        return chat

    def reachable(self, chat_id: Any) -> Chat:
        """Return the chat, or refuse as Telegram does for an unknown, blocked, left or migrated one."""
        try:
            chat = self.chats.get(int(chat_id))
        except (TypeError, ValueError):
            chat = None
        if chat is None:
            raise Refused("Bad Request: chat not found")
        if chat.refusal is not None:
            raise chat.refusal
        return chat

    def write(self, chat: Chat, sender: Json, content: Json) -> Json:
        """Store a new message of `sender` and return it."""
        assert chat.ids is not None
        number = next(chat.ids)
        head = {"message_id": number, "date": int(time.time()), "chat": chat.json, "from": sender}
        chat.messages[number] = head | content
        return chat.messages[number]

    def happened(self, kind: str, chat: int | None, json: Json) -> Json:
        """Note what the bot did, wake whoever waits for it, and return a copy for the API's answer."""
        self.events.append(Event(kind, chat, copy.deepcopy(json)))
        self.changed()
        return copy.deepcopy(json)


def replied(message: Json) -> Json:
    """Return a message as it is embedded in the one that replies to it: one level deep."""
    return copy.deepcopy({name: value for name, value in message.items() if name != "reply_to_message"})


def typed(text: str) -> Json:
    """Return text as a client sends it, with the commands and mentions Telegram finds in it."""
    entities = [
        {"type": found.lastgroup, "offset": utf16(text[: found.start()]), "length": utf16(found[0])}
        for found in _FOUND.finditer(text)
    ]
    return {"text": text} | ({"entities": entities} if entities else {})
