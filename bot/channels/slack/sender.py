"""The calls to Slack that make an answer visible: one message, one private message, one Home at a time.

A post is never repeated blindly: when the connection breaks, the thread is searched for the message before anybody
tries again. Slack's refusals come out as they are; `channel` decides what they mean.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.channels.slack.address import SlackAddress
from bot.channels.slack.blocks import SlackMessage
from bot.channels.slack.installation import Installation, Tokens, Unreachable, reason_of
from bot.inbox.events import Busy, Gone

PAUSE = 2.0
"""Seconds to wait after a server error or a broken connection; delivery lengthens it while an outage lasts."""

LONG_PAUSE = 60.0
"""Seconds to wait for an operator: a token that Slack refuses today may be replaced."""

NOT_DRAWN = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "invalid_arguments"})
"""The blocks are refused; the same words can be sent with simpler ones, or as text."""

NOT_HERE = frozenset(
    {
        "channel_not_found",
        "not_in_channel",
        "is_archived",
        "user_not_in_channel",
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_thread_locked",
        "restricted_action_thread_only_channel",
        "restricted_action_non_threadable_channel",
        "cannot_reply_to_message",
        "messages_tab_disabled",
        "ekm_access_denied",
        "missing_scope",
    }
)
"""This place does not take it, another may."""

NOT_THIS_MESSAGE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
"""The message to be changed cannot be changed; a new one can be sent."""

NO_QUESTION = frozenset({"thread_not_found", "invalid_thread_ts"})
"""The question was deleted with its thread: there is nothing left to answer."""

NOBODY = frozenset(
    {"account_inactive", "token_revoked", "user_not_found", "team_access_not_granted", "org_login_required"}
)
"""The person, the workspace or the installation is gone."""

UNREACHABLE = (aiohttp.ClientError, TimeoutError, asyncio.TimeoutError, OSError)
"""What a broken connection raises."""


def word_of(error: SlackApiError) -> str:
    """Return Slack's error word."""
    return reason_of(error)


def raised(error: Exception) -> Busy | Gone:
    """Return what delivery should hear about a failure: that Slack is busy, or that nobody is there any more."""
    if not isinstance(error, SlackApiError):
        return Busy(PAUSE, str(error) if isinstance(error, Unreachable) else type(error).__name__)
    status, word = error.response.status_code, word_of(error)
    if status == 429 or word in {"ratelimited", "rate_limited"}:
        return Busy(retry_after(error.response.headers), "ratelimited")
    if status >= 500 or word in {"internal_error", "fatal_error", "service_unavailable", "request_timeout"}:
        return Busy(PAUSE, word)
    if word in {"invalid_auth", "not_authed", "token_expired"}:
        return Busy(LONG_PAUSE, word)
    if word in NOBODY:
        return Gone(word, forget=True)
    return Gone(word)


def retry_after(headers: Mapping[str, Any]) -> float:
    """Return the seconds of a Retry-After header, one if there is none or it is no number."""
    try:
        return max(float(headers.get("Retry-After", 1)), 0.0)
    except ValueError:
        return 1.0


Json = dict[str, Any]

EVENT_TYPE = "footnote_answer"
"""Type of the metadata by which a message is found again."""

MAX_UPDATE = 4_000
"""Characters of `text` that chat.update takes. A longer answer is updated with its blocks alone: screen readers then
read the blocks, whereas half a text would hide the other half from them."""

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

    async def post(
        self, place: SlackAddress, part: SlackMessage, channel: str, thread: str | None, index: int
    ) -> tuple[str, str]:
        """Post a message and return its channel and ts. Raises SlackApiError, or Busy when the connection broke."""
        me = await self._installed(place)
        mark = _mark(place, index)
        message = {"token": me.token, "channel": channel, **_content(part), **_QUIETLY, **_marked(mark)}
        if thread is not None:
            message["thread_ts"] = thread
        try:  # by its name: `chat_postMessage` would look through every block for objects of its own, a tenth of a turn
            answer = await self._client.api_call("chat.postMessage", json=message)
        except UNREACHABLE as error:
            return await self._found(me, channel, thread, mark, error)
        return str(answer["channel"]), str(answer["ts"])

    async def arrived(self, place: SlackAddress, channel: str, thread: str, index: int) -> tuple[str, str] | None:
        """Return the message if an attempt that died had posted it; None if not, or if Slack cannot say now."""
        return await self._search(await self._installed(place), channel, thread, _mark(place, index))

    async def update(self, place: SlackAddress, part: SlackMessage, channel: str, ts: str) -> tuple[str, str]:
        """Change a message; doing it twice is the same as once. Raises SlackApiError."""
        me = await self._installed(place)
        texts = [text for text in (part.text, part.brief) if len(text) <= MAX_UPDATE]
        content = _content(part) | {"text": texts[0] if texts else ""}
        await self._client.api_call("chat.update", json={"token": me.token, "channel": channel, "ts": ts, **content})
        return channel, ts

    async def post_ephemeral(self, place: SlackAddress, part: SlackMessage) -> tuple[str, str]:
        """Show a message to one person in a channel. Raises SlackApiError."""
        me = await self._installed(place)
        answer = await self._client.chat_postEphemeral(
            token=me.token, channel=place.channel, user=place.user, thread_ts=place.thread, **_content(part)
        )
        return place.channel, str(answer["message_ts"])

    async def respond(self, place: SlackAddress, part: SlackMessage, *, replace: bool) -> None:
        """Answer through the response_url. Raises NoResponse when it is used up, Busy when Slack asks to wait."""
        if place.response_url is None:
            raise ResponseUrlExpired
        hook = AsyncWebhookClient(place.response_url, RESPONSE_TIMEOUT, session=self._session, retry_handlers=[])
        body = {**_content(part), "response_type": "ephemeral", "replace_original": replace}
        answer = await hook.send_dict({**body, **({"thread_ts": place.thread} if place.thread else {})})
        if answer.status_code == 429 or answer.status_code >= 500:
            raise Busy(retry_after(answer.headers), f"response_url {answer.status_code}")
        if answer.status_code != 200:
            raise ResponseUrlExpired

    async def publish(self, place: SlackAddress, view: Json) -> str:
        """Draw the App Home of the person and return the view's id. Raises SlackApiError."""
        me = await self._installed(place)
        answer = await self._client.views_publish(token=me.token, user_id=place.user, view=view)
        return str(answer["view"]["id"])

    async def _installed(self, place: SlackAddress) -> Installation:
        me = await self._tokens.of(place.team, place.enterprise)
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
        except (SlackApiError, *UNREACHABLE):
            return None
        marked = (str(message["ts"]) for message in reversed(answer["messages"]) if _key_of(message) == mark)
        ts = next(marked, None)
        return (channel, ts) if ts else None


def _mark(place: SlackAddress, index: int) -> str:
    """Return what a part of an answer is found again by."""
    return hashlib.sha256(f"{place.key}/{index}".encode()).hexdigest()[:24]


def _marked(mark: str) -> Json:
    return {"metadata": {"event_type": EVENT_TYPE, "event_payload": {"key": mark}}}


def _content(part: SlackMessage) -> Json:
    """Return the arguments for text and blocks; `text` is escaped and must not be read as markup."""
    return {"text": part.text or " ", "blocks": part.blocks, "mrkdwn": False, "parse": "none"}


def _key_of(message: Mapping[str, Any]) -> str | None:
    metadata = message.get("metadata") or {}
    return (metadata.get("event_payload") or {}).get("key") if metadata.get("event_type") == EVENT_TYPE else None
