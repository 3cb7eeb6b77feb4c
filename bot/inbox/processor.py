"""Answering one turn: decrypt it, ask the engine, carry out its effect, deliver it, return what to remember.

How often and how long it is tried stands here, with the reason of every figure an operator might ask about; and when
the bot speaks although nobody addressed it, in a thread or group it was asked into: who speaks and whether something
is asked decide, not how sure the matcher is, for a remark between colleagues may name a drug as plainly as a question
does. What is urgent is said whoever speaks.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import structlog

from bot.dialog import payloads
from bot.dialog.turn import Effect, Incoming, Kind, Outcome, Reply, State, View
from bot.inbox.events import (
    LONGEST,
    Address,
    Delivery,
    InboundEvent,
    MessagePart,
    OutboundMessage,
    Thought,
    WhenEnded,
    asked_in,
    at_once,
    left_by,
    nothing_urgent,
    part_from,
    thought_of,
    words_in,
)
from bot.inbox.metrics import Counting, Metrics
from bot.store.base import (
    Earlier,
    NewEvent,
    RetentionCutoffs,
    Store,
    StoreUnavailable,
    Turn,
    TurnResult,
    Vote,
    WaitingRow,
)
from bot.store.common import DAY, DecryptionError, Identity, day_of
from bot.store.records import NewReport

log = structlog.stdlib.get_logger(__name__)

# --- retries, limits and retention ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Seconds unless said otherwise.

    `slots` turns of one channel are under way at once, and `urgent_slots` more that are urgent; `backlog` may wait
    before more is refused (the platforms keep what is refused: Telegram a day, Slack with retries). `lease` is how long
    a dead replica's turns wait for another. A turn that fails `attempts` times is quarantined; one whose platform stays
    away for `backoff` too.
    """

    slots: int = 64
    urgent_slots: int = 16
    backlog: int = 10_000
    lease: float = 15.0
    attempts: int = 5
    backoff: float = DAY
    tick: float = 0.5
    store_pause: float = 0.5
    measure_every: float = 5.0
    prune_every: float = 3600.0
    keep_events: float = 3 * DAY  # platforms repeat an event for a day at most
    keep_messages: float = 180 * DAY
    keep_quarantine: float = 30 * DAY
    keep_idle: float = 400 * DAY
    grace: float = 30 * DAY  # after the person blocked the bot

    def cutoffs(self, now: float) -> RetentionCutoffs:
        """Return what is old at `now`."""
        return RetentionCutoffs(
            events=now - self.keep_events,
            messages=now - self.keep_messages,
            quarantine=now - self.keep_quarantine,
            idle=now - self.keep_idle,
            user_left=now - self.grace,
        )


def after_failure(attempts: int) -> float:
    """Return how long to wait after the nth failed attempt: 1, 2, 4, 8 ... seconds, a minute at most."""
    return min(2.0 ** (attempts - 1), 60.0)


def while_busy(asked: float, age: float) -> float:
    """Return how long to wait for a busy platform: what it asked for, longer the longer it has been away.

    A turn that has waited eight minutes is tried once a minute, so that a long outage costs little; an hour at most.
    """
    return min(max(asked, min(age / 8, 60.0), 0.05), 3600.0)


# --- words that nobody addressed to the bot ---------------------------------------------------------------------------


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_BEFORE_QUESTIONS = _set("and or but so also then ok okay well hm hmm um oh ah please pls thanks sorry hi hey now")
"""Words that stand before a question without being part of it."""

_INTERROGATIVES = _set(
    "what which who whom whose when where why how what's who's where's how's is are was were am isn't aren't do"
    " does did don't doesn't didn't has have had can could can't couldn't should shouldn't would wouldn't will won't"
    " may might must shall any anything anyone"
)
"""Words with which an English question begins."""

_REQUESTS = _set("tell give show explain list compare describe summarise summarize define repeat remind help")
"""Verbs that ask for words when they begin a sentence."""

_PREPOSITIONS = _set("in for with by at to on of from since until after before")
"""Words that may stand before the interrogative: "by how much", "for which patients"."""

_PLEASE = frozenset({"please", "pls", "plz"})

_SPOKEN = frozenset({Outcome.ANSWER, Outcome.CHOICES, Outcome.NOT_COVERED, Outcome.URGENT})


def asks(text: str) -> bool:
    """Tell whether words ask for something: a question mark at the end of a sentence, a question's first word, a verb
    that asks for words, or a wish such as "shorter please"."""
    return any(_asks(sentence) for sentence in re.split(r"(?<=[.!?])\s+|\n+", text) if sentence.strip())


def _asks(sentence: str) -> bool:
    if sentence.rstrip(" \"')]").endswith("?"):
        return True
    words = words_in(sentence)
    wished = bool(words) and words[-1] in _PLEASE
    while words and words[0] in _BEFORE_QUESTIONS:
        words.pop(0)
    if len(words) > 1 and words[0] in _PREPOSITIONS:
        words.pop(0)
    return wished or (bool(words) and (words[0] in _INTERROGATIVES or words[0] in _REQUESTS))


def worth_saying(reply: Reply, before: State, after: State, text: str, *, asker: bool) -> bool:
    """Tell whether to say a reply to words that were not addressed to the bot: when it is urgent; to the one who asked
    here, also what they ask further, and that it was told to be quiet or to speak again."""
    outcome = reply.card.outcome
    if outcome is Outcome.URGENT and not reply.again:
        return True
    quiet = before.preferences.quiet or (before.quiet and after.quiet)
    if not asker or (quiet and outcome is not Outcome.URGENT):
        return False
    return before.quiet != after.quiet or (outcome in _SPOKEN and asks(text))


# --- the processor ----------------------------------------------------------------------------------------------------


def pack(event: InboundEvent, identity: Identity, received: float, *, urgent: bool = False) -> NewEvent:
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
        question=event.album or event.question,
        replies_to=event.replies_to,
        edited=event.incoming.edited or event.album is not None,
        urgent=urgent,
    )


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
            "said": event.said,
            "album": event.album,
            "cut": event.cut,
        }
    )


T = TypeVar("T")


_VOTES = frozenset({Effect.FEEDBACK_UP, Effect.FEEDBACK_DOWN})


class Incomplete(Exception):
    """Not to be answered yet: the rest of the thought may come until `until`, and sooner than that nothing happens
    unless more than `seen` turns wait in the conversation."""

    def __init__(self, until: float, seen: int) -> None:
        super().__init__(until)
        self.until = until
        self.seen = seen


class Answerer(Protocol):
    """What the inbox needs of the engine."""

    def respond(self, state: State, incoming: Incoming) -> tuple[Reply, State]:
        """Return the answer and the state to remember."""

    def report(self, reply: Reply, found: Mapping[str, Any]) -> Reply:
        """Return the reply with the outcome of its effect put into words."""


@dataclass(frozen=True, slots=True)
class TurnProcessor:
    """Answers turns. Has no state of its own but this week's salt: everything is in the turn and in the store."""

    store: Store
    engine: Answerer
    identity: Identity
    metrics: Metrics
    policy: RetryPolicy
    now: Callable[[], float]
    counting: Counting
    urgent: Callable[[str], bool] = nothing_urgent

    async def answer(self, turn: Turn, channel: Delivery, when_ended: WhenEnded = at_once) -> TurnResult:
        """Deliver the answer to one turn and return what it leaves behind. Raises what the channel raises, and
        `Incomplete` when the rest of the thought may still come."""
        thought = await self._thought(turn)
        if self._says_nothing_new(turn, thought):
            return self._ended(turn, thought)
        incoming = self._incoming(turn, thought)
        before = asked_in(turn, edited=incoming.edited)
        reply, after = self.engine.respond(before, incoming)
        if reply.silent or not _worth_saying(thought, reply, before, after):
            self.metrics.kept_silent(turn.channel)
            return self._ended(turn, thought)
        reply = await self._perform(turn, reply, thought.last.address)
        sent = await self._deliver(turn, self._message(turn, thought, reply, when_ended), channel)
        at = self.now()
        reminds = reply.again or reply.view is View.SHORT
        self.metrics.answered(turn.channel, reply.card.node, reply.card.outcome, at - turn.received, reminds=reminds)
        if reply.effect is Effect.FORGET:
            return self._ended(turn, thought)
        vote = _vote(turn, incoming, reply, at)
        if vote is not None:
            self.metrics.voted(turn.channel, vote.node, vote.vote)
        return self._ended(
            turn,
            thought,
            state=left_by(turn, after, edited=incoming.edited),
            node=reply.card.node,
            messages=sent,
            vote=vote,
            history=before.history,
            tally=await self.counting.tally(turn, incoming, reply, before, at),
            unmatched=self.identity.seal(reply.unmatched.encode()) if reply.unmatched else None,
        )

    async def _thought(self, turn: Turn) -> Thought:
        """Return all that this turn answers; raises `Incomplete` if the rest may still come."""
        own = self._opened(turn)
        thought, count = thought_of(turn.row, [own]), 1
        if not turn.alone or thought.open_until:
            waiting = await self.store.waiting(turn)
            thought, count = thought_of(turn.row, [own, *self._others(turn, waiting.rows)]), waiting.count
            if not turn.urgent and any(row.urgent for row in waiting.rows):
                raise Incomplete(self.now(), 0)  # let it overtake
        now = self.now()
        ready = not now < thought.open_until <= now + LONGEST  # a time further away comes from a clock that was ahead
        if ready or turn.urgent or self.urgent(thought.text):
            return thought
        raise Incomplete(thought.open_until, count)

    def _others(self, turn: Turn, rows: Iterable[WaitingRow]) -> Iterator[MessagePart]:
        """Yield the other rows, opened; one that cannot be is somebody's own turn to fail."""
        for row in rows:
            if row.row != turn.row:
                with contextlib.suppress(DecryptionError, ValueError, KeyError):
                    yield self._opened(row)

    def _opened(self, row: WaitingRow | Turn) -> MessagePart:
        return part_from(row.row, row.received, row.question, json.loads(self.identity.unseal(row.payload)))

    def _incoming(self, turn: Turn, thought: Thought) -> Incoming:
        first, text = thought.parts[0], thought.text
        return Incoming(
            kind=Kind.TEXT if text and first.kind is Kind.OTHER else first.kind,
            text=text or first.text,
            channel=turn.channel,
            context=turn.context or first.context,
            edited=first.edited,
            at=turn.received,
            group=first.group,
        )

    def _says_nothing_new(self, turn: Turn, thought: Thought) -> bool:
        """Tell whether the answer to this stands already: an edit that changed no word, the rest of an album."""
        if turn.earlier is None:
            return False
        first = thought.parts[0]
        if not first.edited:
            return not thought.text
        return turn.earlier.words == self.identity.words(first.text)

    def _ended(self, turn: Turn, thought: Thought, **left: Any) -> TurnResult:
        """Return what ends a turn, with what else it leaves behind."""
        asked: dict[str, str] = {}
        for part in thought.parts:
            if part.question is not None:
                asked[part.question] = asked.get(part.question, "") + part.text
        return TurnResult(
            self.now(),
            joined=tuple(sorted(thought.rows - {turn.row})),
            questions=tuple(asked),
            words=tuple(map(self.identity.words, asked.values())),
            **left,
        )

    async def persist(self, step: str, call: Callable[[], Awaitable[T]]) -> T:
        """Return what the database says to `call`, asking until it does: what was delivered must be written down."""
        while True:
            try:
                return await call()
            except StoreUnavailable as fault:
                self.metrics.store_failed(step)
                log.warning("store_unavailable", step=step, reason=str(fault))
                await asyncio.sleep(self.policy.store_pause)

    async def _perform(self, turn: Turn, reply: Reply, address: Address) -> Reply:
        """Do what the engine, which has no I/O, cannot do itself; a second time it finds nothing left to do."""
        if reply.effect is Effect.FORGET:
            return self.engine.report(reply, await self.store.forget(turn.person))
        if reply.effect is Effect.EXPORT:
            return self.engine.report(reply, self._readable(await self.store.export(turn.person)))
        if reply.effect is Effect.REPORT:
            await self.store.add_report(self._kept(turn, reply, address))
        return reply

    def _kept(self, turn: Turn, reply: Reply, address: Address) -> NewReport:
        """Return what is kept of a report: its words and where to answer it, sealed."""
        return NewReport(
            id=self.identity.event(f"report:{turn.row}:{turn.received}"),
            person=turn.person,
            conversation=turn.conversation,
            channel=turn.channel,
            node=reply.report_on or reply.card.node,
            register=reply.card.register,
            words=self.identity.seal(reply.report.encode()),
            address=self.identity.seal(json.dumps(dict(address)).encode()),
            at=self.now(),
        )

    def _readable(self, found: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return all that is stored about a person with their own words unsealed: of reports, of kept questions."""

        def words(sealed: str) -> str:
            return self.identity.unseal(bytes.fromhex(sealed)).decode()

        reports = [{**one, "words": words(one["words"])} for one in found["reports"]]
        return {**found, "reports": reports, "unmatched": [words(sealed) for sealed in found["unmatched"]]}

    def _message(self, turn: Turn, thought: Thought, reply: Reply, when_ended: WhenEnded) -> OutboundMessage:
        earlier = turn.earlier.message if turn.earlier and _replaces(turn.earlier, thought, reply) else None
        urgent = reply.card.outcome is Outcome.URGENT
        return OutboundMessage(thought.last.address, reply, turn.sent, earlier, turn.doubtful, urgent, when_ended)

    async def _deliver(self, turn: Turn, answer: OutboundMessage, channel: Delivery) -> tuple[str, ...]:
        sent = list(turn.sent)

        async def progress(message: str, *, last: bool = False) -> None:
            sent.append(message)
            if not last:
                await self.persist("progress", lambda: self.store.progress(turn, sent))

        await channel.deliver(answer, progress)
        return tuple(dict.fromkeys(sent))


def _worth_saying(thought: Thought, reply: Reply, before: State, after: State) -> bool:
    """Tell whether to say it: always to words addressed to the bot, to others as `worth_saying` tells."""
    first = thought.parts[0]
    return not first.unaddressed or worth_saying(reply, before, after, thought.text, asker=first.asker)


def _replaces(earlier: Earlier, thought: Thought, reply: Reply) -> bool:
    """Tell whether a corrected question's answer takes the place of the one before: an emergency that was edited in
    does not, for nobody is told of a change further up."""
    return thought.parts[0].edited and (reply.card.outcome is not Outcome.URGENT or earlier.node == reply.card.node)


def _vote(turn: Turn, incoming: Incoming, reply: Reply, at: float) -> Vote | None:
    """Return the vote a feedback button stands for (up, down, or a reason for it); it names the answer it was under."""
    if reply.effect is None or reply.effect not in _VOTES:
        return None
    tap = payloads.parse(incoming.text)
    node, word = (tap.node, tap.word) if tap else (reply.card.node, str(reply.effect))
    return Vote(node, reply.card.register, turn.channel, word, day_of(at))
