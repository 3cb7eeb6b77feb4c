"""`footnote doctor telegram`: is everything at Telegram as it should be, and if not, what to do in BotFather."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from telegram.error import TelegramError

from bot.channels.base import CheckResult, Texts
from bot.channels.telegram.app import Config
from bot.channels.telegram.client import TelegramBot, bot_id, call, make_bot
from bot.channels.telegram.pacing import explain
from bot.channels.telegram.profile import differing
from bot.channels.telegram.updates import KINDS

BACKLOG = 100
"""Updates waiting at Telegram from which on somebody should look."""

SLOW = 2.0
"""Seconds for one call from which on readers notice."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A switch in BotFather that getMe reports."""

    name: str
    wanted: bool
    what: str
    fix: str


_FLAGS = (
    Flag(
        "can_read_all_group_messages",
        False,
        "group privacy: the bot sees only what is meant for it",
        "@BotFather: /setprivacy, Enable; then remove the bot from its groups and add it again",
    ),
    Flag("supports_guest_queries", False, "guest mode off", "@BotFather, Bot Settings: switch guest mode off"),
    Flag("has_topics_enabled", False, "no topics in private chats", "@BotFather, Bot Settings: switch topics off"),
    Flag("can_connect_to_business", False, "business mode off", "@BotFather, Bot Settings: switch business mode off"),
    Flag("has_main_web_app", False, "no main mini app", "@BotFather, Bot Settings, Configure Mini App: disable"),
)


async def doctor(config: Config, texts: Texts) -> list[CheckResult]:
    """Return every finding; never raises for a fault at Telegram's end. Raises SettingsError for what is no token."""
    bot_id(config.token)
    bot = make_bot(config.token, config.base_url)
    try:
        return await _examine(bot, config, texts)
    except TelegramError as fault:
        return [CheckResult(False, "Telegram answers", explain(fault))]
    finally:
        await bot.shutdown()


async def _examine(bot: TelegramBot, config: Config, texts: Texts) -> list[CheckResult]:
    await bot.initialize()
    begin = time.perf_counter()
    me = await call(bot, "getMe")
    seconds = time.perf_counter() - begin
    hook = await call(bot, "getWebhookInfo")
    return [
        CheckResult(True, f"the token is that of @{me['username']}"),
        *_flags(me, config),
        *(_webhook_wanted(hook, config) if config.mode == "webhook" else _webhook_unwanted(hook)),
        _backlog(hook),
        await _profile(bot, texts),
        _speed(seconds, config),
    ]


def _flags(me: Mapping[str, Any], config: Config) -> Iterator[CheckResult]:
    for flag in (*_FLAGS, _inline(config)):
        ok = bool(me.get(flag.name)) == flag.wanted
        yield CheckResult(ok, flag.what, "" if ok else flag.fix)
    yield CheckResult(True, f"may be added to groups: {'yes' if me.get('can_join_groups') else 'no'} (/setjoingroups)")


def _inline(config: Config) -> Flag:
    if config.inline:
        return Flag("supports_inline_queries", True, "inline mode on", "@BotFather: /setinline, give a placeholder")
    return Flag("supports_inline_queries", False, "inline mode off", "@BotFather: /setinline, Turn off")


def _webhook_unwanted(hook: Mapping[str, Any]) -> Iterator[CheckResult]:
    ok = not hook.get("url")
    fix = "" if ok else "a webhook is set: `footnote serve` removes it in polling mode; or set TELEGRAM_MODE=webhook"
    yield CheckResult(ok, "polling, and no webhook in its way", fix)


def _webhook_wanted(hook: Mapping[str, Any], config: Config) -> Iterator[CheckResult]:
    ok = hook.get("url") == config.webhook_url
    yield CheckResult(
        ok, f"webhook set to {hook.get('url') or 'nothing'}", "" if ok else "start `footnote serve`: it sets it"
    )
    kinds = set(KINDS) <= set(hook.get("allowed_updates") or KINDS)
    yield CheckResult(
        kinds, "all updates it needs are sent", "" if kinds else "start `footnote serve`: it asks for them"
    )
    fault = hook.get("last_error_message")
    fix = f"Telegram's last attempt failed: {fault}. Check the address, its certificate and the proxy before it"
    yield CheckResult(not fault, "Telegram reaches the webhook", fix if fault else "")


def _backlog(hook: Mapping[str, Any]) -> CheckResult:
    waiting = int(hook.get("pending_update_count") or 0)
    ok = waiting < BACKLOG
    return CheckResult(
        ok, f"{waiting} updates wait at Telegram", "" if ok else "is `footnote serve` running? See /readyz"
    )


async def _profile(bot: TelegramBot, texts: Texts) -> CheckResult:
    titles = [one.title for one in await differing(bot, texts)]
    fix = f"other or missing: {', '.join(titles)}. `footnote serve` sets them at its start"
    return CheckResult(
        not titles, "description, commands and menu as written in content/interface.yaml", fix if titles else ""
    )


def _speed(seconds: float, config: Config) -> CheckResult:
    rates = config.rates
    limits = f"at most {rates.overall:g} messages a second, {rates.group:g} a minute to one group"
    what = f"a call takes {seconds * 1000:.0f} ms; sending {limits}"
    return CheckResult(
        seconds < SLOW, what, "" if seconds < SLOW else "the way to Telegram is slow: look at the network"
    )
