"""Messages at the door: mentions, direct messages, followed threads, corrections and deletions.

One mention arrives twice, as `app_mention` and as `message`, in any order and with two event ids. Both are read from
their text alone and so become the same envelope with the same (team, channel, ts) key; the inbox takes it once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from bot.channels.slack.address import SlackAddress, Surface, message_id
from bot.channels.slack.mrkdwn import mask, mentions, names_another, plain
from bot.dialog.turn import Incoming, Kind
from bot.inbox.events import InboundEvent

if TYPE_CHECKING:
    from bot.channels.slack.installation import Installation

Known = Callable[[str], Awaitable[bool]]
"""Tells whether a conversation is remembered in the store."""

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
    """What door and channel tell each other: deleted messages, and the node of each answer that stands alone, so that
    the first question in its thread knows what it follows."""

    gone: RecentKeys = field(default_factory=RecentKeys)
    alone: RecentKeys = field(default_factory=RecentKeys)


async def nothing_known(_conversation: str) -> bool:
    """Answer for a bot without a store: it remembers only what it saw since it started."""
    return False


class FollowedThreads:
    """The conversations the bot was asked in: seen a moment ago, or remembered in the store from before a restart."""

    def __init__(self, known: Known = nothing_known) -> None:
        self._recent = RecentKeys()
        self._known = known

    def note(self, conversation: str) -> None:
        """Remember that the bot was asked here."""
        self._recent.add(conversation)

    async def followed(self, conversation: str) -> bool:
        """Tell whether the bot was asked here before."""
        if conversation in self._recent:
            return True
        if await self._known(conversation):
            self._recent.add(conversation)
            return True
        return False


Json = Mapping[str, Any]

SPOKEN = frozenset({None, "file_share", "thread_broadcast"})
"""Subtypes of a message that a person wrote."""


@dataclass(frozen=True, slots=True)
class UserMessage:
    """A message a person wrote, with the little of it that matters. `edit` is the ts of its latest correction."""

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
    edit: str | None = None

    @property
    def direct(self) -> bool:
        return self.channel.startswith("D")

    @property
    def keys(self) -> tuple[str, ...]:
        place = f"slack:{self.team}:{self.channel}:{self.ts}"
        return (f"slack:{self.event}", f"{place}:{self.edit}" if self.edit else place)


class Messages:
    """Reads message events; notes which messages were deleted, so that nobody answers them."""

    def __init__(self, threads: FollowedThreads, cache: ThreadCache) -> None:
        self._threads = threads
        self._cache = cache

    async def read(self, body: Json, me: Installation) -> InboundEvent | None:
        """Return the envelope for words that are for the bot, else None."""
        event = body["event"]
        if event.get("subtype") == "message_deleted":
            self._cache.gone.add(message_id(event["channel"], event["deleted_ts"]))
            return None
        spoken = _corrected(body, me) if event.get("subtype") == "message_changed" else _written(body, event, me)
        return await self._heard(spoken, me) if spoken else None

    async def _heard(self, spoken: UserMessage, me: Installation) -> InboundEvent | None:
        conversation = conversation_of(me, spoken.channel, spoken.thread, spoken.ts)
        addressed = spoken.direct or mentions(spoken.text, me.bot_user)
        begun = bool(spoken.thread) and await self._threads.followed(conversation)
        mine = spoken.parent == me.bot_user
        if not addressed and (names_another(spoken.text, me.bot_user) or not (begun or (spoken.thread and mine))):
            return None
        root = message_id(spoken.channel, spoken.thread) if spoken.thread and mine and not begun else ""
        return _enveloped(spoken, me, conversation, unaddressed=not addressed, context=self._cache.alone.about(root))


def _written(body: Json, message: Json, me: Installation) -> UserMessage | None:
    if message.get("subtype") not in SPOKEN or message.get("bot_id") or message.get("user") in (None, me.bot_user):
        return None
    edit = (message.get("edited") or {}).get("ts")
    return UserMessage(
        team=me.team,
        enterprise=me.enterprise,
        channel=message.get("channel") or body["event"]["channel"],
        ts=message["ts"],
        user=message["user"],
        text=message.get("text") or "",
        thread=message.get("thread_ts"),
        parent=message.get("parent_user_id"),
        files=bool(message.get("files")),
        event=body["event_id"],
        edit=edit if body["event"].get("subtype") == "message_changed" else None,
    )


def _corrected(body: Json, me: Installation) -> UserMessage | None:
    """A change of words by their author; link previews and thread counters change a message without changing words."""
    message, previous = body["event"].get("message") or {}, body["event"].get("previous_message") or {}
    if message.get("text") == previous.get("text") or not message.get("edited"):
        return None
    return _written(body, message, me)


def _enveloped(
    spoken: UserMessage, me: Installation, conversation: str, *, unaddressed: bool, context: str | None
) -> InboundEvent:
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
        incoming=replace(_incoming(words, spoken), context=context),
        address=place.address(),
        question=message_id(spoken.channel, spoken.ts),
        unaddressed=unaddressed,
    )


def _incoming(words: str, spoken: UserMessage) -> Incoming:
    """A bare mention asks for help; a picture without words is something the bot cannot read."""
    if words:
        return Incoming(Kind.TEXT, words, "slack", edited=spoken.edit is not None)
    if spoken.files or spoken.text.strip("\x00 \t\n") == "":
        return Incoming(Kind.OTHER, "", "slack", edited=spoken.edit is not None)
    return Incoming(Kind.COMMAND, "help", "slack")


def person_of(me: Installation, user: str) -> str:
    """Return the clear id of a person: user ids are unique across workspaces, the team says who asked us."""
    return f"slack:{me.team}:{user}"


def conversation_of(me: Installation, channel: str, thread: str | None, ts: str) -> str:
    """Return the conversation a message belongs to: its thread, except in a direct message without threads."""
    if channel.startswith("D") and not me.agent:
        return f"slack:{me.team}:{channel}" + (f":{thread}" if thread else "")
    return f"slack:{me.team}:{channel}:{thread or ts}"
