"""Wiring: the one place that knows every part."""

from __future__ import annotations

import asyncio
import gc
import json
import secrets
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from bot import logs
from bot.channels.leader import LeaderOnly
from bot.content.loader import load, no_collection
from bot.dialog import payloads
from bot.dialog.engine import Engine
from bot.dialog.turn import Button, Register
from bot.errors import SettingsError
from bot.inbox.identity import Identity
from bot.matching import build_matcher
from bot.service import Platform, Service
from bot.settings import Settings
from bot.store.open import open_store, sqlite_path

if TYPE_CHECKING:
    from bot.channels.slack.app import Credentials
    from bot.channels.slack.oauth import OAuth
    from bot.channels.telegram.app import Config


def build_engine(settings: Settings, *, templates: bool = True) -> Engine:
    """Return the engine over the content the settings name; raises LoadError when that content has faults.

    `templates=False` leaves the rendering of every text once to its first use, where a fault raises TemplateError.
    """
    with no_collection():
        library = load(settings.footnote_dialogs, settings.footnote_content, templates=templates)
        matcher = build_matcher(library)
    return Engine(
        library,
        matcher,
        require_approved=settings.footnote_require_approved,
        default_register=lambda channel: Register.PROFESSIONAL if channel == "slack" else Register.LAYPERSON,
    )


def platforms(settings: Settings, service: Service, engine: Engine, identity: Identity) -> Iterator[Platform]:
    """Yield the adapter of every configured channel. To be called inside the running event loop."""
    if settings.telegram_bot_token:
        yield _telegram(settings, service, engine)
    if settings.slack_configured:
        yield _slack(settings, service, engine, identity)


def telegram_config(settings: Settings) -> Config:
    """Return what the Telegram adapter and its doctor need."""
    from bot.channels.telegram.app import Config

    return Config(
        token=_clear(settings.telegram_bot_token),
        base_url=settings.telegram_api_base_url,
        mode=settings.telegram_mode,
        webhook_url=settings.telegram_webhook_url or "",
        webhook_secret=_clear(settings.telegram_webhook_secret),
        inline=settings.telegram_inline,
    )


def slack_credentials(settings: Settings) -> Credentials:
    """Return what the Slack adapter and its doctor need."""
    from bot.channels.slack.app import Credentials

    return Credentials(
        mode=settings.slack_mode,
        base_url=settings.slack_api_base_url,
        bot_token=_clear(settings.slack_bot_token),
        app_token=_clear(settings.slack_app_token),
        signing_secret=_clear(settings.slack_signing_secret),
    )


def first_topics(engine: Engine, register: Register) -> list[Button]:
    """Return the buttons of the answers one can begin with: the start, what follows from it, and the start of every
    other dialog that is loaded."""
    library = engine.library
    others = (dialog.start for dialog in library.dialogs.values())
    nodes = dict.fromkeys((library.start, *library.nodes[library.start].next, *others))
    return [Button(engine.label(node, register), payloads.payload(node)) for node in nodes]


def _telegram(settings: Settings, service: Service, engine: Engine) -> Platform:
    from bot.channels.telegram.app import Telegram
    from bot.channels.telegram.inline import general

    config = telegram_config(settings)
    inbox = service.inbox

    async def unreadable(reason: str, update: str) -> None:
        await inbox.quarantine_raw("telegram", reason, update)

    telegram = Telegram(
        config,
        accept=service.accept,
        user_left=inbox.user_left,
        quarantine=unreadable,
        words=engine.sentence,
        topics=general(engine.library),
        numbers=[(one.label, one.number) for one in engine.library.copy_numbers],
    )
    return LeaderOnly(telegram, inbox) if config.mode == "polling" else telegram


def _slack(settings: Settings, service: Service, engine: Engine, identity: Identity) -> Platform:
    from bot.channels.slack.app import HostServices, Slack

    async def unreadable(body: Mapping[str, Any], reason: str) -> None:
        await service.inbox.quarantine_raw("slack", reason, json.dumps(body, sort_keys=True))

    house = HostServices(
        accept=service.accept,
        say=engine.sentence,
        topics=lambda register: first_topics(engine, register),
        known=service.inbox.is_known,
        quiet=service.inbox.is_quiet,
        unexpected=service.inbox.metrics.unexpected,
        quarantine=unreadable,
    )
    return Slack(slack_credentials(settings), house, _oauth(settings, identity))


def _oauth(settings: Settings, identity: Identity) -> OAuth | None:
    """Return the installer of many workspaces; None where one static token is given."""
    if settings.slack_bot_token or not settings.slack_client_id:
        return None
    from bot.channels.slack.oauth import OAuth, OAuthSettings

    client = OAuthSettings(
        settings.slack_client_id, _clear(settings.slack_client_secret), settings.footnote_database_url
    )
    return OAuth(client, identity)


def _clear(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


def installation_secret(settings: Settings) -> str:
    """Return FOOTNOTE_SECRET, or one made at the first start and kept beside the SQLite file (owner-readable only).

    Raises SettingsError on PostgreSQL, where every replica must be given the same secret.
    """
    if settings.footnote_secret:
        return settings.footnote_secret.get_secret_value()
    if not settings.footnote_database_url.startswith("sqlite"):
        raise SettingsError(
            "FOOTNOTE_SECRET is missing: choose 32 or more random characters, the same on every replica"
        )
    path = sqlite_path(settings.footnote_database_url).with_suffix(".secret")
    return path.read_text(encoding="utf-8").strip() if path.exists() else _new_secret(path)


def _new_secret(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    secret = secrets.token_urlsafe(32)
    path.write_text(secret, encoding="utf-8")
    return secret


def run(settings: Settings) -> None:
    """Serve every configured channel until SIGTERM or SIGINT. Raises LoadError, SettingsError or StoreError."""
    logs.configure(settings.footnote_log_level, settings.secrets)
    engine = build_engine(settings)
    asyncio.run(_serve(settings, engine))


async def _serve(settings: Settings, engine: Engine) -> None:
    secret = installation_secret(settings)
    store = await open_store(settings.footnote_database_url)
    try:
        identity = Identity(secret)
        service = Service(settings, store, engine, identity)
        for platform in platforms(settings, service, engine, identity):
            service.add(platform)
        gc.collect()
        gc.freeze()  # the content lives as long as the process: the collector need not look at it again
        await service.run(_stop_signal())
    finally:
        await store.close()


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    return stop
