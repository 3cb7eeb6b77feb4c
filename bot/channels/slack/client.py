"""The way to Slack. The Web API client: one session, short rate limits waited out, no blind repetition. Socket Mode:
one WebSocket, and a watchdog that opens a new one when the library does not notice that it is stale."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
import time
from collections.abc import Mapping
from typing import Any

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web.async_client import AsyncWebClient

from bot.channels.slack.errors import UNREACHABLE, retry_after

_SECRET = re.compile(r"ticket=[^&\s'\"]+|x(?:ox[a-z]|app)[a-z.]*-[\w.-]+|https?://\S+|wss?://\S+")
_LONGEST = 300


class Scrub(logging.Filter):
    """Shortens a record to its sentence, without addresses and tokens."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record in place and let it pass."""
        record.msg = _SECRET.sub("[hidden]", record.getMessage())[:_LONGEST]
        record.args = ()
        record.exc_info = record.exc_text = None
        return True


def library_log() -> logging.Logger:
    """Return the logger to hand to Bolt and slack_sdk. Its own level is set because they look at that alone."""
    logger = logging.getLogger("slack_bolt.footnote")
    logger.setLevel(logging.ERROR)
    if not logger.filters:
        logger.addFilter(Scrub())
    return logger


TIMEOUT = 30.0
"""Seconds for one call, as slack_sdk's own default."""

WAITED_OUT = 3.0
"""Seconds of a rate limit that are waited out at once; a longer one goes back to delivery, which survives a restart."""


class ShortRateLimits(AsyncRateLimitErrorRetryHandler):
    """Repeats a call after a rate limit of a few seconds (nothing was carried out, so repeating it is safe)."""

    async def _can_retry_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        limited = await super()._can_retry_async(state=state, request=request, response=response, error=error)
        return limited and response is not None and _seconds(response) <= WAITED_OUT


def web_client(base_url: str, session: aiohttp.ClientSession) -> AsyncWebClient:
    """Return the client. slack_sdk's default handler repeats a post whose answer was lost, so it is left out."""
    handlers: list[AsyncRetryHandler] = [ShortRateLimits(max_retry_count=2)]
    return AsyncWebClient(base_url=base_url, session=session, retry_handlers=handlers, logger=library_log())


def new_session() -> aiohttp.ClientSession:
    """Return a session for all calls: one connection pool, one handshake."""
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT))


def _seconds(response: HttpResponse) -> float:
    values = {name.title(): value[0] for name, value in response.headers.items() if value}
    return retry_after(values)


log = structlog.stdlib.get_logger(__name__)

PING_SECONDS = 10.0
"""Bolt's own interval of pings; four without an answer mean a stale connection."""

PATIENCE = 6
"""Intervals without a greeting, or without a connection, after which everything is begun afresh."""


LINES = 2
"""Connections at once. Slack allows ten and brings each event over any one of them (docs.slack.dev, Socket Mode)."""

LOOK_SECONDS = 0.25
"""Seconds between looks whether a line is closed; each new attempt in a row waits twice as long, a ping at most."""


class Socket:
    """The connections of one app. `ping` is the interval of pings in seconds."""

    def __init__(self, app: AsyncApp, app_token: str, ping: float = PING_SECONDS, lines: int = LINES) -> None:
        self._lines = [Line(app, app_token, ping) for _ in range(lines)]

    async def start(self) -> None:
        """Begin to connect; keeps trying in the background."""
        for line in self._lines:
            line.start()

    async def stop(self) -> None:
        """Close every connection. What is not acknowledged by then is sent again by Slack."""
        await asyncio.gather(*(line.stop() for line in self._lines))

    def health(self) -> Mapping[str, Any]:
        """Return whether a line hears, how many do, how often Slack greeted one, and for how long nothing came."""
        open_lines = sum(line.well for line in self._lines)
        return {
            "up": open_lines > 0,
            "mode": "socket",
            "open": open_lines,
            "connections": sum(line.greetings for line in self._lines),
            "silent_seconds": round(min(line.silent_seconds for line in self._lines)),
        }


class Line:
    """One connection, begun afresh whenever it is not well."""

    def __init__(self, app: AsyncApp, app_token: str, ping: float) -> None:
        self._app = app
        self._token = app_token
        self._ping = ping
        self._handler: AsyncSocketModeHandler | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._greeted_by: object = None
        self._well_at = time.monotonic()
        self._heard_at = time.monotonic()
        self.greetings = 0

    def start(self) -> None:
        """Begin to connect; keeps trying in the background."""
        self._tasks.append(asyncio.create_task(self._watch(), name="slack-watchdog"))
        self._begin()

    async def stop(self) -> None:
        """Close the connection."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._end()

    @property
    def silent_seconds(self) -> float:
        """For how long nothing was said."""
        return time.monotonic() - self._heard_at

    @property
    def well(self) -> bool:
        """True when Slack greeted the connection that is open now."""
        session = self._session
        return session is not None and not session.closed and self._greeted_by is session

    @property
    def _session(self) -> aiohttp.ClientWebSocketResponse | None:
        return self._handler.client.current_session if self._handler else None

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
        if '"hello"' in message.data[:200] and json.loads(message.data).get("type") == "hello":
            self._greeted_by = self._session
            self.greetings += 1

    async def _watch(self) -> None:
        """Replace a closed line at once, and begin afresh when the line has not been well for a while."""
        pause = LOOK_SECONDS
        while True:
            await asyncio.sleep(min(pause, self._ping))
            if self.well:
                self._well_at, pause = time.monotonic(), LOOK_SECONDS
            elif time.monotonic() - self._well_at > self._ping * PATIENCE:
                log.warning("socket_begun_afresh", silent_seconds=round(self.silent_seconds))
                self._well_at = time.monotonic()
                await self._end()
                self._tasks = [task for task in self._tasks if not task.done()]
                self._begin()
            elif (session := self._session) is not None and session.closed:
                pause *= 2
                await self._reopen()

    async def _reopen(self) -> None:
        """Open a new connection in place of one that was closed; the library itself looks once per ping only."""
        handler = self._handler
        with contextlib.suppress(SlackApiError, *UNREACHABLE):
            if handler is not None:
                await handler.client.connect_to_new_endpoint()
