"""How an answer is delivered to a page: into the window of its conversation, and from there, as server-sent events, to
whoever looks. A stream that is cut resumes after the last event the browser saw.

Whether a question is answered is the inbox's business. The window holds what was answered lately, in memory, for a
reload and a cut stream: replies, which share their cards, and no words of any reader.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from aiohttp import hdrs, web

from bot.dialog import payloads
from bot.dialog.turn import Effect, Reply
from bot.inbox.events import OutboundMessage, Progress

# --- what was answered lately -----------------------------------------------------------------------------------------

KEPT = 40
"""Answers shown again after a reload; older ones are behind buttons and questions."""

OPEN = 10_000
"""Conversations remembered; beyond that the one longest unused is forgotten, and a page begins at the greeting."""

STREAMS = 6
"""Tabs of one conversation. A further one takes the place of the first: its browser connects again if it is seen."""

PATIENCE = 60.0
"""Seconds in which a page says that an answer is on its way."""

BACKLOG = 100
"""Events that a stalled stream may have waiting before it is closed; the browser resumes where it was."""


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """One answer as it now stands: `id` names it in the page, `number` orders what happened, `vote` is the vote on it.

    `question` is the browser's own id of what it answers, `said` what is told beside it, `moved` marks one that took
    the place of an earlier text, `forgets` one after which the browser drops what it remembers.
    """

    id: str
    question: str
    reply: Reply
    number: int
    vote: str = ""
    said: str = ""
    moved: bool = False
    forgets: bool = False


@dataclass(slots=True, eq=False)
class Stream:
    """One connected page. It holds what is to be sent and knows when it was replaced or closed."""

    waiting: asyncio.Queue[PageAnswer | None] = field(default_factory=lambda: asyncio.Queue(BACKLOG))

    def put(self, answer: PageAnswer) -> bool:
        """Add an answer; return False if the reader has stalled."""
        try:
            self.waiting.put_nowait(answer)
        except asyncio.QueueFull:
            return False
        return True

    def end(self) -> None:
        """Have the stream close after what it is sending now."""
        while not self.waiting.empty():
            self.waiting.get_nowait()
        self.waiting.put_nowait(None)


@dataclass(slots=True)
class OpenQuestion:
    """A question that was accepted here and is not answered yet; `since` is read from a clock that only goes on."""

    since: float = field(default_factory=time.monotonic)
    answered: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True, eq=False)
class Conversation:
    """One reader's thread: its latest answers, what it waits for, and the pages that show it."""

    answers: OrderedDict[str, PageAnswer] = field(default_factory=OrderedDict)
    streams: list[Stream] = field(default_factory=list)
    pending: dict[str, OpenQuestion] = field(default_factory=dict)

    def add(self, answer: PageAnswer) -> None:
        """Put an answer at its place (a new one at the end) and tell every page."""
        self.answers[answer.id] = answer
        while len(self.answers) > KEPT:
            self.answers.popitem(last=False)
        if waiting := self.pending.pop(answer.question, None):
            waiting.answered.set()
        for stream in list(self.streams):
            if not stream.put(answer):
                self.close_stream(stream)
                stream.end()

    def since(self, number: int) -> list[PageAnswer]:
        """Return what happened after an event, in that order."""
        return sorted((one for one in self.answers.values() if one.number > number), key=lambda one: one.number)

    def answered(self, question: str) -> bool:
        """Tell whether a question's answer is still at hand."""
        return any(one.question == question for one in self.answers.values())

    @property
    def waits(self) -> bool:
        """Whether an answer is still to be expected. One that nobody is given (too many questions) is not for ever."""
        earliest = time.monotonic() - PATIENCE
        return any(waiting.since > earliest for waiting in self.pending.values())

    def open_stream(self) -> Stream:
        """Return a stream of what happens from now on."""
        if len(self.streams) >= STREAMS:
            self.streams.pop(0).end()
        stream = Stream()
        self.streams.append(stream)
        return stream

    def close_stream(self, stream: Stream) -> None:
        """Forget a stream that ended."""
        if stream in self.streams:
            self.streams.remove(stream)


class Conversations:
    """Every conversation of late, by reader and thread. `epoch` tells a browser's memory from another process's."""

    def __init__(self) -> None:
        self.epoch = secrets.token_hex(4)
        self._number = 0
        self._open: OrderedDict[tuple[str, str], Conversation] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open)

    def get(self, reader: str, thread: str) -> Conversation:
        """Return a conversation, an empty one if nothing is remembered of it."""
        found = self._open.setdefault((reader, thread), Conversation())
        self._open.move_to_end((reader, thread))
        while len(self._open) > OPEN:
            _, oldest = self._open.popitem(last=False)
            _end(oldest)
        return found

    def find(self, reader: str, thread: str) -> Conversation | None:
        """Return a conversation if anything is remembered of it."""
        return self._open.get((reader, thread))

    def number(self) -> int:
        """Return the number of the next event."""
        self._number += 1
        return self._number

    def forget(self, reader: str) -> None:
        """Drop every answer this reader was given; the pages stay connected."""
        for (whose, _), conversation in self._open.items():
            if whose == reader:
                conversation.answers.clear()

    def close(self) -> None:
        """End every stream."""
        for conversation in self._open.values():
            _end(conversation)

    # --- events as a browser names them -------------------------------------------------------------------------

    def event_id(self, answer: PageAnswer) -> str:
        """Return the id under which a browser remembers an event."""
        return f"{self.epoch}-{answer.number}"

    def after(self, event_id: str) -> int:
        """Return the number of the event a browser saw last; 0 for one of another process, so that it sees all."""
        epoch, _, number = event_id.partition("-")
        return int(number) if epoch == self.epoch and number.isascii() and number.isdigit() else 0


def _end(conversation: Conversation) -> None:
    for stream in conversation.streams:
        stream.end()
    conversation.streams.clear()


# --- delivery ---------------------------------------------------------------------------------------------------------

BEAT_SECONDS = 20.0
"""A comment is sent this often, so that proxies keep the connection and a vanished reader is noticed."""

RETRY_MILLISECONDS = 1000
"""How soon a browser connects again after a cut."""

_GIVEN = {"up": "up", "toup": "up", "down": "down", "todown": "down"}
"""What each button of a vote says of the answer it stands under."""


@dataclass(frozen=True, slots=True)
class WebAddress:
    """Where an answer goes: whose page, which thread, which question; `under` is the answer whose button was pressed.

    `vote` is the word of that button, if it was a vote.
    """

    reader: str
    thread: str
    question: str
    under: str = ""
    vote: str = ""

    @classmethod
    def from_address(cls, address: Mapping[str, Any]) -> WebAddress:
        """Return the address as the inbox kept it."""
        return cls(**address)

    def to_address(self) -> dict[str, Any]:
        """Return the address as the inbox keeps it."""
        return asdict(self)


class WebDelivery:
    """Delivers by putting the answer where pages read it. An answer's id follows from the question's, so that the same
    answer delivered twice (a turn that was broken off) is one answer in the page."""

    name = "web"

    def __init__(self, conversations: Conversations) -> None:
        self._conversations = conversations

    async def deliver(self, message: OutboundMessage, progress: Progress) -> None:
        """Deliver the answer. Nobody need be looking: a page that comes back is sent what it missed."""
        place = WebAddress.from_address(message.address)
        conversation = self._conversations.get(place.reader, place.thread)
        if message.reply.effect is Effect.FORGET:
            self._conversations.forget(place.reader)
        answer = self._answer(place, message.reply, conversation)
        conversation.add(answer)
        if not message.sent:
            await progress(answer.id, last=True)

    def _answer(self, place: WebAddress, reply: Reply, conversation: Conversation) -> PageAnswer:
        number, under = self._conversations.number(), conversation.answers.get(place.under)
        if place.vote and under is not None:
            vote = _GIVEN.get(place.vote, under.vote)
            return replace(under, question=place.question, number=number, vote=vote, said=reply.toast, moved=True)
        kind = "r" if reply.effect is Effect.ANSWERED else "a"  # an editor's answer comes beside the acknowledgement
        id_ = place.under if reply.in_place and place.under else f"{kind}-{place.question}"
        return PageAnswer(
            id_,
            place.question,
            reply,
            number,
            vote=_GIVEN.get(place.vote, ""),
            said=reply.toast,
            moved=id_ == place.under,
            forgets=reply.effect is Effect.FORGET,
        )


def vote_of(payload: str) -> str:
    """Return the word of a vote's button; empty for any other. `same` is the vote that stands."""
    tap = payloads.parse(payload)
    return tap.word if tap and tap.word in (*_GIVEN, "same") else ""


# --- to the browser ---------------------------------------------------------------------------------------------------


async def stream(
    request: web.Request,
    conversations: Conversations,
    conversation: Conversation,
    html: Callable[[PageAnswer], str],
    headers: dict[str, str],
) -> web.StreamResponse:
    """Send what happened since the browser's last event, then what happens, until either side ends it."""
    last = request.headers.get("Last-Event-ID") or request.query.get("last", "")
    response = web.StreamResponse(headers={**headers, hdrs.CONTENT_TYPE: "text/event-stream; charset=utf-8"})
    response.headers["X-Accel-Buffering"] = "no"  # nginx would otherwise hold the answer back
    missed, feed = conversation.since(conversations.after(last)), conversation.open_stream()
    try:
        await response.prepare(request)
        await response.write(f"retry: {RETRY_MILLISECONDS}\n\n".encode())
        for answer in missed:
            await response.write(event(conversations.event_id(answer), answer, html(answer)))
        while (fresh := await _next(feed.waiting, response)) is not None:
            await response.write(event(conversations.event_id(fresh), fresh, html(fresh)))
    except (ConnectionError, asyncio.CancelledError):
        pass  # the browser went away; it says what it saw last when it comes back
    finally:
        conversation.close_stream(feed)
    return response


async def _next(waiting: asyncio.Queue[PageAnswer | None], response: web.StreamResponse) -> PageAnswer | None:
    while True:
        try:
            return await asyncio.wait_for(waiting.get(), BEAT_SECONDS)
        except TimeoutError:
            await response.write(b": \n\n")


def event(id_: str, answer: PageAnswer, html: str) -> bytes:
    """Return one event; JSON keeps it on one line."""
    data: dict[str, object] = {"id": answer.id, "question": answer.question, "html": html, "said": answer.said}
    data |= {"moved": answer.moved, "forgets": answer.forgets}
    return f"id: {id_}\ndata: {json.dumps(data)}\n\n".encode()
