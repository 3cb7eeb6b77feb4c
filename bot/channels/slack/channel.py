"""Delivering an answer on Slack: in its thread, in place of an older one, to one person alone, or on the App Home.

Where Slack refuses a place the answer goes to the next best: the person who asked is told privately, then directly.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable

import structlog
from slack_sdk.errors import SlackApiError

from bot.channels.base import Texts
from bot.channels.slack.address import SlackAddress, Surface, message_id, ts_of
from bot.channels.slack.blocks import SlackMessage, line
from bot.channels.slack.events import ThreadCache
from bot.channels.slack.home import AppHome
from bot.channels.slack.installation import Unreachable
from bot.channels.slack.render import RenderOptions, SlackRenderer, fallbacks
from bot.channels.slack.sender import (
    NO_QUESTION,
    NOT_DRAWN,
    NOT_HERE,
    NOT_THIS_MESSAGE,
    UNREACHABLE,
    ResponseUrlExpired,
    SlackSender,
    raised,
    word_of,
)
from bot.dialog.turn import Effect, Outcome, Reply
from bot.inbox.events import Gone, OutboundMessage, Progress

log = structlog.stdlib.get_logger(__name__)

Send = Callable[[SlackMessage], Awaitable[tuple[str, str]]]
"""Sends one message and returns its channel and ts."""

_FEEDBACK = frozenset({Effect.FEEDBACK_UP, Effect.FEEDBACK_DOWN})
_PERSONAL = frozenset({Effect.FORGET, Effect.EXPORT})


class SlackDelivery:
    """Delivers answers; each to the place that its event came from."""

    name = "slack"

    def __init__(self, sender: SlackSender, texts: Texts, home: AppHome, cache: ThreadCache) -> None:
        self._sender = sender
        self._texts = texts
        self._home = home
        self._cache = cache
        self._renderer = SlackRenderer(texts)

    async def deliver(self, message: OutboundMessage, progress: Progress) -> None:
        """Deliver the answer; raises Busy or Gone (see bot.inbox.events.Delivery)."""
        place = SlackAddress.of(message.address)
        if place.question is not None and place.question in self._cache.gone:
            raise Gone("the question was deleted before it was answered")
        try:
            await self._deliver(place, message, progress)
        except (SlackApiError, Unreachable, *UNREACHABLE) as error:
            raise raised(error) from None

    async def _deliver(self, place: SlackAddress, message: OutboundMessage, progress: Progress) -> None:
        reply = message.reply
        if place.silent:
            return None
        if reply.effect in _FEEDBACK:
            return await self._thank(place, reply)
        if place.surface is Surface.HOME:
            return await self._draw_home(place, message, progress)
        parts = self._renderer.parts(reply, self._look(place, reply), self._closing(place, reply))
        if place.surface is Surface.PRIVATE or self._for_one(place, reply):
            return await self._send_to_user(place, parts, message, progress)
        return await self._send_to_channel(place, parts, message, progress)

    def _look(self, place: SlackAddress, reply: Reply) -> RenderOptions:
        sharable = reply.card.outcome in (Outcome.ANSWER, Outcome.URGENT) and reply.effect is None
        share = place.surface is Surface.PRIVATE and not place.direct and sharable
        return RenderOptions(asker=place.user, share=share)

    def _closing(self, place: SlackAddress, reply: Reply) -> list[str]:
        keys = [key for key, wanted in (("slack-masked", place.masked), ("slack-shared", place.shared)) if wanted]
        return [self._texts(key, reply.card.register) for key in keys]

    @staticmethod
    def _for_one(place: SlackAddress, reply: Reply) -> bool:
        """True for what is nobody else's business, and for a change of somebody else's answer: in a shared thread each
        reader has a register of their own."""
        if place.direct or place.shared:
            return False
        return reply.effect in _PERSONAL or (reply.in_place and place.asker != place.user)

    # --- for everybody in the thread ----------------------------------------------------------------------------

    async def _send_to_channel(
        self, place: SlackAddress, parts: list[SlackMessage], message: OutboundMessage, progress: Progress
    ) -> None:
        channel, thread = place.channel, place.thread
        changed = self._changed(place, message)
        for index, part in enumerate(parts):
            if index < len(message.sent):
                continue
            if index == 0 and changed is not None:
                channel, ts = await self._update(place, part, changed, channel, thread)
            elif found := await self._arrived(place, message, channel, thread, index):
                channel, ts = found
            else:
                channel, ts = await self._post(place, part, message.reply, channel, thread, index)
            if thread is None and (place.shared or place.channel == place.user):
                self._cache.alone.add(message_id(channel, ts), message.reply.card.node)
                thread = ts
            await progress(message_id(channel, ts), last=index == len(parts) - 1)

    async def _arrived(
        self, place: SlackAddress, message: OutboundMessage, channel: str, thread: str | None, index: int
    ) -> tuple[str, str] | None:
        """Look for the one part that an attempt which died may have posted without writing it down."""
        if not message.doubtful or index != len(message.sent) or thread is None:
            return None
        return await self._sender.arrived(place, channel, thread, index)

    @staticmethod
    def _changed(place: SlackAddress, message: OutboundMessage) -> tuple[str, str] | None:
        """Return the message this answer takes the place of, if any."""
        if message.earlier is not None:
            return ts_of(message.earlier)
        if message.reply.in_place and place.message is not None:
            return place.channel, place.message
        return None

    async def _update(
        self, place: SlackAddress, part: SlackMessage, message: tuple[str, str], channel: str, thread: str | None
    ) -> tuple[str, str]:
        try:
            return await self._send_with_fallbacks(part, lambda way: self._sender.update(place, way, *message))
        except SlackApiError as error:
            if word_of(error) not in NOT_THIS_MESSAGE:
                raise
        return await self._send_with_fallbacks(part, lambda way: self._sender.post(place, way, channel, thread, 0))

    async def _post(
        self, place: SlackAddress, part: SlackMessage, reply: Reply, channel: str, thread: str | None, index: int
    ) -> tuple[str, str]:
        try:
            return await self._send_with_fallbacks(
                part, lambda way: self._sender.post(place, way, channel, thread, index)
            )
        except SlackApiError as error:
            if word_of(error) in NO_QUESTION:
                raise Gone("the thread was deleted before it was answered") from None
            if word_of(error) not in NOT_HERE or place.direct:
                raise
            log.info("answered_elsewhere", reason=word_of(error))
        return await self._send_fallback_place(place, part, reply, index)

    async def _send_fallback_place(
        self, place: SlackAddress, part: SlackMessage, reply: Reply, index: int
    ) -> tuple[str, str]:
        """Tell the person alone what could not be said in the channel; the sharer only why it was not shared."""
        note = self._texts("slack-not-invited" if place.shared else "slack-not-here", reply.card.register)
        if place.shared:
            return await self._to_one(place, line(note))
        if index == 0:
            await self._directly(place, line(note), index)
        return await self._directly(place, part, index)

    # --- for one person ------------------------------------------------------------------------------------------

    async def _send_to_user(
        self, place: SlackAddress, parts: list[SlackMessage], message: OutboundMessage, progress: Progress
    ) -> None:
        replace = message.reply.in_place and place.surface is Surface.PRIVATE
        for index, part in enumerate(parts):
            if index >= len(message.sent):
                channel, ts = await self._to_one(place, part, replace=replace and index == 0)
                await progress(message_id(channel, ts), last=index == len(parts) - 1)

    async def _to_one(self, place: SlackAddress, part: SlackMessage, *, replace: bool = False) -> tuple[str, str]:
        """Show a message to one person: through the response_url, in the channel or thread, or directly."""
        sends: list[Send] = [lambda way: self._respond(place, way, replace=replace), self._whisper(place)]
        for send in sends if place.thread is None or replace else reversed(sends):
            try:
                return await self._send_with_fallbacks(part, send)
            except ResponseUrlExpired:
                continue
            except SlackApiError as error:
                if word_of(error) not in NOT_HERE:
                    raise
        return await self._directly(place, part, 0)

    def _whisper(self, place: SlackAddress) -> Send:
        return lambda way: self._sender.post_ephemeral(place, way)

    async def _respond(self, place: SlackAddress, part: SlackMessage, *, replace: bool) -> tuple[str, str]:
        await self._sender.respond(place, part, replace=replace)
        return place.channel, f"response-{uuid.uuid4().hex}"  # Slack does not say which message it made

    async def _directly(self, place: SlackAddress, part: SlackMessage, index: int) -> tuple[str, str]:
        return await self._send_with_fallbacks(part, lambda way: self._sender.post(place, way, place.user, None, index))

    async def _thank(self, place: SlackAddress, reply: Reply) -> None:
        """A vote is thanked for in private and changes nothing; that nobody could be thanked is no failure."""
        try:
            await self._to_one(place, line(reply.toast))
        except SlackApiError as error:
            log.info("not_thanked", reason=word_of(error))

    # --- the App Home --------------------------------------------------------------------------------------------

    async def _draw_home(self, place: SlackAddress, message: OutboundMessage, progress: Progress) -> None:
        parts = self._renderer.parts(message.reply, RenderOptions(asker=place.user, home=True))
        view = self._home.view(message.reply, parts)
        if view is None:
            return await self._send_to_channel(place, parts, message, progress)
        await progress(message_id(place.user, await self._sender.publish(place, view)), last=True)
        return None

    async def _send_with_fallbacks(self, part: SlackMessage, send: Send) -> tuple[str, str]:
        """Send the message; when Slack refuses its blocks, say the same with simpler ones."""
        ways = list(fallbacks(part))
        for way in ways[:-1]:
            try:
                return await send(way)
            except SlackApiError as error:
                if word_of(error) not in NOT_DRAWN:
                    raise
                log.warning("blocks_refused", reason=word_of(error))
        return await send(ways[-1])
