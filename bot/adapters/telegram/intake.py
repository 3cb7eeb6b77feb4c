"""What happens to each update, however it came: accepted into the inbox, or noted, or set aside if it is unreadable."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

import structlog

from bot.adapters.telegram.channel import TelegramChannel
from bot.adapters.telegram.door import Departure, Door, Read, Search, Unreadable
from bot.delivery.envelope import Envelope

log = structlog.stdlib.get_logger(__name__)

Accept = Callable[[Envelope], Awaitable[bool]]
"""Writes an event to the inbox; False for one that is known; raises when it cannot be written."""

Departed = Callable[[str], Awaitable[None]]
"""Notes that a person left."""

Quarantine = Callable[[str, str], Awaitable[None]]
"""Keeps an unreadable update (reason, JSON text) out of the way of those behind it."""

Answer = Callable[[Search], Coroutine[Any, Any, None]]
"""Answers an inline query."""


class Intake:
    """Takes updates; returns once none of them can be lost any more."""

    def __init__(
        self, door: Door, channel: TelegramChannel, accept: Accept, departed: Departed, quarantine: Quarantine
    ) -> None:
        self.search: Answer | None = None
        self._door = door
        self._channel = channel
        self._accept = accept
        self._departed = departed
        self._quarantine = quarantine

    async def take(self, updates: Sequence[Any]) -> None:
        """Take a batch: in order within a conversation, side by side across them.

        Raises what `accept`, `departed` or `quarantine` raise; then the batch must be taken again, which is harmless.
        """
        lanes: dict[str, list[Read]] = {}
        for update in updates:
            read = await self.read(update)
            if read is not None:
                lanes.setdefault(read.conversation if isinstance(read, Envelope) else "", []).append(read)
        if len(lanes) == 1:  # a webhook brings one update at a time: no task is needed to wait for one
            await self._in_order(*lanes.values())
            return
        done = await asyncio.gather(*map(self._in_order, lanes.values()), return_exceptions=True)
        for fault in filter(None, done):
            raise fault

    async def read(self, update: Any) -> Read:
        """Return what the update means; one that cannot be read is set aside."""
        try:
            return self._door.read(update)
        except Unreadable as fault:
            await self.set_aside(str(fault), _text(update))
            return None

    async def set_aside(self, reason: str, text: str) -> None:
        """Quarantine an update that cannot be read."""
        log.error("update_unreadable", reason=reason, size=len(text))
        await self._quarantine(reason, text)

    async def _in_order(self, reads: list[Read]) -> None:
        for read in reads:
            await self._one(read)

    async def _one(self, read: Read) -> None:
        if isinstance(read, Envelope):
            if not await self._accept(read) and "query" in read.address:
                self._channel.acknowledge(
                    read.address["query"]
                )  # a double tap: the spinner stops, nothing else happens
        elif isinstance(read, Departure):
            await self._departed(read.person)
        elif read is not None and self.search is not None:
            self._channel.aside(self.search(read))


def _text(update: Any) -> str:
    try:
        return json.dumps(update)
    except RecursionError:
        return "(nested too deeply to be shown)"
