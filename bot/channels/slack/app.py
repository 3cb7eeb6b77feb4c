"""Slack as the service sees it: it takes events, delivers answers, tells how it is; one workspace or many.

Many workspaces install the app by OAuth: tokens are sealed in the database, rotated in time, and gone when the app is
uninstalled. With a static token none of that is used.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.errors import SlackTokenRotationError
from slack_sdk.oauth.installation_store import Bot
from slack_sdk.oauth.installation_store.sqlalchemy import AsyncSQLAlchemyInstallationStore
from slack_sdk.oauth.state_store.sqlalchemy import AsyncSQLAlchemyOAuthStateStore
from slack_sdk.oauth.token_rotation.async_rotator import AsyncTokenRotator
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import Dialect, Table, Text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.types import TypeDecorator

from bot.channels.base import HostServices, Texts
from bot.channels.platforms import Unexpected
from bot.channels.slack.channel import AssistantStatus, SlackDelivery, StatusClearingDelivery
from bot.channels.slack.client import (
    PING_SECONDS,
    TAKEN,
    UNREACHABLE,
    Installation,
    Socket,
    StaticToken,
    Tokens,
    Unreachable,
    library_log,
    new_session,
    reason_of,
    web_client,
)
from bot.channels.slack.events import FollowedThreads, ThreadCache
from bot.channels.slack.manifest import EVENTS_PATH, INSTALL_PATH, REDIRECT_PATH, SCOPES
from bot.channels.slack.receiver import EventParser, EventReceiver, EventsEndpoint, bolt_app
from bot.channels.slack.sender import SlackFiles, SlackSender
from bot.channels.slack.views import AppHome
from bot.dialog.turn import Register
from bot.inbox.events import Delivery
from bot.store.common import Identity
from bot.store.open import engine_of

log = structlog.stdlib.get_logger(__name__)

# --- the channel ------------------------------------------------------------------------------------------------------


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
        self._endpoint = EventsEndpoint(self._app)

    @property
    def delivery(self) -> Delivery:
        """How answers are delivered on Slack."""
        return self._delivery

    async def start(self) -> None:
        """Begin to take events. Returns at once: an outage of Slack is waited out in the background."""
        self._endpoint.open = True
        if self._oauth is not None:
            await self._oauth.start()
        else:
            self._greeting = asyncio.create_task(self._watch(), name="slack-token")
        if self._socket is not None:
            await self._socket.start()

    async def stop(self) -> None:
        """Take no more events; answers can still be delivered."""
        self._endpoint.open = False
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
        events = [web.post(EVENTS_PATH, self._endpoint.receive)] if self._socket is None else []
        return [*events, *(self._oauth.routes() if self._oauth else [])]

    def health(self) -> Mapping[str, Any]:
        """Return whether events come in and answers can go out (`up`), in which mode, and how the token fares."""
        state = self._socket.health() if self._socket is not None else {"up": self._endpoint.open, "mode": "http"}
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


# --- many workspaces --------------------------------------------------------------------------------------------------

_SECRET_COLUMNS = ("bot_token", "bot_refresh_token", "user_token", "user_refresh_token", "incoming_webhook_url")


class EncryptedText(TypeDecorator[str]):
    """Text that is encrypted on its way to the database and decrypted on its way back."""

    impl = Text
    cache_ok = True

    def __init__(self, identity: Identity) -> None:
        super().__init__()
        self.identity = identity

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        """Return what the database keeps."""
        return None if value is None else base64.b64encode(self.identity.seal(value.encode())).decode()

    def process_result_value(self, value: Any | None, _dialect: Dialect) -> str | None:
        """Return what was sealed; raises Unsealable when it was sealed with another secret."""
        return None if value is None else self.identity.unseal(base64.b64decode(value)).decode()


class SealedInstallations(AsyncSQLAlchemyInstallationStore):
    """Installations whose tokens nobody can read without the secret."""

    def __init__(self, client_id: str, engine: AsyncEngine, identity: Identity) -> None:
        super().__init__(client_id, engine, logger=library_log())
        for table in (self.bots, self.installations):
            _seal(table, identity)


def _seal(table: Table, identity: Identity) -> None:
    for name in _SECRET_COLUMNS:
        if name in table.c:
            table.c[name].type = EncryptedText(identity)


STATE_SECONDS = 600
"""How long a started installation may take."""

ROTATE_MINUTES = 120
"""A token that expires within this time is renewed; Slack's rotated tokens live twelve hours."""

REMEMBERED = 60.0
"""Seconds an installation is kept in memory: long enough to spare the database, short enough for several replicas."""


BUSY_SECONDS = 10.0
"""Seconds to wait for a SQLite file that a turn is writing to."""


@dataclass(frozen=True, slots=True)
class OAuthSettings:
    """The app's client id and secret, where Slack sends people back to, and the database that keeps installations."""

    client_id: str
    client_secret: str = field(repr=False)
    database_url: str = field(repr=False)
    redirect_uri: str | None = None


class OAuth:
    """Installs the app in workspaces and knows their tokens."""

    waits = False
    """A workspace that revoked its token has removed the app."""

    def __init__(self, settings: OAuthSettings, identity: Identity) -> None:
        self._settings = settings
        busy = {} if settings.database_url.startswith("postgres") else {"timeout": BUSY_SECONDS}
        self._engine = engine_of(settings.database_url, pool_size=2, connect_args=busy)
        self._installations = SealedInstallations(settings.client_id, self._engine, identity)
        self._states = AsyncSQLAlchemyOAuthStateStore(STATE_SECONDS, self._engine, library_log())
        self._remembered: dict[tuple[str | None, str | None], tuple[float, Installation]] = {}
        self._renewing = asyncio.Lock()

    def begin(self, client: AsyncWebClient) -> OAuth:
        """Use this client for every call; returns the same object."""
        settings = self._settings
        self._rotator = AsyncTokenRotator(
            client_id=settings.client_id, client_secret=settings.client_secret, client=client
        )
        self.flow = AsyncOAuthFlow(client=client, logger=library_log(), settings=self._flow_settings())
        return self

    async def start(self) -> None:
        """Create the tables if need be. Raises SQLAlchemyError when the database cannot be used."""
        for last in (False, True):
            try:
                await self._installations.create_tables()  # type: ignore[no-untyped-call]
                await self._states.create_tables()  # type: ignore[no-untyped-call]
                return
            except SQLAlchemyError:  # another replica may be creating them at this moment
                if last:
                    raise

    async def close(self) -> None:
        """Let go of the database."""
        await self._engine.dispose()

    def routes(self) -> list[web.RouteDef]:
        """Return the page that begins an installation and the one Slack returns to."""
        return [web.get(INSTALL_PATH, self._install), web.get(REDIRECT_PATH, self._returned)]

    async def installation(self, team: str | None, enterprise: str | None) -> Installation | None:
        """Return the installation, its token good for an hour at least. Raises Unreachable when that is not known."""
        kept = self._remembered.get((team, enterprise))
        if kept is not None and time.monotonic() - kept[0] < REMEMBERED:
            return kept[1]
        async with self._renewing:
            bot = await self._bot(team, enterprise)
            if bot is None:
                return None
            me = _installed(bot, team)
            self._remembered[team, enterprise] = (time.monotonic(), me)
            return me

    def refused(self, me: Installation, word: str) -> None:
        """Look the installation up again before the next call: another replica may have renewed it."""
        log.warning("slack_token_refused", reason=word)
        self._remembered = {key: kept for key, kept in self._remembered.items() if kept[1] is not me}

    def taken(self) -> None:
        """Nothing to note: every workspace has a token of its own."""

    async def uninstalled(self, event: Mapping[str, Any], context: AsyncBoltContext) -> None:
        """Delete what is stored about a workspace that removed the app or revoked its token."""
        if event["type"] == "tokens_revoked" and not (event.get("tokens") or {}).get("bot"):
            return
        async with self._renewing:
            await self._installations.async_delete_all(enterprise_id=context.enterprise_id, team_id=context.team_id)
            self._remembered.clear()
        log.info("slack_uninstalled", reason=event["type"])

    async def _bot(self, team: str | None, enterprise: str | None) -> Bot | None:
        try:
            bot = await self._installations.async_find_bot(enterprise_id=enterprise, team_id=team)
            return None if bot is None else await self._renewed(bot)
        except SQLAlchemyError as error:
            raise Unreachable(type(error).__name__) from None

    async def _renewed(self, bot: Bot) -> Bot:
        """Return the installation with a token that lasts; a token that cannot be renewed is used while it is good."""
        if bot.bot_token_expires_at is None:
            return bot
        try:
            renewed = await self._rotator.perform_bot_token_rotation(bot=bot, minutes_before_expiration=ROTATE_MINUTES)
        except (SlackTokenRotationError, *UNREACHABLE) as error:
            log.warning("token_not_renewed", reason=reason_of(error))
            if bot.bot_token_expires_at > time.time():
                return bot
            raise Unreachable("the token has expired and could not be renewed") from None
        if renewed is None:
            return bot
        await self._installations.async_save_bot(renewed)
        return renewed

    async def _install(self, request: web.Request) -> web.Response:
        return await to_aiohttp_response(await self.flow.handle_installation(await to_bolt_request(request)))

    async def _returned(self, request: web.Request) -> web.Response:
        self._remembered.clear()
        return await to_aiohttp_response(await self.flow.handle_callback(await to_bolt_request(request)))

    def _flow_settings(self) -> AsyncOAuthSettings:
        return AsyncOAuthSettings(
            client_id=self._settings.client_id,
            client_secret=self._settings.client_secret,
            scopes=sorted(SCOPES),
            redirect_uri=self._settings.redirect_uri,
            install_path=INSTALL_PATH,
            install_page_rendering_enabled=False,  # straight on to Slack, which explains itself
            redirect_uri_path=REDIRECT_PATH,
            installation_store=self._installations,
            state_store=self._states,
            state_expiration_seconds=STATE_SECONDS,
            logger=library_log(),
        )


def _installed(bot: Bot, team: str | None) -> Installation:
    return Installation(
        team=team or bot.team_id or "",
        bot_user=bot.bot_user_id,
        bot_id=bot.bot_id,
        scopes=frozenset(bot.bot_scopes or ()),
        token=bot.bot_token,
        enterprise=bot.enterprise_id,
    )
