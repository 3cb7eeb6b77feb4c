"""The one Web API client: a shared session, short rate limits waited out in place, and no blind repetition."""

from __future__ import annotations

import logging
import re

import aiohttp
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web.async_client import AsyncWebClient

from bot.channels.slack.errors import retry_after

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
