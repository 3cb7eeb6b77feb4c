"""One raw update becomes an event for the inbox, the note that a person left, an inline query, or nothing.

First what a message says, whoever wrote it, whether it is one at all, and where its answer goes; then the updates.
They are read from plain JSON, not through python-telegram-bot's types: those cost a quarter of a turn, know nothing
newer than Bot API 10.0, and one field they cannot parse would stop every update behind it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any, Self

from bot.channels.platforms import Unexpected
from bot.channels.telegram.render import is_vote
from bot.dialog.turn import Incoming, Kind
from bot.dialog.wishes import COMMANDS
from bot.inbox.events import Address, InboundEvent

# --- messages ---------------------------------------------------------------------------------------------------------

Json = Mapping[str, Any]

SERVICE = frozenset(
    {"boost_added", "channel_chat_created", "chat_background_set", "chat_owner_changed", "chat_owner_left"}
    | {"chat_shared", "checklist_tasks_added", "checklist_tasks_done", "connected_website", "delete_chat_photo"}
    | {"direct_message_price_changed", "forum_topic_closed", "forum_topic_created", "forum_topic_edited"}
    | {"forum_topic_reopened", "general_forum_topic_hidden", "general_forum_topic_unhidden", "gift"}
    | {"gift_upgrade_sent", "giveaway_completed", "giveaway_created", "group_chat_created", "left_chat_member"}
    | {"managed_bot_created", "message_auto_delete_timer_changed", "migrate_from_chat_id", "migrate_to_chat_id"}
    | {"new_chat_members", "new_chat_photo", "new_chat_title", "paid_message_price_changed", "pinned_message"}
    | {"poll_option_added", "poll_option_deleted", "proximity_alert_triggered", "refunded_payment"}
    | {"successful_payment", "suggested_post_approval_failed", "suggested_post_approved", "suggested_post_declined"}
    | {"suggested_post_paid", "suggested_post_refunded", "supergroup_chat_created", "unique_gift", "users_shared"}
    | {"video_chat_ended", "video_chat_participants_invited", "video_chat_scheduled", "video_chat_started"}
    | {"web_app_data", "write_access_allowed"}
)
"""Fields by which a message is a notice of Telegram's, not something a person said (Bot API 10.0, Message)."""

CONTENT = frozenset(
    {"animation", "audio", "caption", "caption_entities", "checklist", "contact", "dice", "document", "entities"}
    | {"game", "giveaway", "giveaway_winners", "invoice", "live_photo", "location", "paid_media", "passport_data"}
    | {"photo", "poll", "rich_message", "sticker", "story", "text", "venue", "video", "video_note", "voice"}
)
"""Fields that hold what a person sent."""

AROUND = frozenset(
    {"author_signature", "business_connection_id", "chat", "date", "direct_messages_topic", "edit_date", "effect_id"}
    | {"external_reply", "forward_origin", "from", "guest_bot_caller_chat", "guest_bot_caller_user", "guest_query_id"}
    | {"has_media_spoiler", "has_protected_content", "is_automatic_forward", "is_from_offline", "is_paid_post"}
    | {"is_topic_message", "link_preview_options", "media_group_id", "message_id", "message_thread_id"}
    | {"paid_star_count", "quote", "reply_markup", "reply_to_checklist_task_id", "reply_to_message"}
    | {"reply_to_poll_option_id", "reply_to_story", "sender_boost_count", "sender_business_bot", "sender_chat"}
    | {"sender_tag", "show_caption_above_media", "suggested_post_info", "via_bot"}
)
"""Fields that say who sent it, when, where and in answer to what."""


def unknown_fields(message: Json) -> Iterable[str]:
    """Return the names of fields that are newer than this program."""
    return message.keys() - CONTENT - AROUND - SERVICE


def length(text: str) -> int:
    """Return how long Telegram takes a text to be: in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def is_service(message: Json) -> bool:
    """Return whether Telegram itself speaks here."""
    return "text" not in message and "caption" not in message and not SERVICE.isdisjoint(message)


def words_of(message: Json) -> str:
    """Return the text, the caption or the words of a rich message. Raises TypeError for a text that is none."""
    if "text" in message:
        return clean(message["text"])
    if "caption" in message:
        return clean(message["caption"])
    return clean("\n".join(_rich(message.get("rich_message"))))


def author_of(message: Json) -> int | None:
    """Return the id of the person who wrote; None for bots and for posts a channel forwards into its group.

    An anonymous admin or a person who writes as a channel appears as that chat, behind one of Telegram's own bots.
    """
    if message.get("is_automatic_forward"):
        return None
    if "sender_chat" in message:
        return int(message["sender_chat"]["id"])
    sender = message.get("from")
    return None if sender is None or sender.get("is_bot") else int(sender["id"])


def topic_of(message: Json) -> int | None:
    """Return the topic, if the chat has topics: elsewhere a thread id only names a chain of replies."""
    return int(message["message_thread_id"]) if message.get("is_topic_message") else None


def answered_in(message: Json, bot: int) -> int | None:
    """Return the id of the bot's message that this one replies to, if it does.

    The first message of a topic is not replied to by those in it, although Telegram attaches it to each.
    """
    original = message.get("reply_to_message")
    if not original or "forum_topic_created" in original:
        return None
    return int(original["message_id"]) if (original.get("from") or {}).get("id") == bot else None


def clean(text: str) -> str:
    """Return text that any database takes: no null characters, no halves of characters."""
    if not isinstance(text, str):
        raise TypeError("a text that is no string")
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\0", "")


def _rich(value: Any) -> Iterator[str]:
    """Yield every text of a rich message, however its blocks are nested (no library has types for them yet)."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name == "text" and isinstance(inner, str):
                yield inner
            else:
                yield from _rich(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _rich(inner)


@dataclass(frozen=True, slots=True)
class TelegramAddress:
    """A chat, a topic in it, and what was touched there.

    `reply_to` is the message to answer under (groups only); `query` the callback query to acknowledge; `tapped` the
    message whose button was pressed, where the presser may have it changed. Of a vote, `pressed` is the button's data
    and `keyboard` the rows it stands in: only they change.
    """

    chat: int
    group: bool = False
    topic: int | None = None
    reply_to: int | None = None
    query: str | None = None
    tapped: int | None = None
    pressed: str | None = None
    keyboard: list[list[dict[str, Any]]] | None = None

    @classmethod
    def from_address(cls, address: Address) -> Self:
        """Return the place an address stands for."""
        return cls(**address)

    def address(self) -> Address:
        """Return the place as plain JSON, without what is not set."""
        values = ((name, getattr(self, name)) for name in _NAMES)
        return {name: value for name, value in values if value not in (None, False)}


_NAMES = tuple(field.name for field in fields(TelegramAddress))


# --- updates ----------------------------------------------------------------------------------------------------------

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

_CHATS = frozenset({"private", "group", "supergroup", "channel"})

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
            for kind in update.keys() - IGNORED - self._readers.keys() - {"update_id"}:
                self.unexpected.note("update", kind)
            for kind, reader in self._readers.items():
                if kind in update:
                    return reader(update[kind], key)
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as fault:
            raise Unreadable(type(fault).__name__) from None
        return None

    # --- messages ---------------------------------------------------------------------------------------------------

    def _message(self, message: Json, key: str) -> InboundEvent | None:
        for field in unknown_fields(message):
            self.unexpected.note("field", field)
        if (kind := message["chat"]["type"]) not in _CHATS:
            self.unexpected.note("chat", kind)
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
