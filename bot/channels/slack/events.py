"""Messages as they arrive: mentions, direct messages, followed threads, corrections and deletions.

What is in none of the lists of what Slack is known to send is counted and named in the log. Where an answer goes is the
address of an event, in Slack's words, as plain JSON.

One mention arrives twice, as `app_mention` and as `message`, in any order and with two event ids. Both become the same
event with the same (team, channel, ts) key; the inbox takes it once. What is said without a mention in a thread the bot
was asked into is taken too, with a note of who speaks: the one who asked there, or a colleague.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from bot.channels.platforms import Unexpected
from bot.channels.slack.blocks import THUMB, mentions, names_another, plain, spelt_out
from bot.dialog.personal_data import mask
from bot.dialog.turn import Effect, Incoming, Kind, Outcome, Reply
from bot.inbox.events import InboundEvent

if TYPE_CHECKING:
    from bot.channels.slack.client import Installation


# --- what Slack is known to send --------------------------------------------------------------------------------------


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


KINDS = _names(
    "event_callback url_verification command block_actions interactive_message dialog_submission dialog_cancellation"
    " dialog_suggestion view_submission view_closed shortcut message_action block_suggestion workflow_step_edit"
    " function_executed"
)
"""Outer types. `app_rate_limited` is none of them: it brings nothing, it says what is withheld."""

SPOKEN = frozenset({None, "file_share", "thread_broadcast", "me_message"})
"""Subtypes of a message that a person wrote."""

JOINED = frozenset({"channel_join", "group_join"})
"""Subtypes that say somebody came into a channel, perhaps the bot."""

SUBTYPES = (
    SPOKEN
    | JOINED
    | _names(
        "assistant_app_thread bot_add bot_message bot_remove channel_archive channel_canvas_updated"
        " channel_convert_to_private channel_convert_to_public channel_leave channel_name channel_posting_permissions"
        " channel_purpose channel_topic channel_unarchive document_mention ekm_access_denied file_comment file_mention"
        " group_archive group_leave group_name group_purpose group_topic group_unarchive huddle_thread"
        " joiner_notification list_record_comment message_changed message_deleted message_replied pinned_item"
        " reminder_add reply_broadcast sh_room_created sh_room_shared slackbot_response tombstone unpinned_item"
    )
)
"""Subtypes of message events (docs.slack.dev, message event, and what workspaces are seen to send)."""

FIELDS = _names(
    "app_id assistant_app_thread attachments blocks bot_id bot_profile channel channel_type client_msg_id"
    " display_as_bot edited event_ts file files hidden icons inviter is_locked is_starred item item_type language"
    " last_read latest_reply message metadata mrkdwn no_notifications parent_user_id permalink pinned_info pinned_to"
    " reactions reply_count reply_users reply_users_count room root source_team subscribed subtype team text thread_ts"
    " ts type upload user user_profile user_team username x_files"
)
"""Fields of a message that a person wrote (docs.slack.dev, message event, and what workspaces are seen to send)."""

BLOCKS = _names(
    "actions alert call card carousel condition container context context_actions data_table data_visualization divider"
    " event file header image input markdown plan rich_text section share_shortcut table task_card video"
)
"""Types of blocks in messages (docs.slack.dev, Blocks, and what clients are seen to send)."""


# --- where an answer goes ---------------------------------------------------------------------------------------------

INTRODUCTION = "introduction"
"""The text by which the bot says once in a channel what it is."""


class Surface(StrEnum):
    """What kind of place it is."""

    THREAD = "thread"  # a message in a channel or direct message, in a thread where there is one
    PRIVATE = "private"  # seen by one person only: a slash command's answer, a register of one's own
    HOME = "home"  # the App Home of one person


@dataclass(frozen=True, slots=True)
class SlackAddress:
    """An address. `thread` is the ts of the thread's root, `question` the id of the message that asked, `message` the
    ts of the message whose button was pressed and `asker` the person it answered; `response_url` allows five private
    answers within thirty minutes; `silent` wants no answer shown; `notice` wants this text of the bot's own instead of
    the answer; `asked` is the question to show above an answer that stands where it was not asked; `vote` says that a
    vote is thanked for and changes nothing, `above` that the bot was called into a thread of others, `aside` that
    nobody named it; `once` names what is shared and where, which is done once; `key` names the event."""

    surface: Surface
    team: str
    user: str
    channel: str = ""
    thread: str | None = None
    question: str | None = None
    message: str | None = None
    asker: str | None = None
    response_url: str | None = None
    enterprise: str | None = None
    shared: bool = False
    masked: bool = False
    silent: bool = False
    notice: str = ""
    asked: str = ""
    vote: bool = False
    above: bool = False
    aside: bool = False
    once: str = ""
    key: str = ""

    @property
    def direct(self) -> bool:
        """True in a direct message, which nobody else reads. A user id stands for the message to that user."""
        return self.channel[:1] in {"D", "U", "W"}

    def address(self) -> dict[str, Any]:
        """Return the place as JSON values, without what is empty."""
        return {name: value for name in _FIELDS if (value := getattr(self, name))}

    @classmethod
    def from_address(cls, address: Mapping[str, Any]) -> Self:
        """Return the place an address stands for; raises TypeError or ValueError for one this program did not write."""
        return cls(**{**address, "surface": Surface(address["surface"])})


_FIELDS = tuple(one.name for one in fields(SlackAddress))


_PERSONAL = frozenset({Effect.FORGET, Effect.EXPORT, Effect.REPORT})


def for_one(place: SlackAddress, reply: Reply) -> bool:
    """Tell whether only the person may see it: what is nobody else's business, a change of somebody else's answer (in a
    shared thread each reader has a register of their own), and having no answer to what did not name the bot."""
    if place.direct or place.shared:
        return False
    if place.aside and reply.card.outcome is Outcome.NOT_COVERED:
        return True
    return reply.effect in _PERSONAL or (reply.in_place and place.asker != place.user)


def message_id(channel: str, ts: str) -> str:
    """Return the id of a message as the store knows it: a ts is unique within its channel only."""
    return f"{channel}:{ts}"


def ts_of(message: str) -> tuple[str, str]:
    """Return the channel and the ts of a message id."""
    channel, _, ts = message.partition(":")
    return channel, ts


# --- messages ---------------------------------------------------------------------------------------------------------

Known = Callable[[str, str | None], Awaitable[bool]]
"""Tells whether a conversation is remembered in the store; with a person, whether it was they who asked there last."""

Quiet = Callable[[str], Awaitable[bool]]
"""Tells whether somebody asked the bot to be quiet in a conversation."""

CAPACITY = 20_000
"""Entries kept in memory; what is older is looked up in the store."""


class RecentKeys:
    """The last `capacity` names it was told, each with a word about it."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._names: OrderedDict[str, str] = OrderedDict()
        self._capacity = capacity

    def add(self, name: str, about: str = "") -> None:
        """Remember a name, forgetting the oldest when full."""
        self._names[name] = about
        self._names.move_to_end(name)
        if len(self._names) > self._capacity:
            self._names.popitem(last=False)

    def about(self, name: str) -> str | None:
        """Return the word about a name, None if it is not remembered."""
        return self._names.get(name)

    def __contains__(self, name: str) -> bool:
        return name in self._names


@dataclass(frozen=True, slots=True)
class ThreadCache:
    """What receiver and channel tell each other: deleted messages, and the node of each answer that stands alone with
    the person it was shown for, so that the first question in its thread knows what it follows; and what was shared."""

    gone: RecentKeys = field(default_factory=RecentKeys)
    alone: RecentKeys = field(default_factory=RecentKeys)
    owners: RecentKeys = field(default_factory=RecentKeys)
    shared: RecentKeys = field(default_factory=RecentKeys)


async def nothing_known(_conversation: str, _person: str | None = None) -> bool:
    """Answer for a bot without a store: it remembers only what it saw since it started."""
    return False


async def never_quiet(_conversation: str) -> bool:
    """Answer for a bot without a store: nobody can have asked it to be quiet."""
    return False


class FollowedThreads:
    """The conversations the bot was asked in, and by whom: seen a moment ago, or remembered in the store."""

    def __init__(self, known: Known = nothing_known, quiet: Quiet = never_quiet) -> None:
        self._recent = RecentKeys()
        self._known = known
        self.quiet = quiet

    def note(self, conversation: str, asker: str) -> None:
        """Remember that this person asked the bot here."""
        self._recent.add(conversation)
        self._recent.add(f"{conversation} {asker}")

    async def followed(self, conversation: str) -> bool:
        """Tell whether the bot was asked here before."""
        return await self._remembers(conversation, conversation, None)

    async def asked(self, conversation: str, person: str) -> bool:
        """Tell whether this person asked the bot here before."""
        return await self._remembers(f"{conversation} {person}", conversation, person)

    async def _remembers(self, key: str, conversation: str, person: str | None) -> bool:
        if key in self._recent:
            return True
        if await self._known(conversation, person):
            self._recent.add(key)
            return True
        return False


Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class UserMessage:
    """A message a person wrote, with the little of it that matters. `edit` is the ts of its latest correction, `named`
    says that it names the bot, be it in its text, in its blocks, or by the kind of event."""

    team: str
    enterprise: str | None
    channel: str
    ts: str
    user: str
    text: str
    thread: str | None
    parent: str | None
    files: bool
    event: str
    named: bool
    edit: str | None = None

    @property
    def direct(self) -> bool:
        return self.channel.startswith("D")

    @property
    def keys(self) -> tuple[str, ...]:
        return (f"slack:{self.event}", f"{self.place}:{self.edit}" if self.edit else self.place)

    @property
    def place(self) -> str:
        return f"slack:{self.team}:{self.channel}:{self.ts}"


ALL = "all"
"""Stands for every channel in the setting of channels where the bot follows no thread."""


class Messages:
    """Reads message events; notes which messages were deleted, so that nobody answers them."""

    def __init__(
        self, threads: FollowedThreads, cache: ThreadCache, unexpected: Unexpected, mention_only: Collection[str] = ()
    ) -> None:
        self._threads = threads
        self._unexpected = unexpected
        self._cache = cache
        self._mention_only = mention_only
        self._corrected = RecentKeys()

    async def read(self, body: Json, me: Installation) -> InboundEvent | None:
        """Return the event for words that are for the bot, else None."""
        event = body["event"]
        subtype = event.get("subtype")
        if subtype in JOINED and event.get("user") == me.bot_user:
            return invited(event, me)
        self._note(event)
        if deleted := _deleted(event):
            self._cache.gone.add(message_id(event["channel"], deleted))
            return None
        spoken = _corrected(body, me) if subtype == "message_changed" else _written(body, event, me)
        return await self._heard(spoken, me) if spoken else None

    def _note(self, event: Json) -> None:
        if event.get("subtype") not in SUBTYPES:
            self._unexpected.note("subtype", event.get("subtype"))
        for name in event.keys() - FIELDS if event.get("subtype") in SPOKEN else ():
            self._unexpected.note("field", name)
        blocks = event.get("blocks") or ()
        for block in blocks if isinstance(blocks, list) else ():
            kind = block.get("type") if isinstance(block, Mapping) else type(block).__name__
            if kind not in BLOCKS:
                self._unexpected.note("block", kind)

    def accepted(self, event: InboundEvent) -> None:
        """Remember an accepted correction: the message as it was may arrive only after it."""
        if event.incoming.edited:
            self._corrected.add(event.keys[-1].rpartition(":")[0])

    async def _heard(self, spoken: UserMessage, me: Installation) -> InboundEvent | None:
        if spoken.edit is None and spoken.place in self._corrected:
            return None
        conversation = conversation_of(me, spoken.channel, spoken.thread, spoken.ts)
        begun = bool(spoken.thread) and await self._threads.followed(conversation)
        mine = bool(spoken.thread) and spoken.parent == me.bot_user
        root = message_id(spoken.channel, spoken.thread or "") if mine and not begun else ""
        event = _event_of(spoken, me, conversation, self._cache.alone.about(root))
        if spoken.direct or spoken.named:
            return _over(event) if spoken.thread and not begun and not mine and not spoken.direct else event
        if not (begun or mine) or not _worth_reading(event) or self._only_mentions(spoken.channel):
            return None
        asker = self._cache.owners.about(root) == spoken.user or await self._asked(spoken, me, conversation)
        return replace(event, unaddressed=True, asker=asker, address={**event.address, "aside": True})

    def _only_mentions(self, channel: str) -> bool:
        return ALL in self._mention_only or channel in self._mention_only

    async def _asked(self, spoken: UserMessage, me: Installation, conversation: str) -> bool:
        """Tell whether these words may be a further question to the bot: the asker's, and to nobody else."""
        if names_another(spoken.text, me.bot_user) or await self._threads.quiet(channel_of(me, spoken.channel)):
            return False
        return await self._threads.asked(conversation, person_of(me, spoken.user))


def _deleted(event: Json) -> str | None:
    """Return the ts of a message that was deleted; one with replies below it is changed into a tombstone instead."""
    message = event.get("message") or {}
    if event.get("subtype") == "message_deleted":
        return str(event["deleted_ts"])
    return str(message["ts"]) if message.get("subtype") == "tombstone" else None


def _written(body: Json, message: Json, me: Installation) -> UserMessage | None:
    if message.get("subtype") not in SPOKEN or message.get("bot_id") or message.get("user") in (None, me.bot_user):
        return None
    edit, spelt = (message.get("edited") or {}).get("ts"), spelt_out(message.get("blocks"))
    text = str(message.get("text") or spelt)
    return UserMessage(
        team=me.team,
        enterprise=me.enterprise,
        channel=message.get("channel") or body["event"]["channel"],
        ts=message["ts"],
        user=message["user"],
        text=text,
        thread=message.get("thread_ts"),
        parent=message.get("parent_user_id"),
        files=bool(message.get("files")),
        event=body["event_id"],
        named=body["event"].get("type") == "app_mention" or mentions(f"{text} {spelt}", me.bot_user),
        edit=edit if body["event"].get("subtype") == "message_changed" else None,
    )


def _corrected(body: Json, me: Installation) -> UserMessage | None:
    """A change of words by their author; link previews and thread counters change a message without changing words."""
    message, previous = body["event"].get("message") or {}, body["event"].get("previous_message") or {}
    if message.get("text") == previous.get("text") or not message.get("edited"):
        return None
    return _written(body, message, me)


def _event_of(spoken: UserMessage, me: Installation, conversation: str, context: str | None) -> InboundEvent:
    words, masked = mask(plain(spoken.text))
    in_line = spoken.direct and not me.agent
    place = SlackAddress(
        Surface.THREAD,
        me.team,
        spoken.user,
        spoken.channel,
        spoken.thread if in_line else spoken.thread or spoken.ts,
        message_id(spoken.channel, spoken.ts),
        enterprise=me.enterprise,
        masked=masked,
        key=spoken.keys[-1],
    )
    return InboundEvent(
        keys=spoken.keys,
        channel="slack",
        person=person_of(me, spoken.user),
        conversation=conversation,
        incoming=replace(_incoming(words, spoken), context=context, group=not spoken.direct),
        address=place.address(),
        question=message_id(spoken.channel, spoken.ts),
    )


def _over(event: InboundEvent) -> InboundEvent:
    """Return the event of somebody who called the bot into a thread of others: where it has no answer to their words it
    offers to read what the thread is about."""
    return replace(event, address={**event.address, "above": True})


def _worth_reading(event: InboundEvent) -> bool:
    """Tell whether words that name nobody may be meant for the bot: a picture, a link, a row of emoji says nothing."""
    return event.incoming.kind is Kind.TEXT and event.incoming.text != THUMB


def _incoming(words: str, spoken: UserMessage) -> Incoming:
    """A bare mention asks for help; a picture without words is something the bot cannot read."""
    if words:
        return Incoming(Kind.TEXT, words, "slack", edited=spoken.edit is not None)
    if spoken.files or spoken.text.strip("\x00 \t\n") == "":
        return Incoming(Kind.OTHER, "", "slack", edited=spoken.edit is not None)
    return Incoming(Kind.COMMAND, "help", "slack")


def invited(event: Json, me: Installation) -> InboundEvent:
    """Return the event that the bot was invited to a channel: it says once what it is."""
    channel, person = event["channel"], str(event.get("inviter") or me.bot_user)
    key = f"{channel_of(me, channel)}:invited"
    place = SlackAddress(
        Surface.THREAD, me.team, person, channel, enterprise=me.enterprise, notice=INTRODUCTION, key=key
    )
    incoming = Incoming(Kind.COMMAND, "help", "slack", group=True)
    return InboundEvent((key,), "slack", person_of(me, person), key, incoming, place.address())


def channel_of(me: Installation, channel: str) -> str:
    """Return the conversation that stands for a whole channel: whether the bot is to be quiet there."""
    return f"slack:{me.team}:{channel}:channel"


def person_of(me: Installation, user: str) -> str:
    """Return the clear id of a person: user ids are unique across workspaces, the team says who asked us."""
    return f"slack:{me.team}:{user}"


def conversation_of(me: Installation, channel: str, thread: str | None, ts: str) -> str:
    """Return the conversation a message belongs to: its thread, except in a direct message without threads."""
    if channel.startswith("D") and not me.agent:
        return f"slack:{me.team}:{channel}" + (f":{thread}" if thread else "")
    return f"slack:{me.team}:{channel}:{thread or ts}"
