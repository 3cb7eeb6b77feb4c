"""Slack as the service sees it: it takes events, delivers answers and tells how it is."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import aiohttp
import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp

from bot.channels.base import HostServices, Texts
from bot.channels.slack.assistant import AssistantStatus
from bot.channels.slack.channel import SlackDelivery
from bot.channels.slack.client import new_session, web_client
from bot.channels.slack.events import ThreadCache
from bot.channels.slack.home import AppHome
from bot.channels.slack.installation import StaticToken, Tokens, Unreachable
from bot.channels.slack.oauth import OAuth
from bot.channels.slack.receiver import EventParser, EventReceiver, bolt_app, bolt_request
from bot.channels.slack.sender import SlackSender
from bot.channels.slack.socket import PING_SECONDS, Socket
from bot.dialog.turn import Register
from bot.inbox.events import Busy, Delivery, OutboundMessage, Progress

log = structlog.stdlib.get_logger(__name__)

EVENTS_PATH = "/slack/events"

RETRY_SECONDS = 30.0
"""Longest pause between attempts to find out who the token belongs to."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What an operator copies from Slack's pages. With `bot_token` one workspace is served, without it those that
    installed the app through OAuth. Secrets are left out of the representation."""

    mode: Literal["socket", "http"] = "socket"
    base_url: str = "https://slack.com/api/"
    bot_token: str = field(default="", repr=False)
    app_token: str = field(default="", repr=False)
    signing_secret: str = field(default="", repr=False)


class Slack:
    """The channel. It must be made inside a running event loop and ends with `close`."""

    def __init__(
        self, credentials: Credentials, host: HostServices, oauth: OAuth | None = None, ping: float = PING_SECONDS
    ) -> None:
        self._credentials = credentials
        self._session = new_session()
        self._client = web_client(credentials.base_url, self._session)
        self._oauth = oauth.begin(self._client) if oauth else None
        self._tokens: Tokens = self._oauth or StaticToken(self._client, credentials.bot_token)
        cache = ThreadCache()
        self._status = AssistantStatus(self._client, host.texts)
        sender, home = SlackSender(self._client, self._session, self._tokens), AppHome(host.texts, host.topics)
        self._delivery = StatusClearingDelivery(SlackDelivery(sender, host.texts, home, cache), self._status)
        receiver = EventReceiver(EventParser(cache, host.is_known), host, self._status)
        self._app = self._bolt(receiver, host.texts)
        self._socket = Socket(self._app, credentials.app_token, ping) if credentials.mode == "socket" else None
        self._greeting: asyncio.Task[None] | None = None
        self._identified = self._oauth is not None
        self._open = False

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
            self._greeting = asyncio.create_task(self._identify(), name="slack-identify")
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
        """Return whether Slack can reach us (`up`), and in which mode."""
        if self._socket is not None:
            return self._socket.health()
        return {"up": self._open and self._identified, "mode": "http"}

    def _bolt(self, receiver: EventReceiver, texts: Texts) -> AsyncApp:
        return bolt_app(
            self._client,
            self._credentials.signing_secret,
            self._tokens,
            receiver,
            texts("slack-not-installed", Register.PROFESSIONAL),
            self._oauth.flow if self._oauth else None,
            self._oauth.uninstalled if self._oauth else None,
        )

    async def _identify(self) -> None:
        """Ask who the token belongs to until Slack says so; meanwhile events are refused and so repeated."""
        pause = 1.0
        while not self._identified:
            try:
                await self._tokens.of(None, None)
                self._identified = True
            except Unreachable as reason:
                log.warning("slack_unreachable", reason=str(reason), again_in=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, RETRY_SECONDS)

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
        return await to_aiohttp_response(await self._app.async_dispatch(asked))


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
