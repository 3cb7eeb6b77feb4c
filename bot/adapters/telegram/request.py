"""python-telegram-bot's HTTP over one shared aiohttp session.

httpx, its default, costs four times the time per call, slows down with every call in flight and logs addresses that
contain the token. Here no error, no log line and no traceback carries an address, a body or the token.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

READ_SECONDS = 10.0
CONNECT_SECONDS = 5.0
CONNECTIONS = 256
"""Calls in flight at once; more wait. The courier answers 64 turns at a time, each with two calls at most."""

_JSON = {"Content-Type": "application/json", "User-Agent": BaseRequest.USER_AGENT}


class AiohttpRequest(BaseRequest):
    """Posts parameters as JSON. Files are not sent by this bot and not supported."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    @property
    def read_timeout(self) -> float:
        """Seconds to wait for an answer unless a call says otherwise."""
        return READ_SECONDS

    async def initialize(self) -> None:
        """Do nothing: the session is opened by the first call, for a replica that only sends is never initialised."""

    async def shutdown(self) -> None:
        """Close the session for good."""
        self._closed = True
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002  (the whole body is written in one go)
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002  (waiting for a connection has no limit of its own)
    ) -> tuple[int, bytes]:
        """Return status and body. Raises TimedOut when no answer came in time, NetworkError for everything else."""
        session = self._opened(url)
        timeout = _timeout(_seconds(connect_timeout, CONNECT_SECONDS), _seconds(read_timeout, READ_SECONDS))
        body = json.dumps(request_data.parameters if request_data else {}).encode()
        try:
            async with session.request(method, url, data=body, headers=_JSON, timeout=timeout) as answer:
                return answer.status, await answer.read()
        except TimeoutError as fault:
            raise TimedOut(type(fault).__name__) from None
        except (aiohttp.ClientError, OSError, ValueError) as fault:
            raise NetworkError(type(fault).__name__) from None

    def _opened(self, url: str) -> aiohttp.ClientSession:
        """Return the one session that serves sending and polling alike; all its calls go to the host of `url`."""
        if self._closed:
            raise NetworkError("the connection to Telegram is closed")
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS), proxy=proxy_for(url)
            )
        return self._session

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Return the answer as a dict. Raises TelegramError without quoting what was received."""
        try:
            answer = json.loads(payload)
        except (ValueError, RecursionError):
            raise TelegramError("Telegram's answer is no JSON") from None
        if not isinstance(answer, dict):
            raise TelegramError("Telegram's answer is no JSON object")
        return answer


def proxy_for(url: str) -> str | None:
    """Return the proxy that the environment names for an address (HTTPS_PROXY, NO_PROXY and their like), or None.

    aiohttp's `trust_env` would ask for it at each call, in a thread, and for a password in ~/.netrc in another:
    together a quarter of a turn's CPU.
    """
    parts = urlsplit(url)
    return None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)


def _seconds(given: Any, default: float) -> float:
    return default if given is BaseRequest.DEFAULT_NONE or given is None else float(given)


@cache
def _timeout(connect: float, read: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=connect + read, sock_connect=connect, sock_read=read)
