"""The calls to Slack that make an answer visible: one message, one private message, one Home at a time.

A post is never repeated blindly: when the connection breaks, or something before Slack answers in its place, the thread
is searched for the message before anybody tries again. Refusals come out as they are; `errors` says what they mean.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.channels.slack.address import SlackAddress
from bot.channels.slack.blocks import SlackMessage
from bot.channels.slack.errors import NOT_MARKED, UNREACHABLE, retry_after, status_of, unreadable, word_of
from bot.channels.slack.installation import TOKEN_WORDS, Installation, Tokens, Unreachable
from bot.inbox.events import Busy, Gone

Json = dict[str, Any]

EVENT_TYPE = "footnote_answer"
"""Type of the metadata by which a message is found again."""

MAX_UPDATE = 3_800
"""Bytes of `text` in chat.update, which takes 4,000: a sentence more must not make a change fail. A longer answer is
updated with its blocks alone: screen readers then read the blocks, whereas half a text would hide the other half."""

RESPONSE_TIMEOUT = 10
"""Seconds for a response_url to answer."""

SEARCHED = 200
"""Messages of a thread looked through for one whose post was cut off."""

log = structlog.stdlib.get_logger(__name__)

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
            raise Busy(1.0, type(error).__name__) from None
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
