"""What people see before they write: description, commands and menu (set only when changed), links, inline mode."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from telegram.error import TelegramError
from telegram.helpers import create_deep_linked_url

from bot.channels.base import Texts
from bot.channels.telegram.client import TelegramBot, call
from bot.channels.telegram.updates import NAMES, InlineQuery
from bot.content.library import Library
from bot.dialog.turn import Register

log = structlog.stdlib.get_logger(__name__)

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


def clipped(text: str, limit: int) -> str:
    """Return the text, ended at a word if an operator's lines have made it too long."""
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1].rsplit(" ", 1)[0] + "…"


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
