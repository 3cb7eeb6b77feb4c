"""`/footnote` and submitted modals at the door."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bot.adapters.slack.identifiers import mask
from bot.adapters.slack.messages import person_of
from bot.adapters.slack.place import Place, Surface
from bot.adapters.slack.presses import private_conversation
from bot.adapters.slack.wording import plain
from bot.delivery.envelope import Envelope
from bot.engine import taps
from bot.engine.turn import Incoming, Kind

if TYPE_CHECKING:
    from bot.adapters.slack.installed import Installed

Json = Mapping[str, Any]

COMMAND = "/footnote"
WORDS = {
    "": "help",
    "help": "help",
    "sources": "references",
    "tone": "tone",
    "status": "review-status",
    "privacy": "privacy",
    "forget": "forget",
    "export": "export",
}
"""What may follow the command, and the node or command it means; anything else is a question."""

ASK, REASON = "ask", "reason"
"""Callback ids of the two modals."""


def read_command(body: Json, me: Installed) -> Envelope:
    """Return the envelope for a slash command; its answer is private."""
    words, masked = mask(plain(str(body.get("text", ""))))
    named = WORDS.get(words.lower())
    incoming = Incoming(Kind.COMMAND, named, "slack") if named else Incoming(Kind.TEXT, words, "slack")
    key = f"slack:{body['trigger_id']}"
    place = Place(
        Surface.PRIVATE,
        me.team,
        body["user_id"],
        body["channel_id"],
        response_url=body.get("response_url"),
        enterprise=me.enterprise,
        masked=masked,
        key=key,
    )
    return _enveloped(me, place, incoming)


def read_modal(body: Json, me: Installed) -> Envelope | None:
    """Return the envelope for a submitted modal: a confirmed question, or why an answer did not help."""
    if body["view"].get("callback_id") == REASON:
        return _reason(body, me)
    return _question(body, me) if body["view"].get("callback_id") == ASK else None


def _question(body: Json, me: Installed) -> Envelope:
    view, user = body["view"], body["user"]["id"]
    entered = entered_in(view)
    words, masked = mask(plain(entered.get("question", "")))
    origin = json.loads(view.get("private_metadata") or "{}")
    aloud = entered.get("audience") == "thread"
    place = Place(
        Surface.THREAD if aloud or not origin else Surface.PRIVATE,
        me.team,
        user,
        origin.get("channel", user),
        origin.get("thread"),
        response_url=origin.get("response_url"),
        enterprise=me.enterprise,
        masked=masked,
        key=f"slack:{view['id']}",
    )
    return _enveloped(me, place, Incoming(Kind.TEXT, words, "slack"))


def _reason(body: Json, me: Installed) -> Envelope | None:
    """A reason is counted beside the vote; nothing is answered, the vote was thanked for already."""
    view, reason = body["view"], entered_in(body["view"]).get("reason", "")
    tap = taps.parse(str(view.get("private_metadata", "")))
    if tap is None or reason not in taps.REASONS:
        return None
    place = Place(Surface.PRIVATE, me.team, body["user"]["id"], silent=True, key=f"slack:{view['id']}")
    return _enveloped(me, place, Incoming(Kind.TAP, taps.payload(tap.node, word=reason), "slack"))


def read_home(body: Json, me: Installed) -> Envelope | None:
    """Return the envelope for an opened App Home (not for the Messages tab, which is not drawn by the app)."""
    event = body["event"]
    if event.get("tab", "home") != "home":
        return None
    key = f"slack:{body['event_id']}"
    place = Place(Surface.HOME, me.team, event["user"], enterprise=me.enterprise, key=key)
    incoming = Incoming(Kind.COMMAND, "help", "slack")
    conversation = f"slack:{me.team}:@{event['user']}:home"
    return Envelope((key,), "slack", person_of(me, event["user"]), conversation, incoming, place.address())


def entered_in(view: Json) -> dict[str, str]:
    """Return what was entered in a modal, by action id: texts, and the values of chosen options."""
    found = {}
    for block in (view.get("state") or {}).get("values", {}).values():
        for name, given in block.items():
            found[name] = given.get("value") or (given.get("selected_option") or {}).get("value") or ""
    return found


def _enveloped(me: Installed, place: Place, incoming: Incoming) -> Envelope:
    conversation = private_conversation(me, place.channel, place.user, place.thread)
    return Envelope((place.key,), "slack", person_of(me, place.user), conversation, incoming, place.address())
