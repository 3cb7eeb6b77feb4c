"""Views, as Slack calls them: modals and the App Home, and what is entered in them.

A question is confirmed before anything is posted, because a message may name a patient; and why an answer did not help
is chosen from a closed list, so that nobody types about a patient there either.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bot.channels.base import Texts
from bot.channels.slack.actions import MAX_ASKED, Buttons, actions, for_asker, opens, private_event
from bot.channels.slack.blocks import context, header, plain, plain_text
from bot.channels.slack.events import SlackAddress, Surface
from bot.channels.slack.render import SlackMessage
from bot.dialog import payloads
from bot.dialog.personal_data import mask
from bot.dialog.turn import Button, Incoming, Kind, Register, Reply
from bot.inbox.events import InboundEvent

if TYPE_CHECKING:
    from bot.channels.slack.client import Installation
    from bot.dialog.engine import Engine


# --- what is shown ----------------------------------------------------------------------------------------------------

Json = dict[str, Any]

ABOUT_MESSAGE, ASK_ANYWHERE = "ask_about_message", "ask_anywhere"
"""Callback ids of the message shortcut and the global shortcut."""

MAX_QUESTION = 3_000
"""Characters of a text input (docs.slack.dev, Plain-text input)."""

_MAY = {"optional": True}

_TONE = Register.PROFESSIONAL
"""Modals open before anybody knows the reader's register; Slack's readers are clinicians."""


class Modals:
    """Builds the views."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def about_message(self, body: Mapping[str, Any]) -> Json:
        """Return the modal of the message shortcut: the message's words, to be edited, and who shall see the answer."""
        message = body["message"]
        origin = {
            "channel": body["channel"]["id"],
            "thread": message.get("thread_ts") or message["ts"],
            "response_url": body.get("response_url"),
        }
        words, _ = mask(plain(str(message.get("text") or "")))
        return self._ask(words, json.dumps(origin), [self._audience()])

    def anywhere(self) -> Json:
        """Return the modal of the global shortcut; its answer comes as a direct message."""
        return self._ask("", "", [])

    def reason(self, payload: str) -> Json:
        """Return the modal that asks why an answer did not help; `payload` is the pressed button's."""
        options = [self._option(f"slack-reason-{word}", word) for word in payloads.REASONS]
        radio = {"type": "radio_buttons", "action_id": "reason", "options": options}
        return {
            **self._modal(REASON, "slack-reason-title", "slack-reason-send"),
            "private_metadata": payload,
            "blocks": [self._input("reason", "slack-reason-label", radio), self._wrong(optional=True)],
        }

    def about_answer(self, body: Mapping[str, Any], engine: Engine) -> Json | None:
        """Return the modal that a press on an answer asks for, to report or to share it; None for any other press."""
        payload = opens(body)
        tap = payloads.parse(payload) if payload else None
        node = engine.library.resolve(tap.node) if tap else None
        if payload is None or tap is None or node is None:
            return None
        if tap.word == "report":
            return self.report(payload)
        return self.share(body, payload, engine.title(node, tap.register or _TONE))

    def report(self, payload: str) -> Json:
        """Return the modal in which somebody says what is wrong with an answer."""
        return {
            **self._modal(REPORT, "report-title", "web-report-send"),
            "private_metadata": payload,
            "blocks": [self._wrong()],
        }

    def share(self, body: Mapping[str, Any], payload: str, question: str) -> Json:
        """Return the modal that asks with whom to share an answer, and under which question."""
        container = body.get("container") or {}
        origin = {"payload": payload, "at": f"{container.get('channel_id')}:{container.get('message_ts')}"}
        channel = {
            "type": "conversations_select",
            "action_id": "channel",
            "filter": {"include": ["public", "private"], "exclude_external_shared_channels": True},
        }
        asked = {
            "type": "plain_text_input",
            "action_id": "question",
            "max_length": MAX_ASKED,
            "initial_value": question,
        }
        return {
            **self._modal(SHARE_TO, "slack-share-title", "slack-share-send"),
            "private_metadata": json.dumps({**origin, "response_url": body.get("response_url")}),
            "blocks": [
                {
                    **self._input("person", "slack-share-person", {"type": "users_select", "action_id": "person"}),
                    **_MAY,
                },
                {**self._input("channel", "slack-share-channel", channel), **_MAY},
                self._input("question", "slack-share-question", {**asked, "initial_value": question}),
            ],
        }

    def _wrong(self, *, optional: bool = False) -> Json:
        entry = {"type": "plain_text_input", "action_id": "wrong", "multiline": True, "max_length": MAX_QUESTION}
        label = "slack-reason-words" if optional else "web-report-label"
        return {**self._input("wrong", label, entry), **(_MAY if optional else {})}

    def _ask(self, words: str, origin: str, more: list[Json]) -> Json:
        question: Json = {
            "type": "plain_text_input",
            "action_id": "question",
            "multiline": True,
            "max_length": MAX_QUESTION,
        }
        if words:
            question["initial_value"] = words[:MAX_QUESTION]
        hint = plain_text(self._texts("slack-ask-hint", _TONE))
        return {
            **self._modal(ASK, "slack-ask-title", "slack-ask-send"),
            "private_metadata": origin,
            "blocks": [{**self._input("question", "slack-ask-label", question), "hint": hint}, *more],
        }

    def _audience(self) -> Json:
        options = [self._option("slack-audience-me", "me"), self._option("slack-audience-thread", "thread")]
        radio = {
            "type": "radio_buttons",
            "action_id": "audience",
            "options": options,
            "initial_option": options[0],
        }
        return self._input("audience", "slack-audience-label", radio)

    def _modal(self, callback: str, title: str, send: str) -> Json:
        texts = {"title": title, "submit": send, "close": "slack-cancel"}
        return {"type": "modal", "callback_id": callback} | {
            name: plain_text(self._texts(key, _TONE)) for name, key in texts.items()
        }

    def _input(self, block: str, label: str, element: Json) -> Json:
        return {
            "type": "input",
            "block_id": block,
            "label": plain_text(self._texts(label, _TONE)),
            "element": element,
        }

    def _option(self, key: str, value: str) -> Json:
        return {"text": plain_text(self._texts(key, _TONE)), "value": value}


Topics = Callable[[Register], Sequence[Button]]
"""Returns the buttons of the topics one can start with."""

MAX_BLOCKS = 100
"""Blocks of a Home view (docs.slack.dev, View objects)."""

_PLACES = ("help", "references", "review-status", "privacy")
"""The nodes that the Home always offers, by the key of their label."""


class AppHome:
    """Draws Home views."""

    def __init__(self, texts: Texts, topics: Topics) -> None:
        self._texts = texts
        self._topics = topics
        self._buttons = Buttons(texts)

    def view(self, reply: Reply, parts: list[SlackMessage]) -> Json | None:
        """Return the view for an answer, or None when the answer is too long for one."""
        above, below = self._above(reply.card.node, reply.card.register), self._below(reply.card.register)
        shown = [block for part in parts for block in part.blocks]
        blocks = [*above, *_without(_values([*above, *below]), shown), *below]
        return {"type": "home", "blocks": blocks} if len(blocks) <= MAX_BLOCKS else None

    def _above(self, node: str, register: Register) -> list[Json]:
        texts, other = self._texts, Register.LAYPERSON if register is Register.PROFESSIONAL else Register.PROFESSIONAL
        switch = Button(texts(f"to-{other}", register), payloads.payload(node, other), "tone")
        topics = self._buttons.elements(self._topics(register), register, "topic")
        rows = [topics, self._buttons.elements([switch], register, "register")]
        return [
            header(texts("slack-home-title", register)),
            context([texts("slack-home-intro", register), texts(f"slack-home-{register}", register)]),
            *_named(rows, "above"),
            {"type": "divider"},
        ]

    def _below(self, register: Register) -> list[Json]:
        texts = self._texts
        places = [
            Button(texts(f"slack-home-{node}", register), payloads.payload(node), "navigation") for node in _PLACES
        ]
        data = [
            self._buttons.command("settings-title", "settings", register),
            self._buttons.command("slack-home-export", "export", register),
            self._buttons.command("slack-home-forget", "forget", register, danger=True),
        ]
        rows = [self._buttons.elements(places, register, "place"), data]
        return [
            {"type": "divider"},
            header(texts("slack-home-how-title", register), 2),
            context([texts("slack-home-how", register), texts("slack-home-data", register)]),
            *_named(rows, "below"),
        ]


def _values(blocks: list[Json]) -> frozenset[str]:
    """Return what the buttons of some blocks carry."""
    return frozenset(one["value"] for block in blocks for one in block.get("elements", ()) if "value" in one)


def _without(taken: frozenset[str], blocks: list[Json]) -> Iterator[Json]:
    """Yield the blocks without the buttons that stand elsewhere on the Home already."""
    for block in blocks:
        if block["type"] != "actions":
            yield block
        elif left := [one for one in block["elements"] if one.get("value") not in taken]:
            yield {**block, "elements": left}


def _named(rows: list[list[Json]], where: str) -> list[Json]:
    return for_asker(list(actions(rows)), "", where)


# --- what is entered --------------------------------------------------------------------------------------------------

Body = Mapping[str, Any]

ASK, REASON, REPORT, SHARE_TO = "ask", "reason", "report", "share_to"
"""Callback ids of the modals."""

FIRST_FIELD = {ASK: "question", REPORT: "wrong", SHARE_TO: "question"}
"""The field of each beside which a fault is told; a mere reason is not worth one."""


def read_modal(body: Body, me: Installation) -> InboundEvent | None:
    """Return the event for a submitted modal: a confirmed question, or why an answer did not help."""
    readers = {REASON: _reason, REPORT: _report, SHARE_TO: _share, ASK: _question}
    reader = readers.get(body["view"].get("callback_id", ""))
    return reader(body, me) if reader else None


def _question(body: Body, me: Installation) -> InboundEvent:
    view, user = body["view"], body["user"]["id"]
    entered = entered_in(view)
    words, masked = mask(plain(entered.get("question", "")))
    origin = json.loads(view.get("private_metadata") or "{}")
    aloud = entered.get("audience") == "thread"
    place = SlackAddress(
        Surface.THREAD if aloud or not origin else Surface.PRIVATE,
        me.team,
        user,
        origin.get("channel", user),
        origin.get("thread"),
        asked=words[:MAX_ASKED],
        response_url=origin.get("response_url"),
        enterprise=me.enterprise,
        masked=masked,
        key=f"slack:{view['id']}",
    )
    return private_event(me, place, Incoming(Kind.TEXT, words, "slack"))


def _report(body: Body, me: Installation) -> InboundEvent | None:
    """What is wrong with an answer, in words: acknowledged to the person alone."""
    view = body["view"]
    entered, tap = entered_in(view), payloads.parse(str(view.get("private_metadata", "")))
    words = ": ".join(filter(None, [entered.get("reason"), plain(entered.get("wrong", ""))]))
    if tap is None:
        return None
    place = SlackAddress(
        Surface.THREAD,
        me.team,
        body["user"]["id"],
        body["user"]["id"],
        enterprise=me.enterprise,
        key=f"slack:{view['id']}",
    )
    return private_event(me, place, Incoming(Kind.COMMAND, f"report {words}", "slack", context=tap.node))


def share_errors(body: Body) -> dict[str, str]:
    """Return what is wrong with a submitted wish to share: the key of a sentence by the field it concerns."""
    if body.get("type") != "view_submission" or body["view"].get("callback_id") != SHARE_TO:
        return {}
    entered = entered_in(body["view"])
    if not entered.get("person") and not entered.get("channel"):
        return {"person": "slack-share-nobody"}
    if entered.get("person") and entered.get("channel"):
        return {"channel": "slack-share-one"}
    return {"person": "slack-share-self"} if entered.get("person") == body["user"]["id"] else {}


def _share(body: Body, me: Installation) -> InboundEvent | None:
    """An answer for somebody else or for a channel, in the register it was read in; the same one there only once."""
    view, user = body["view"], body["user"]["id"]
    entered, origin = entered_in(view), json.loads(view.get("private_metadata") or "{}")
    target = entered.get("channel") or entered.get("person") or ""
    words, masked = mask(plain(entered.get("question", "")))
    place = SlackAddress(
        Surface.THREAD,
        me.team,
        user,
        target,
        asked=words[:MAX_ASKED],
        response_url=origin.get("response_url"),
        enterprise=me.enterprise,
        shared=True,
        once=f"{target}:{origin.get('at')}:{origin.get('payload')}",
        masked=masked,
        key=f"slack:{view['id']}",
    )
    return private_event(me, place, Incoming(Kind.TAP, str(origin.get("payload", "")), "slack"))


def _reason(body: Body, me: Installation) -> InboundEvent | None:
    """A reason is counted beside the vote; nothing is answered, the vote was thanked for already. One with words is a
    report."""
    view, reason = body["view"], entered_in(body["view"]).get("reason", "")
    tap = payloads.parse(str(view.get("private_metadata", "")))
    if tap is None or reason not in payloads.REASONS:
        return None
    if entered_in(view).get("wrong", "").strip():
        return _report(body, me)
    place = SlackAddress(Surface.PRIVATE, me.team, body["user"]["id"], silent=True, key=f"slack:{view['id']}")
    return private_event(me, place, Incoming(Kind.TAP, payloads.payload(tap.node, word=reason), "slack"))


def entered_in(view: Body) -> dict[str, str]:
    """Return what was entered in a modal, by action id: texts, and the values of chosen options."""
    found = {}
    for block in (view.get("state") or {}).get("values", {}).values():
        for name, given in block.items():
            chosen = given.get("selected_user") or given.get("selected_conversation")
            found[name] = given.get("value") or (given.get("selected_option") or {}).get("value") or chosen or ""
    return found
