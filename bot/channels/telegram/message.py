"""What a Telegram message says, whoever wrote it, whether it is one at all, and where its answer goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from bot.inbox.events import Address

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
