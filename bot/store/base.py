"""What the inbox asks of a database: one narrow interface with two implementations.

A *conversation queue* (the table `lane`) is a conversation that has work in it. A worker leases a whole queue, so that
turns of one conversation are taken in order by one worker at a time, on whichever replica, while queues proceed side by
side. An inbox row exists only as long as its turn is unfinished: the end deletes it, the question and the address.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.dialog.turn import State
from bot.errors import StoreError
from bot.store.records import Reports, Tallies, Tally


class StoreUnavailable(StoreError):
    """The database cannot be used now (locked, full, read-only, restarting); trying again later may work."""


class StoreInUse(StoreError):
    """Another process already serves from this database file."""


class SchemaTooNew(StoreError):
    """The database was written by a newer program than this one."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One accepted event as it is stored: hashed names, sealed payload. `received` is in seconds since the epoch.

    `edited` asks for the answer its question had before; `urgent` lets it overtake what waits in its conversation.
    """

    keys: tuple[bytes, ...]
    channel: str
    person: bytes
    conversation: bytes
    payload: bytes
    received: float
    question: str | None = None
    replies_to: str | None = None
    edited: bool = False
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one process to work on a conversation from `now` until `until` (seconds since the epoch)."""

    owner: int
    now: float
    until: float

    @property
    def farthest(self) -> float:
        """The latest end of a lease that is believed. One that ends later was written by a clock that ran ahead.

        The clocks of replicas may differ by the length of a lease; without that allowance, each would take what a
        replica whose clock is a moment ahead has just begun.
        """
        return self.until + (self.until - self.now)


@dataclass(frozen=True, slots=True)
class Earlier:
    """The answer a question had before it was edited, as far as it is remembered.

    `message` showed it and `node` is what it showed; `history` is what had been shown before the question, `words` the
    keyed hash of the words it answered (empty if unknown). `newest` says that nothing was answered since, and `whole`
    that the question was one message, not the last of several; `at` is when it was answered.
    """

    message: str
    node: str
    history: tuple[str, ...] = ()
    words: bytes = b""
    newest: bool = False
    whole: bool = True
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Turn:
    """One leased inbox row with everything needed to answer it.

    `context` is the node of the message it replies to, `earlier` the answer the same question had before it was edited,
    `sent` the parts an attempt that died had delivered; `doubtful` that such an attempt may have delivered one more
    than it wrote down. `alone` says that nothing else waited in the conversation when the turn was leased.
    """

    row: int
    channel: str
    person: bytes
    conversation: bytes
    payload: bytes
    received: float
    attempts: int
    sent: tuple[str, ...]
    question: str | None
    state: State
    context: str | None
    earlier: Earlier | None
    doubtful: bool = False
    urgent: bool = False
    alone: bool = False


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """One unfinished row of a conversation, for whoever joins it to another."""

    row: int
    payload: bytes
    received: float
    question: str | None
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class WaitingTurns:
    """What one person's turns in a conversation are, oldest first, and how many wait there in all."""

    rows: tuple[WaitingRow, ...]
    count: int


@dataclass(frozen=True, slots=True)
class AcceptResult:
    """What became of an event: `fresh` unless known already; `turn` if it was leased on the spot; `due` if its
    conversation waits for nothing but somebody to take it."""

    fresh: bool
    turn: Turn | None = None
    due: bool = False


@dataclass(frozen=True, slots=True)
class Vote:
    """One press of a feedback button. Only sums per day are kept, never who pressed."""

    node: str
    register: str
    channel: str
    vote: str
    day: int


@dataclass(frozen=True, slots=True)
class TurnResult:
    """What a finished turn leaves behind. Without `state` nothing about the asker is written.

    `joined` are the further rows it answered; `questions` the platform ids of the messages that asked and `words` the
    hash of each one's words; `history` what had been shown before; `tally` how the turn is counted, and `unmatched`,
    sealed, what is kept of a question that was not answered.
    """

    at: float
    state: State | None = None
    node: str | None = None
    messages: tuple[str, ...] = ()
    vote: Vote | None = None
    joined: tuple[int, ...] = ()
    questions: tuple[str, ...] = ()
    words: tuple[bytes, ...] = ()
    history: tuple[str, ...] = ()
    tally: Tally | None = None
    unmatched: bytes | None = None


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """How full one channel's inbox is, unreadable events counted as quarantined; `oldest` waits longest."""

    waiting: int
    quarantined: int
    oldest: float | None


@dataclass(frozen=True, slots=True)
class PendingTurn:
    """An unfinished turn as an operator may see it: no text, no names."""

    row: int
    channel: str
    status: str
    attempts: int
    received: float
    reason: str | None


@dataclass(frozen=True, slots=True)
class RetentionCutoffs:
    """Everything older than these moments (seconds since the epoch) is pruned."""

    events: float
    messages: float
    quarantine: float
    idle: float
    user_left: float


@dataclass(frozen=True, slots=True)
class PruneCounts:
    """How many rows of each kind were removed."""

    counts: Mapping[str, int] = field(default_factory=dict)


class Store(Reports, Tallies, Protocol):
    """The database. Every method is one transaction; each may raise `StoreUnavailable`, and then nothing was done."""

    async def close(self) -> None:
        """Finish what is under way and let go of the database."""

    async def ping(self) -> None:
        """Return if the database can be written to."""

    async def recover(self) -> None:
        """Take over the conversations of dead processes. Raises `StoreInUse` where only one process may serve."""

    async def accept(self, new_event: NewEvent, lease: Lease | None) -> AcceptResult:
        """Store the event durably, once. If `lease` is given and its conversation is idle, lease it at once."""

    async def claim(self, channel: str, limit: int, lease: Lease) -> list[Turn]:
        """Lease up to `limit` conversations that are due and free, longest due first; return the first turn of each."""

    async def renew(self, lease: Lease, conversations: Sequence[bytes]) -> None:
        """Extend the lease of these conversations, where this owner still holds it."""

    async def progress(self, turn: Turn, sent: Sequence[str]) -> None:
        """Remember which parts of the answer were delivered so far."""

    async def finish(self, turn: Turn, record: TurnResult, lease: Lease | None) -> Turn | None:
        """Write what the turn leaves behind and delete its row; with `lease` go on to the next turn, if any.

        Does nothing (and returns None) if another replica has finished the turn meanwhile.
        """

    async def postpone(self, turn: Turn, due_at: float, attempts: int) -> None:
        """Release the conversation until `due_at`; the turn stays the first of its own, except that what is urgent
        and arrived meanwhile is due at once."""

    async def waiting(self, turn: Turn) -> WaitingTurns:
        """Return what the turn's person has waiting in its conversation, the turn among it."""

    async def gather(self, turn: Turn, seen: int, now: float, due_at: float) -> None:
        """Release the conversation until `due_at` or the next arrival, whichever is first; now if more than `seen`
        turns wait in it by now."""

    async def quarantine(self, turn: Turn, reason: str, now: float) -> None:
        """Set the turn aside for an operator and let the conversation go on."""

    async def quarantine_raw(self, channel: str, event: bytes, payload: bytes, reason: str, now: float) -> bool:
        """Keep an event that no channel could read, for an operator; return False if it is kept already."""

    async def release(self, owner: int) -> None:
        """Give up every conversation of this owner, so that others take them at once; turns were broken off."""

    async def preferences(self, person: bytes) -> State:
        """Return what is remembered about the person (an empty history)."""

    async def is_known(self, conversation: bytes, person: bytes | None = None) -> bool:
        """Return whether the conversation has had an answer that is still remembered, the last one to that person."""

    async def is_quiet(self, conversation: bytes) -> bool:
        """Return whether the bot was asked to be quiet in the conversation."""

    async def forget(self, person: bytes) -> dict[str, int]:
        """Delete everything about the person; return how much of each kind there was."""

    async def export(self, person: bytes) -> dict[str, Any]:
        """Return everything stored about the person, as plain JSON values."""

    async def votes(self) -> Mapping[tuple[str, str], int]:
        """Return how often each answer was voted `up` and `down`, by (node, vote)."""

    async def user_left(self, person: bytes, at: float) -> None:
        """Note that the person left; unless they return, the next prune after the grace period forgets them."""

    async def upload(self, file: str) -> str | None:
        """Return the name under which a platform holds a file, if it was sent there lately; `file` names both."""

    async def keep_upload(self, file: str, reference: str, at: float) -> None:
        """Remember under which name a platform holds a file; the latest name counts."""

    async def prune(self, cutoffs: RetentionCutoffs) -> PruneCounts:
        """Remove what is older than the cutoffs."""

    async def queue_depth(self) -> Mapping[str, QueueDepth]:
        """Return how full the inbox is, by channel."""

    async def pending(self, status: str | None = None) -> Sequence[PendingTurn]:
        """Return unfinished turns, oldest first; of one status if given: `waiting`, `quarantined`, `unreadable`."""

    async def replay(self, row: int, now: float) -> bool:
        """Put a quarantined turn back to work; return whether there was one (what is unreadable stays so)."""

    async def drop(self, row: int) -> bool:
        """Delete a quarantined turn unanswered, or an unreadable event; return whether there was one."""

    def lead(self, name: str) -> AbstractAsyncContextManager[asyncio.Event]:
        """Wait until this process alone leads in `name`; the event is set when it no longer does."""
