"""Hand-made parts around delivery: a clock one sets, a two-line engine, a channel that writes down what it delivers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from bot.dialog.turn import ClaimCard, Effect, FootLine, Incoming, Kind, Outcome, Register, Reply, State
from bot.inbox.events import InboundEvent, OutboundMessage, Progress
from bot.inbox.inbox import Inbox
from bot.inbox.metrics import Metrics
from bot.inbox.processor import RetryPolicy
from bot.store.base import Store
from bot.store.common import Identity

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
    card = ClaimCard(
        node=node,
        register=Register.LAYPERSON,
        outcome=outcome,
        title=node,
        brief=(),
        sources=(),
        review=FootLine("pending", "pending human review"),
        disclaimer=FootLine("not advice", "this is not advice"),
    )
    return Reply(card, effect=effect)


def alarming(text: str) -> bool:
    """Return whether words speak of an emergency, as far as these tests go."""
    return any(sign in text for sign in ("chest pain", "to die", "emergency"))


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
        if word == "thanks":
            return replace(reply_of("thanks", Outcome.SMALL_TALK), silent=True), state
        if word == "and now":
            return replace(reply_of("urgent", Outcome.URGENT), again=True), state
        if word == "be quiet":
            return reply_of("quiet", Outcome.SMALL_TALK), replace(state, quiet=True)
        if word in ("up", "down"):
            return reply_of("ala", effect=Effect(word)), state
        register = Register(word) if word in tuple(Register) else state.register
        outcome = Outcome.NOT_COVERED if word == "unknown" else Outcome.URGENT if alarming(word) else Outcome.ANSWER
        lead = f"after {incoming.context}" if incoming.context else ""
        return replace(reply_of(word, outcome), lead=lead), replace(
            state, register=register, introduced=True, history=(*state.history, word)[-8:]
        )

    def report(self, reply: Reply, found: Mapping[str, Any]) -> Reply:
        return replace(reply, lead=json.dumps(found))


@dataclass
class Notebook:
    """A channel that delivers into a list. `before` may raise or wait, as a platform would."""

    name: str = "telegram"
    parts: int = 1
    before: Callable[[OutboundMessage], Any] | None = None
    messages: list[OutboundMessage] = field(default_factory=list)
    _arrival: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def deliver(self, message: OutboundMessage, progress: Progress) -> None:
        if self.before is not None:
            waiting = self.before(message)
            if waiting is not None:
                await waiting
        for part in range(len(message.sent), self.parts):
            await progress(message.earlier or f"m{len(self.messages)}.{part}")
        async with self._arrival:
            self.messages.append(message)
            self._arrival.notify_all()

    async def wait_for(self, count: int, seconds: float = 5.0) -> list[str]:
        """Return the nodes of the messages once there are `count` of them."""
        async with self._arrival, asyncio.timeout(seconds):
            await self._arrival.wait_for(lambda: len(self.messages) >= count)
        return self.nodes

    @property
    def nodes(self) -> list[str]:
        return [message.reply.card.node for message in self.messages]


_numbers = iter(range(1, 1_000_000))


def event(text: str = "ala", conversation: str = "telegram:1", channel: str = "telegram", **more: Any) -> InboundEvent:
    """Return an envelope with a key of its own unless told otherwise."""
    edited, group = more.pop("edited", False), more.pop("group", False)
    incoming = Incoming(more.pop("kind", Kind.TEXT), text, channel, edited=edited, group=group)
    fields = {"keys": (f"event-{next(_numbers)}",), "person": conversation, "address": {"chat": 42}, **more}
    return InboundEvent(channel=channel, conversation=conversation, incoming=incoming, **fields)


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
            while figures(self).get(sample, 0) < value:
                self._changed.clear()
                await self._changed.wait()


BUSY = 'footnote_retries_total{channel="telegram"}{reason="busy"}'
FAILED = 'footnote_retries_total{channel="telegram"}{reason="error"}'
QUARANTINED = 'footnote_quarantined_total{channel="telegram"}'

PATIENT = RetryPolicy(tick=0.02, store_pause=0.01)
"""The shipped policy, looking for due work fifty times a second."""


@asynccontextmanager
async def at_work(
    store: Store,
    *channels: Notebook,
    clock: Clock | None = None,
    policy: RetryPolicy = PATIENT,
    metrics: Metrics | None = None,
    engine: EchoEngine | None = None,
) -> AsyncIterator[Inbox]:
    """Yield a started courier over the echo engine; drain it afterwards."""
    parts = {"policy": policy, "metrics": metrics, "urgent": alarming, "now": clock or Clock()}
    inbox = Inbox(store, engine or EchoEngine(), IDENTITY, channels, **parts)  # type: ignore[arg-type]
    await inbox.start()
    try:
        yield inbox
    finally:
        await inbox.drain(1.0)


def figures(metrics: Metrics) -> Mapping[str, float]:
    """Return every figure as `name{label="value"}` -> value."""
    return {
        sample.name + "".join(f'{{{key}="{value}"}}' for key, value in sorted(sample.labels.items())): sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
    }
