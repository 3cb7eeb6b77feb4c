"""From the settings and the rest of the house to a Telegram platform."""

from __future__ import annotations

from collections.abc import Iterable

from bot.adapters.telegram.app import Config, Telegram
from bot.adapters.telegram.inline import Topic
from bot.delivery.courier import Courier
from bot.engine.respond import Engine
from bot.library.library import Library
from bot.library.tone import Tone
from bot.settings import Settings


def config_of(settings: Settings) -> Config:
    """Return what the settings say about Telegram."""
    token, secret = settings.telegram_bot_token, settings.telegram_webhook_secret
    return Config(
        token=token.get_secret_value() if token else "",
        base_url=settings.telegram_api_base_url,
        mode=settings.telegram_mode,
        webhook_url=settings.telegram_webhook_url or "",
        webhook_secret=secret.get_secret_value() if secret else "",
        inline=settings.telegram_inline,
    )


def build(settings: Settings, courier: Courier, engine: Engine) -> Telegram:
    """Return the platform. Raises SettingsError for a token that is none."""

    async def counted(_reason: str, _text: str) -> None:
        """An update nobody can read is counted and logged, and not kept: it may hold anything."""
        courier.metrics.quarantined("telegram")

    return Telegram(
        config_of(settings),
        accept=courier.accept,
        departed=courier.departed,
        quarantine=counted,
        words=engine.sentence,
        topics=list(topics(engine.library)),
    )


def topics(library: Library) -> Iterable[Topic]:
    """Yield the answers one may link to from another chat: general ones, never urgent or personal ones."""
    apart = {library.urgent, library.advice, library.otherwise, *library.always}
    for node in library.nodes:
        if node not in apart:
            yield node, library.text(library.answer(node).title, Tone.LAYPERSON)
