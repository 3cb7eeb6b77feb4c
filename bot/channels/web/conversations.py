"""What was answered lately, in memory: what a page shows after a reload, and what a cut stream still has to send.

Whether a question is answered is the inbox's business. This is a window on answers that were given: replies, which
share their cards, and no words of any reader.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from bot.dialog.turn import Reply

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
