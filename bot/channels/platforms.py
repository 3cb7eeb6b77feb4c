"""What channels to a platform share: one leader of several replicas, and whatever comes that is unknown here.

Where a platform allows one client at a time, the leader alone takes its events. A new release of a platform adds kinds
of events, words and fields: they are survived, counted, and named once in the log, so that an operator can tell what to
look up.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

import structlog

from bot.channels.base import Channel
from bot.inbox.events import Delivery

if TYPE_CHECKING:
    from aiohttp import web

log = structlog.stdlib.get_logger(__name__)

# --- one replica at a time --------------------------------------------------------------------------------------------


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


# --- what a platform sends that is unknown here -----------------------------------------------------------------------


Count = Callable[[str], None]
"""Counts one more of a kind; see `Metrics.unexpected`."""

MAX_NAMES = 64
"""Names told apart on one channel: a platform brings a few at a time, and whoever forges more fills no memory."""

_NAME = re.compile(r"[A-Za-z][\w.:-]{0,63}|\d{3}", re.ASCII)
"""Only what looks like a name (or an HTTP status) is repeated: anything else might be somebody's words."""


class Unexpected:
    """Notes the unknown things of one channel."""

    def __init__(self, channel: str, count: Count = lambda _kind: None) -> None:
        self._channel = channel
        self._count = count
        self._counts: Counter[str] = Counter()

    @property
    def counts(self) -> Mapping[str, int]:
        """How often each was met, as `kind:name`."""
        return dict(self._counts)

    def note(self, kind: str, name: object) -> None:
        """Count one more of a kind (`event`, `error`, `block`, ...) and name it in the log if it is new."""
        self._count(kind)
        shown = str(name) if _NAME.fullmatch(str(name)) else "?"
        key = f"{kind}:{shown}"
        if key not in self._counts and len(self._counts) >= MAX_NAMES:
            key = f"{kind}:?"
        if key not in self._counts:
            log.warning("unexpected", channel=self._channel, kind=kind, name=shown)
        self._counts[key] += 1
