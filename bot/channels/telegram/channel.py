"""How an answer is delivered on Telegram."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import Any

from telegram.error import ChatMigrated, TelegramError
from telegram.helpers import create_deep_linked_url

from bot.channels.base import Texts
from bot.channels.telegram.address import TelegramAddress
from bot.channels.telegram.client import TelegramBot
from bot.channels.telegram.keyboard import DIAL, Rows, voted
from bot.channels.telegram.pacing import Pacer, Rates, Window
from bot.channels.telegram.render import TelegramRenderer, TextPart
from bot.channels.telegram.sender import TelegramSender, TopicGone
from bot.channels.unexpected import Unexpected
from bot.dialog.turn import Button, Outcome, Reply
from bot.inbox.events import Gone, OutboundMessage, Progress

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
        self, bot: TelegramBot, texts: Texts, rates: Rates, unexpected: Unexpected, numbers: Numbers = ()
    ) -> None:
        self._extra = ExtraButtons(bot, texts, numbers)
        self._renderer = TelegramRenderer(texts)
        self._sender = TelegramSender(bot, unexpected)
        self._pacer = Pacer(rates)
        self._window = Window(rates.unwritten if rates.overall else 0)
        self._tasks: set[asyncio.Task[None]] = set()

    async def deliver(self, message: OutboundMessage, progress: Progress) -> None:
        """Deliver the answer. Raises Busy, Paced, Gone or Refused; calls `progress` with each message's id."""
        place, reply = TelegramAddress.from_address(message.address), message.reply
        if place.query:
            self.acknowledge(place.query, reply.toast)
        if place.pressed is not None:
            await self._show_vote(place, place.pressed, place.keyboard or [])
            return
        parts = self._renderer.render(reply, await self._extra.buttons(place, reply), group=place.group)
        target = _target(message, place, parts)
        for part in parts[len(message.sent) :]:
            await self._pacer.wait(place.chat, urgent=message.urgent)
            message.when_ended(leave := await self._window.enter(urgent=message.urgent))
            place, sent = await self._put(place, part, target)
            if part is not parts[-1]:
                await progress(str(sent))
                leave()
            else:
                await progress(str(sent), last=True)
            target = None

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
