"""A platform that allows one client at a time is run by the replica that holds its post."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog
from aiohttp import web

from bot.inbox.events import Channel
from bot.inbox.inbox import Inbox
from bot.service import Platform

log = structlog.stdlib.get_logger(__name__)


class LeaderOnly:
    """Starts the platform when this process gets the post and stops it when the post is lost.

    Answers are delivered by every replica; only taking events is the holder's.
    """

    def __init__(self, platform: Platform, inbox: Inbox) -> None:
        self._platform = platform
        self._inbox = inbox
        self._task: asyncio.Task[None] | None = None
        self._holding = False

    @property
    def channel(self) -> Channel:
        """How answers are delivered there."""
        return self._platform.channel

    async def start(self) -> None:
        """Begin to stand for the post; returns at once."""
        self._task = asyncio.create_task(self._campaign(), name=f"post-{self.channel.name}")

    async def stop(self) -> None:
        """Take no more events and give the post up."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def close(self) -> None:
        """Let go of connections."""
        await self._platform.close()

    def routes(self) -> list[web.RouteDef]:
        """The platform's HTTP paths."""
        return self._platform.routes()

    def health(self) -> Mapping[str, Any]:
        """The platform's state; a replica without the post is up, waiting."""
        return {**self._platform.health(), "leader": True} if self._holding else {"up": True, "leader": False}

    async def _campaign(self) -> None:
        while True:
            async with self._inbox.lead(self.channel.name) as lost:
                log.info("post_held", channel=self.channel.name)
                await self._platform.start()
                self._holding = True
                try:
                    await lost.wait()
                    log.warning("post_lost", channel=self.channel.name)
                finally:
                    self._holding = False
                    await self._platform.stop()
