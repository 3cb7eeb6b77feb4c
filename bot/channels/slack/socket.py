"""Socket Mode: one WebSocket, and a watchdog that opens a new one when the library does not notice that it is deaf."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Mapping
from typing import Any

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from bot.channels.slack.client import library_log

log = structlog.stdlib.get_logger(__name__)

PING_SECONDS = 10.0
"""Bolt's own interval of pings; four without an answer mean a stale connection."""

PATIENCE = 6
"""Intervals without a greeting, or without a connection, after which everything is begun afresh."""


class Socket:
    """The connection of one app. `ping` is the interval of pings in seconds."""

    def __init__(self, app: AsyncApp, app_token: str, ping: float = PING_SECONDS) -> None:
        self._app = app
        self._token = app_token
        self._ping = ping
        self._handler: AsyncSocketModeHandler | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._greeted_by: object = None
        self._well_at = time.monotonic()
        self._heard_at = time.monotonic()
        self.connections = 0

    async def start(self) -> None:
        """Begin to connect; keeps trying in the background."""
        self._tasks.append(asyncio.create_task(self._watch(), name="slack-watchdog"))
        self._begin()

    async def stop(self) -> None:
        """Close the connection. What is not acknowledged by then is sent again by Slack."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._end()

    def health(self) -> Mapping[str, Any]:
        """Return whether the socket hears, how often it connected, and for how many seconds nothing was said."""
        return {
            "up": self.well,
            "mode": "socket",
            "connections": self.connections,
            "silent_seconds": round(time.monotonic() - self._heard_at),
        }

    @property
    def well(self) -> bool:
        """True when Slack greeted the connection that is open now."""
        client = self._handler.client if self._handler else None
        session = client.current_session if client else None
        return session is not None and not session.closed and self._greeted_by is session

    def _begin(self) -> None:
        """Open a connection with a client of its own: one that failed keeps asking for the same used-up address."""
        self._handler = AsyncSocketModeHandler(
            self._app, self._token, logger=library_log(), web_client=self._app.client, ping_interval=self._ping
        )
        self._handler.client.on_message_listeners.append(self._heard)
        connecting = self._handler.client.connect()  # type: ignore[no-untyped-call]
        self._tasks.append(asyncio.create_task(connecting, name="slack-socket"))

    async def _end(self) -> None:
        handler, self._handler = self._handler, None
        if handler is not None:
            with contextlib.suppress(Exception):
                await handler.client.close()  # type: ignore[no-untyped-call]

    async def _heard(self, message: aiohttp.WSMessage) -> None:
        self._heard_at = time.monotonic()
        handler = self._handler
        if handler is not None and '"hello"' in message.data[:200] and json.loads(message.data).get("type") == "hello":
            self._greeted_by = handler.client.current_session
            self.connections += 1

    async def _watch(self) -> None:
        """Begin afresh when the socket has not been well for a while."""
        while True:
            await asyncio.sleep(self._ping)
            if self.well:
                self._well_at = time.monotonic()
            elif time.monotonic() - self._well_at > self._ping * PATIENCE:
                log.warning("socket_begun_afresh", silent_seconds=round(time.monotonic() - self._heard_at))
                self._well_at = time.monotonic()
                await self._end()
                self._tasks = [task for task in self._tasks if not task.done()]
                self._begin()
