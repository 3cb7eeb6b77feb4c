"""The bot object of python-telegram-bot, set up to be quick, to keep Telegram's rates and to log no texts."""

from __future__ import annotations

import datetime
import json
import logging
import warnings
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from telegram import InputFile
from telegram.error import NetworkError, RetryAfter, TelegramError, TimedOut
from telegram.ext import ExtBot
from telegram.request import BaseRequest, RequestData
from telegram.request._requestparameter import RequestParameter
from telegram.warnings import PTBDeprecationWarning, PTBUserWarning

from bot.errors import SettingsError

READ_SECONDS = 10.0
CONNECT_SECONDS = 5.0
UNREACHABLE = 0.5
"""Seconds before the next attempt when Telegram cannot be reached; the inbox waits longer the longer it lasts."""

CONNECTIONS = 256
"""Calls in flight at once; more wait. The workers answer 64 turns at a time, each with two calls at most."""

_AGENT = {"User-Agent": BaseRequest.USER_AGENT}
_JSON = {"Content-Type": "application/json", **_AGENT}


class AiohttpRequest(BaseRequest):
    """Posts parameters as JSON; with a file among them, as a form."""

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
        body, headers = _body(request_data)
        try:
            async with session.request(method, url, data=body, headers=headers, timeout=timeout) as answer:
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


def _body(data: RequestData | None) -> tuple[bytes | aiohttp.FormData, Mapping[str, str]]:
    """Return the body of a call and the headers it needs."""
    if data is None or not data.contains_files:
        return json.dumps(data.parameters if data else {}).encode(), _JSON
    form = aiohttp.FormData()
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, kind) in data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=kind)
    return form, _AGENT


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


TelegramBot = ExtBot[None]


def make_bot(token: str, base_url: str) -> TelegramBot:
    """Return a bot for the Bot API at `base_url`. It paces and retries nothing itself: the inbox does, durably."""
    _quieten()
    request = AiohttpRequest()
    return ExtBot(token, base_url=f"{base_url.rstrip('/')}/bot", request=request, get_updates_request=request)


def bot_id(token: str) -> int:
    """Return the bot's user id, which every token begins with. Raises SettingsError for what is no token."""
    number, _, rest = token.partition(":")
    if not (number.isascii() and number.isdigit() and rest):
        raise SettingsError("TELEGRAM_BOT_TOKEN is no token: @BotFather gives digits, a colon, and letters")
    return int(number)


async def call(bot: TelegramBot, method: str, **parameters: Any) -> Any:
    """Call a method and return its bare result: objects of an answer nobody reads would cost half a turn's time.

    This is what `Bot.do_api_request` comes down to, without what it does for objects and files: the request, which
    raises the library's errors. RequestParameter is not public; the version is pinned, and
    tests/channels/telegram/test_request.py fails if an upgrade moves it.
    """
    data = RequestData([_parameter(name, value) for name, value in parameters.items()])
    return await bot.request.post(f"{bot.base_url}/{method}", data)


def _parameter(name: str, value: Any) -> RequestParameter:
    """Return one parameter; a file goes beside the others, one within a structure is named there."""
    if isinstance(value, InputFile):
        return RequestParameter(name, None if value.attach_name is None else value.attach_uri, [value])
    inside = [one for one in value.values() if isinstance(one, InputFile)] if isinstance(value, dict) else []
    if not inside:
        return RequestParameter(name, value, None)
    named = {key: one.attach_uri if isinstance(one, InputFile) else one for key, one in value.items()}
    return RequestParameter(name, named, inside)


def wait_of(fault: RetryAfter) -> float:
    """Return the seconds Telegram asks to wait; the library says them as a number or as a timedelta."""
    after = fault.retry_after
    return after.total_seconds() if isinstance(after, datetime.timedelta) else float(after)


def _quieten() -> None:
    """Keep texts out of debug logs, and the library's advice against calling methods by name out of the console."""
    library = logging.getLogger("telegram")
    library.setLevel(max(library.level, logging.INFO))
    warnings.filterwarnings("ignore", "Please use 'Bot", PTBUserWarning)
    warnings.filterwarnings("ignore", ".*retry_after", PTBDeprecationWarning)
