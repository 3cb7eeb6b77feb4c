"""The calls to Slack that make an answer visible: one message, one private message, one Home, one file at a time.

A post is never repeated blindly: when the connection breaks, or something before Slack answers in its place, the thread
is searched for the message before anybody tries again. Refusals come out as they are; `client` says what they mean.

Pictures and pages are uploaded once per workspace, shown in an image block, shared in the thread. A file that was just
uploaded may not be ready for a block; the answer then goes out in words, and the next one has it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.channels.base import Texts
from bot.channels.slack.blocks import escaped, plain_text
from bot.channels.slack.client import (
    NOT_DRAWN,
    NOT_MARKED,
    TOKEN_WORDS,
    TOO_LONG,
    UNREACHABLE,
    Installation,
    Tokens,
    Unreachable,
    reason_of,
    retry_after,
    status_of,
    unreadable,
    word_of,
)
from bot.channels.slack.events import SlackAddress, message_id
from bot.channels.slack.render import MAX_BLOCKS, SlackMessage, fallbacks, line
from bot.dialog.turn import Illustration, Leaflet, Outcome, Reply
from bot.inbox.events import Busy, Gone
from bot.pictures.drawing import NotDrawn
from bot.pictures.shelf import Drawn, Files

log = structlog.stdlib.get_logger(__name__)

# --- messages ---------------------------------------------------------------------------------------------------------

Json = dict[str, Any]

EVENT_TYPE = "footnote_answer"
"""Type of the metadata by which a message is found again."""

MISSING = 1.0
"""Seconds after which a message is sent again whose answer was lost and that is not found where it belongs."""

MAX_UPDATE = 3_800
"""Bytes of `text` in chat.update, which takes 4,000: a sentence more must not make a change fail. A longer answer is
updated with its blocks alone: screen readers then read the blocks, whereas half a text would hide the other half."""

RESPONSE_TIMEOUT = 10
"""Seconds for a response_url to answer."""

SEARCHED = 200
"""Messages of a thread looked through for one whose post was cut off."""


_QUIETLY = {"unfurl_links": False, "unfurl_media": False}
"""No pictures of the pages an answer cites."""


class ResponseUrlExpired(Exception):
    """The response_url is used up, too old, or does not take this."""


class SlackSender:
    """Sends with the token of the workspace an answer belongs to."""

    def __init__(self, client: AsyncWebClient, session: aiohttp.ClientSession, tokens: Tokens) -> None:
        self._client = client
        self._session = session
        self._tokens = tokens

    @property
    def waits(self) -> bool:
        """True when a revoked token will be replaced by an operator."""
        return self._tokens.waits

    async def post(
        self, place: SlackAddress, part: SlackMessage, channel: str, thread: str | None, index: int
    ) -> tuple[str, str]:
        """Post a message and return its channel and ts. Raises SlackApiError, or Busy when the connection broke."""
        me = await self.installed(place)
        mark = _mark(place, index)
        message = {"channel": channel, **_content(part), **_QUIETLY}
        if thread is not None:
            message["thread_ts"] = thread
        try:
            answer = await self._marked(me, message, mark)
        except UNREACHABLE as error:
            return await self._found(me, channel, thread, mark, error)
        except SlackApiError as error:
            if status_of(error) == 429 or not (status_of(error) >= 500 or unreadable(error)):
                raise
            return await self._found(me, channel, thread, mark, error)
        return str(answer["channel"]), str(answer["ts"])

    async def _marked(self, me: Installation, message: Json, mark: str) -> AsyncSlackResponse:
        """Post with the mark by which the message is found again, or without where Slack refuses the mark."""
        marked = {"event_type": EVENT_TYPE, "event_payload": {"key": mark}}
        try:
            return await self.call(me, "chat.postMessage", {**message, "metadata": marked})
        except SlackApiError as error:
            if word_of(error) not in NOT_MARKED:
                raise
        return await self.call(me, "chat.postMessage", message)

    async def arrived(self, place: SlackAddress, channel: str, thread: str, index: int) -> tuple[str, str] | None:
        """Return the message if an attempt that died had posted it; None if not, or if Slack cannot say now."""
        return await self._search(await self.installed(place), channel, thread, _mark(place, index))

    async def update(self, place: SlackAddress, part: SlackMessage, channel: str, ts: str) -> tuple[str, str]:
        """Change a message; doing it twice is the same as once. Raises SlackApiError."""
        me = await self.installed(place)
        texts = [text for text in (part.text, part.brief) if len(text.encode()) <= MAX_UPDATE]
        content = _content(part) | {"text": texts[0] if texts else ""}
        await self.call(me, "chat.update", {"channel": channel, "ts": ts, **content})
        return channel, ts

    async def post_ephemeral(self, place: SlackAddress, part: SlackMessage) -> tuple[str, str]:
        """Show a message to one person in a channel. Raises SlackApiError."""
        me = await self.installed(place)
        where = {"channel": place.channel, "user": place.user, **({"thread_ts": place.thread} if place.thread else {})}
        answer = await self.call(me, "chat.postEphemeral", {**where, **_content(part)})
        return place.channel, str(answer["message_ts"])

    async def respond(self, place: SlackAddress, part: SlackMessage, *, replace: bool) -> None:
        """Answer through the response_url. Raises ResponseUrlExpired, or Busy when Slack asks to wait."""
        if place.response_url is None:
            raise ResponseUrlExpired
        hook = AsyncWebhookClient(place.response_url, RESPONSE_TIMEOUT, session=self._session, retry_handlers=[])
        body = {**_content(part), "response_type": "ephemeral", "replace_original": replace}
        answer = await hook.send_dict({**body, **({"thread_ts": place.thread} if place.thread else {})})
        if answer.status_code == 429 or answer.status_code >= 500 or answer.body.lstrip().startswith("<"):
            raise Busy(retry_after(answer.headers), f"response_url {answer.status_code}")
        if answer.status_code != 200:
            raise ResponseUrlExpired

    async def tell(self, place: SlackAddress, part: SlackMessage) -> None:
        """Tell the person something beside what was done, where the response_url still allows it."""
        try:
            await self.respond(place, part, replace=False)
        except (ResponseUrlExpired, Busy, *UNREACHABLE) as error:
            log.info("not_told", reason=type(error).__name__)

    async def publish(self, place: SlackAddress, view: Json) -> str:
        """Draw the App Home of the person and return the view's id. Raises SlackApiError."""
        me = await self.installed(place)
        answer = await self.call(me, "views.publish", {"user_id": place.user, "view": view})
        return str(answer["view"]["id"])

    async def call(self, me: Installation, method: str, arguments: Json, *, form: bool = False) -> AsyncSlackResponse:
        """Make a call by its name (the SDK's methods look through every block for objects of its own, a tenth of a
        turn), and tell how the token fared. A few methods take a `form` alone. Raises Unreachable for an answer that is
        no JSON object."""
        given: dict[str, Json] = {"params" if form else "json": {"token": me.token, **arguments}}
        try:
            answer = await self._client.api_call(method, **given)  # type: ignore[arg-type]
        except SlackApiError as error:
            if word_of(error) in TOKEN_WORDS:
                self._tokens.refused(me, word_of(error))
            raise
        except AttributeError:  # what the SDK raises for a body that is text
            raise Unreachable("an answer that is not Slack's") from None
        self._tokens.taken()
        return answer

    async def installed(self, place: SlackAddress) -> Installation:
        """Return the app where an answer belongs; raises Gone where it is not installed any more."""
        me = await self._tokens.installation(place.team, place.enterprise)
        if me is None:
            raise Gone("the app is not installed there any more", forget=True)
        return me

    async def _found(
        self, me: Installation, channel: str, thread: str | None, mark: str, error: Exception
    ) -> tuple[str, str]:
        """Return the message if it arrived although its answer did not; else raise Busy."""
        found = await self._search(me, channel, thread, mark) if thread is not None else None
        if found is None:
            raise Busy(MISSING, type(error).__name__) from None
        return found

    async def _search(self, me: Installation, channel: str, thread: str, mark: str) -> tuple[str, str] | None:
        try:
            answer = await self._client.conversations_replies(
                token=me.token, channel=channel, ts=thread, limit=SEARCHED, include_all_metadata=True
            )
        except (SlackApiError, AttributeError, *UNREACHABLE):
            return None
        marked = (str(message["ts"]) for message in reversed(answer["messages"]) if _key_of(message) == mark)
        ts = next(marked, None)
        return (channel, ts) if ts else None


def _mark(place: SlackAddress, index: int) -> str:
    """Return what a part of an answer is found again by."""
    return hashlib.sha256(f"{place.key}/{index}".encode()).hexdigest()[:24]


def _content(part: SlackMessage) -> Json:
    """Return the arguments for text and blocks; `text` is escaped and must not be read as markup."""
    return {"text": part.text or " ", "blocks": part.blocks, "mrkdwn": False, "parse": "none"}


def _key_of(message: Mapping[str, Any]) -> str | None:
    metadata = message.get("metadata") or {}
    return (metadata.get("event_payload") or {}).get("key") if metadata.get("event_type") == EVENT_TYPE else None


# --- pictures and pages -----------------------------------------------------------------------------------------------


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
