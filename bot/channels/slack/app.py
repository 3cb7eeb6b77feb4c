"""Slack as the service sees it: it takes events, delivers answers and tells how it is."""

from __future__ import annotations

import asyncio
import time
from binascii import a2b_qp
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import aiohttp
import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.channels.base import HostServices, Texts, Unexpected
from bot.channels.slack.assistant import AssistantStatus
from bot.channels.slack.channel import SlackDelivery
from bot.channels.slack.client import PING_SECONDS, Socket, new_session, web_client
from bot.channels.slack.events import FollowedThreads, ThreadCache
from bot.channels.slack.files import SlackFiles
from bot.channels.slack.installation import TAKEN, StaticToken, Tokens, Unreachable
from bot.channels.slack.oauth import OAuth
from bot.channels.slack.receiver import EventParser, EventReceiver, bolt_app
from bot.channels.slack.sender import SlackSender
from bot.channels.slack.views import AppHome
from bot.dialog.turn import Register
from bot.inbox.events import Busy, Delivery, OutboundMessage, Progress

log = structlog.stdlib.get_logger(__name__)

EVENTS_PATH = "/slack/events"

_STALE = 300.0
"""Seconds after which Slack's library takes a signature for a recorded one."""

RETRY_SECONDS, CHECK_SECONDS = 30.0, 30.0
"""Longest pause between attempts to find out whose token it is, and between looks whether it is still taken."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What an operator copies from Slack's pages. With `bot_token` one workspace is served, without it those that
    installed the app through OAuth. Secrets are left out of the representation. In channels of `mention_only` (`all`
    means every one) the bot reads nothing that does not name it."""

    mode: Literal["socket", "http"] = "socket"
    base_url: str = "https://slack.com/api/"
    bot_token: str = field(default="", repr=False)
    app_token: str = field(default="", repr=False)
    signing_secret: str = field(default="", repr=False)
    mention_only: frozenset[str] = frozenset()


class Slack:
    """The channel. It must be made inside a running event loop and ends with `close`."""

    def __init__(
        self, credentials: Credentials, host: HostServices, oauth: OAuth | None = None, ping: float = PING_SECONDS
    ) -> None:
        self._credentials = credentials
        self._session = new_session()
        self._client = web_client(credentials.base_url, self._session)
        self._oauth = oauth.begin(self._client) if oauth else None
        self._static = None if self._oauth else StaticToken(self._client, credentials.bot_token)
        self._tokens: Tokens = self._oauth or self._static  # type: ignore[assignment]  # one of them there is
        unexpected = Unexpected("slack", host.unexpected)
        cache = ThreadCache()
        self._status = AssistantStatus(self._client, host.texts)
        sender, home = SlackSender(self._client, self._session, self._tokens), AppHome(host.texts, host.topics)
        files = SlackFiles(sender, self._session, host.texts, host.files)
        delivery = SlackDelivery(sender, host.texts, home, cache, unexpected, files)
        self._delivery = StatusClearingDelivery(delivery, self._status)
        threads = FollowedThreads(host.is_known, host.is_quiet)
        parser = EventParser(cache, threads, unexpected, credentials.mention_only)
        receiver = EventReceiver(parser, host, self._status, unexpected)
        self._app = self._bolt(receiver, host.texts)
        self._socket = Socket(self._app, credentials.app_token, ping) if credentials.mode == "socket" else None
        self._greeting: asyncio.Task[None] | None = None
        self._open = False
        self._told: set[str] = set()

    @property
    def delivery(self) -> Delivery:
        """How answers are delivered on Slack."""
        return self._delivery

    async def start(self) -> None:
        """Begin to take events. Returns at once: an outage of Slack is waited out in the background."""
        self._open = True
        if self._oauth is not None:
            await self._oauth.start()
        else:
            self._greeting = asyncio.create_task(self._watch(), name="slack-token")
        if self._socket is not None:
            await self._socket.start()

    async def stop(self) -> None:
        """Take no more events; answers can still be delivered."""
        self._open = False
        if self._greeting is not None:
            self._greeting.cancel()
        if self._socket is not None:
            await self._socket.stop()

    async def close(self) -> None:
        """Let go of every connection."""
        await self._status.close()
        if self._oauth is not None:
            await self._oauth.close()
        await self._session.close()

    def routes(self) -> list[web.RouteDef]:
        """Return the HTTP paths: events in HTTP mode, installation where several workspaces may install."""
        events = [web.post(EVENTS_PATH, self._events)] if self._socket is None else []
        return [*events, *(self._oauth.routes() if self._oauth else [])]

    def health(self) -> Mapping[str, Any]:
        """Return whether events come in and answers can go out (`up`), in which mode, and how the token fares."""
        state = self._socket.health() if self._socket is not None else {"up": self._open, "mode": "http"}
        token = self._static.state if self._static is not None else "per workspace"
        return {**state, "up": state["up"] and (self._static is None or token == TAKEN), "token": token}

    def _bolt(self, receiver: EventReceiver, texts: Texts) -> AsyncApp:
        return bolt_app(
            self._client,
            self._credentials.signing_secret,
            self._tokens,
            receiver,
            texts("slack-not-installed", Register.PROFESSIONAL),
            self._oauth.flow if self._oauth else None,
            self._oauth.uninstalled if self._oauth else self._removed,
        )

    async def _watch(self) -> None:
        """Ask whose token it is until Slack says so (meanwhile events are refused and so repeated), then now and again:
        where nobody asks anything, a token that was revoked would be noticed by nobody."""
        pause = 1.0
        while self._static is not None:
            try:
                await self._static.check()
                pause = CHECK_SECONDS
            except Unreachable as reason:
                log.warning("slack_unreachable", reason=str(reason), again_in=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, RETRY_SECONDS)

    async def _removed(self, event: Mapping[str, Any]) -> None:
        """Hear from Slack that the app was removed, or its token revoked."""
        if self._static is not None and (event["type"] != "tokens_revoked" or (event.get("tokens") or {}).get("bot")):
            self._static.refused(None, event["type"])

    async def _events(self, request: web.Request) -> web.Response:
        """Take a signed request. Unreadable ones are refused before Bolt, which would answer them with a 500."""
        if not self._open:
            return web.Response(status=503)
        if not request.headers.get("X-Slack-Request-Timestamp", "0").isdecimal():
            return web.Response(status=401)
        try:
            asked = bolt_request(await request.text(), request.headers, request.query_string)
        except (ValueError, TypeError, AttributeError, RecursionError, aiohttp.ClientError):
            return web.Response(status=400)
        response = await to_aiohttp_response(await self._app.async_dispatch(asked))
        if response.status == 401:
            self._refused(request.headers)
        return response

    def _refused(self, headers: Mapping[str, str]) -> None:
        """Say why once: a proxy that strips headers refuses everything, and a stranger should fill no log."""
        why = unsigned(headers, time.time())
        if why not in self._told:
            self._told.add(why)
            log.warning("request_refused", reason=why)


def unsigned(headers: Mapping[str, str], now: float) -> str:
    """Return why a request counts as not Slack's."""
    for name in ("X-Slack-Signature", "X-Slack-Request-Timestamp"):
        if name not in headers:
            return f"the header {name} is missing: does the proxy pass it on?"
    if abs(now - float(headers["X-Slack-Request-Timestamp"])) > _STALE:
        return "it was signed more than five minutes from now: does this machine's clock go right?"
    return "the signature is not made with SLACK_SIGNING_SECRET"


class StatusClearingDelivery:
    """Delivers, and clears the status "is working on it" afterwards."""

    def __init__(self, inner: SlackDelivery, status: AssistantStatus) -> None:
        self.name = inner.name
        self._inner = inner
        self._status = status

    async def deliver(self, message: OutboundMessage, progress: Progress) -> None:
        """Deliver the answer; raises Busy, and then the status stays, or Gone."""
        try:
            await self._inner.deliver(message, progress)
        except Busy:
            raise
        except Exception:
            self._status.done(message.address)
            raise
        self._status.done(message.address)


_FIELD = "payload="


def bolt_request(text: str, headers: Mapping[str, str], query: str = "") -> AsyncBoltRequest:
    """Return the request as Bolt knows it. Raises ValueError, TypeError or AttributeError for what it cannot read."""
    request = AsyncBoltRequest(body=_payload(text) or text, query=query, headers=headers)  # type: ignore[arg-type]
    request.raw_body = text  # what the signature was made of
    return request


def _payload(text: str) -> str:
    """Return the JSON object of a form that holds nothing else; empty for anything else, which Bolt reads itself.

    Quoted-printable differs from a form's escapes by its sign alone, and the standard library reads it in C. A form it
    reads escape by escape: 900 of them in a press, a fifth of the time of a whole turn.
    """
    value = text.removeprefix(_FIELD)
    if value == text or "=" in value or "&" in value:
        return ""
    found = a2b_qp(value.replace("+", " ").replace("%", "=").encode()).decode()
    return found if found.startswith("{") else ""
