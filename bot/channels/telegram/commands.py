"""`footnote telegram ...`: what belongs to Telegram alone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import typer

from bot.channels.telegram.plugin import telegram_config
from bot.channels.telegram.settings import TelegramSettings
from bot.errors import UsageError
from bot.settings import load, load_settings

commands = typer.Typer(help="What belongs to Telegram alone.", no_args_is_help=True)


@commands.callback()
def telegram() -> None:
    """What belongs to Telegram alone."""


@commands.command("links")
def print_links() -> None:
    """Print a link per answer, for leaflets and QR codes."""
    from bot.content.loader import load as load_content

    shared, own = load_settings(), load(TelegramSettings)
    nodes = load_content(shared.footnote_dialogs, shared.footnote_content).nodes
    typer.echo(asyncio.run(answer_links(own, nodes)))


async def answer_links(settings: TelegramSettings, nodes: Iterable[str]) -> str:
    """Return a deep link per answer; asks Telegram for the bot's name. Raises UsageError without a token."""
    from bot.channels.telegram.client import make_bot
    from bot.channels.telegram.profile import links

    if not settings.configured:
        raise UsageError("TELEGRAM_BOT_TOKEN is missing: the links carry the name of your bot")
    config = telegram_config(settings)
    async with make_bot(config.token, config.base_url, config.rates) as bot:
        return "\n".join(f"{node:<18} {address}" for node, address in links(bot.username, nodes))
