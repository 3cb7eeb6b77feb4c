"""`footnote doctor`: each platform's own examination, printed so that an operator sees at a glance what to mend."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Protocol

from bot.app import slack_credentials, telegram_config
from bot.dialog.engine import Engine
from bot.errors import UsageError
from bot.settings import Settings

PLATFORMS = ("telegram", "slack")


class Finding(Protocol):
    """One finding: whether it is as it should be, what was found, and what to do if not."""

    @property
    def ok(self) -> bool: ...
    @property
    def what(self) -> str: ...
    @property
    def fix(self) -> str: ...


async def examine(settings: Settings, engine: Engine, platform: str | None) -> tuple[bool, str]:
    """Return whether all is well, and the report. Raises UsageError for a platform that does not exist."""
    if platform not in (None, *PLATFORMS):
        raise UsageError(f"there is no platform '{platform}': use {' or '.join(PLATFORMS)}")
    healthy, lines = True, []
    async for name, findings in _examinations(settings, engine):
        if platform in (None, name):
            healthy = healthy and all(finding.ok for finding in findings)
            lines += [name, *map(_line, findings)]
    if not lines:
        return (
            False,
            "nothing to examine: set TELEGRAM_BOT_TOKEN or SLACK_BOT_TOKEN first (docs/telegram.md, docs/slack.md)",
        )
    return healthy, "\n".join(lines)


async def telegram_links(settings: Settings, engine: Engine) -> str:
    """Return a deep link per answer; asks Telegram for the bot's name. Raises UsageError without a token."""
    if not settings.telegram_bot_token:
        raise UsageError("TELEGRAM_BOT_TOKEN is missing: the links carry the name of your bot")
    from bot.channels.telegram.client import make_bot
    from bot.channels.telegram.profile import links

    config = telegram_config(settings)
    async with make_bot(config.token, config.base_url, config.rates) as bot:
        return "\n".join(f"{node:<18} {address}" for node, address in links(bot.username, engine.library.nodes))


async def _examinations(settings: Settings, engine: Engine) -> AsyncIterator[tuple[str, Iterable[Finding]]]:
    if settings.telegram_bot_token:
        from bot.channels.telegram.doctor import doctor as telegram_doctor

        yield "telegram", await telegram_doctor(telegram_config(settings), engine.sentence)
    if settings.slack_configured:
        from bot.channels.slack.doctor import doctor as slack_doctor

        yield "slack", await slack_doctor(slack_credentials(settings))


def _line(finding: Finding) -> str:
    mark = "ok " if finding.ok else "FIX"
    return f"  {mark}  {finding.what}" + (f"\n       -> {finding.fix}" if finding.fix else "")
