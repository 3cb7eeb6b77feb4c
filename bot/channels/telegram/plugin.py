"""Telegram as a plugin: imports its SDK only when the channel is built, examined or measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.channels.base import Channel, ChannelLimits, ChannelPlugin, CheckResult, HostServices, Texts
from bot.channels.telegram.settings import TelegramSettings
from bot.settings import secret

if TYPE_CHECKING:
    import typer

    from bot.channels.telegram.app import Config


def telegram_config(settings: TelegramSettings) -> Config:
    """Return what the channel and its doctor need of the settings."""
    from bot.channels.telegram.app import Config

    return Config(
        token=secret(settings.bot_token),
        base_url=settings.api_base_url,
        mode=settings.mode,
        webhook_url=settings.webhook_url or "",
        webhook_secret=secret(settings.webhook_secret),
        inline=settings.inline,
    )


def _build(host: HostServices, settings: TelegramSettings) -> Channel:
    """Return the channel; one replica alone may poll."""
    from bot.channels.leader import LeaderOnly
    from bot.channels.telegram.app import Telegram
    from bot.channels.telegram.inline import general

    numbers = [(one.label, one.number) for one in host.library.copy_numbers]
    telegram = Telegram(telegram_config(settings), host, general(host.library), numbers)
    return LeaderOnly(telegram, host.lead) if settings.mode == "polling" else telegram


async def _doctor(settings: TelegramSettings, texts: Texts) -> Sequence[CheckResult]:
    from bot.channels.telegram.doctor import doctor

    return await doctor(telegram_config(settings), texts)


def _limits() -> ChannelLimits:
    from bot.channels.telegram.limits import LIMITS

    return LIMITS


def _commands() -> typer.Typer:
    from bot.channels.telegram.commands import commands

    return commands


plugin = ChannelPlugin(
    name="telegram",
    settings=TelegramSettings,
    build=_build,
    set_up="Telegram: set TELEGRAM_BOT_TOKEN (from @BotFather); docs/telegram.md has the steps.",
    doctor=_doctor,
    limits=_limits,
    commands=_commands,
)
