"""How an answer is delivered on Telegram, and what refusals mean: wait, nobody there, another chat, plainer words."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import structlog
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)
from telegram.helpers import create_deep_linked_url

from bot.channels.base import Texts
from bot.channels.telegram.client import TelegramBot, call, wait_of
from bot.channels.telegram.keyboard import DIAL, Rows, voted
from bot.channels.telegram.layout import FOLD
from bot.channels.telegram.message import TelegramAddress
from bot.channels.telegram.pacing import Pacer, Rates, Window
from bot.channels.telegram.render import TelegramRenderer, TextPart
from bot.dialog.turn import Button, Outcome, Reply
from bot.inbox.events import Busy, Gone, OutboundMessage, Progress

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

    def __init__(self, bot: TelegramBot, texts: Texts, rates: Rates, numbers: Numbers = ()) -> None:
        self._extra = ExtraButtons(bot, texts, numbers)
        self._renderer = TelegramRenderer(texts)
        self._sender = TelegramSender(bot)
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


log = structlog.stdlib.get_logger(__name__)

UNREACHABLE = 0.5
"""Seconds before the next attempt when Telegram cannot be reached; the inbox waits longer the longer it lasts."""

TOKEN_REFUSED = 60.0
"""Seconds before the next attempt when the token is refused: somebody must act first."""

MAX_TOAST = 200
"""Characters beside the finger (Bot API, answerCallbackQuery)."""

_NOBODY = ("chat not found", "user not found", "peer_id_invalid", "chat was deactivated", "user is deactivated")
_NOT_ALLOWED = ("not enough rights", "have no rights", "administrator rights", "write_forbidden", "topic_closed")
_NO_TOPIC = ("message thread not found", "topic_deleted")
_UNCHANGED = "message is not modified"


class TopicGone(Exception):
    """The topic an answer was meant for no longer exists."""


class TelegramSender:
    """Sends and edits single messages, at once: whoever calls has waited for their turn."""

    def __init__(self, bot: TelegramBot) -> None:
        self._bot = bot

    async def send(self, place: TelegramAddress, part: TextPart) -> int:
        """Send a new message and return its id.

        Raises Busy, Gone, TopicGone, ChatMigrated, or BadRequest for a message Telegram refuses even as plain text.
        """
        where: dict[str, Any] = {"chat_id": place.chat}
        if place.topic is not None:
            where["message_thread_id"] = place.topic
        if place.reply_to is not None:
            where["reply_parameters"] = {"message_id": place.reply_to, "allow_sending_without_reply": True}
        *richer, plainest = _forms(part)
        for content in richer:
            try:
                return await self._send({**where, **content})
            except BadRequest as refusal:
                log.error("message_refused", reason=str(refusal))
        return await self._send({**where, **plainest})

    async def edit(self, place: TelegramAddress, message: int, part: TextPart) -> bool:
        """Change an earlier message; return False when that is no longer possible. Raises Busy, Gone, ChatMigrated."""
        try:
            await self._try("editMessageText", {"chat_id": place.chat, "message_id": message, **part.parameters()})
        except BadRequest as refusal:
            return _UNCHANGED in str(refusal).lower()
        except TopicGone:
            return False
        return True

    async def edit_keyboard(self, place: TelegramAddress, message: int, rows: list[list[dict[str, Any]]]) -> None:
        """Change the buttons of an earlier message; one that can no longer be changed stays as it is."""
        where = {"chat_id": place.chat, "message_id": message}
        try:
            await self._try("editMessageReplyMarkup", {**where, "reply_markup": {"inline_keyboard": rows}})
        except (BadRequest, TopicGone) as refusal:
            log.debug("buttons_not_changed", reason=type(refusal).__name__)

    async def acknowledge(self, query: str, toast: str = "") -> None:
        """Stop the button's spinner and say the toast; a press too old for that is answered all the same."""
        said = {"text": toast[:MAX_TOAST]} if toast else {}
        try:
            await call(self._bot, "answerCallbackQuery", callback_query_id=query, **said)
        except TelegramError as refusal:
            log.debug("press_not_acknowledged", reason=type(refusal).__name__)

    async def _send(self, parameters: dict[str, Any]) -> int:
        sent = await self._try("sendMessage", parameters)
        return int(sent["message_id"])

    async def _try(self, method: str, parameters: dict[str, Any]) -> Any:
        private = int(parameters["chat_id"]) > 0
        try:
            return await call(self._bot, method, **parameters)
        except RetryAfter as limit:
            raise Busy(wait_of(limit), "Telegram asks to wait") from None
        except Forbidden as refusal:
            raise Gone(str(refusal), forget=private) from None
        except BadRequest as refusal:
            _judge(refusal)
            raise
        except ChatMigrated:
            raise
        except InvalidToken:
            raise Busy(TOKEN_REFUSED, "Telegram refuses the token") from None
        except TelegramError as fault:
            raise Busy(UNREACHABLE, type(fault).__name__) from None


def _judge(refusal: BadRequest) -> None:
    """Raise what a refusal means, unless it is about the message itself."""
    text = str(refusal).lower()
    if any(words in text for words in _NOBODY + _NOT_ALLOWED):
        raise Gone(str(refusal)) from None
    if any(words in text for words in _NO_TOPIC):
        raise TopicGone from None


def _forms(part: TextPart) -> list[dict[str, Any]]:
    """Return the message as it is, then unfolded, without styles, without buttons: better plain than unanswered."""
    whole = part.parameters()
    unfolded = {**whole, "entities": [one for one in part.entities if one["type"] != FOLD]}
    unstyled = {name: value for name, value in whole.items() if name != "entities"}
    bare = {name: value for name, value in unstyled.items() if name != "reply_markup"}
    forms = [whole, unfolded, unstyled, bare] if part.entities else [whole, bare]
    return [form for form, plainer in pairwise(forms) if form != plainer] + [bare]
