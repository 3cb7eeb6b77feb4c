"""What is written into modals: a question, why an answer did not help, what is wrong with it, with whom to share it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bot.channels.slack.actions import MAX_ASKED, TAP, enveloped
from bot.channels.slack.address import SlackAddress, Surface
from bot.channels.slack.mrkdwn import plain
from bot.dialog import payloads
from bot.dialog.personal_data import mask
from bot.dialog.turn import Incoming, Kind
from bot.inbox.events import InboundEvent

if TYPE_CHECKING:
    from bot.channels.slack.installation import Installation

Json = Mapping[str, Any]

ASK, REASON, REPORT, SHARE_TO = "ask", "reason", "report", "share_to"
"""Callback ids of the modals."""

FIRST_FIELD = {ASK: "question", REPORT: "wrong", SHARE_TO: "question"}
"""The field of each beside which a fault is told; a mere reason is not worth one."""

_OPENED = frozenset({"share", "report"})
"""Words of buttons that open a modal, which takes the place of the press."""


def opens(body: Json) -> str | None:
    """Return the payload of a press that opens a modal; None for every other body."""
    action = (body.get("actions") or [{}])[0] if body.get("type") == "block_actions" else {}
    value = str(action.get("value") or (action.get("selected_option") or {}).get("value") or "")
    tap = payloads.parse(value) if str(action.get("action_id", "")).partition(":")[0] == TAP else None
    return value if tap and tap.word in _OPENED else None


def read_modal(body: Json, me: Installation) -> InboundEvent | None:
    """Return the event for a submitted modal: a confirmed question, or why an answer did not help."""
    readers = {REASON: _reason, REPORT: _report, SHARE_TO: _share, ASK: _question}
    reader = readers.get(body["view"].get("callback_id", ""))
    return reader(body, me) if reader else None


def _question(body: Json, me: Installation) -> InboundEvent:
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
    return enveloped(me, place, Incoming(Kind.TEXT, words, "slack"))


def _report(body: Json, me: Installation) -> InboundEvent | None:
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
    return enveloped(me, place, Incoming(Kind.COMMAND, f"report {words}", "slack", context=tap.node))


def share_errors(body: Json) -> dict[str, str]:
    """Return what is wrong with a submitted wish to share: the key of a sentence by the field it concerns."""
    if body.get("type") != "view_submission" or body["view"].get("callback_id") != SHARE_TO:
        return {}
    entered = entered_in(body["view"])
    if not entered.get("person") and not entered.get("channel"):
        return {"person": "slack-share-nobody"}
    if entered.get("person") and entered.get("channel"):
        return {"channel": "slack-share-one"}
    return {"person": "slack-share-self"} if entered.get("person") == body["user"]["id"] else {}


def _share(body: Json, me: Installation) -> InboundEvent | None:
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
    return enveloped(me, place, Incoming(Kind.TAP, str(origin.get("payload", "")), "slack"))


def _reason(body: Json, me: Installation) -> InboundEvent | None:
    """A reason is counted beside the vote; nothing is answered, the vote was thanked for already. One with words is a
    report."""
    view, reason = body["view"], entered_in(body["view"]).get("reason", "")
    tap = payloads.parse(str(view.get("private_metadata", "")))
    if tap is None or reason not in payloads.REASONS:
        return None
    if entered_in(view).get("wrong", "").strip():
        return _report(body, me)
    place = SlackAddress(Surface.PRIVATE, me.team, body["user"]["id"], silent=True, key=f"slack:{view['id']}")
    return enveloped(me, place, Incoming(Kind.TAP, payloads.payload(tap.node, word=reason), "slack"))


def entered_in(view: Json) -> dict[str, str]:
    """Return what was entered in a modal, by action id: texts, and the values of chosen options."""
    found = {}
    for block in (view.get("state") or {}).get("values", {}).values():
        for name, given in block.items():
            chosen = given.get("selected_user") or given.get("selected_conversation")
            found[name] = given.get("value") or (given.get("selected_option") or {}).get("value") or chosen or ""
    return found
