"""A channel whose platform allows one client at a time: of several replicas, the leader alone takes its events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

import structlog

from bot.channels.base import Channel
from bot.inbox.events import Delivery

if TYPE_CHECKING:
    from aiohttp import web

log = structlog.stdlib.get_logger(__name__)


class LeaderOnly:
    """Starts the channel when this process becomes the leader and stops it when it no longer is.

    Every replica delivers answers; only taking events is the leader's.
    """

    def __init__(self, channel: Channel, lead: Callable[[str], AbstractAsyncContextManager[asyncio.Event]]) -> None:
        self._channel = channel
        self._lead = lead
        self._task: asyncio.Task[None] | None = None
        self._leading = False

    @property
    def delivery(self) -> Delivery:
        """How answers are delivered there."""
        return self._channel.delivery

    async def start(self) -> None:
        """Begin to campaign for leadership; returns at once."""
        self._task = asyncio.create_task(self._campaign(), name=f"lead-{self.delivery.name}")

    async def stop(self) -> None:
        """Take no more events and give leadership up."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def close(self) -> None:
        """Let go of connections."""
        await self._channel.close()

    def routes(self) -> list[web.RouteDef]:
        """Return the channel's HTTP paths."""
        return self._channel.routes()

    def health(self) -> Mapping[str, Any]:
        """Return the channel's state; a replica that does not lead is up, waiting."""
        return {**self._channel.health(), "leader": True} if self._leading else {"up": True, "leader": False}

    async def _campaign(self) -> None:
        while True:
            async with self._lead(self.delivery.name) as lost:
                log.info("leadership_won", channel=self.delivery.name)
                await self._channel.start()
                self._leading = True
                try:
                    await lost.wait()
                    log.warning("leadership_lost", channel=self.delivery.name)
                finally:
                    self._leading = False
                    await self._channel.stop()
