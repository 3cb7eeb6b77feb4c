"""Modals: a question is confirmed before anything is posted, because a message may name a patient; and why an answer
did not help is chosen from a closed list, so that nobody types about a patient there either."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.channels.base import Texts
from bot.channels.slack.actions import ASK, REASON
from bot.channels.slack.blocks import plain_text
from bot.channels.slack.mrkdwn import mask, plain
from bot.dialog import payloads
from bot.dialog.turn import Register

Json = dict[str, Any]

ABOUT_MESSAGE, ASK_ANYWHERE = "ask_about_message", "ask_anywhere"
"""Callback ids of the message shortcut and the global shortcut."""

MAX_QUESTION = 3_000
"""Characters of a text input (docs.slack.dev, Plain-text input)."""

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
            "blocks": [self._input("reason", "slack-reason-label", radio)],
        }

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
