"""The way to Slack: whose token it is, what refusals mean, the Web API client, Socket Mode.

A word that stands in none of the lists of refusals is one nobody has met yet: the turn has failed, is tried again, and
is then set aside where an operator sees it. Only a short list means that nobody is there. Words and their meaning:
docs.slack.dev, chat.postMessage, chat.postEphemeral, chat.update and views.publish.

The client has one session; short rate limits are waited out, nothing is repeated blindly. In Socket Mode there is one
WebSocket, and a watchdog that opens a new one when the library does not notice that it is stale.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

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

from bot.inbox.events import Busy, Gone, Refused

log = structlog.stdlib.get_logger(__name__)

# --- whose token it is ------------------------------------------------------------------------------------------------


BAD_TOKEN = frozenset({"invalid_auth", "not_authed", "token_expired"})
"""Slack's words for a token it does not take; it may be replaced, by an operator or by its renewal."""

REVOKED = frozenset({"token_revoked", "account_inactive", "team_access_not_granted"})
"""The app was removed: with one static token for the operator to mend, with many installations a goodbye."""

TOKEN_WORDS = BAD_TOKEN | REVOKED
"""The refusals that say something about the token, not about the message."""


@dataclass(frozen=True, slots=True)
class Installation:
    """One installation of the app. The token never appears in a log line: it is left out of the representation."""

    team: str
    bot_user: str
    bot_id: str
    scopes: frozenset[str]
    token: str = field(repr=False)
    enterprise: str | None = None

    @property
    def agent(self) -> bool:
        """True when the app is an agent here: each question in its direct messages opens a thread of its own."""
        return "assistant:write" in self.scopes


class Tokens(Protocol):
    """Knows the installation for a workspace, and hears how its token fares."""

    waits: bool
    """True when a revoked token will be replaced by an operator, so that what was accepted waits for that."""

    async def installation(self, team: str | None, enterprise: str | None, /) -> Installation | None:
        """Return the installation, or None where the app is not (or no longer) installed.

        Raises when it cannot be found out now: the event is then not acknowledged, and Slack sends it again.
        """

    def refused(self, me: Installation, word: str, /) -> None:
        """Hear that Slack refused the token, and why."""

    def taken(self) -> None:
        """Hear that Slack took a call."""


class Unreachable(Exception):
    """Slack (or the store of installations) cannot be asked now."""


TAKEN, UNKNOWN = "taken", "not yet known"
"""How a token fares, besides Slack's word for refusing it."""


class StaticToken:
    """The simple case: one workspace, one token from the settings. `state` is how it fares: `TAKEN`, `UNKNOWN`, or why
    Slack refuses it."""

    waits = True

    def __init__(self, client: AsyncWebClient, token: str) -> None:
        self._client = client
        self._token = token
        self._found: Installation | None = None
        self.state = UNKNOWN

    async def installation(self, _team: str | None, _enterprise: str | None) -> Installation | None:
        """Return the one installation; asks Slack once, with `auth.test`. Raises Unreachable."""
        if self._found is None:
            await self.check()
        return self._found

    async def check(self) -> None:
        """Ask Slack whose token it is; raises Unreachable with its reason when it does not say."""
        try:
            self._found = await identify(self._client, self._token)
        except Unreachable as reason:
            if str(reason) in TOKEN_WORDS:
                self.refused(None, str(reason))
            raise
        self.taken()

    def refused(self, _me: Installation | None, word: str) -> None:
        """Note that Slack refuses the token; what was accepted waits for the operator, who is told once."""
        if self.state != word:
            log.error("slack_token_refused", reason=word, remedy="set a valid SLACK_BOT_TOKEN, restart")
        self.state = word

    def taken(self) -> None:
        """Note that Slack takes the token."""
        if self.state not in (TAKEN, UNKNOWN):
            log.info("slack_token_taken_again", was=self.state)
        self.state = TAKEN


async def identify(client: AsyncWebClient, token: str) -> Installation:
    """Return who a token belongs to; raises Unreachable with Slack's reason when `auth.test` does not say."""
    try:
        answer = await client.auth_test(token=token)
    except Exception as error:
        raise Unreachable(reason_of(error)) from None
    scopes = str(answer.headers.get("x-oauth-scopes", ""))
    data: Mapping[str, Any] = answer.data  # type: ignore[assignment]
    return Installation(
        data["team_id"], data["user_id"], data["bot_id"], scopes_of(scopes), token, data.get("enterprise_id")
    )


def scopes_of(text: str) -> frozenset[str]:
    """Return the scopes of a comma-separated list."""
    return frozenset(scope.strip() for scope in text.split(",") if scope.strip())


def reason_of(error: Exception) -> str:
    """Return a short reason that is safe to log: Slack's error word or the kind of failure, no text, no token."""
    response = getattr(error, "response", None)
    data = getattr(response, "data", None)
    if isinstance(data, Mapping) and data.get("error"):
        return str(data["error"])
    status = getattr(response, "status_code", None)
    return f"http {status}" if status else type(error).__name__


# --- what refusals mean -----------------------------------------------------------------------------------------------

PAUSE = 2.0
"""Seconds to wait after a server error or a broken connection; delivery lengthens it while an outage lasts."""

LONG_PAUSE = 60.0
"""Seconds to wait for an operator: a token that Slack refuses today may be replaced."""

RATE_LIMITED = frozenset({"ratelimited", "rate_limited"})
"""Slack asks to wait, for as long as its header says."""

PASSING = frozenset(
    {
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
        "org_login_required",
        "migration_in_progress",
        "external_channel_migrating",
        "update_failed",
        "accesslimited",
        "message_limit_exceeded",
    }
)
"""Slack cannot now, and will be able to: a fault on its side, or a workspace that is being moved."""

NOT_DRAWN = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "invalid_arguments"})
"""The blocks are refused; the same words can be sent with simpler ones, or as text."""

TOO_LONG = frozenset({"msg_too_long"})
"""The text beside the blocks is too long: it can be left shorter, and without blocks be sent in parts."""

NOT_MARKED = frozenset(
    {"metadata_too_large", "metadata_must_be_sent_from_app", "invalid_metadata_format", "invalid_metadata_schema"}
)
"""The mark by which a message is found again is refused; the message can be sent without it."""

NOT_HERE = frozenset(
    {
        "access_denied",
        "cannot_reply_to_message",
        "channel_not_found",
        "ekm_access_denied",
        "enterprise_is_restricted",
        "is_archived",
        "is_inactive",
        "messages_tab_disabled",
        "missing_scope",
        "no_permission",
        "not_in_channel",
        "restricted_action",
        "restricted_action_non_threadable_channel",
        "restricted_action_read_only_channel",
        "restricted_action_thread_locked",
        "restricted_action_thread_only_channel",
        "user_not_in_channel",
    }
)
"""This place does not take it, another may."""

NOT_THIS_MESSAGE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed", "block_mismatch"})
"""The message to be changed cannot be changed; a new one can be sent."""

NO_QUESTION = frozenset({"thread_not_found", "invalid_thread_ts"})
"""The question was deleted with its thread: there is nothing left to answer."""

NOBODY = frozenset({"user_not_found", "users_not_found", "user_disabled", "cannot_dm_bot"})
"""The person is no longer there, or never was one."""

KNOWN_STATUSES = frozenset({200, 429, 500, 502, 503, 504})
"""HTTP statuses that Slack answers with (docs.slack.dev, Web API)."""

UNREACHABLE = (aiohttp.ClientError, TimeoutError, asyncio.TimeoutError, OSError, Unreachable)
"""What a broken connection raises, and an answer that is not Slack's."""


def elsewhere(*, shared: bool, direct: bool) -> frozenset[str]:
    """Return the refusals of a place after which there is another: a person's own messages are the last, and whoever
    shares is told in theirs."""
    if shared:
        return NOT_HERE | NOBODY
    return frozenset() if direct else NOT_HERE


def word_of(error: SlackApiError) -> str:
    """Return Slack's error word."""
    return reason_of(error)


def status_of(error: SlackApiError) -> int:
    """Return the HTTP status of a refusal. The SDK hands over its own response or, if it is no JSON, aiohttp's."""
    return int(getattr(error.response, "status_code", 0) or getattr(error.response, "status", 0))


def strange(status: int) -> bool:
    """Tell whether Slack is not known to answer with this HTTP status."""
    return status not in KNOWN_STATUSES


def unreadable(error: SlackApiError) -> bool:
    """Tell whether the answer came from something before Slack, such as a proxy: the call may have been carried out."""
    data = getattr(error.response, "data", None)
    return not (isinstance(data, Mapping) and data.get("error"))


def raised(error: Exception, *, waits: bool) -> Busy | Gone | Refused:
    """Return what delivery should hear about a failure. `waits` says that a revoked token will be replaced."""
    if not isinstance(error, SlackApiError):
        return Busy(PAUSE, str(error) if isinstance(error, Unreachable) else type(error).__name__)
    word, status = word_of(error), status_of(error)
    if status == 429 or word in RATE_LIMITED:
        return Busy(retry_after(getattr(error.response, "headers", {})), "ratelimited")
    if word in BAD_TOKEN or (waits and word in REVOKED):
        return Busy(LONG_PAUSE, word)
    if status >= 500 or word in PASSING or unreadable(error):
        return Busy(PAUSE, word)
    if word in REVOKED:
        return Gone(word, forget=True)
    return Gone(word) if word in NOBODY | NO_QUESTION else Refused(word)


def retry_after(headers: Mapping[str, Any]) -> float:
    """Return the seconds of a Retry-After header, one if there is none or it is no number."""
    try:
        return max(float(headers.get("Retry-After", 1)), 0.0)
    except ValueError:
        return 1.0


# --- the client and the socket ----------------------------------------------------------------------------------------

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
