"""Many workspaces: installation by OAuth, tokens sealed in the database and rotated in time, uninstalling.

With a static token none of this is used.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
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

from bot.channels.slack.client import library_log
from bot.channels.slack.errors import UNREACHABLE
from bot.channels.slack.installation import Installation, Unreachable, reason_of
from bot.channels.slack.manifest import SCOPES
from bot.store.codec import Identity
from bot.store.open import engine_of

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


log = structlog.stdlib.get_logger(__name__)

INSTALL_PATH, REDIRECT_PATH = "/slack/install", "/slack/oauth_redirect"

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
