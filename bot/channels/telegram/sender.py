"""One call to Telegram and what its refusals mean: wait, nobody there, another chat id, or plainer words.

A refusal that none of the lists holds is one nobody has met yet: the turn has failed, is tried again, then set aside.
"""

from __future__ import annotations

import re
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

from bot.channels.telegram.address import TelegramAddress
from bot.channels.telegram.client import TelegramBot, call, wait_of
from bot.channels.telegram.layout import FOLD
from bot.channels.telegram.render import TextPart
from bot.channels.unexpected import Unexpected
from bot.inbox.events import Busy, Gone, Refused

log = structlog.stdlib.get_logger(__name__)

UNREACHABLE = 0.5
"""Seconds before the next attempt when Telegram cannot be reached; the inbox waits longer the longer it lasts."""

TOKEN_REFUSED = 60.0
"""Seconds before the next attempt when the token is refused: somebody must act first."""

MAX_TOAST = 200
"""Characters beside the finger (Bot API, answerCallbackQuery)."""

_FORBIDS = (
    *("blocked by the user", "user is deactivated", "bot was kicked", "not a member", "chat was deleted"),
    *("initiate conversation", "can't send messages to bots", "chat was deactivated", "group chat was deactivated"),
)
"""What `403 Forbidden` is known to say: the person or the chat wants no more of this bot."""
_NOBODY = ("chat not found", "user not found", "peer_id_invalid", "chat was deactivated", "user is deactivated")
_NOT_ALLOWED = ("not enough rights", "have no rights", "administrator rights", "write_forbidden", "topic_closed")
_NO_TOPIC = ("message thread not found", "topic_deleted")
_UNCHANGED = "message is not modified"


class TopicGone(Exception):
    """The topic an answer was meant for no longer exists."""


class TelegramSender:
    """Sends and edits single messages, at once: whoever calls has waited for their turn."""

    def __init__(self, bot: TelegramBot, unexpected: Unexpected) -> None:
        self._bot = bot
        self._unexpected = unexpected

    async def send(self, place: TelegramAddress, part: TextPart) -> int:
        """Send a new message and return its id.

        Raises Busy, Gone, TopicGone, ChatMigrated, or Refused for a message Telegram refuses even as plain text.
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
        try:
            return await self._send({**where, **plainest})
        except BadRequest as refusal:
            raise self._refused(refusal) from None

    async def edit(self, place: TelegramAddress, message: int, part: TextPart) -> bool:
        """Change an earlier message; return False when that is no longer possible.

        Raises Busy, Gone, Refused, ChatMigrated.
        """
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
        except (BadRequest, Refused, TopicGone) as refusal:
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
        except (Forbidden, BadRequest) as refusal:
            if _from_elsewhere(refusal):
                raise Busy(UNREACHABLE, "an answer that is not Telegram's") from None
            _judge(refusal, private=private)
            if isinstance(refusal, Forbidden):
                raise self._refused(refusal) from None
            raise
        except ChatMigrated:
            raise
        except InvalidToken:
            raise Busy(TOKEN_REFUSED, "Telegram refuses the token") from None
        except TelegramError as fault:
            raise Busy(UNREACHABLE, type(fault).__name__) from None

    def _refused(self, refusal: TelegramError) -> Refused:
        """Return what delivery should hear about a refusal nobody has met, counted and named once."""
        word = _word(refusal)
        self._unexpected.note("error", word)
        return Refused(word)


def _word(refusal: TelegramError) -> str:
    """Return a refusal as one word that may be logged: Telegram has sentences where others have error words."""
    return re.sub(r"[^a-z0-9]+", "-", str(refusal).lower()).strip("-0123456789")[:64] or "no-words"


def _from_elsewhere(refusal: TelegramError) -> bool:
    """Tell whether the answer came from something before Telegram, such as a proxy: it is no JSON of the Bot API."""
    return refusal.__cause__ is not None


def _judge(refusal: TelegramError, *, private: bool) -> None:
    """Raise what a refusal means, unless it is about the message itself or says what nobody knows."""
    text = str(refusal).lower()
    if isinstance(refusal, Forbidden) and any(words in text for words in _FORBIDS):
        raise Gone(str(refusal), forget=private) from None
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
