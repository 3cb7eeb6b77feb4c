"""Wiring: the one place that knows every part."""

from __future__ import annotations

import asyncio
import gc
import secrets
import signal
from pathlib import Path

from bot import logs
from bot.authored import build_engine
from bot.delivery.identity import Identity
from bot.delivery.opening import open_store, sqlite_path
from bot.engine.respond import Engine
from bot.errors import SettingsError
from bot.platforms import platforms
from bot.service import Service
from bot.settings import Settings


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
