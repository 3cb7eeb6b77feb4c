"""What people see of the bot before they write, and whether Telegram has it all: `footnote doctor telegram`.

Description, commands and menu are set only when changed; the doctor says what to do in BotFather.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from telegram.error import TelegramError
from telegram.helpers import create_deep_linked_url

from bot.channels.base import CheckResult, Texts
from bot.channels.telegram.client import TelegramBot, bot_id, call, explain, make_bot
from bot.channels.telegram.updates import KINDS, NAMES, InlineQuery
from bot.content.library import Library
from bot.dialog.composer import clipped
from bot.dialog.turn import Register

if TYPE_CHECKING:
    from bot.channels.telegram.app import Config

log = structlog.stdlib.get_logger(__name__)

# --- what it is told --------------------------------------------------------------------------------------------------


MAX_DESCRIPTION = 512
MAX_SHORT_DESCRIPTION = 120
MAX_COMMAND_DESCRIPTION = 256
"""Characters (Bot API: setMyDescription, setMyShortDescription, BotCommand)."""

IN_GROUPS = ("help", "tone", "sources", "settings", "report", "person", "about", "privacy", "stop")
"""Commands offered in groups: what concerns one person's data belongs in the private chat."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing Telegram keeps for the bot: its title for people, how it is read and set, and what it should be."""

    title: str
    name: str
    where: dict[str, Any]
    value: dict[str, Any]
    read_back: Any

    @property
    def getter(self) -> str:
        """The method that reads it."""
        return f"get{self.name}"

    @property
    def setter(self) -> str:
        """The method that sets it."""
        return f"set{self.name}"


def settings(texts: Texts) -> Iterator[Setting]:
    """Yield everything a first-time reader should find, in plain words: nobody has chosen a register yet."""
    description = clipped(texts("telegram-description", Register.LAYPERSON), MAX_DESCRIPTION)
    short = clipped(texts("telegram-short-description", Register.LAYPERSON), MAX_SHORT_DESCRIPTION)
    yield Setting("description", "MyDescription", {}, {"description": description}, {"description": description})
    yield Setting(
        "short description", "MyShortDescription", {}, {"short_description": short}, {"short_description": short}
    )
    for place, names in (("private", NAMES), ("group", IN_GROUPS)):
        commands = [{"command": name, "description": _described(texts, name)} for name in names]
        scope = {"scope": {"type": f"all_{place}_chats"}}
        yield Setting(f"commands in {place} chats", "MyCommands", scope, {"commands": commands}, commands)
    menu = {"type": "commands"}
    yield Setting("menu button", "ChatMenuButton", {}, {"menu_button": menu}, menu)


async def differing(bot: TelegramBot, texts: Texts) -> list[Setting]:
    """Return what is not as it should be. Raises TelegramError."""
    return [one for one in settings(texts) if await call(bot, one.getter, **one.where) != one.read_back]


async def set_up(bot: TelegramBot, texts: Texts) -> None:
    """Set what differs. A refusal is logged and changes nothing else: answers do not depend on it."""
    try:
        for one in await differing(bot, texts):
            await call(bot, one.setter, **one.where, **one.value)
            log.info("profile_changed", setting=one.title)
    except TelegramError as fault:
        log.warning("profile_not_set", reason=type(fault).__name__)


def _described(texts: Texts, name: str) -> str:
    return clipped(texts(f"telegram-command-{name}", Register.LAYPERSON), MAX_COMMAND_DESCRIPTION)


def links(username: str, nodes: Iterable[str]) -> list[tuple[str, str]]:
    """Return (node, address) pairs. The address names a topic and nothing about the person who opens it."""
    return [(node, create_deep_linked_url(username, node)) for node in nodes]


Topic = tuple[str, str]
"""A node and its title."""

MAX_RESULTS = 50
"""Results of one inline query (Bot API, answerInlineQuery)."""

CACHE_SECONDS = 300


def general(library: Library) -> list[Topic]:
    """Return the answers one may point to in another chat: general ones, never urgent or personal ones."""
    apart = {*library.urgent_nodes, library.advice, library.otherwise, *library.always}
    nodes = (node for node in library.nodes if node not in apart)
    return [(node, library.plain(library.answer(node).title, Register.LAYPERSON)) for node in nodes]


class InlineMode:
    """Answers inline queries from the titles of the topics."""

    def __init__(self, bot: TelegramBot, texts: Texts, topics: Sequence[Topic]) -> None:
        self._bot = bot
        self._texts = texts
        self._topics = topics

    async def answer(self, search: InlineQuery) -> None:
        """Offer the topics whose title has every word typed so far; all of them while nothing is typed."""
        wanted = search.words.casefold().split()
        found = [topic for topic in self._topics if all(word in topic[1].casefold() for word in wanted)]
        results = [self._card(*topic) for topic in found[:MAX_RESULTS]]
        try:
            await call(
                self._bot,
                "answerInlineQuery",
                inline_query_id=search.query,
                results=results,
                cache_time=CACHE_SECONDS,
            )
        except TelegramError as fault:
            log.info("search_not_answered", reason=type(fault).__name__)

    def _card(self, node: str, title: str) -> dict[str, Any]:
        text = self._texts("telegram-card", Register.LAYPERSON, title=title)
        button = {
            "text": self._texts("telegram-card-button", Register.LAYPERSON),
            "url": create_deep_linked_url(self._bot.username, node),
        }
        return {
            "type": "article",
            "id": node,
            "title": title,
            "input_message_content": {"message_text": text, "link_preview_options": {"is_disabled": True}},
            "reply_markup": {"inline_keyboard": [[button]]},
        }


# --- whether it is so -------------------------------------------------------------------------------------------------

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
