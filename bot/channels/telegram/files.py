"""Pictures and pages on Telegram: uploaded once per bot, sent by name after that, and words where they are refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from telegram import InputFile
from telegram.error import BadRequest

from bot.channels.base import Texts
from bot.channels.telegram.client import UNREACHABLE
from bot.channels.telegram.render import Attached, TextPart
from bot.dialog.turn import Leaflet, Outcome, Reply
from bot.inbox.events import Busy, Gone
from bot.pictures.drawing import NotDrawn
from bot.pictures.shelf import Drawn, Files

log = structlog.stdlib.get_logger(__name__)

Json = dict[str, Any]

Call = Callable[[str, Json], Awaitable[Any]]
"""Calls a method, and raises what its refusal means to a delivery."""


class TelegramFiles:
    """Sends what is drawn, as one bot. Whatever goes wrong with a file, the words that stand for it are sent."""

    def __init__(self, bot: str, call: Call, texts: Texts, files: Files | None) -> None:
        self._bot = bot
        self._call = call
        self._texts = texts
        self._files = files
        self._broke: set[str] = set()

    def picture(self, reply: Reply) -> Drawn | None:
        """Return the picture of a reply if it is there; an emergency has none."""
        if self._files is None or reply.picture is None or reply.card.outcome is Outcome.URGENT:
            return None
        return self._files.shelf.picture(reply.picture, reply.card.register, "png")

    async def page(self, leaflet: Leaflet, link: str) -> TextPart:
        """Return the message that carries a page to take along, made now that its turn was answered; where it cannot be
        made, the message that says so."""
        instead = TextPart(self._texts("handout-failed", leaflet.register), [])
        if self._files is None:
            return instead
        try:
            drawn = await self._files.shelf.page(leaflet, link)
        except NotDrawn as fault:
            log.error("page_not_made", reason=str(fault))
            return instead
        name = f"{self._texts('handout-file', leaflet.register)}.pdf"
        return TextPart("", [], None, Attached(drawn, name), instead)

    async def send(self, where: Json, part: TextPart, attached: Attached, *, change: bool = False) -> int | None:
        """Send what carries a file, or put it in a message's place: under the name Telegram gave it when it was first
        sent, else the file itself. None where Telegram refuses it, or where the line broke during the last upload: the
        words alone are then better than another attempt. Raises Busy."""
        file = f"telegram:{self._bot}:{attached.drawn.name}"
        known = await self._files.sent_before(file) if self._files else None
        upload = InputFile(attached.drawn.body, attached.name or attached.drawn.name, attach=change)
        contents: list[str | InputFile] = [*([known] if known else []), upload]
        for content in contents:
            if content is upload and file in self._broke:
                self._broke.discard(file)
                return None
            try:
                sent = await self._call(*_request(where, part, attached, content, change=change))
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


def _request(
    where: Json, part: TextPart, attached: Attached, content: str | InputFile, *, change: bool
) -> tuple[str, Json]:
    """Return the method and the parameters that send a file, or that put it in a message's place."""
    said = part.parameters()
    if not change:
        return f"send{attached.kind.title()}", {**where, attached.kind: content, **said}
    buttons = {name: said.pop(name) for name in ("reply_markup",) if name in said}
    return "editMessageMedia", {**where, "media": {"type": attached.kind, "media": content, **said}, **buttons}
