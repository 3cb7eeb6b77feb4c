"""Telegram as a plugin: its settings, limits and commands. The SDK is imported only when something is done with it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from bot.channels.base import (
    Channel,
    ChannelLimits,
    ChannelPlugin,
    ChannelSettings,
    CheckResult,
    HostServices,
    LabelLimit,
    LimitCheck,
    Measure,
    ScreenLimit,
    Texts,
    longest_reply,
)
from bot.channels.layout import Shown
from bot.dialog.composer import Composer
from bot.dialog.turn import ClaimCard, Register, Reply
from bot.errors import PlatformError, UsageError
from bot.settings import load, load_settings, secret, url_faults

if TYPE_CHECKING:
    import typer

    from bot.channels.telegram.app import Config

LABEL = 30
"""Characters of a label that a phone shows whole in a row of its own."""

MAX_CALLBACK_DATA = 64
"""Bytes a button can carry (Bot API, InlineKeyboardButton)."""

BOTFATHER = "create a bot with @BotFather in Telegram; it answers with the token"


class TelegramSettings(ChannelSettings):
    """How to reach Telegram and be reached by it."""

    model_config = SettingsConfigDict(env_prefix="telegram_")

    bot_token: SecretStr | None = None
    api_base_url: str = "https://api.telegram.org"
    mode: Literal["polling", "webhook"] = "polling"
    webhook_url: str | None = None
    webhook_secret: SecretStr | None = None
    inline: bool = False

    @property
    def configured(self) -> bool:
        """Whether there is a bot to speak as."""
        return self.bot_token is not None

    def faults(self) -> list[str]:
        """Return what is missing or malformed."""
        faults = url_faults("TELEGRAM_API_BASE_URL", self.api_base_url)
        if not self.configured:
            return faults
        if ":" not in secret(self.bot_token):
            faults.append(f"TELEGRAM_BOT_TOKEN does not look like a token (digits, a colon, letters): {BOTFATHER}")
        if self.mode == "webhook":
            if not self.webhook_url:
                faults.append("TELEGRAM_WEBHOOK_URL is missing: the public https address ending in /telegram/webhook")
            if not self.webhook_secret:
                faults.append("TELEGRAM_WEBHOOK_SECRET is missing: choose 32 or more letters and digits yourself")
        return faults


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
    from bot.channels.platforms import LeaderOnly
    from bot.channels.telegram.app import Telegram
    from bot.channels.telegram.profile import general

    telegram = Telegram(telegram_config(settings), host, general(host.library))
    return LeaderOnly(telegram, host.lead) if settings.mode == "polling" else telegram


async def _doctor(settings: TelegramSettings, texts: Texts) -> Sequence[CheckResult]:
    from bot.channels.telegram.profile import doctor

    return await doctor(telegram_config(settings), texts)


def telegram_limits(composer: Composer) -> LimitCheck:
    """Return the check of answers: one message each, even where it offers the choice of register."""
    from bot.channels.telegram.render import TelegramRenderer

    renderer = TelegramRenderer(composer.text)

    def limit_check(node: str, register: Register) -> Iterator[str]:
        reply = longest_reply(composer, node, register)
        listing = isinstance(reply.card, ClaimCard) and reply.card.lists_sources  # as many as there are sources
        if (count := len(renderer.render(reply))) > 1 and not listing:
            yield f"Telegram needs {count} messages for it; it must fit one"
        yield from _large_payloads(reply)

    return limit_check


def telegram_measure(composer: Composer) -> Measure:
    """Return the measure of an answer on a phone, as it is shown after the first meeting."""
    from bot.channels.telegram.layout import shown
    from bot.channels.telegram.render import TelegramRenderer

    renderer = TelegramRenderer(composer.text)

    def measure(node: str, register: Register) -> Shown:
        reply = Reply(composer.card(node, register))
        return shown(reply, [(part.text, part.entities, part.keyboard) for part in renderer.render(reply)])

    return measure


def _large_payloads(reply: Reply) -> Iterator[str]:
    for button in reply.buttons:
        if len(button.payload.encode()) > MAX_CALLBACK_DATA:
            yield f"the button `{button.label}` carries more than {MAX_CALLBACK_DATA} bytes"


def _commands() -> typer.Typer:
    """Return `footnote telegram ...`: what belongs to Telegram alone."""
    import typer

    commands = typer.Typer(help="What belongs to Telegram alone.", no_args_is_help=True)

    @commands.callback()
    def telegram() -> None:
        """What belongs to Telegram alone."""

    @commands.command("links")
    def print_links() -> None:
        """Print a link per answer, for leaflets and QR codes."""
        from bot.content.loader import load as load_content

        shared = load_settings()
        nodes = load_content(shared.footnote_dialogs, shared.footnote_content).nodes
        typer.echo(asyncio.run(answer_links(load(TelegramSettings), nodes)))

    return commands


async def answer_links(settings: TelegramSettings, nodes: Iterable[str]) -> str:
    """Return a deep link per answer; asks Telegram for the bot's name. Raises UsageError without a token, PlatformError
    if Telegram does not say it."""
    from telegram.error import TelegramError

    from bot.channels.telegram.client import explain, make_bot
    from bot.channels.telegram.profile import links

    if not settings.configured:
        raise UsageError("TELEGRAM_BOT_TOKEN is missing: the links carry the name of your bot")
    config = telegram_config(settings)
    try:
        async with make_bot(config.token, config.base_url) as bot:
            return "\n".join(f"{node:<18} {address}" for node, address in links(bot.username, nodes))
    except TelegramError as fault:
        raise PlatformError(f"the links carry the name of your bot, and it is not known: {explain(fault)}") from None


plugin = ChannelPlugin(
    name="telegram",
    settings=TelegramSettings,
    build=_build,
    set_up="Telegram: set TELEGRAM_BOT_TOKEN (from @BotFather); docs/telegram.md has the steps.",
    doctor=_doctor,
    limits=ChannelLimits(
        telegram_limits,
        (LabelLimit(LABEL, f"a phone shows {LABEL}"),),
        ScreenLimit("Telegram", telegram_measure, screens=2.0),
    ),
    commands=_commands,
)
