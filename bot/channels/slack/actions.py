"""Actions, as Slack calls presses: answers' own buttons, feedback, sharing, and the data controls of the App Home.

First what a press or a command asks for; then the buttons: rows of actions, each with a label for screen readers, and
Slack's own thumbs.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bot.channels.base import Texts
from bot.channels.layout import ROW, SCREEN, rows_of
from bot.channels.slack.blocks import FRAME, VOTE, plain, plain_text
from bot.channels.slack.events import (
    RecentKeys,
    SlackAddress,
    Surface,
    channel_of,
    conversation_of,
    message_id,
    person_of,
)
from bot.dialog import payloads
from bot.dialog.composer import clipped
from bot.dialog.personal_data import mask
from bot.dialog.turn import Button, Card, ClaimCard, Incoming, Kind, Register, Reply
from bot.dialog.wishes import COMMANDS
from bot.inbox.events import InboundEvent

if TYPE_CHECKING:
    from bot.channels.slack.client import Installation


# --- presses and commands ---------------------------------------------------------------------------------------------

Body = Mapping[str, Any]

TAP, FEEDBACK, SHARE, COMMAND, ABOVE = "tap", "feedback", "share", "command", "above"
"""The first word of an action id says what the button's value is: a payload, a payload with a vote, the payload of the
answer to post for everybody, the name of a command, or the ts of the message above. Any other action is not ours."""

STAY_QUIET = "stop"
"""The command that keeps the bot quiet in a thread; the menu under an answer holds it beside payloads."""

ASKER = "asker"
"""The first word of a block id that names the person whose question is answered above."""


def read_press(body: Body, me: Installation) -> InboundEvent | None:
    """Return the event for a pressed button, or None for one that asks for nothing (a link, a foreign action)."""
    action = body["actions"][0]
    word = str(action.get("action_id", "")).partition(":")[0]
    value = str(action.get("value") or (action.get("selected_option") or {}).get("value") or "")
    if word not in {TAP, FEEDBACK, SHARE, COMMAND} or not value:
        return None
    place = _place(body, me, shared=word == SHARE, vote=word == FEEDBACK)
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


def _place(body: Body, me: Installation, *, shared: bool, vote: bool) -> SlackAddress:
    container, user = body.get("container") or {}, body["user"]["id"]
    if container.get("type") == "view":
        return SlackAddress(Surface.HOME, me.team, user, enterprise=me.enterprise, vote=vote, key=_key(body))
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
        vote=vote,
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


def _key(body: Body) -> str:
    action = body["actions"][0]
    return f"slack:{body['user']['id']}:{action.get('action_ts') or body.get('trigger_id')}"


def _keys(body: Body, action: Body, place: SlackAddress, value: str) -> tuple[str, ...]:
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


def read_command(body: Body, me: Installation) -> InboundEvent:
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
    event = private_event(me, place, incoming)
    if said not in SPEAK | QUIET.keys():
        return event
    several = replace(incoming, group=not place.channel.startswith("D"))
    return replace(event, conversation=channel_of(me, place.channel), incoming=several)


def read_home(body: Body, me: Installation) -> InboundEvent | None:
    """Return the event for an opened App Home (not for the Messages tab, which is not drawn by the app)."""
    event = body["event"]
    if event.get("tab", "home") != "home":
        return None
    key = f"slack:{body['event_id']}"
    place = SlackAddress(Surface.HOME, me.team, event["user"], enterprise=me.enterprise, key=key)
    incoming = Incoming(Kind.COMMAND, "help", "slack")
    conversation = f"slack:{me.team}:@{event['user']}:home"
    return InboundEvent((key,), "slack", person_of(me, event["user"]), conversation, incoming, place.address())


def private_event(me: Installation, place: SlackAddress, incoming: Incoming) -> InboundEvent:
    """Return the event whose answer one person alone sees."""
    conversation = private_conversation(me, place.channel, place.user, place.thread)
    return InboundEvent((place.key,), "slack", person_of(me, place.user), conversation, incoming, place.address())


_OPENED = frozenset({"share", "report"})
"""Words of buttons that open a modal, which takes the place of the press."""


def opens(body: Body) -> str | None:
    """Return the payload of a press that opens a modal; None for every other body."""
    action = (body.get("actions") or [{}])[0] if body.get("type") == "block_actions" else {}
    value = str(action.get("value") or (action.get("selected_option") or {}).get("value") or "")
    tap = payloads.parse(value) if str(action.get("action_id", "")).partition(":")[0] == TAP else None
    return value if tap and tap.word in _OPENED else None


# --- buttons ----------------------------------------------------------------------------------------------------------

Json = dict[str, Any]

MAX_LABEL = 75
"""Characters of a button's text and of its label for screen readers (docs.slack.dev, Button element)."""

MAX_ROW = 25
"""Elements of an actions block."""

_TOOLS = frozenset({"share", "report"})
"""Roles of what opens a modal about the answer; they stand in the menu behind the dots."""

_SPELT_OUT = frozenset({"follow-up", "choice", "tone"})
"""Roles whose label for screen readers says more than the button shows."""


MAX_BUTTONS, MAX_ROWS = 5, 2
"""Buttons under a message, feedback not counted, and the rows in which a phone shows them. Where the text fills the
screen there is one row; further follow-ups are in the menu behind the dots."""

CACHED = 2_048
"""Layouts of buttons that are kept: every answer of a large library, in both registers."""

MIN_MENU, MAX_MENU = 2, 5
"""Entries of an overflow menu (docs.slack.dev, Overflow menu element)."""


class Buttons:
    """Lays out what one can press under an answer."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._kept: OrderedDict[Hashable, tuple[Card, tuple[Json, ...]]] = OrderedDict()

    def under(self, reply: Reply, asker: str, lines: int, *, home: bool, share: bool, quiet: bool) -> list[Json]:
        """Return the blocks below an answer that fills so many lines of a phone: buttons, and a row for a vote. The
        Home has ways of its own; in a thread the menu also holds how to keep the bot quiet there."""
        card, rows = reply.card, MAX_ROW if home else min(MAX_ROWS, max(1, (SCREEN - VOTE - lines) // ROW))
        room = Room(MAX_ROW if home else MAX_BUTTONS - share, rows)
        key = (id(card), reply.choices, reply.effect, room, home, share, quiet)
        kept = self._kept.get(key)
        if kept is None or kept[0] is not card:
            laid = tuple(self._laid_out(reply, room, home=home, share=share, quiet=quiet))
            kept = self._kept[key] = card, laid
            if len(self._kept) > CACHED:
                self._kept.popitem(last=False)
        return for_asker(kept[1], asker, card.node)

    def _laid_out(self, reply: Reply, room: Room, *, home: bool, share: bool, quiet: bool) -> Iterator[Json]:
        """Yield the blocks, once for each card and what a turn adds to it: most are shown again and again."""
        register = reply.card.register
        hush = [Button(self._texts("quiet-button", register), STAY_QUIET)] if quiet else []
        tools = [button for button in reply.card.buttons if button.role in _TOOLS]
        shown, menu = _chosen(reply, room, [*tools[:1], *hush], tools[1:], home=home)
        row = self.elements(shown, register, "way") + ([self._share(reply)] if share else [])
        yield from actions([[*row, *([_menu(menu)] if menu else [])]])
        votes = [button for button in reply.card.buttons if button.role == "feedback" and button.label.strip()]
        if len(votes) == 2 and reply.effect is None and not home:
            yield {"type": "context_actions", "elements": [_feedback_buttons(*votes)]}

    def elements(self, buttons: Iterable[Button], register: Register, row: str, word: str = TAP) -> list[Json]:
        """Return the buttons of one row; `row` sets their ids apart from those of other rows."""
        shown = (button for button in buttons if button.label.strip())
        return [self._button(button, register, f"{word}:{row}:{index}") for index, button in enumerate(shown)]

    def _button(self, button: Button, register: Register, action_id: str) -> Json:
        one: Json = {"type": "button", "text": plain_text(clipped(button.label, MAX_LABEL)), "action_id": action_id}
        if button.url:
            return {**one, "url": button.url}
        one["value"] = button.payload
        if button.role == "danger":
            one["style"] = "danger"
        if button.role in _SPELT_OUT:
            one["accessibility_label"] = clipped(self._texts("slack-button", register, label=button.label), MAX_LABEL)
        return one

    def command(self, key: str, name: str, register: Register, *, danger: bool = False) -> Json:
        """Return a button for one of the bot's commands, such as `forget`."""
        button = Button(self._texts(key, register), name, "danger" if danger else "navigation")
        return self._button(button, register, f"{COMMAND}:{name}")

    def above(self, register: Register, thread: str) -> Json:
        """Return the button that reads the first message of a thread, once it was looked at."""
        return self._button(Button(self._texts("read-above-button", register), thread), register, ABOVE)

    def _share(self, reply: Reply) -> Json:
        payload = payloads.payload(reply.card.node, reply.card.register, "share")
        button = Button(self._texts("slack-share", reply.card.register), payload, "navigation")
        return self._button(button, reply.card.register, SHARE)


@dataclass(frozen=True, slots=True)
class Room:
    """How many buttons there is room for, and in how many rows."""

    buttons: int
    rows: int

    def takes(self, buttons: Sequence[Button]) -> bool:
        """Tell whether they fit."""
        return len(buttons) <= self.buttons and len(rows_of((button.label for button in buttons), FRAME)) <= self.rows


def _chosen(
    reply: Reply, room: Room, last: list[Button], spare: list[Button], *, home: bool
) -> tuple[list[Button], list[Button]]:
    """Return the buttons to show and those for the menu, which `last` ends, and `spare` where it has room: the turn's
    own and the ways around are shown, and as many follow-ups as a phone has room for. Sources that are folded into the
    message need no button."""
    own = list(reply.choices)
    rest = [b for b in reply.buttons if b not in own and b.role not in ("feedback", *_TOOLS) and b.label.strip()]
    follow = [button for button in rest if _leads_on(button)]
    folded = isinstance(reply.card, ClaimCard) and bool(reply.card.sources)
    around = [button for button in rest if button not in follow and not (folded and button.role == "sources")]
    around = [] if home else around
    seen = len(follow)
    while seen and not room.takes([*own, *follow[:seen], *around]):
        seen -= 1
    if 0 < len(follow) - seen + len(last) < MIN_MENU:
        seen = max(0, len(follow) - MIN_MENU + len(last))
    menu = [*follow[seen : seen + MAX_MENU - len(last)], *last, *spare][:MAX_MENU]
    return [*own, *follow[:seen], *around], menu if len(menu) >= MIN_MENU else []


def _leads_on(button: Button) -> bool:
    """Tell whether a button leads to another answer, rather than doing something with this one."""
    tap = payloads.parse(button.payload)
    return button.role == "follow-up" or (button.role == "danger" and tap is not None and not tap.word)


def _menu(buttons: Sequence[Button]) -> Json:
    options = [{"text": plain_text(clipped(button.label, MAX_LABEL)), "value": button.payload} for button in buttons]
    return {"type": "overflow", "action_id": f"{TAP}:menu", "options": options}


def actions(rows: Iterable[Sequence[Json]]) -> Iterator[Json]:
    """Yield the rows as actions blocks, as many as their elements need."""
    for row in rows:
        for start in range(0, len(row), MAX_ROW):
            yield {"type": "actions", "elements": row[start : start + MAX_ROW]}


def for_asker(blocks: Iterable[Json], asker: str, node: str) -> list[Json]:
    """Return the blocks with ids that name the person they were made for."""
    return [{**block, "block_id": asker_block(asker, row, node)} for row, block in enumerate(blocks)]


def _feedback_buttons(up: Button, down: Button) -> Json:
    positive, negative = ({"text": plain_text(clipped(b.label, MAX_LABEL)), "value": b.payload} for b in (up, down))
    return {
        "type": "feedback_buttons",
        "action_id": FEEDBACK,
        "positive_button": positive,
        "negative_button": negative,
    }
