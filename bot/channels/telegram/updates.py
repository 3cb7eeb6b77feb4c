"""One raw update becomes an event for the inbox, the note that a person left, an inline query, or nothing.

Updates are read from plain JSON, not through python-telegram-bot's types: those cost a quarter of a turn, know nothing
newer than Bot API 10.0, and one field they cannot parse would stop every update behind it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from bot.channels.telegram.keyboard import is_vote
from bot.channels.telegram.message import (
    Json,
    TelegramAddress,
    answered_in,
    author_of,
    clean,
    is_service,
    length,
    topic_of,
    unknown_fields,
    words_of,
)
from bot.channels.unexpected import Unexpected
from bot.dialog.turn import Incoming, Kind
from bot.dialog.wishes import COMMANDS
from bot.inbox.events import InboundEvent

NAMES = (
    *("start", "help", "pictures", "handout", "tone", "sources", "settings", "report", "share", "person", "country"),
    *("about", "privacy", "forget", "export", "stop"),
)
"""The commands in the menu. Any other node can be named too: /ala_dose shows `ala-dose`."""

_COMMAND = re.compile(r"/(?P<name>\w{1,32})(?:@(?P<bot>\w{1,64}))?(?:\s+(?P<rest>.*))?", re.ASCII | re.DOTALL)
_DEEP_LINK = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What a link to the bot may carry (core.telegram.org/bots/features#deep-linking): a node, or somebody else's word."""


def read_words(text: str, username: str, *, group: bool, replies: bool) -> Incoming | None:
    """Return what `text` asks, or None when in a group it is meant for others.

    In a group a message is for the bot when it is a command, names it (`@username`) or replies to one of its answers.
    """
    found = _COMMAND.fullmatch(text.strip())
    if found:
        return _command(found["name"].lower(), found["bot"], (found["rest"] or "").strip(), username, group=group)
    mention = _mention(username)
    if group and not replies and not mention.search(text):
        return None
    words = " ".join(mention.sub(" ", text).split(" ")).strip() if group else text
    return Incoming(Kind.TEXT, words, "telegram") if words else Incoming(Kind.COMMAND, "start", "telegram")


def _command(name: str, target: str | None, rest: str, username: str, *, group: bool) -> Incoming | None:
    if group and (target or username).lower() != username.lower():
        return None
    if group and not target and name not in NAMES:
        return None
    if name == "start" and _DEEP_LINK.fullmatch(rest):
        return Incoming(Kind.COMMAND, f"start {rest.lower().replace('_', '-')}", "telegram")
    if rest and name in COMMANDS:
        return Incoming(Kind.COMMAND, f"{name} {rest}", "telegram")
    if rest:  # words after any other command are a question, and may be an urgent one
        return Incoming(Kind.TEXT, rest, "telegram")
    return Incoming(Kind.COMMAND, name.replace("_", "-"), "telegram")


@cache
def _mention(username: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)@{re.escape(username)}(?!\w)", re.IGNORECASE)


KINDS = ("message", "edited_message", "callback_query", "my_chat_member")
"""The updates asked for (`allowed_updates`); inline queries only where inline mode is switched on."""

IGNORED = frozenset(
    {"channel_post", "edited_channel_post", "business_connection", "business_message", "edited_business_message"}
    | {"deleted_business_messages", "guest_message", "message_reaction", "message_reaction_count", "inline_query"}
    | {"chosen_inline_result", "shipping_query", "pre_checkout_query", "purchased_paid_media", "poll", "poll_answer"}
    | {"chat_member", "chat_join_request", "chat_boost", "removed_chat_boost", "managed_bot"}
)
"""The other updates there are (Bot API 10.0); never asked for, and nothing to answer."""

FULL = 4000
"""UTF-16 units: a text this long was cut by the app, which sends what is beyond 4,096 as a message of its own."""

EDITABLE = 48 * 3600
"""Seconds for which people may edit what they sent; what is called an edit later is somebody's reaction."""

DOUBLE_TAP = 2.0
"""Seconds within which a second press of the same button on the same message is certainly the same wish."""

_GONE = frozenset({"kicked", "left"})
_STATUSES = _GONE | {"creator", "administrator", "member", "restricted"}


class Unreadable(Exception):
    """The update is not shaped as the Bot API says; the text names the fault and quotes nothing."""


@dataclass(frozen=True, slots=True)
class UserLeft:
    """The person blocked the bot, or it was removed from the chat."""

    person: str


@dataclass(frozen=True, slots=True)
class InlineQuery:
    """Somebody types `@bot words` in another chat."""

    query: str
    words: str


Parsed = InboundEvent | UserLeft | InlineQuery | None


class UpdateParser:
    """Reads updates of one bot. `username` is known once Telegram has answered getMe."""

    def __init__(self, bot: int, clock: Callable[[], float] = time.time, unexpected: Unexpected | None = None) -> None:
        self.username = ""
        self.unexpected = unexpected or Unexpected("telegram")
        self._bot = bot
        self._clock = clock
        self._readers: Mapping[str, Callable[[Json, str], Parsed]] = {
            "message": self._message,
            "edited_message": self._edited,
            "callback_query": self._press,
            "my_chat_member": self._membership,
            "inline_query": self._search,
        }

    def parse(self, update: Any) -> Parsed:
        """Return what the update means; None for what needs no answer. Raises Unreadable."""
        try:
            key = f"telegram:{self._bot}:{int(update['update_id'])}"
            for kind, reader in self._readers.items():
                if kind in update:
                    return reader(update[kind], key)
            for kind in update.keys() - IGNORED - {"update_id"}:
                self.unexpected.note("update", kind)
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as fault:
            raise Unreadable(type(fault).__name__) from None
        return None

    # --- messages ---------------------------------------------------------------------------------------------------

    def _message(self, message: Json, key: str) -> InboundEvent | None:
        for field in unknown_fields(message):
            self.unexpected.note("field", field)
        incoming, author = self._incoming(message), author_of(message)
        if incoming is None or author is None:
            return None
        number, group = int(message["message_id"]), _is_group(message)
        place = TelegramAddress(int(message["chat"]["id"]), group, topic_of(message), number if group else None)
        replies_to, album = answered_in(message, self._bot), message.get("media_group_id")
        return InboundEvent(
            keys=(key,),
            channel="telegram",
            person=f"telegram:{author}",
            conversation=conversation(place),
            incoming=incoming,
            address=place.address(),
            question=str(number),
            replies_to=str(replies_to) if replies_to else None,
            unaddressed=group and incoming.kind is not Kind.COMMAND and not self._addressed(words_of(message)),
            asker=replies_to is not None,
            said=float(message["date"]),
            album=f"album:{clean(str(album))}" if album else None,
            cut="text" in message and length(message["text"]) >= FULL,
        )

    def _addressed(self, words: str) -> bool:
        """Tell whether words in a group name the bot: a reply to its answer alone may be meant for the others."""
        return bool(_COMMAND.fullmatch(words.strip()) or _mention(self.username).search(words))

    def _edited(self, message: Json, key: str) -> InboundEvent | None:
        """A corrected question is answered again; a photo or a moving location that has no words is not."""
        if int(message.get("edit_date", message["date"])) - int(message["date"]) > EDITABLE:
            return None
        event = self._message(message, key) if words_of(message) else None
        return replace(event, incoming=replace(event.incoming, edited=True)) if event else None

    def _incoming(self, message: Json) -> Incoming | None:
        """Return what the message asks, or None when it asks nothing of this bot."""
        if message["chat"]["type"] == "channel" or is_service(message):
            return None
        if (message.get("via_bot") or {}).get("id") == self._bot:
            return None  # a card of our own inline mode
        group, replies = _is_group(message), answered_in(message, self._bot) is not None
        words = words_of(message)
        if group and not words:
            return None  # a sticker, a picture, a thumb: said to the others
        asked = read_words(words, self.username, group=group, replies=replies)
        if asked is not None and "text" not in message:
            asked = Incoming(Kind.OTHER, asked.text if asked.kind is Kind.TEXT else "", "telegram")
        return replace(asked, group=True) if asked is not None and group else asked

    # --- everything else --------------------------------------------------------------------------------------------

    def _press(self, query: Json, key: str) -> InboundEvent:
        user, message, data = int(query["from"]["id"]), query.get("message"), clean(query.get("data") or "")
        place = _pressed(query, user, message) if message else TelegramAddress(user, query=str(query["id"]))
        return InboundEvent(
            keys=(key, *self._tap_keys(user, place.chat, message or {}, data)),
            channel="telegram",
            person=f"telegram:{user}",
            conversation=conversation(place),
            incoming=Incoming(Kind.TAP, data, "telegram", group=place.group),
            address=_with_vote(place, message or {}, data).address(),
        )

    def _tap_keys(self, user: int, chat: int, message: Json, data: str) -> tuple[str, ...]:
        """Name the press by now and by a little later, so that a second one within moments meets a known name.

        An answer changed in place in between is another one: `edit_date` tells.
        """
        moment = int(self._clock() / DOUBLE_TAP)
        what = f"{user}:{chat}:{message.get('message_id')}:{message.get('edit_date')}:{data}"
        return tuple(f"telegram:{self._bot}:tap:{what}:{moment + later}" for later in (0, 1))

    def _membership(self, change: Json, key: str) -> UserLeft | None:  # noqa: ARG002  (all readers look alike)
        status = change["new_chat_member"]["status"]
        if status not in _STATUSES:
            self.unexpected.note("status", status)
        gone = status in _GONE
        return UserLeft(f"telegram:{int(change['chat']['id'])}") if gone else None

    def _search(self, query: Json, key: str) -> InlineQuery:  # noqa: ARG002
        return InlineQuery(str(query["id"]), clean(query["query"]))


def conversation(place: TelegramAddress) -> str:
    """Return the name of the conversation: a chat, or one topic of it."""
    return f"telegram:{place.chat}:{place.topic}" if place.topic else f"telegram:{place.chat}"


def _pressed(query: Json, user: int, message: Json) -> TelegramAddress:
    """Return where a press is answered. In a group only who asked may have the answer itself changed."""
    group, number = _is_group(message), int(message["message_id"])
    question = message.get("reply_to_message") or {}
    own = not group or (question.get("from") or {}).get("id") == user
    return TelegramAddress(
        chat=int(message["chat"]["id"]),
        group=group,
        topic=topic_of(message),
        reply_to=None if not group else int(question["message_id"]) if own else number,
        query=str(query["id"]),
        tapped=number if own else None,
    )


def _with_vote(place: TelegramAddress, message: Json, data: str) -> TelegramAddress:
    """Return the place of a press with the buttons it stands in, if it is a vote: the one pressed will be marked."""
    rows = (message.get("reply_markup") or {}).get("inline_keyboard")
    return replace(place, pressed=data, keyboard=rows) if is_vote(data) else place


def _is_group(message: Json) -> bool:
    return bool(message["chat"]["type"] != "private")
