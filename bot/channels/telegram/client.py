"""The bot object of python-telegram-bot, set up to be quick and to log no texts, and what a refused call means."""

from __future__ import annotations

import datetime
import json
import logging
import re
import warnings
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from telegram import InputFile
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.ext import ExtBot
from telegram.request import BaseRequest, RequestData
from telegram.request._requestparameter import RequestParameter
from telegram.warnings import PTBDeprecationWarning, PTBUserWarning

from bot.channels.unexpected import Unexpected
from bot.errors import SettingsError
from bot.inbox.events import Busy, Gone, Refused

READ_SECONDS = 10.0
CONNECT_SECONDS = 5.0
UNREACHABLE = 0.5
"""Seconds before the next attempt when Telegram cannot be reached; the inbox waits longer the longer it lasts."""

CONNECTIONS = 256
"""Calls in flight at once; more wait. The workers answer 64 turns at a time, each with two calls at most."""

KNOWN_STATUSES = frozenset({200, 400, 401, 403, 404, 409, 413, 429, 500, 502, 503, 504})
"""HTTP statuses that the Bot API, and what stands before it, is known to answer with."""

_AGENT = {"User-Agent": BaseRequest.USER_AGENT}
_JSON = {"Content-Type": "application/json", **_AGENT}


class AiohttpRequest(BaseRequest):
    """Posts parameters as JSON; with a file among them, as a form."""

    def __init__(self, unexpected: Unexpected) -> None:
        self._unexpected = unexpected
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
                if answer.status not in KNOWN_STATUSES:
                    self._unexpected.note("status", answer.status)
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


def make_bot(token: str, base_url: str, unexpected: Unexpected | None = None) -> TelegramBot:
    """Return a bot for the Bot API at `base_url`. It paces and retries nothing itself: the inbox does, durably."""
    _quieten()
    request = AiohttpRequest(unexpected or Unexpected("telegram"))
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


# --- what a refused delivery means -----------------------------------------------------------------------------------

TOKEN_REFUSED = 60.0
"""Seconds before the next attempt when the token is refused: somebody must act first."""

_FORBIDS = (
    *("blocked by the user", "user is deactivated", "bot was kicked", "not a member", "chat was deleted"),
    *("initiate conversation", "can't send messages to bots", "chat was deactivated", "group chat was deactivated"),
)
"""What `403 Forbidden` is known to say: the person or the chat wants no more of this bot."""
_NOBODY = ("chat not found", "user not found", "peer_id_invalid", "chat was deactivated", "user is deactivated")
_NOT_ALLOWED = ("not enough rights", "have no rights", "administrator rights", "write_forbidden", "topic_closed")
_NO_TOPIC = ("message thread not found", "topic_deleted")


class TopicGone(Exception):
    """The topic an answer was meant for no longer exists."""


async def attempt(bot: TelegramBot, method: str, parameters: dict[str, Any], unexpected: Unexpected) -> Any:
    """Call a method that delivers something.

    Raises Busy, Gone or TopicGone, BadRequest for what is about the message itself, and Refused for a refusal that
    none of the lists holds: nobody has met it yet, so the turn has failed, is tried again, then set aside.
    """
    try:
        return await call(bot, method, **parameters)
    except RetryAfter as limit:
        raise Busy(wait_of(limit), "Telegram asks to wait") from None
    except (Forbidden, BadRequest) as refusal:
        if refusal.__cause__ is not None:  # no JSON of the Bot API: from something before it, such as a proxy
            raise Busy(UNREACHABLE, "an answer that is not Telegram's") from None
        _judge(refusal, private=int(parameters["chat_id"]) > 0)
        if isinstance(refusal, Forbidden):
            raise unheard_of(refusal, unexpected) from None
        raise
    except ChatMigrated:
        raise
    except InvalidToken:
        raise Busy(TOKEN_REFUSED, "Telegram refuses the token") from None
    except TelegramError as fault:
        raise Busy(UNREACHABLE, type(fault).__name__) from None


def unheard_of(refusal: TelegramError, unexpected: Unexpected) -> Refused:
    """Return what delivery should hear about a refusal nobody has met, counted and named once.

    Telegram has sentences where others have error words: it becomes one word, which may be logged.
    """
    word = re.sub(r"[^a-z0-9]+", "-", str(refusal).lower()).strip("-0123456789")[:64] or "no-words"
    unexpected.note("error", word)
    return Refused(word)


def _judge(refusal: TelegramError, *, private: bool) -> None:
    """Raise what a refusal means, unless it is about the message itself or says what nobody knows."""
    text = str(refusal).lower()
    if isinstance(refusal, Forbidden) and any(words in text for words in _FORBIDS):
        raise Gone(str(refusal), forget=private) from None
    if any(words in text for words in _NOBODY + _NOT_ALLOWED):
        raise Gone(str(refusal)) from None
    if any(words in text for words in _NO_TOPIC):
        raise TopicGone from None


def _quieten() -> None:
    """Keep texts out of debug logs, and the library's advice against calling methods by name out of the console."""
    library = logging.getLogger("telegram")
    library.setLevel(max(library.level, logging.INFO))
    warnings.filterwarnings("ignore", "Please use 'Bot", PTBUserWarning)
    warnings.filterwarnings("ignore", ".*retry_after", PTBDeprecationWarning)
