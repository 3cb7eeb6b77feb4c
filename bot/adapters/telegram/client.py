"""The bot object of python-telegram-bot, set up to be quick, to keep Telegram's rates and to log no texts."""

from __future__ import annotations

import datetime
import logging
import warnings
from dataclasses import dataclass
from typing import Any

from telegram.error import RetryAfter
from telegram.ext import AIORateLimiter, ExtBot
from telegram.request import RequestData
from telegram.request._requestparameter import RequestParameter
from telegram.warnings import PTBDeprecationWarning, PTBUserWarning

from bot.adapters.telegram.request import AiohttpRequest
from bot.errors import SettingsError

TelegramBot = ExtBot[int]


@dataclass(frozen=True, slots=True)
class Rates:
    """What a bot may send (core.telegram.org/bots/faq#broadcasting-to-users); 0 means no limit.

    `overall` messages a second, `group` messages a minute to one group, `chat` messages a second to one chat after a
    `burst` of so many.
    """

    overall: float = 30.0
    group: float = 20.0
    chat: float = 1.0
    burst: int = 3


def make_bot(token: str, base_url: str, rates: Rates) -> TelegramBot:
    """Return a bot for the Bot API at `base_url`. It retries nothing itself: the courier does, durably."""
    _quieten()
    request = AiohttpRequest()
    return ExtBot(
        token,
        base_url=f"{base_url.rstrip('/')}/bot",
        request=request,
        get_updates_request=request,
        rate_limiter=AIORateLimiter(overall_max_rate=rates.overall, group_max_rate=rates.group, max_retries=0),
    )


def bot_id(token: str) -> int:
    """Return the bot's user id, which every token begins with. Raises SettingsError for what is no token."""
    number, _, rest = token.partition(":")
    if not (number.isascii() and number.isdigit() and rest):
        raise SettingsError("TELEGRAM_BOT_TOKEN is no token: @BotFather gives digits, a colon, and letters")
    return int(number)


async def call(bot: TelegramBot, method: str, **parameters: Any) -> Any:
    """Call a method and return its bare result: objects of an answer nobody reads would cost half a turn's time.

    This is what `Bot.do_api_request` comes down to, without what it does for objects and files: the limiter, then the
    request, which raises the library's errors. RequestParameter is not public; the version is pinned, and
    tests/adapters/telegram/test_request.py fails if an upgrade moves it.
    """
    data = RequestData([RequestParameter(name, value, None) for name, value in parameters.items()])
    where = (f"{bot.base_url}/{method}", data)
    limited = bot.rate_limiter.process_request  # type: ignore[union-attr]  # make_bot gives it one
    return await limited(bot.request.post, where, {}, method, parameters, None)


def wait_of(fault: RetryAfter) -> float:
    """Return the seconds Telegram asks to wait; the library says them as a number or as a timedelta."""
    after = fault.retry_after
    return after.total_seconds() if isinstance(after, datetime.timedelta) else float(after)


def _quieten() -> None:
    """Keep texts out of debug logs, and the library's advice against calling methods by name out of the console."""
    library = logging.getLogger("telegram")
    library.setLevel(max(library.level, logging.INFO))
    logging.getLogger("telegram.ext.AIORateLimiter").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", "Please use 'Bot", PTBUserWarning)
    warnings.filterwarnings("ignore", ".*retry_after", PTBDeprecationWarning)
