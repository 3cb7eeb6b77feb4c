"""How an answer is delivered on Telegram."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import Any

import structlog
from telegram.error import ChatMigrated, TelegramError
from telegram.helpers import create_deep_linked_url

from bot.channels.base import Files, Texts
from bot.channels.telegram.address import TelegramAddress
from bot.channels.telegram.client import TelegramBot
from bot.channels.telegram.keyboard import DIAL, Rows, voted
from bot.channels.telegram.pacing import Pacer, Rates, Window
from bot.channels.telegram.render import Attached, TelegramRenderer, TextPart
from bot.channels.telegram.sender import TelegramSender, TopicGone
from bot.dialog.turn import Button, Leaflet, Outcome, Reply
from bot.inbox.events import Gone, OutboundMessage, Progress
from bot.pictures.drawing import NotDrawn

log = structlog.stdlib.get_logger(__name__)

Numbers = Sequence[tuple[str, str]]
"""What an operator calls a telephone number, and the number. None is ever made up."""


class ExtraButtons:
    """Knows the bot's name and the operator's numbers."""

    def __init__(self, bot: TelegramBot, texts: Texts, numbers: Numbers) -> None:
        self._bot = bot
        self._texts = texts
        self._numbers = numbers

    async def buttons(self, place: TelegramAddress, reply: Reply) -> tuple[Button, ...]:
        """Return the buttons to add to a reply in a place."""
        urgent = self._to_copy(reply) if reply.card.outcome is Outcome.URGENT else ()
        return (*urgent, *(await self._to_private(reply) if place.group else ()))

    def _to_copy(self, reply: Reply) -> tuple[Button, ...]:
        """Telegram opens no telephone links, but copies a number at a touch."""
        return tuple(
            Button(
                self._texts("telegram-copy", reply.card.register, label=label, number=number),
                "",
                "danger",
                DIAL + number,
            )
            for label, number in self._numbers
        )

    async def _to_private(self, reply: Reply) -> tuple[Button, ...]:
        """A question about one's health need not be asked before others."""
        if not await self._introduced():
            return ()
        address = create_deep_linked_url(self._bot.username, reply.card.node)
        key = "more-in-private" if reply.card.detail else "telegram-private"
        return (Button(self._texts(key, reply.card.register), "", "link", address),)

    async def link_back(self, leaflet: Leaflet) -> str:
        """Return the address on a page: the answer it holds, in this bot; empty while the bot's name is not known."""
        if not leaflet.nodes:
            return f"https://t.me/{self._bot.username}" if await self._introduced() else ""
        return create_deep_linked_url(self._bot.username, leaflet.nodes[-1]) if await self._introduced() else ""

    async def _introduced(self) -> bool:
        """Return whether the bot's name is known; a replica that does not poll asks for it here."""
        try:
            await self._bot.initialize()
        except TelegramError:
            return False
        return True


class TelegramDelivery:
    """Delivers answers: changes the tapped message where the reply asks for it, sends new messages otherwise.

    A message whose fate is unknown (the connection broke after it left) is sent again: identical words twice do less
    harm than silence.
    """

    name = "telegram"

    def __init__(
        self, bot: TelegramBot, texts: Texts, rates: Rates, numbers: Numbers = (), files: Files | None = None
    ) -> None:
        self._extra = ExtraButtons(bot, texts, numbers)
        self._texts = texts
        self._files = files
        self._renderer = TelegramRenderer(texts)
        self._sender = TelegramSender(bot, files)
        self._pacer = Pacer(rates)
        self._window = Window(rates.unwritten if rates.overall else 0)
        self._tasks: set[asyncio.Task[None]] = set()

    async def deliver(self, message: OutboundMessage, progress: Progress) -> None:
        """Deliver the answer. Raises Busy, Paced or Gone; calls `progress` with each message's id."""
        place, reply = TelegramAddress.from_address(message.address), message.reply
        if place.query:
            self.acknowledge(place.query, reply.toast)
        if place.pressed is not None:
            await self._show_vote(place, place.pressed, place.keyboard or [])
            return
        parts = await self._parts(place, reply)
        target = _target(message, place, parts)
        for part in parts[len(message.sent) :]:
            if part is parts[-1] and reply.leaflet is not None:
                part = parts[-1] = await self._page(reply.leaflet, part)
            await self._pacer.wait(place.chat, urgent=message.urgent)
            message.when_ended(leave := await self._window.enter(urgent=message.urgent))
            place, sent = await self._put(place, part, target)
            if part is not parts[-1]:
                await progress(str(sent))
                leave()
            else:
                await progress(str(sent), last=True)
            target = None

    async def _parts(self, place: TelegramAddress, reply: Reply) -> list[TextPart]:
        """Return the messages of a reply: with its picture if that is there, and a place for the page that follows."""
        more = await self._extra.buttons(place, reply)
        drawn = None
        if reply.picture and self._files and reply.card.outcome is not Outcome.URGENT:
            drawn = self._files.shelf.picture(reply.picture, reply.card.register, "png")
        if drawn is not None:
            return self._renderer.captioned(reply, drawn, more)
        parts = self._renderer.render(reply, more, group=place.group)
        failed = self._texts("handout-failed", reply.card.register)
        return [*parts, *([TextPart(failed, [])] if reply.leaflet is not None else [])]

    async def _page(self, leaflet: Leaflet, instead: TextPart) -> TextPart:
        """Return the message that carries a page to take along, now that its turn was answered; else what is said
        instead of it."""
        if self._files is None:
            return instead
        try:
            drawn = await self._files.shelf.page(leaflet, await self._extra.link_back(leaflet))
        except NotDrawn as fault:
            log.error("page_not_made", reason=str(fault))
            return instead
        name = f"{self._texts('handout-file', leaflet.register)}.pdf"
        return TextPart("", [], None, Attached(drawn, name), instead)

    async def _show_vote(self, place: TelegramAddress, pressed: str, rows: Rows) -> None:
        """Mark the vote on the pressed button; the answer above it stays as it is, and the vote can be changed."""
        marked = voted(rows, pressed)
        if place.tapped is not None and marked != rows:
            await self._pacer.wait(place.chat)
            await self._sender.edit_keyboard(place, place.tapped, marked)

    def acknowledge(self, query: str, toast: str = "") -> None:
        """Tell Telegram at once that a press arrived, without keeping the answer waiting for that."""
        self.spawn(self._sender.acknowledge(query, toast))

    async def close(self) -> None:
        """Wait for what still runs in the background."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _put(self, place: TelegramAddress, part: TextPart, target: int | None) -> tuple[TelegramAddress, int]:
        """Change `target` or send anew; return the message, and the place, which may have moved."""
        try:
            if target is not None and await self._sender.edit(place, target, part):
                return place, target
            return place, await self._sender.send(place, part)
        except ChatMigrated as migrated:
            place = TelegramAddress(migrated.new_chat_id, place.group)
        except TopicGone:
            if place.group:
                raise Gone("the topic was deleted") from None
            place = replace(place, topic=None)
        return place, await self._sender.send(place, part)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` in the background."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _target(message: OutboundMessage, place: TelegramAddress, parts: list[TextPart]) -> int | None:
    """Return the message to change: the tapped one, or the answer to a question that was corrected since."""
    if message.sent:
        return None
    if message.reply.in_place and len(parts) == 1:
        return place.tapped
    return int(message.earlier) if message.earlier else None
