"""One call to Telegram and what its refusals mean: wait, nobody there, another chat id, or plainer words."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import structlog
from telegram import InputFile
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)

from bot.channels.base import Files
from bot.channels.telegram.address import TelegramAddress
from bot.channels.telegram.client import TelegramBot, call, wait_of
from bot.channels.telegram.layout import FOLD
from bot.channels.telegram.render import Attached, TextPart
from bot.inbox.events import Busy, Gone

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

    def __init__(self, bot: TelegramBot, files: Files | None = None) -> None:
        self._bot = bot
        self._files = files
        self._broke: set[str] = set()

    async def send(self, place: TelegramAddress, part: TextPart) -> int:
        """Send a new message and return its id.

        Raises Busy, Gone, TopicGone, ChatMigrated, or BadRequest for a message Telegram refuses even as plain text.
        """
        where: dict[str, Any] = {"chat_id": place.chat}
        if place.topic is not None:
            where["message_thread_id"] = place.topic
        if place.reply_to is not None:
            where["reply_parameters"] = {"message_id": place.reply_to, "allow_sending_without_reply": True}
        if part.attached is not None:
            sent = await self._with_file(where, part, part.attached)
            if sent is not None or part.instead is None:
                return sent or 0
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
                return await self._with_file(where, part, part.attached, change=True) is not None
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

    # --- files --------------------------------------------------------------------------------------------------------

    async def _with_file(
        self, where: dict[str, Any], part: TextPart, attached: Attached, *, change: bool = False
    ) -> int | None:
        """Send (or put in a message's place) what carries a file: under the name Telegram gave it when it was first
        sent, else the file itself. None where Telegram refuses it, or where the line broke during the last upload: the
        words alone are then better than another attempt. Raises Busy."""
        file = f"telegram:{self._bot.token.partition(':')[0]}:{attached.drawn.name}"
        known = await self._files.sent_before(file) if self._files else None
        upload = InputFile(attached.drawn.body, attached.name or attached.drawn.name, attach=change)
        contents: list[str | InputFile] = [*([known] if known else []), upload]
        for content in contents:
            if content is upload and file in self._broke:
                self._broke.discard(file)
                return None
            try:
                sent = await self._try(*_call(where, part, attached, content, change=change))
            except (BadRequest, Gone) as refusal:
                log.warning("file_refused", kind=attached.kind, reason=str(refusal))
            except Busy as fault:
                if content is upload and fault.after == UNREACHABLE:
                    self._broke.add(file)
                raise
            else:
                await self._remember(file, known, sent, attached)
                return int(sent["message_id"])
        return None

    async def _remember(self, file: str, known: str | None, sent: Any, attached: Attached) -> None:
        """Note the name that Telegram gave a picture; a page is made for one person, and not sent again."""
        sizes = sent.get("photo") or []
        if self._files and sizes and attached.kind == "photo" and sizes[-1]["file_id"] != known:
            await self._files.was_sent(file, str(sizes[-1]["file_id"]))

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


def _call(
    where: dict[str, Any], part: TextPart, attached: Attached, content: str | InputFile, *, change: bool
) -> tuple[str, dict[str, Any]]:
    """Return the method and the parameters that send a file, or that put it in a message's place."""
    said = part.parameters()
    if not change:
        return f"send{attached.kind.title()}", {**where, attached.kind: content, **said}
    buttons = {name: said.pop(name) for name in ("reply_markup",) if name in said}
    return "editMessageMedia", {**where, "media": {"type": attached.kind, "media": content, **said}, **buttons}


def _forms(part: TextPart) -> list[dict[str, Any]]:
    """Return the message as it is, then unfolded, without styles, without buttons: better plain than unanswered."""
    whole = part.parameters()
    unfolded = {**whole, "entities": [one for one in part.entities if one["type"] != FOLD]}
    unstyled = {name: value for name, value in whole.items() if name != "entities"}
    bare = {name: value for name, value in unstyled.items() if name != "reply_markup"}
    forms = [whole, unfolded, unstyled, bare] if part.entities else [whole, bare]
    return [form for form, plainer in pairwise(forms) if form != plainer] + [bare]
