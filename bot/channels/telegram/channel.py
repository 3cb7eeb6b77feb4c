"""How an answer is delivered on Telegram, and what refusals mean: wait, nobody there, another chat, plainer words."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
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

from bot.channels.base import Texts
from bot.channels.telegram.client import UNREACHABLE, TelegramBot, call, wait_of
from bot.channels.telegram.files import TelegramFiles
from bot.channels.telegram.keyboard import Rows, voted
from bot.channels.telegram.layout import FOLD
from bot.channels.telegram.links import ExtraButtons
from bot.channels.telegram.message import TelegramAddress
from bot.channels.telegram.pacing import Pacer, Rates, Window
from bot.channels.telegram.render import TelegramRenderer, TextPart
from bot.dialog.turn import Reply
from bot.inbox.events import Busy, Gone, OutboundMessage, Progress
from bot.pictures.shelf import Files


class TelegramDelivery:
    """Delivers answers: changes the tapped message where the reply asks for it, sends new messages otherwise.

    A message whose fate is unknown (the connection broke after it left) is sent again: identical words twice do less
    harm than silence.
    """

    name = "telegram"

    def __init__(self, bot: TelegramBot, texts: Texts, rates: Rates, files: Files | None = None) -> None:
        self._extra = ExtraButtons(bot, texts)
        self._renderer = TelegramRenderer(texts)
        self._sender = TelegramSender(bot, texts, files)
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
            if reply.leaflet is not None and part is parts[-1]:
                link = await self._extra.link_back(reply.leaflet)
                part = parts[-1] = await self._sender.files.page(reply.leaflet, link)
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
        if drawn := self._sender.files.picture(reply):
            return self._renderer.captioned(reply, drawn, more)
        parts = self._renderer.render(reply, more, group=place.group)
        return parts if reply.leaflet is None else [*parts, TextPart("", [])]

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

    def __init__(self, bot: TelegramBot, texts: Texts, files: Files | None = None) -> None:
        self._bot = bot
        self.files = TelegramFiles(bot.token.partition(":")[0], self._try, texts, files)

    async def send(self, place: TelegramAddress, part: TextPart) -> int:
        """Send a new message and return its id.

        Raises Busy, Gone, TopicGone, ChatMigrated, or BadRequest for a message Telegram refuses even as plain text.
        """
        where: dict[str, Any] = {"chat_id": place.chat}
        if place.topic is not None:
            where["message_thread_id"] = place.topic
        if place.reply_to is not None:
            where["reply_parameters"] = {"message_id": place.reply_to, "allow_sending_without_reply": True}
        if part.attached is not None and part.instead is not None:
            sent = await self.files.send(where, part, part.attached)
            if sent is not None:
                return sent
            part = part.instead
        *richer, plainest = _forms(part)
        for content in richer:
            try:
                return await self._send({**where, **content})
            except BadRequest as refusal:
                log.error("message_refused", reason=str(refusal))
        return await self._send({**where, **plainest})

    async def edit(self, place: TelegramAddress, message: int, part: TextPart) -> bool:
        """Change an earlier message; return False when that is no longer possible. Raises Busy, Gone, ChatMigrated."""
        where = {"chat_id": place.chat, "message_id": message}
        try:
            if part.attached is not None:
                return await self.files.send(where, part, part.attached, change=True) is not None
            await self._try("editMessageText", {**where, **part.parameters()})
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
