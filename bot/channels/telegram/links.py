"""Buttons that only Telegram has: numbers to copy, a way to the private chat, a link to share."""

from __future__ import annotations

from urllib.parse import urlencode

from telegram.error import TelegramError
from telegram.helpers import create_deep_linked_url

from bot.channels.base import Texts
from bot.channels.telegram.client import TelegramBot
from bot.channels.telegram.keyboard import DIAL
from bot.channels.telegram.message import TelegramAddress
from bot.dialog.turn import Button, Leaflet, Reply

SHARE_URL = "https://t.me/share/url?"
"""Opens the list of one's chats, to send an address and a text to (core.telegram.org/widgets/share)."""


class ExtraButtons:
    """Knows the bot's name, which the links to it need."""

    def __init__(self, bot: TelegramBot, texts: Texts) -> None:
        self._bot = bot
        self._texts = texts

    async def buttons(self, place: TelegramAddress, reply: Reply) -> tuple[Button, ...]:
        """Return the buttons to add to a reply in a place."""
        linked = await self._to_private(reply) if place.group else await self._to_share(reply)
        return (*self._to_copy(reply), *linked)

    def _to_copy(self, reply: Reply) -> tuple[Button, ...]:
        """Telegram opens no telephone links, but copies a number at a touch."""
        return tuple(
            Button(
                self._texts("telegram-copy", reply.card.register, label=label, number=number),
                "",
                "danger",
                DIAL + number,
            )
            for label, number in reply.numbers
        )

    async def _to_private(self, reply: Reply) -> tuple[Button, ...]:
        """A question about one's health need not be asked before others."""
        if not await self._introduced():
            return ()
        reports = any(button.role == "report" for button in reply.choices)
        target = f"report-{reply.card.node}" if reports else reply.card.node
        address = create_deep_linked_url(self._bot.username, target)
        key = "more-in-private" if reply.card.detail else "telegram-private"
        return (Button(self._texts(key, reply.card.register), "", "link", address),)

    async def _to_share(self, reply: Reply) -> tuple[Button, ...]:
        """Return the button that offers a link to the answer to other chats, if this is an answer to share."""
        offered = next((button for button in reply.buttons if button.role == "share"), None)
        if offered is None or not await self._introduced():
            return ()
        link = create_deep_linked_url(self._bot.username, reply.card.node)
        address = SHARE_URL + urlencode({"url": link, "text": reply.card.title})
        return (Button(offered.label, "", "share", address),)

    async def link_back(self, leaflet: Leaflet) -> str:
        """Return the address on a page: the answer it holds, in this bot; empty while the bot's name is not known."""
        node = leaflet.nodes[-1] if leaflet.nodes else None
        return create_deep_linked_url(self._bot.username, node) if await self._introduced() else ""

    async def _introduced(self) -> bool:
        """Return whether the bot's name is known; a replica that does not poll asks for it here."""
        try:
            await self._bot.initialize()
        except TelegramError:
            return False
        return True
