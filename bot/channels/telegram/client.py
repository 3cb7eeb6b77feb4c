"""The Bot API: the bot object, set up to be quick and to log no texts; what a refused call means; when one may be made.

An answer waits for Telegram's rates, urgent ones first; what failed waits longer and longer, and says why.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import json
import logging
import re
import time
import warnings
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import structlog
from telegram import InputFile
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
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

from bot.channels.platforms import Unexpected
from bot.errors import SettingsError
from bot.inbox.events import Busy, Gone, Paced, Refused

log = structlog.stdlib.get_logger(__name__)

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
    if not isinstance(value, dict):
        return RequestParameter(name, value, None)
    inside = [one for one in value.values() if isinstance(one, InputFile)]
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


# --- pacing: within the limits of Telegram, and how long to wait after a fault ----------------------------------------

NAP = 0.25
"""Seconds that are waited here. Whoever has to wait for longer is sent away with its place in the queue, so that it
takes no worker's place, and what is urgent in its conversation can go before it."""

_CROWD = 4096
"""Chats remembered before those that may send at once are forgotten."""

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Rates:
    """What a bot may send (core.telegram.org/bots/faq#broadcasting-to-users); 0 means no limit.

    `overall` messages a second, `group` messages a minute to one group, `chat` messages a second to one chat after a
    `burst` of so many. Overall no more than `overall_burst` leave at the same instant, and no more than `unwritten` are
    on their way or not yet written down: those are what a death may have said twice.
    """

    overall: float = 30.0
    group: float = 20.0
    chat: float = 1.0
    burst: int = 3
    overall_burst: int = 3
    unwritten: int = 4


class Meter:
    """Spaces what bears the same name by `interval` seconds; `burst` of it may go at once after a pause."""

    def __init__(self, interval: float, burst: float) -> None:
        self._interval = interval
        self._ahead = interval * (burst - 1)
        self._next: dict[Hashable, float] = {}

    def due(self, name: Hashable, now: float) -> float:
        """Return when the next may go; in the past if it may go at once."""
        return max(self._next.get(name, 0.0), now - self._ahead)

    def take(self, name: Hashable, at: float) -> None:
        """Let one go at a moment."""
        if not self._interval:
            return
        self._next[name] = self.due(name, at) + self._interval
        if len(self._next) > _CROWD:
            self._next = {one: due for one, due in self._next.items() if due > at - self._ahead}


class Pacer:
    """Tells each chat's next message when it may go; chats wait for each other only where all are too many."""

    def __init__(
        self,
        rates: Rates,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._overall = _meter(rates.overall, rates.overall_burst)
        self._chat = _meter(rates.chat, rates.burst)
        self._group = _meter(rates.group / MINUTE, rates.group)
        self._clock = clock
        self._sleep = sleep
        self._booked: dict[int, float] = {}

    async def wait(self, chat: int, *, urgent: bool = False) -> None:
        """Return when the next message to the chat may be sent: at once if it is urgent.

        Raises `Paced` if that is further away than a moment; the place is kept for whoever comes back for it.
        """
        now = self._clock()
        if urgent:
            self._take(chat, now)
            return
        due = self._booked.pop(chat, None)
        if due is None:
            due = max(now, *(meter.due(name, now) for meter, name in self._meters(chat)))
            self._take(chat, due)
        if due - now > NAP:
            self._booked[chat] = due
            raise Paced(due - now)
        if due > now:
            await self._sleep(due - now)

    def _take(self, chat: int, at: float) -> None:
        for meter, name in self._meters(chat):
            meter.take(name, at)

    def _meters(self, chat: int) -> list[tuple[Meter, Hashable]]:
        """Return what a message counts against; the ids of groups are negative."""
        own: list[tuple[Meter, Hashable]] = [(self._overall, "all"), (self._chat, chat)]
        return [*own, (self._group, chat)] if chat < 0 else own


def _meter(rate: float, burst: float) -> Meter:
    """Return a meter for so many a second; 0 means no limit."""
    return Meter(1 / rate if rate else 0.0, burst if rate else 1)


HANGING = 0.25
"""Seconds after which a call that is not answered holds back nobody else any more."""


class Window:
    """Lets `most` messages be under way at once; one that hangs makes room, one that is urgent needs none."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._begun: dict[object, float] = {}
        self._changed = asyncio.Event()

    async def enter(self, *, urgent: bool = False) -> Callable[[], None]:
        """Wait for room; return what gives it back, once, however often it is called."""
        while not urgent and self._most and (wait := self._until_room()) > 0:
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), wait)
        place = object()
        self._begun[place] = self._clock()

        def leave() -> None:
            self._begun.pop(place, None)
            self._changed.set()

        return leave

    def _until_room(self) -> float:
        """Return for how many seconds there is certainly no room if nobody leaves."""
        now = self._clock()
        lively = sorted(at for at in self._begun.values() if now - at < HANGING)
        return HANGING - (now - lively[-self._most]) if len(lively) >= self._most else 0.0


LONGEST = 30.0
"""Seconds between two attempts at most."""

CONFLICT = (
    "another process polls with this token, or a webhook was set: stop the other one; "
    "several replicas need TELEGRAM_MODE=webhook"
)
REFUSED = "Telegram refuses the token: copy it again from @BotFather (/mybots, API Token) into TELEGRAM_BOT_TOKEN"


class Backoff:
    """Waits `first` seconds after a fault, then twice as long each time; `problem` is empty while all is well."""

    def __init__(self, first: float) -> None:
        self.problem = "not connected yet"
        self._first = first
        self._faults = 0

    async def wait(self, problem: str, asked: float = 0.0) -> None:
        """Wait after a fault, at least as long as Telegram asks; the same problem is logged once."""
        seconds = max(asked, min(self._first * 2**self._faults, LONGEST))
        self._faults = min(self._faults + 1, 16)
        if problem != self.problem:
            log.warning("telegram_fault", reason=problem, retry_in=seconds)
        self.problem = problem
        await asyncio.sleep(seconds)

    def reset(self) -> None:
        """Note that all is well."""
        if self.problem:
            log.info("telegram_connected", faults=self._faults)
        self.problem, self._faults = "", 0


def explain(fault: TelegramError) -> str:
    """Return what an operator can do about a fault. The text of most faults may hold the token and is never shown."""
    if isinstance(fault, Conflict):
        return CONFLICT
    if isinstance(fault, InvalidToken | EndPointNotFound):
        return REFUSED
    if isinstance(fault, BadRequest):
        return f"Telegram refuses the request: {fault}"
    return f"Telegram cannot be reached ({type(fault).__name__})"


def asked_of(fault: TelegramError) -> float:
    """Return the seconds Telegram asks to wait, if it does."""
    return wait_of(fault) if isinstance(fault, RetryAfter) else 0.0
