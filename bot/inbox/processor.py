"""Answering one turn: decrypt it, ask the engine, carry out its effect, deliver it, return what to remember."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

import structlog

from bot.dialog import payloads
from bot.dialog.turn import Effect, Incoming, Kind, Reply, State
from bot.inbox.events import Address, Delivery, InboundEvent, OutboundMessage
from bot.inbox.identity import Identity
from bot.inbox.metrics import Metrics
from bot.inbox.policy import RetryPolicy
from bot.inbox.unaddressed import worth_saying
from bot.store.base import NewEvent, Store, StoreUnavailable, Turn, TurnResult, Vote, day_of


@dataclass(frozen=True, slots=True)
class Payload:
    """What an inbox row holds, decrypted."""

    incoming: Incoming
    address: Address
    unaddressed: bool
    asker: bool


def pack(event: InboundEvent, identity: Identity, received: float) -> NewEvent:
    """Return the event as it is stored. Raises ValueError for an event without keys, TypeError for an address
    that is not JSON."""
    if not event.keys:
        raise ValueError("an event needs at least one key by which its repetition is known")
    return NewEvent(
        keys=tuple(dict.fromkeys(identity.event(f"{event.channel}:{key}") for key in event.keys)),
        channel=event.channel,
        person=identity.person(event.person),
        conversation=identity.conversation(event.conversation),
        payload=identity.seal(_text(event).encode()),
        received=received,
        question=event.question,
        replies_to=event.replies_to,
        edited=event.incoming.edited,
    )


def unpack(turn: Turn, identity: Identity) -> Payload:
    """Return what was packed, with the context that the database knows. Raises `Unsealable` or ValueError."""
    found: dict[str, Any] = json.loads(identity.unseal(turn.payload))
    incoming = Incoming(
        kind=Kind(found["kind"]),
        text=found["text"],
        channel=turn.channel,
        context=found["context"],
        edited=found["edited"],
        at=turn.received,
        group=found.get("group", False),
    )
    if turn.context is not None:
        incoming = replace(incoming, context=turn.context)
    return Payload(incoming, found["address"], found["quiet"], found.get("asker", False))


def _text(event: InboundEvent) -> str:
    incoming = event.incoming
    return json.dumps(
        {
            "kind": incoming.kind,
            "text": incoming.text,
            "context": incoming.context,
            "edited": incoming.edited,
            "group": incoming.group,
            "address": dict(event.address),
            "quiet": event.unaddressed,
            "asker": event.asker,
        }
    )


T = TypeVar("T")
log = structlog.stdlib.get_logger(__name__)

_VOTES = frozenset({Effect.FEEDBACK_UP, Effect.FEEDBACK_DOWN})


class Answerer(Protocol):
    """What the inbox needs of the engine."""

    def respond(self, state: State, incoming: Incoming) -> tuple[Reply, State]:
        """Return the answer and the state to remember."""

    def report(self, reply: Reply, found: Mapping[str, Any]) -> Reply:
        """Return the reply with the outcome of its effect put into words."""


@dataclass(frozen=True, slots=True)
class TurnProcessor:
    """Answers turns. Has no state of its own: everything is in the turn and in the store."""

    store: Store
    engine: Answerer
    identity: Identity
    metrics: Metrics
    policy: RetryPolicy
    now: Callable[[], float]

    async def answer(self, turn: Turn, channel: Delivery) -> TurnResult:
        """Deliver the answer to one turn and return what it leaves behind. Raises what the channel raises."""
        payload = unpack(turn, self.identity)
        reply, state = self.engine.respond(turn.state, payload.incoming)
        if reply.silent or (payload.unaddressed and not _worth_saying(reply, turn.state, state, payload)):
            self.metrics.kept_silent(turn.channel)
            return TurnResult(self.now())
        reply = await self._perform(turn, reply)
        sent = await self._deliver(turn, payload, reply, channel)
        at = self.now()
        self.metrics.answered(turn.channel, reply.card.node, reply.card.outcome, at - turn.received)
        if reply.effect is Effect.FORGET:
            return TurnResult(at)
        vote = _vote(turn, payload, reply, at)
        if vote is not None:
            self.metrics.voted(turn.channel, vote.node, vote.vote)
        return TurnResult(at, state, reply.card.node, sent, vote)

    async def persist(self, step: str, call: Callable[[], Awaitable[T]]) -> T:
        """Return what the database says to `call`, asking until it does: what was delivered must be written down."""
        while True:
            try:
                return await call()
            except StoreUnavailable as fault:
                self.metrics.store_failed(step)
                log.warning("store_unavailable", step=step, reason=str(fault))
                await asyncio.sleep(self.policy.store_pause)

    async def _perform(self, turn: Turn, reply: Reply) -> Reply:
        """Do what the engine, which has no I/O, cannot do itself; a second time it finds nothing left to do."""
        if reply.effect is Effect.FORGET:
            return self.engine.report(reply, await self.store.forget(turn.person))
        if reply.effect is Effect.EXPORT:
            return self.engine.report(reply, await self.store.export(turn.person))
        return reply

    async def _deliver(self, turn: Turn, payload: Payload, reply: Reply, channel: Delivery) -> tuple[str, ...]:
        sent = list(turn.sent)

        async def progress(message: str, *, last: bool = False) -> None:
            sent.append(message)
            if not last:
                await self.persist("progress", lambda: self.store.progress(turn, sent))

        await channel.deliver(OutboundMessage(payload.address, reply, turn.sent, turn.earlier, turn.doubtful), progress)
        return tuple(dict.fromkeys(sent))


def _worth_saying(reply: Reply, before: State, after: State, payload: Payload) -> bool:
    return worth_saying(reply, before, after, payload.incoming.text, asker=payload.asker)


def _vote(turn: Turn, payload: Payload, reply: Reply, at: float) -> Vote | None:
    """Return the vote a feedback button stands for (up, down, or a reason for it); it names the answer it was under."""
    if reply.effect is None or reply.effect not in _VOTES:
        return None
    tap = payloads.parse(payload.incoming.text)
    node, word = (tap.node, tap.word) if tap else (reply.card.node, str(reply.effect))
    return Vote(node, reply.card.register, turn.channel, word, day_of(at))
