"""Actions, as Slack calls presses: answers' own buttons, feedback, sharing, and the data controls of the App Home."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bot.channels.slack.address import SlackAddress, Surface, message_id
from bot.channels.slack.events import RecentKeys, channel_of, conversation_of, person_of
from bot.channels.slack.mrkdwn import plain
from bot.dialog import payloads
from bot.dialog.personal_data import mask
from bot.dialog.turn import Incoming, Kind
from bot.dialog.wishes import COMMANDS
from bot.inbox.events import InboundEvent

if TYPE_CHECKING:
    from bot.channels.slack.installation import Installation


Json = Mapping[str, Any]

TAP, FEEDBACK, SHARE, COMMAND, ABOVE = "tap", "feedback", "share", "command", "above"
"""The first word of an action id says what the button's value is: a payload, a payload with a vote, the payload of the
answer to post for everybody, the name of a command, or the ts of the message above. Any other action is not ours."""

STAY_QUIET = "stop"
"""The command that keeps the bot quiet in a thread; the menu under an answer holds it beside payloads."""

ASKER = "asker"
"""The first word of a block id that names the person whose question is answered above."""


def read_press(body: Json, me: Installation) -> InboundEvent | None:
    """Return the event for a pressed button, or None for one that asks for nothing (a link, a foreign action)."""
    action = body["actions"][0]
    word = str(action.get("action_id", "")).partition(":")[0]
    value = str(action.get("value") or (action.get("selected_option") or {}).get("value") or "")
    if word not in {TAP, FEEDBACK, SHARE, COMMAND} or not value:
        return None
    place = replace(_place(body, me, shared=word == SHARE), vote=word == FEEDBACK)
    kind = Kind.COMMAND if word == COMMAND or value == STAY_QUIET else Kind.TAP
    group = place.surface is Surface.THREAD and not place.direct
    incoming = Incoming(kind, value, "slack", group=group)
    return InboundEvent(
        keys=_keys(body, action, place, value),
        channel="slack",
        person=person_of(me, place.user),
        conversation=_conversation(me, place),
        incoming=incoming,
        address=place.address(),
        replies_to=message_id(place.channel, place.message) if place.message else None,
    )


def unhelpful(event: InboundEvent) -> str | None:
    """Return the payload of a 👎, which deserves the question why; None for every other event."""
    tap = payloads.parse(event.incoming.text) if event.incoming.kind is Kind.TAP else None
    return event.incoming.text if tap and tap.word in ("down", "todown") else None


def asker_block(user: str, row: int, node: str) -> str:
    """Return the id of a row of buttons, which remembers for whom the answer was."""
    return f"{ASKER}|{user}|{node}|{row}"


def asker_of(block_id: str) -> str | None:
    """Return the person a row of buttons was made for."""
    word, _, rest = block_id.partition("|")
    return rest.partition("|")[0] or None if word == ASKER else None


def _place(body: Json, me: Installation, *, shared: bool) -> SlackAddress:
    container, user = body.get("container") or {}, body["user"]["id"]
    if container.get("type") == "view":
        return SlackAddress(Surface.HOME, me.team, user, enterprise=me.enterprise, key=_key(body))
    channel, message = body["channel"]["id"], container["message_ts"]
    thread = container.get("thread_ts") or (body.get("message") or {}).get("thread_ts")
    private = bool(container.get("is_ephemeral")) and not shared
    return SlackAddress(
        Surface.PRIVATE if private else Surface.THREAD,
        me.team,
        user,
        channel,
        thread if shared or private or (channel.startswith("D") and not me.agent) else thread or message,
        message=None if shared else message,
        asker=asker_of(str(body["actions"][0].get("block_id", ""))),
        response_url=body.get("response_url"),
        enterprise=me.enterprise,
        shared=shared,
        key=_key(body),
    )


def _conversation(me: Installation, place: SlackAddress) -> str:
    if place.surface is Surface.HOME:
        return f"slack:{me.team}:@{place.user}:home"
    if place.shared or place.surface is Surface.PRIVATE:
        return private_conversation(me, place.channel, place.user, place.thread)
    return conversation_of(me, place.channel, place.thread, place.message or "")


def private_conversation(me: Installation, channel: str, user: str, thread: str | None = None) -> str:
    """Return the conversation of answers that only one person sees: the thread's if there is one, else their own."""
    return f"slack:{me.team}:{channel}:{thread or '@' + user}"


def _key(body: Json) -> str:
    action = body["actions"][0]
    return f"slack:{body['user']['id']}:{action.get('action_ts') or body.get('trigger_id')}"


def _keys(body: Json, action: Json, place: SlackAddress, value: str) -> tuple[str, ...]:
    """A double click within one second is one press; what is shared is shared once, however often it is pressed."""
    container = body.get("container") or {}
    where = container.get("message_ts") or container.get("view_id")
    if place.shared:
        return place.key, f"slack:{place.team}:{place.channel}:{where}:shared"
    second = str(action.get("action_ts", "")).partition(".")[0]
    return place.key, f"slack:{place.user}:{where}:{value}:{second}"


class Votes:
    """What each person said last of a message: Slack's thumbs stay as they are, so that a change of mind is a press of
    the other thumb. Kept in memory: after a restart a change counts as a second vote."""

    def __init__(self) -> None:
        self._last = RecentKeys()

    def read(self, event: InboundEvent) -> InboundEvent:
        """Return the event of a vote with what it is: a first vote, a change of one, or the same again."""
        tap, last = self._tap(event), self._last.about(self._key(event))
        if tap is None or last is None:
            return event
        word = "same" if last == tap.word else f"to{tap.word}"
        return replace(event, incoming=replace(event.incoming, text=payloads.payload(tap.node, word=word)))

    def accepted(self, event: InboundEvent) -> None:
        """Remember a vote that was written down."""
        tap = self._tap(event)
        if tap is not None and tap.word != "same":
            self._last.add(self._key(event), tap.word.removeprefix("to"))

    @staticmethod
    def _key(event: InboundEvent) -> str:
        return f"{event.person} {event.replies_to}"

    @staticmethod
    def _tap(event: InboundEvent) -> payloads.Tap | None:
        return payloads.parse(event.incoming.text) if event.address.get("vote") else None


COMMAND = "/footnote"
QUIET = {"quiet": "stop", "mute": "stop", "stop": "stop", "mention only": "stop", "mention-only": "stop"}
SPEAK = frozenset({"speak", "speak again", "unmute"})
"""What may follow the command to keep the bot quiet in a whole channel, and to have it back."""

WORDS = {
    "": "help",
    "help": "help",
    "sources": "references",
    "tone": "tone",
    "status": "review-status",
    "privacy": "privacy",
    "forget": "forget",
    "export": "export",
    "settings": "settings",
    "report": "report",
    "share": "share",
    "person": "person",
    "country": "country",
}
"""What may follow the command, and the node or command it means; anything else is a question."""

MAX_ASKED = 300
"""Characters of a question that are shown above its answer."""


def read_command(body: Json, me: Installation) -> InboundEvent:
    """Return the event for a slash command; its answer is private."""
    words, masked = mask(plain(str(body.get("text", ""))))
    said = words.lower()
    named = WORDS.get(said) or QUIET.get(said)
    if said.split(" ")[0] in COMMANDS and said not in COMMANDS:
        named = words
    incoming = Incoming(Kind.COMMAND, named, "slack") if named else Incoming(Kind.TEXT, words, "slack")
    key = f"slack:{body['trigger_id']}"
    place = SlackAddress(
        Surface.PRIVATE,
        me.team,
        body["user_id"],
        body["channel_id"],
        response_url=body.get("response_url"),
        enterprise=me.enterprise,
        masked=masked,
        key=key,
    )
    event = enveloped(me, place, incoming)
    if said not in SPEAK | QUIET.keys():
        return event
    several = replace(incoming, group=not place.channel.startswith("D"))
    return replace(event, conversation=channel_of(me, place.channel), incoming=several)


def read_home(body: Json, me: Installation) -> InboundEvent | None:
    """Return the event for an opened App Home (not for the Messages tab, which is not drawn by the app)."""
    event = body["event"]
    if event.get("tab", "home") != "home":
        return None
    key = f"slack:{body['event_id']}"
    place = SlackAddress(Surface.HOME, me.team, event["user"], enterprise=me.enterprise, key=key)
    incoming = Incoming(Kind.COMMAND, "help", "slack")
    conversation = f"slack:{me.team}:@{event['user']}:home"
    return InboundEvent((key,), "slack", person_of(me, event["user"]), conversation, incoming, place.address())


def enveloped(me: Installation, place: SlackAddress, incoming: Incoming) -> InboundEvent:
    conversation = private_conversation(me, place.channel, place.user, place.thread)
    return InboundEvent((place.key,), "slack", person_of(me, place.user), conversation, incoming, place.address())
