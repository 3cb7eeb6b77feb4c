"""Inline mode: `@bot words` in any chat offers title cards that link to the bot. Off unless switched on.

A card says which answer it leads to and nothing of it: an answer without its sources, shown in a stranger's chat,
would be what this bot exists to avoid.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from telegram.error import TelegramError
from telegram.helpers import create_deep_linked_url

from bot.channels.base import Texts
from bot.channels.telegram.client import TelegramBot, call
from bot.channels.telegram.updates import InlineQuery
from bot.content.library import Library
from bot.dialog.turn import Register

log = structlog.stdlib.get_logger(__name__)

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
