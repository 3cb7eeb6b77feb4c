"""Hand-made parts around delivery: a clock one sets, a two-line engine, a channel that writes down what it delivers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from bot.dialog.turn import Card, Effect, Incoming, Kind, Outcome, Reply, State, Tone
from bot.inbox.events import Envelope, Letter, Progress
from bot.inbox.identity import Identity
from bot.inbox.inbox import Courier
from bot.inbox.metrics import Metrics
from bot.inbox.policy import Policy
from bot.store.base import Store

SECRET = "a secret for tests"
IDENTITY = Identity(SECRET)
START = 1_800_000_000.0
"""Some moment in 2027."""


@dataclass
class Clock:
    """Time that passes when told to."""

    time: float = START

    def __call__(self) -> float:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += seconds


def reply_of(node: str, outcome: Outcome = Outcome.ANSWER, effect: Effect | None = None) -> Reply:
    card = Card(node, Tone.LAYPERSON, outcome, node, (), (), (), "pending", "not advice", ())
    return Reply(card, effect=effect)


class EchoEngine:
    """Answers each text with a card whose node is the text; words with a meaning of their own are listed below."""

    def respond(self, state: State, incoming: Incoming) -> tuple[Reply, State]:
        word = incoming.text
        if word == "break":
            raise RuntimeError(f"cannot answer {word}")
        if word == "forget":
            return reply_of("privacy", effect=Effect.FORGET), State()
        if word == "export":
            return reply_of("privacy", effect=Effect.EXPORT), state
        if word in ("up", "down"):
            return reply_of("ala", effect=Effect(word)), state
        tone = Tone(word) if word in tuple(Tone) else state.tone
        outcome = Outcome.NOT_COVERED if word == "unknown" else Outcome.ANSWER
        lead = f"after {incoming.context}" if incoming.context else ""
        return replace(reply_of(word, outcome), lead=lead), State(tone, True, (*state.trail, word)[-8:])

    def report(self, reply: Reply, found: Mapping[str, Any]) -> Reply:
        return replace(reply, lead=json.dumps(found))


@dataclass
class Notebook:
    """A channel that delivers into a list. `before` may raise or wait, as a platform would."""

    name: str = "telegram"
    parts: int = 1
    before: Callable[[Letter], Any] | None = None
    letters: list[Letter] = field(default_factory=list)
    _arrival: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def deliver(self, letter: Letter, progress: Progress) -> None:
        if self.before is not None:
            waiting = self.before(letter)
            if waiting is not None:
                await waiting
        for part in range(len(letter.sent), self.parts):
            await progress(f"m{len(self.letters)}.{part}")
        async with self._arrival:
            self.letters.append(letter)
            self._arrival.notify_all()

    async def wait_for(self, count: int, seconds: float = 5.0) -> list[str]:
        """Return the nodes of the letters once there are `count` of them."""
        async with self._arrival, asyncio.timeout(seconds):
            await self._arrival.wait_for(lambda: len(self.letters) >= count)
        return self.nodes

    @property
    def nodes(self) -> list[str]:
        return [letter.reply.card.node for letter in self.letters]


_numbers = iter(range(1, 1_000_000))


def envelope(text: str = "ala", conversation: str = "telegram:1", channel: str = "telegram", **more: Any) -> Envelope:
    """Return an envelope with a key of its own unless told otherwise."""
    incoming = Incoming(more.pop("kind", Kind.TEXT), text, channel, edited=more.pop("edited", False))
    fields = {"keys": (f"event-{next(_numbers)}",), "person": conversation, "address": {"chat": 42}, **more}
    return Envelope(channel=channel, conversation=conversation, incoming=incoming, **fields)


class Watched(Metrics):
    """The real figures, and a way to wait for one."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = asyncio.Event()

    def postponed(self, channel: str, reason: str) -> None:
        super().postponed(channel, reason)
        self._changed.set()

    def quarantined(self, channel: str) -> None:
        super().quarantined(channel)
        self._changed.set()

    def store_failed(self, step: str) -> None:
        super().store_failed(step)
        self._changed.set()

    async def reach(self, sample: str, value: float, seconds: float = 5.0) -> None:
        """Return once the sample is at `value` or above."""
        async with asyncio.timeout(seconds):
            while self.values().get(sample, 0) < value:
                self._changed.clear()
                await self._changed.wait()


BUSY = 'footnote_retries_total{channel="telegram"}{reason="busy"}'
FAILED = 'footnote_retries_total{channel="telegram"}{reason="error"}'
QUARANTINED = 'footnote_quarantined_total{channel="telegram"}'

PATIENT = Policy(tick=0.02, store_pause=0.01)
"""The shipped policy, looking for due work fifty times a second."""


@asynccontextmanager
async def at_work(
    store: Store,
    *channels: Notebook,
    clock: Clock | None = None,
    policy: Policy = PATIENT,
    metrics: Metrics | None = None,
) -> AsyncIterator[Courier]:
    """Yield a started courier over the echo engine; drain it afterwards."""
    courier = Courier(store, EchoEngine(), IDENTITY, channels, policy=policy, metrics=metrics, now=clock or Clock())
    await courier.start()
    try:
        yield courier
    finally:
        await courier.drain(1.0)
