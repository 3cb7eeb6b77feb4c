"""Buttons that this place adds to an answer: numbers to copy under an urgent one, a way into private from a group."""

from __future__ import annotations

from collections.abc import Sequence

from telegram.error import TelegramError
from telegram.helpers import create_deep_linked_url

from bot.adapters.telegram.client import TelegramBot
from bot.adapters.telegram.keyboard import DIAL
from bot.adapters.telegram.place import Place
from bot.adapters.telegram.render import Words
from bot.engine.turn import Button, Outcome, Reply

Numbers = Sequence[tuple[str, str]]
"""What an operator calls a telephone number, and the number. None is ever made up."""


class Ways:
    """Knows the bot's name and the operator's numbers."""

    def __init__(self, bot: TelegramBot, words: Words, numbers: Numbers) -> None:
        self._bot = bot
        self._words = words
        self._numbers = numbers

    async def of(self, place: Place, reply: Reply) -> tuple[Button, ...]:
        """Return the buttons to add to a reply in a place."""
        urgent = self._to_copy(reply) if reply.card.outcome is Outcome.URGENT else ()
        return (*urgent, *(await self._to_private(reply) if place.group else ()))

    def _to_copy(self, reply: Reply) -> tuple[Button, ...]:
        """Telegram opens no telephone links, but copies a number at a touch."""
        return tuple(
            Button(
                self._words("telegram-copy", reply.card.tone, label=label, number=number), "", "danger", DIAL + number
            )
            for label, number in self._numbers
        )

    async def _to_private(self, reply: Reply) -> tuple[Button, ...]:
        """A question about one's health need not be asked before others."""
        if not await self._introduced():
            return ()
        address = create_deep_linked_url(self._bot.username, reply.card.node)
        return (Button(self._words("telegram-private", reply.card.tone), "", "link", address),)

    async def _introduced(self) -> bool:
        """Return whether the bot's name is known; a replica that does not poll asks for it here."""
        try:
            await self._bot.initialize()
        except TelegramError:
            return False
        return True
