"""People and groups played by a test: what they type, tap, edit, send and block becomes updates."""

from __future__ import annotations

import copy
import itertools
import time
from typing import Any

from tests.fakes.telegram_feed import Feed
from tests.fakes.telegram_rules import Json, Refused
from tests.fakes.telegram_world import Chat, World, replied, typed

_QUERY_SECONDS = 150.0
"""How long an unanswered button press stays answerable here; Telegram drops an undelivered one after 150 s."""

CONTENTS: dict[str, Json] = {
    "photo": {"photo": [{"file_id": "p", "file_unique_id": "p", "width": 90, "height": 90}]},
    "voice": {"voice": {"file_id": "v", "file_unique_id": "v", "duration": 3}},
    "sticker": {
        "sticker": {"file_id": "s", "file_unique_id": "s", "type": "regular", "width": 1, "height": 1}
        | {"is_animated": False, "is_video": False}
    },
    "document": {"document": {"file_id": "d", "file_unique_id": "d"}},
    "video": {"video": {"file_id": "m", "file_unique_id": "m", "width": 1, "height": 1, "duration": 1}},
    "location": {"location": {"longitude": 13.4, "latitude": 52.5}},
    "contact": {"contact": {"phone_number": "+15550100", "first_name": "A"}},
    "dice": {"dice": {"emoji": "🎲", "value": 3}},
    "poll": {
        "poll": {"id": "1", "question": "?", "options": [], "total_voter_count": 0, "is_closed": False}
        | {"is_anonymous": True, "type": "regular", "allows_multiple_answers": False}
    },
    "rich": {"rich_message": {"blocks": [{"type": "paragraph", "text": {"text": "my foot is numb"}}]}},
}
"""What a person can send that is not text; `rich` is the kind PTB 22.8 has no type for."""


class PeopleFactory:
    """What people and groups share: the world they act in and the feed their actions go to."""

    def __init__(self, world: World, feed: Feed) -> None:
        self.world = world
        self.feed = feed
        self._queries = itertools.count(1)
        self._people = itertools.count(100001)
        self._groups = itertools.count(1000000001)

    def person(self, name: str = "Ann", *, started: bool = True, topics: bool = False) -> Person:
        """Return a new person with a private chat; one who has not started the bot cannot be written to."""
        number = next(self._people)
        user: Json = {"id": number, "is_bot": False, "first_name": name, "language_code": "en"}
        chat = self.world.add(Chat(number, "private", name))
        if not started:
            chat.refusal = Refused("Forbidden: bot can't initiate conversation with a user", 403)
        if topics:
            chat.topics[7] = "Feet"
        return Person(self, user, chat)

    def group(self, name: str = "Feet", *, forum: bool = False, kind: str = "supergroup") -> Group:
        """Return a new group the bot is a member of."""
        number = next(self._groups)
        chat = Chat(-number if kind == "group" else -1000000000000 - number, kind, name, forum)
        return Group(self, self.world.add(chat))

    def visible(self, chat: Chat, message: Json) -> bool:
        """Return whether Telegram shows the message to the bot: in groups, privacy mode hides most of them."""
        if chat.type in ("private", "channel") or self.world.bot.get("can_read_all_group_messages"):
            return True
        text = str(message.get("text") or message.get("caption") or "")
        asked = message.get("reply_to_message", {}).get("from", {}).get("id") == self.world.bot["id"]
        return asked or text.startswith("/") or f"@{self.world.bot['username']}".lower() in text.lower()

    def query(self, sender: Json, message: Json | None, data: str | None, **more: Any) -> str:
        """Send a callback query and return its id."""
        number = str(next(self._queries))
        chat = message["chat"]["id"] if message else None
        self.world.queries[number] = {"id": number, "chat": chat, "expires": time.monotonic() + _QUERY_SECONDS}
        query = {"id": number, "from": sender, "chat_instance": "1"} | more
        query |= {"message": copy.deepcopy(message)} if message else {"inline_message_id": "x"}
        self.feed.put({"callback_query": query | ({"data": data} if data is not None else {})})
        return number


class Person:
    """Somebody who writes to the bot, alone or in a group (`where`)."""

    def __init__(self, factory: PeopleFactory, user: Json, chat: Chat) -> None:
        self._factory = factory
        self.user = user
        self.chat = chat
        self.id = int(user["id"])

    def says(
        self, text: str, where: Group | None = None, topic: int | None = None, reply_to: Json | None = None, **more: Any
    ) -> Json:
        """Send a text message and return it."""
        return self.sends(typed(text), where, topic, reply_to, **more)

    def sends(
        self,
        content: str | Json,
        where: Group | None = None,
        topic: int | None = None,
        reply_to: Json | None = None,
        **more: Any,
    ) -> Json:
        """Send any content: one of CONTENTS by name, or fields of a message. `caption` may be among `more`."""
        chat = where.chat if where else self.chat
        fields: Json = copy.deepcopy(CONTENTS[content]) if isinstance(content, str) else content
        if "caption" in more:
            fields |= {
                {"text": "caption", "entities": "caption_entities"}[k]: v for k, v in typed(more.pop("caption")).items()
            }
        if topic is not None:
            fields |= {"message_thread_id": topic, "is_topic_message": True}
            reply_to = reply_to or chat.messages.get(topic)  # Telegram embeds the message that opened the topic
        if reply_to is not None:
            fields |= {"reply_to_message": replied(reply_to)}
        message = self._factory.world.write(chat, self.user, fields | more)
        if self._factory.visible(chat, message):
            self._factory.feed.put({"message": copy.deepcopy(message)})
        return message

    def sends_photo(self, caption: str = "", where: Group | None = None, **more: Any) -> Json:
        """Send a photo."""
        return self.sends("photo", where, **(more | ({"caption": caption} if caption else {})))

    def edits(self, message: Json, text: str) -> Json:
        """Correct an earlier message."""
        message.pop("entities", None)
        message.update(typed(text), edit_date=int(time.time()))
        chat = self._factory.world.chats[message["chat"]["id"]]
        if self._factory.visible(chat, message):
            self._factory.feed.put({"edited_message": copy.deepcopy(message)})
        return message

    def deletes(self, message: Json) -> None:
        """Delete a message; the bot is not told."""
        self._factory.world.chats[message["chat"]["id"]].messages.pop(message["message_id"])

    def taps(self, wanted: str, message: Json) -> str:
        """Press the button with this label or payload on a message of the bot; returns the query's id."""
        now = self._factory.world.chats[message["chat"]["id"]].messages.get(message["message_id"], message)
        buttons = [button for row in now.get("reply_markup", {}).get("inline_keyboard", ()) for button in row]
        for button in buttons:
            if wanted in (button["text"], button.get("callback_data")):
                return self._factory.query(self.user, now, button["callback_data"])
        raise AssertionError(f"no button {wanted!r} among {[button['text'] for button in buttons]}")

    def forges(self, data: str | None, message: Json | None = None) -> str:
        """Send a callback query with any data, as a modified client can."""
        return self._factory.query(self.user, message, data)

    def taps_inaccessible(self, data: str, message: Json) -> str:
        """Press a button of a message the bot may no longer read: Telegram sends its id only."""
        return self._factory.query(
            self.user, {name: message[name] for name in ("chat", "message_id")} | {"date": 0}, data
        )

    def searches(self, query: str) -> str:
        """Type an inline query in some other chat; returns its id."""
        number = f"inline-{query}"
        self._factory.world.queries[number] = {"id": number, "chat": None}
        self._factory.feed.put({"inline_query": {"id": number, "from": self.user, "query": query, "offset": ""}})
        return number

    def blocks(self) -> None:
        """Block the bot."""
        self.chat.refusal = Refused("Forbidden: bot was blocked by the user", 403)
        self._member("member", "kicked")

    def unblocks(self) -> None:
        """Let the bot write again."""
        self.chat.refusal = None
        self._member("kicked", "member")

    def _member(self, old: str, new: str) -> None:
        self._factory.feed.put(membership(self._factory.world.bot, self.chat, self.user, old, new))


class Group:
    """A group, a supergroup or a forum."""

    def __init__(self, factory: PeopleFactory, chat: Chat) -> None:
        self._factory = factory
        self.chat = chat
        self.id = chat.id

    def topic(self, name: str, by: Json | None = None) -> int:
        """Open a forum topic and return its thread id: the id of the service message that opened it."""
        opened = {"forum_topic_created": {"name": name, "icon_color": 0}, "is_topic_message": True}
        message = self._factory.world.write(self.chat, by or self._factory.world.bot, opened)
        thread = message["message_thread_id"] = int(message["message_id"])
        self.chat.topics[thread] = name
        return thread

    def deletes_topic(self, thread: int) -> None:
        """Delete a topic with its messages."""
        del self.chat.topics[thread]
        doomed = [number for number, one in self.chat.messages.items() if one.get("message_thread_id") == thread]
        for number in doomed:
            del self.chat.messages[number]

    def kicks_bot(self, by: Person) -> None:
        """Remove the bot."""
        self.chat.refusal = Refused(f"Forbidden: bot was kicked from the {self.chat.type} chat", 403)
        self._factory.feed.put(membership(self._factory.world.bot, self.chat, by.user, "member", "kicked"))

    def migrates(self) -> Group:
        """Become a supergroup with a new id; the old one refuses and names the new."""
        new = self._factory.group(self.chat.name)
        text = "Bad Request: group chat was upgraded to a supergroup chat"
        self.chat.refusal = Refused(text, 400, migrate_to_chat_id=new.id)
        return new


def membership(bot: Json, chat: Chat, by: Json, old: str, new: str) -> Json:
    """Return a my_chat_member update."""
    states = {
        name: {"user": bot, "status": status} | ({"until_date": 0} if status == "kicked" else {})
        for name, status in (("old_chat_member", old), ("new_chat_member", new))
    }
    return {"my_chat_member": {"chat": chat.json, "from": by, "date": int(time.time())} | states}
