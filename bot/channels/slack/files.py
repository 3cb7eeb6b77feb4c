"""Pictures and pages on Slack: uploaded once per workspace, shown in an image block, shared in the thread.

A file that was just uploaded may not be ready for a block; the answer then goes out in words, and the next one has it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError

from bot.channels.base import Texts
from bot.channels.slack.address import SlackAddress, message_id
from bot.channels.slack.blocks import MAX_BLOCKS, SlackMessage, line, plain_text
from bot.channels.slack.errors import NOT_DRAWN, TOO_LONG, UNREACHABLE, status_of, word_of
from bot.channels.slack.installation import reason_of
from bot.channels.slack.mrkdwn import escaped
from bot.channels.slack.render import fallbacks
from bot.channels.slack.sender import SlackSender
from bot.dialog.turn import Illustration, Leaflet, Outcome, Reply
from bot.pictures.drawing import NotDrawn
from bot.pictures.shelf import Drawn, Files

log = structlog.stdlib.get_logger(__name__)

Send = Callable[[SlackMessage], Awaitable[tuple[str, str]]]
"""Sends one message and returns its channel and ts."""

MAX_ALT, MAX_SPOKEN = 2_000, 1_000
"""Characters of an image's alternative text in a block, and of an uploaded file's."""


class NotUploaded(Exception):
    """The place to which Slack sends a file does not take it."""


class SlackFiles:
    """Sends what is drawn. Whatever goes wrong with a picture, the answer is complete without it."""

    def __init__(self, sender: SlackSender, session: aiohttp.ClientSession, texts: Texts, files: Files | None) -> None:
        self._sender = sender
        self._session = session
        self._texts = texts
        self._files = files
        self._fresh: set[str] = set()

    # --- pictures ---------------------------------------------------------------------------------------------------

    async def illustrated(self, place: SlackAddress, reply: Reply, parts: list[SlackMessage]) -> list[SlackMessage]:
        """Return the messages of an answer with its picture before what is folded, if there is one and room for it."""
        if self._files is None or reply.picture is None or reply.card.outcome is Outcome.URGENT:
            return parts
        drawn = self._files.shelf.picture(reply.picture, reply.card.register, "png")
        first, *rest = parts
        if drawn is None or len(first.blocks) >= MAX_BLOCKS:
            return parts
        file = await self._uploaded(place, drawn, reply.picture, self._files)
        return [_with_image(first, file, drawn.name, reply.picture), *rest] if file else parts

    async def _refused(self, place: SlackAddress, part: SlackMessage) -> None:
        """Hear that Slack refuses a message with a picture. One known from before is gone: it is uploaded anew next
        time; one that was just uploaded is not ready yet."""
        for file, name in _files_in(part).items():
            if file in self._fresh:
                self._fresh.discard(file)
            elif self._files is not None:
                await self._files.was_sent(_key(place, name), "")

    async def _uploaded(self, place: SlackAddress, drawn: Drawn, shown: Illustration, files: Files) -> str | None:
        """Return the id of a picture in this workspace, uploading it if it is not there; None where that fails."""
        key = _key(place, drawn.name)
        if known := await files.sent_before(key):
            return known
        try:
            file = await self._upload(place, drawn, drawn.name, shown.alt[:MAX_SPOKEN])
            await self._complete(place, file, shown.title)
        except (SlackApiError, NotUploaded, *UNREACHABLE) as fault:
            log.warning("picture_not_uploaded", reason=reason_of(fault))
            return None
        self._fresh.add(file)
        await files.was_sent(key, file)
        return file

    async def send(self, place: SlackAddress, part: SlackMessage, send: Send) -> tuple[str, str]:
        """Send the message; where Slack refuses its blocks or the length of its text, say the same without what it
        refused. Raises the last refusal when nothing is left to try."""
        refused: list[object] = []
        last = SlackApiError("nothing to send", {"ok": False, "error": "no_text"})  # type: ignore[no-untyped-call]
        for way in fallbacks(part):
            if way.blocks in refused or way.text in refused:
                continue
            try:
                sent = await send(way)
                self._fresh.difference_update(_files_in(way))
                return sent
            except SlackApiError as error:
                word = word_of(error)
                if word not in NOT_DRAWN | TOO_LONG:
                    raise
                refused.append(way.text if word in TOO_LONG else way.blocks)
                await self._refused(place, way)
                last = error
                log.warning("blocks_refused", reason=word)
        raise last

    # --- pages ------------------------------------------------------------------------------------------------------

    async def page(self, place: SlackAddress, leaflet: Leaflet, say: Send, *, private: bool) -> str:
        """Share a page to take along where the answer that announced it was read, and return its message's id; where
        it cannot be made, or Slack takes no file, say so instead. Raises SlackApiError for a rate limit, and what
        breaks when Slack cannot be reached: this alone is then tried again."""
        channel = place.user if private else place.channel
        file = await self._shared(place, leaflet, channel, None if private else place.thread)
        if file is not None:
            return message_id(channel, f"file-{file}")
        return message_id(*await say(line(self._texts("handout-failed", leaflet.register))))

    async def _shared(self, place: SlackAddress, leaflet: Leaflet, channel: str, thread: str | None) -> str | None:
        if self._files is None:
            return None
        name = f"{self._texts('handout-file', leaflet.register)}.pdf"
        try:
            drawn = await self._files.shelf.page(leaflet, self._files.link(leaflet))
            file = await self._upload(place, drawn, name, "")
            await self._complete(place, file, name, channel_id=await self._room(place, channel), thread_ts=thread)
        except (NotDrawn, NotUploaded) as fault:
            log.error("page_not_sent", reason=str(fault))
            return None
        except SlackApiError as fault:
            if status_of(fault) == 429 or status_of(fault) >= 500:
                raise
            log.warning("page_refused", reason=word_of(fault))
            return None
        return file

    async def _room(self, place: SlackAddress, channel: str) -> str:
        """Return the id of a conversation; a person's stands for the direct messages with them."""
        if channel[:1] not in {"U", "W"}:
            return channel
        me = await self._sender.installed(place)
        answer = await self._sender.call(me, "conversations.open", {"users": channel})
        return str(answer["channel"]["id"])

    # --- the three calls of an upload -------------------------------------------------------------------------------

    async def _upload(self, place: SlackAddress, drawn: Drawn, name: str, spoken: str) -> str:
        me = await self._sender.installed(place)
        wish: dict[str, Any] = {"filename": name, "length": len(drawn.body)}
        if spoken:
            wish["alt_txt"] = spoken
        answer = await self._sender.call(me, "files.getUploadURLExternal", wish, form=True)
        try:
            async with self._session.post(str(answer["upload_url"]), data=drawn.body) as sent:
                sent.raise_for_status()
        except UNREACHABLE as fault:
            raise NotUploaded(type(fault).__name__) from None
        return str(answer["file_id"])

    async def _complete(self, place: SlackAddress, file: str, title: str, **where: str | None) -> None:
        me = await self._sender.installed(place)
        given = {name: value for name, value in where.items() if value}
        await self._sender.call(me, "files.completeUploadExternal", {"files": [{"id": file, "title": title}], **given})


def _with_image(part: SlackMessage, file: str, name: str, shown: Illustration) -> SlackMessage:
    """Return a message with an image before what is folded or small, and all that it shows at the end of the text."""
    image = {
        "type": "image",
        "block_id": name,
        "slack_file": {"id": file},
        "alt_text": shown.alt[:MAX_ALT],
        "title": plain_text(shown.title),
    }
    at = next((n for n, one in enumerate(part.blocks) if one["type"] in _BEHIND), len(part.blocks))
    spoken = escaped(shown.alt)
    blocks = [*part.blocks[:at], image, *part.blocks[at:]]
    return replace(part, blocks=blocks, text=f"{part.text}\n\n{spoken}", brief=f"{part.brief}\n\n{spoken}")


_BEHIND = frozenset({"container", "context", "actions", "context_actions"})


def _files_in(part: SlackMessage) -> dict[str, str]:
    """Return the ids of the pictures in a message, and their names."""
    return {block["slack_file"]["id"]: block["block_id"] for block in part.blocks if block["type"] == "image"}


def _key(place: SlackAddress, name: str) -> str:
    return f"slack:{place.team or place.enterprise}:{name}"
