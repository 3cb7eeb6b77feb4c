"""Delivering an answer on Slack: in its thread, in place of an older one, to one person alone, or on the App Home.

Where Slack refuses a place the answer goes to the next best: the person who asked is told privately, then directly.
An agent also offers prompts to begin with, and shows that it is at work; that may not hold up or endanger an answer:
every such call runs beside it and its failure is only noted.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import OrderedDict
from collections.abc import Awaitable, Mapping
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.channels.base import Texts
from bot.channels.platforms import Unexpected
from bot.channels.slack.actions import Buttons
from bot.channels.slack.client import (
    NO_QUESTION,
    NOT_HERE,
    NOT_THIS_MESSAGE,
    TOO_LONG,
    UNREACHABLE,
    Installation,
    elsewhere,
    raised,
    reason_of,
    status_of,
    strange,
    word_of,
)
from bot.channels.slack.events import SlackAddress, Surface, ThreadCache, for_one, message_id, ts_of
from bot.channels.slack.render import (
    NAME,
    RenderOptions,
    SlackMessage,
    SlackRenderer,
    headed,
    in_parts,
    line,
    named,
    preceded,
    said,
)
from bot.channels.slack.sender import ResponseUrlExpired, Send, SlackFiles, SlackSender
from bot.channels.slack.views import AppHome
from bot.dialog.turn import ClaimCard, Effect, Outcome, Register, Reply
from bot.inbox.events import Busy, Gone, OutboundMessage, Progress, Refused, each_written

log = structlog.stdlib.get_logger(__name__)

# --- delivery ---------------------------------------------------------------------------------------------------------


_UNANSWERED = frozenset({Outcome.NOT_COVERED, Outcome.CHOICES})
HELP = "help"
"""The node that a bare mention shows."""

MENTION = "@footnote"
"""How one speaks to the bot in a channel; the name is in the app's manifest."""


class SlackDelivery:
    """Delivers answers; each to the place that its event came from."""

    name = "slack"

    def __init__(
        self,
        sender: SlackSender,
        texts: Texts,
        home: AppHome,
        cache: ThreadCache,
        unexpected: Unexpected,
        files: SlackFiles,
    ) -> None:
        self._unexpected = unexpected
        self._sender = sender
        self._files = files
        self._texts = texts
        self._home = home
        self._cache = cache
        self._renderer = SlackRenderer(texts)
        self._buttons = Buttons(texts)

    async def deliver(self, message: OutboundMessage, progress: Progress) -> None:
        """Deliver the answer; raises Busy, Gone or Refused (see bot.inbox.events.Delivery)."""
        place = SlackAddress.from_address(message.address)
        if place.question is not None and place.question in self._cache.gone:
            raise Gone("the question was deleted before it was answered")
        try:
            await self._deliver(place, message, progress)
        except (SlackApiError, *UNREACHABLE) as error:
            raise self._raised(error) from None

    def _raised(self, error: Exception) -> Exception:
        found = raised(error, waits=self._sender.waits)
        if isinstance(found, Refused):
            self._unexpected.note("error", found)
        elif isinstance(error, SlackApiError) and strange(status_of(error)):
            self._unexpected.note("status", status_of(error))
        return found

    async def _deliver(self, place: SlackAddress, message: OutboundMessage, progress: Progress) -> None:
        reply = message.reply
        if place.silent:
            return None
        if place.vote:
            return await self._thank(place, reply)
        if place.surface is Surface.HOME:
            return await self._draw_home(place, message, progress)
        if reply.effect is Effect.ANSWERED:  # days later, and for the person alone, wherever they reported it
            place = SlackAddress(Surface.THREAD, place.team, place.user, place.user, enterprise=place.enterprise)
        parts = self._notice(place, reply) or await self._files.illustrated(place, reply, self._answer(place, reply))
        if place.once in self._cache.shared:
            parts = [line(self._texts("slack-shared-already", reply.card.register))]
        private = place.surface is Surface.PRIVATE or for_one(place, reply) or place.once in self._cache.shared
        send = self._send_to_user if private else self._send_to_channel
        if reply.leaflet is None:
            return await send(place, parts, message, progress)
        await send(place, parts, message, each_written(progress))

        async def say(part: SlackMessage) -> tuple[str, str]:
            if private:
                return await self._to_one(place, part)
            return await self._posted(place, part, place.channel, place.thread, 1)

        return await progress(await self._files.page(place, reply.leaflet, say, private=private), last=True)

    def _notice(self, place: SlackAddress, reply: Reply) -> list[SlackMessage]:
        """Return what is said instead of an answer: to those who invited the bot, what it is; to somebody who called it
        into a thread of others without a question it can answer, that it can read the message above."""
        register = reply.card.register
        if place.notice:
            return [said(self._texts(place.notice, register, mention=MENTION))]
        if place.above and (reply.card.outcome in _UNANSWERED or reply.card.node == HELP):
            return [said(self._texts("read-above", register), [self._buttons.above(register, place.thread or "")])]
        return []

    def _answer(self, place: SlackAddress, reply: Reply) -> list[SlackMessage]:
        """Return the messages of an answer; one that stands where it was not asked begins with who asked what."""
        first, *rest = self._renderer.parts(reply, self._options(place, reply), self._closing(place, reply))
        card = reply.card
        if place.shared:
            asked = place.asked or card.title
            note = self._texts("slack-shared-by", card.register, person=NAME, question=asked)
            first = headed(named(note, place.user, self._texts("slack-shared", card.register)), first)
        elif place.asked:
            note = self._texts("slack-asked-by", card.register, person=NAME)
            first = headed(named(note, place.user, "", place.asked), first)
        return [first, *rest]

    def _options(self, place: SlackAddress, reply: Reply) -> RenderOptions:
        sharable = isinstance(reply.card, ClaimCard) and reply.effect is None
        share = place.surface is Surface.PRIVATE and not place.direct and sharable
        thread = place.surface is Surface.THREAD and not place.direct and place.thread is not None
        return RenderOptions(asker=place.user, share=share, quiet=thread and sharable)

    def _closing(self, place: SlackAddress, reply: Reply) -> list[str]:
        return [self._texts("slack-masked", reply.card.register)] if place.masked else []

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
                channel, ts = await self._update(place, part, message.reply, changed)
            elif found := await self._arrived(place, message, channel, thread, index):
                channel, ts = found
            else:
                channel, ts = await self._post(place, part, message.reply, channel, thread, index)
            if thread is None and (place.shared or place.channel == place.user):
                self._cache.alone.add(message_id(channel, ts), message.reply.card.node)
                self._cache.owners.add(message_id(channel, ts), place.user)
                thread = ts
            await progress(message_id(channel, ts), last=index == len(parts) - 1)
        if place.once and channel:
            self._cache.shared.add(place.once, place.user)
            await self._sender.tell(place, line(self._texts("slack-shared-done", message.reply.card.register)))

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
        self, place: SlackAddress, part: SlackMessage, reply: Reply, message: tuple[str, str]
    ) -> tuple[str, str]:
        try:
            return await self._files.send(place, part, lambda way: self._sender.update(place, way, *message))
        except SlackApiError as error:
            if word_of(error) in NOT_HERE and not place.direct:
                return await self._send_fallback_place(place, part, reply, 0)
            if word_of(error) not in NOT_THIS_MESSAGE | TOO_LONG:
                raise
        return await self._post(place, part, reply, place.channel, place.thread, 0)

    async def _post(
        self, place: SlackAddress, part: SlackMessage, reply: Reply, channel: str, thread: str | None, index: int
    ) -> tuple[str, str]:
        try:
            return await self._posted(place, part, channel, thread, index)
        except SlackApiError as error:
            if word_of(error) in NO_QUESTION:
                raise Gone("the thread was deleted before it was answered") from None
            if word_of(error) not in elsewhere(shared=place.shared, direct=place.direct):
                raise
            log.info("answered_elsewhere", reason=word_of(error))
        return await self._send_fallback_place(place, part, reply, index)

    async def _posted(
        self, place: SlackAddress, part: SlackMessage, channel: str, thread: str | None, index: int
    ) -> tuple[str, str]:
        """Post a message, in several where Slack finds even its bare text too long."""

        async def send(way: SlackMessage) -> tuple[str, str]:
            return await self._sender.post(place, way, channel, thread, index)

        try:
            return await self._files.send(place, part, send)
        except SlackApiError as error:
            if word_of(error) not in TOO_LONG:
                raise
        sent = [await send(one) for one in in_parts(part)]
        return sent[0]

    async def _send_fallback_place(
        self, place: SlackAddress, part: SlackMessage, reply: Reply, index: int
    ) -> tuple[str, str]:
        """Tell the person alone what could not be said in the channel; the sharer only why it was not shared."""
        key = "slack-not-shared" if place.once else "slack-not-invited"
        note = self._texts(key if place.shared else "slack-not-here", reply.card.register)
        if place.shared:
            _, ts = await self._to_one(place, line(note))
            return "", ts  # it stands nowhere
        return await self._directly(place, part if index else preceded(line(note), part), index)

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
        sends: list[Send] = [
            lambda way: self._respond(place, way, replace=replace),
            lambda way: self._sender.post_ephemeral(place, way),
        ]
        for send in sends if place.thread is None or replace else reversed(sends):
            try:
                return await self._files.send(place, part, send)
            except ResponseUrlExpired:
                continue
            except SlackApiError as error:
                if word_of(error) not in NOT_HERE:
                    raise
        return await self._directly(place, part, 0)

    async def _respond(self, place: SlackAddress, part: SlackMessage, *, replace: bool) -> tuple[str, str]:
        await self._sender.respond(place, part, replace=replace)
        return place.channel, f"response-{uuid.uuid4().hex}"  # Slack does not say which message it made

    async def _directly(self, place: SlackAddress, part: SlackMessage, index: int) -> tuple[str, str]:
        return await self._posted(place, part, place.user, None, index)

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


# --- the sign that it is at work --------------------------------------------------------------------------------------


PROMPTS = 4
"""Suggested prompts that Slack shows (docs.slack.dev, assistant.threads.setSuggestedPrompts)."""

MARKED = 1_000
"""Signs remembered as up; a replica that answered somebody else's turn never takes its own down."""


class AssistantStatus:
    """Runs the small calls in the background and keeps hold of them until they are done."""

    def __init__(self, client: AsyncWebClient, texts: Texts) -> None:
        self._client = client
        self._texts = texts
        self._running: set[asyncio.Task[None]] = set()
        self._marked: OrderedDict[str, tuple[asyncio.Task[None], Installation]] = OrderedDict()

    def run(self, what: str, call: Awaitable[Any]) -> asyncio.Task[None]:
        """Make a call beside everything else; log its failure under the name `what`."""
        task = asyncio.create_task(self._quietly(what, call), name=f"slack-{what}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def prompts(self, me: Installation, channel: str) -> None:
        """Offer questions to begin with. No thread_ts: in an agent app that would silently do nothing."""
        self.run("prompts", self._prompts(me, channel))

    def working(self, me: Installation, address: Mapping[str, Any]) -> None:
        """Show in an agent's direct message that an answer is on its way."""
        place = SlackAddress.from_address(address)
        if me.agent and place.surface is Surface.THREAD and place.channel.startswith("D") and place.thread:
            self._marked[place.key] = (self.run("status", self._status(me, place, "processing")), me)
            if len(self._marked) > MARKED:
                self._marked.popitem(last=False)

    def done(self, address: Mapping[str, Any]) -> None:
        """Take the sign down again, after it went up."""
        place = SlackAddress.from_address(address)
        marked = self._marked.pop(place.key, None)
        if marked is not None:
            self.run("status", self._take_down(*marked, place))

    async def close(self) -> None:
        """Break off what is still running."""
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _take_down(self, up: asyncio.Task[None], me: Installation, place: SlackAddress) -> None:
        await asyncio.wait([up])
        await self._status(me, place, "active")

    async def _status(self, me: Installation, place: SlackAddress, status: str) -> None:
        await self._client.agents_sessions_setStatus(
            token=me.token, channel_id=place.channel, thread_ts=place.thread, status=status
        )

    async def _prompts(self, me: Installation, channel: str) -> None:
        register = Register.PROFESSIONAL
        keys = [f"slack-prompt-{number}" for number in range(1, PROMPTS + 1)]
        texts = self._texts
        prompts = [{"title": texts(f"{key}-title", register), "message": texts(key, register)} for key in keys]
        await self._client.assistant_threads_setSuggestedPrompts(
            token=me.token, channel_id=channel, prompts=prompts, title=self._texts("slack-prompts-title", register)
        )

    @staticmethod
    async def _quietly(what: str, call: Awaitable[Any]) -> None:
        try:
            await call
        except Exception as error:
            log.info("courtesy_failed", what=what, reason=reason_of(error))


class StatusClearingDelivery:
    """Delivers, and clears the status "is working on it" afterwards."""

    def __init__(self, inner: SlackDelivery, status: AssistantStatus) -> None:
        self.name = inner.name
        self._inner = inner
        self._status = status

    async def deliver(self, message: OutboundMessage, progress: Progress) -> None:
        """Deliver the answer; raises Busy, and then the status stays, or Gone."""
        try:
            await self._inner.deliver(message, progress)
        except Busy:
            raise
        except Exception:
            self._status.done(message.address)
            raise
        self._status.done(message.address)
