"""From settings to the adapters of every configured channel. An SDK is imported only when its channel is used."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from bot.delivery.identity import Identity
from bot.engine import taps
from bot.engine.respond import Engine
from bot.engine.turn import Button, Tone
from bot.posts import ByOneReplica
from bot.service import Platform, Service
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.adapters.slack.app import Credentials
    from bot.adapters.slack.oauth import OAuth
    from bot.adapters.telegram.app import Config


def platforms(settings: Settings, service: Service, engine: Engine, identity: Identity) -> Iterator[Platform]:
    """Yield the adapter of every configured channel. To be called inside the running event loop."""
    if settings.telegram_bot_token:
        yield _telegram(settings, service, engine)
    if settings.slack_configured:
        yield _slack(settings, service, engine, identity)


def telegram_config(settings: Settings) -> Config:
    """Return what the Telegram adapter and its doctor need."""
    from bot.adapters.telegram.app import Config

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
    from bot.adapters.slack.app import Credentials

    return Credentials(
        mode=settings.slack_mode,
        base_url=settings.slack_api_base_url,
        bot_token=_clear(settings.slack_bot_token),
        app_token=_clear(settings.slack_app_token),
        signing_secret=_clear(settings.slack_signing_secret),
    )


def first_topics(engine: Engine, tone: Tone) -> list[Button]:
    """Return the buttons of the answers one can begin with: the start and what follows from it."""
    start = engine.library.start
    return [Button(engine.label(node, tone), taps.payload(node)) for node in (start, *engine.library.nodes[start].next)]


def _telegram(settings: Settings, service: Service, engine: Engine) -> Platform:
    from bot.adapters.telegram.app import Telegram
    from bot.adapters.telegram.inline import general

    config = telegram_config(settings)
    courier = service.courier

    async def unreadable(reason: str, update: str) -> None:
        await courier.set_aside("telegram", reason, update)

    telegram = Telegram(
        config,
        accept=service.accept,
        departed=courier.departed,
        quarantine=unreadable,
        words=engine.sentence,
        topics=general(engine.library),
        numbers=[(one.label, one.number) for one in engine.library.copy_numbers],
    )
    return ByOneReplica(telegram, courier) if config.mode == "polling" else telegram


def _slack(settings: Settings, service: Service, engine: Engine, identity: Identity) -> Platform:
    from bot.adapters.slack.app import House, Slack

    async def unreadable(body: Mapping[str, Any], reason: str) -> None:
        await service.courier.set_aside("slack", reason, json.dumps(body, sort_keys=True))

    house = House(
        accept=service.accept,
        say=engine.sentence,
        topics=lambda tone: first_topics(engine, tone),
        known=service.courier.remembers,
        quarantine=unreadable,
    )
    return Slack(slack_credentials(settings), house, _oauth(settings, identity))


def _oauth(settings: Settings, identity: Identity) -> OAuth | None:
    """Return the installer of many workspaces; None where one static token is given."""
    if settings.slack_bot_token or not settings.slack_client_id:
        return None
    from bot.adapters.slack.oauth import OAuth, OAuthSettings

    client = OAuthSettings(
        settings.slack_client_id, _clear(settings.slack_client_secret), settings.footnote_database_url
    )
    return OAuth(client, identity)


def _clear(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""
