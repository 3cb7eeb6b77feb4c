"""The door: the body of anything Slack sends becomes an envelope for the inbox, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.adapters.slack.commands import read_command, read_home, read_modal
from bot.adapters.slack.installed import Installed
from bot.adapters.slack.messages import Messages
from bot.adapters.slack.presses import read_press
from bot.adapters.slack.threads import Known, Memory, Threads, nothing_known
from bot.delivery.envelope import Envelope


class Door:
    """Reads bodies; remembers which threads it let in."""

    def __init__(self, memory: Memory, known: Known = nothing_known) -> None:
        self._threads = Threads(known)
        self._messages = Messages(self._threads, memory)

    async def read(self, body: Mapping[str, Any], me: Installed) -> Envelope | None:
        """Return the envelope for what a person asked of the bot, or None when there is nothing to answer.

        Raises KeyError, TypeError, ValueError or AttributeError for a body that is not shaped as Slack shapes it.
        """
        if "command" in body:
            return read_command(body, me)
        match body.get("type"):
            case "event_callback":
                return await self._event(body, me)
            case "block_actions":
                return read_press(body, me)
            case "view_submission":
                return read_modal(body, me)
        return None

    def accepted(self, envelope: Envelope) -> None:
        """Remember that this conversation is one the bot takes part in."""
        self._threads.note(envelope.conversation)

    async def _event(self, body: Mapping[str, Any], me: Installed) -> Envelope | None:
        match body["event"].get("type"):
            case "message" | "app_mention":
                return await self._messages.read(body, me)
            case "app_home_opened":
                return read_home(body, me)
        return None
