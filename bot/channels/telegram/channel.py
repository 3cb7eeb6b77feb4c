"""How an answer is delivered on Telegram, and what refusals mean: wait, nobody there, another chat, plainer words.

Pictures and pages are uploaded once per bot and sent by name after that, with words where they are refused; the
buttons that only Telegram has copy a number, lead to the private chat, share a link.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import structlog
from telegram import InputFile
from telegram.error import BadRequest, ChatMigrated, TelegramError
from telegram.helpers import create_deep_linked_url

from bot.channels.base import Texts
from bot.channels.platforms import Unexpected
from bot.channels.telegram.client import (
    UNREACHABLE,
    Pacer,
    Rates,
    TelegramBot,
    TopicGone,
    Window,
    attempt,
    call,
    unheard_of,
)
from bot.channels.telegram.layout import EXPANDABLE
from bot.channels.telegram.render import DIAL, Attached, Rows, TelegramRenderer, TextPart, voted
from bot.channels.telegram.updates import TelegramAddress
from bot.dialog.turn import Button, Leaflet, Outcome, Reply
from bot.inbox.events import Busy, Gone, OutboundMessage, Progress, Refused
from bot.pictures.drawing import NotDrawn
from bot.pictures.shelf import Drawn, Files

log = structlog.stdlib.get_logger(__name__)

# --- delivery ---------------------------------------------------------------------------------------------------------


class TelegramDelivery:
    """Delivers answers: changes the tapped message where the reply asks for it, sends new messages otherwise.

    A message whose fate is unknown (the connection broke after it left) is sent again: identical words twice do less
    harm than silence.
    """

    name = "telegram"

    def __init__(
        self, bot: TelegramBot, texts: Texts, rates: Rates, unexpected: Unexpected, files: Files | None = None
    ) -> None:
        self._extra = ExtraButtons(bot, texts)
        self._renderer = TelegramRenderer(texts)
        self._sender = TelegramSender(bot, texts, unexpected, files)
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


MAX_TOAST = 200
"""Characters beside the finger (Bot API, answerCallbackQuery)."""

_UNCHANGED = "message is not modified"


class TelegramSender:
    """Sends and edits single messages, at once: whoever calls has waited for their turn."""

    def __init__(self, bot: TelegramBot, texts: Texts, unexpected: Unexpected, files: Files | None = None) -> None:
        self._bot = bot
        self._unexpected = unexpected
        self.files = TelegramFiles(bot.token.partition(":")[0], self._try, texts, files)

    async def send(self, place: TelegramAddress, part: TextPart) -> int:
        """Send a new message and return its id.

        Raises Busy, Gone, TopicGone, ChatMigrated, or Refused for a message Telegram refuses even as plain text.
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
        refused = BadRequest("")
        for at, content in enumerate(_forms(part)):
            if at:
                log.error("message_refused", reason=str(refused))
            try:
                return await self._send({**where, **content})
            except BadRequest as refusal:
                refused = refusal
        raise unheard_of(refused, self._unexpected)

    async def edit(self, place: TelegramAddress, message: int, part: TextPart) -> bool:
        """Change an earlier message; return False when that is no longer possible.

        Raises Busy, Gone, Refused, ChatMigrated.
        """
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
        return await attempt(self._bot, method, parameters, self._unexpected)


def _forms(part: TextPart) -> Iterator[dict[str, Any]]:
    """Yield the message as it is, then unfolded, without styles, without buttons: better plain than unanswered. What
    follows the first is made only once that was refused."""
    form = part.parameters()
    yield form
    unfolded = [one for one in part.entities if one["type"] != EXPANDABLE]
    if unfolded != part.entities:
        yield {**form, "entities": unfolded}
    for name in ("entities", "reply_markup"):
        if form.pop(name, None):
            yield form


# --- pictures and pages -----------------------------------------------------------------------------------------------


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
            except (BadRequest, Gone, Refused) as refusal:
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


# --- buttons that only Telegram has -----------------------------------------------------------------------------------

SHARE_URL = "https://t.me/share/url?"
"""Opens the list of one's chats, to send an address and a text to (core.telegram.org/widgets/share)."""


@lru_cache(maxsize=2048)
def _share_button(label: str, bot: str, node: str, title: str) -> Button:
    """Return the button that offers a link to an answer; the same few answers are shown again and again."""
    address = SHARE_URL + urlencode({"url": create_deep_linked_url(bot, node), "text": title})
    return Button(label, "", "share", address)


class ExtraButtons:
    """Knows the bot's name, which the links to it need."""

    def __init__(self, bot: TelegramBot, texts: Texts) -> None:
        self._bot = bot
        self._texts = texts
        self._named = False

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
        offered = next((button for button in (*reply.choices, *reply.card.buttons) if button.role == "share"), None)
        if offered is None or not await self._introduced():
            return ()
        return (_share_button(offered.label, self._bot.username, reply.card.node, reply.card.title),)

    async def link_back(self, leaflet: Leaflet) -> str:
        """Return the address on a page: the answer it holds, in this bot; empty while the bot's name is not known."""
        node = leaflet.nodes[-1] if leaflet.nodes else None
        return create_deep_linked_url(self._bot.username, node) if await self._introduced() else ""

    async def _introduced(self) -> bool:
        """Return whether the bot's name is known; a replica that does not poll asks for it here."""
        if not self._named:
            with contextlib.suppress(TelegramError):
                await self._bot.initialize()
                self._named = True
        return self._named
