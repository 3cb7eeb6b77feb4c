"""What an agent does besides answering: prompts to begin with, and a sign that it is at work.

Nothing here may hold up or endanger an answer: every call runs beside it and its failure is only noted.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Mapping
from typing import Any

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.channels.base import Texts
from bot.channels.slack.address import SlackAddress, Surface
from bot.channels.slack.installation import Installation, reason_of
from bot.dialog.turn import Register

log = structlog.stdlib.get_logger(__name__)

PROMPTS = 4
"""Suggested prompts that Slack shows (docs.slack.dev, assistant.threads.setSuggestedPrompts)."""

MARKED = 1_000
"""Signs remembered as up; a replica that answered somebody else's turn never takes its own down."""


class AssistantStatus:
    """Runs the small calls in the background and keeps hold of them until they are done."""

    def __init__(self, client: AsyncWebClient, texts: Texts) -> None:
        self._client = client
        self._texts = texts
        self._running: set[asyncio.Task[None]] = set()
        self._marked: OrderedDict[str, tuple[asyncio.Task[None], Installation]] = OrderedDict()

    def run(self, what: str, call: Awaitable[Any]) -> asyncio.Task[None]:
        """Make a call beside everything else; log its failure under the name `what`."""
        task = asyncio.create_task(self._quietly(what, call), name=f"slack-{what}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def prompts(self, me: Installation, channel: str) -> None:
        """Offer questions to begin with. No thread_ts: in an agent app that would silently do nothing."""
        self.run("prompts", self._prompts(me, channel))

    def working(self, me: Installation, address: Mapping[str, Any]) -> None:
        """Show in an agent's direct message that an answer is on its way."""
        place = SlackAddress.from_address(address)
        if me.agent and place.surface is Surface.THREAD and place.channel.startswith("D") and place.thread:
            self._marked[place.key] = (self.run("status", self._status(me, place, "processing")), me)
            if len(self._marked) > MARKED:
                self._marked.popitem(last=False)

    def done(self, address: Mapping[str, Any]) -> None:
        """Take the sign down again, after it went up."""
        place = SlackAddress.from_address(address)
        marked = self._marked.pop(place.key, None)
        if marked is not None:
            self.run("status", self._take_down(*marked, place))

    async def close(self) -> None:
        """Break off what is still running."""
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _take_down(self, up: asyncio.Task[None], me: Installation, place: SlackAddress) -> None:
        await asyncio.wait([up])
        await self._status(me, place, "active")

    async def _status(self, me: Installation, place: SlackAddress, status: str) -> None:
        await self._client.agents_sessions_setStatus(
            token=me.token, channel_id=place.channel, thread_ts=place.thread, status=status
        )

    async def _prompts(self, me: Installation, channel: str) -> None:
        register = Register.PROFESSIONAL
        keys = [f"slack-prompt-{number}" for number in range(1, PROMPTS + 1)]
        texts = self._texts
        prompts = [{"title": texts(f"{key}-title", register), "message": texts(key, register)} for key in keys]
        await self._client.assistant_threads_setSuggestedPrompts(
            token=me.token, channel_id=channel, prompts=prompts, title=self._texts("slack-prompts-title", register)
        )

    @staticmethod
    async def _quietly(what: str, call: Awaitable[Any]) -> None:
        try:
            await call
        except Exception as error:
            log.info("courtesy_failed", what=what, reason=reason_of(error))
