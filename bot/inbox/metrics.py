"""What is counted: figures for `/metrics` on a registry of its own, and which one cell a turn counts as.

Plain method calls, few labels, no platform id; never who asked, never the words.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from bot.dialog import payloads
from bot.dialog.turn import Incoming, Kind, Outcome, Reply, State
from bot.store.base import QueueDepth, Store, StoreUnavailable, Turn
from bot.store.common import DAY, day_of
from bot.store.records import SALT_BYTES, Tally, TallyCell, first_day, week_of

# --- for /metrics -----------------------------------------------------------------------------------------------------

_LATENCY = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


class Metrics:
    """The figures behind `/metrics`. Node ids are the tree's own, so labels stay few."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._accepted = _counter(registry, "accepted", "Events written to the inbox", "channel")
        self._repeated = _counter(registry, "repeated", "Events known already", "channel")
        self._refused = _counter(registry, "refused", "Events that could not be accepted", "channel", "reason")
        self._turns = _counter(registry, "turns", "Turns answered", "channel", "node", "outcome")
        self._emergencies = _counter(registry, "emergencies", "Emergency cards shown", "channel", "card")
        self._silent = _counter(registry, "silent", "Unaddressed words left unanswered", "channel")
        self._retries = _counter(registry, "retries", "Turns postponed", "channel", "reason")
        self._quarantined = _counter(registry, "quarantined", "Turns set aside for an operator", "channel")
        self._limited = _counter(registry, "limited", "Turns beyond a person's share, not answered in full", "channel")
        self._user_left = _counter(registry, "departed", "Turns whose user had left", "channel")
        self._votes = _counter(registry, "votes", "Votes on answers, and reasons for them", "channel", "node", "vote")
        self._unexpected = _counter(registry, "unexpected", "Unknown things a platform sent", "channel", "kind")
        self._store_errors = _counter(registry, "store_errors", "Database calls that failed", "step")
        for step in ("claim", "finish", "postpone", "progress", "quarantine", "upkeep"):
            self._store_errors.labels(step)
        self._latency = Histogram(
            "footnote_answer_seconds", "From accepted to answered", ["channel"], buckets=_LATENCY, registry=registry
        )
        # looked up once for each set of labels: the library joins and checks them anew, three times a turn
        self._accepted_of, self._repeated_of = cache(self._accepted.labels), cache(self._repeated.labels)
        self._turns_of, self._latency_of = cache(self._turns.labels), cache(self._latency.labels)
        self._waiting = _gauge(registry, "inbox_waiting", "Turns waiting or under way", "channel")
        self._held = _gauge(registry, "inbox_quarantined", "Turns in quarantine", "channel")
        self._age = _gauge(registry, "inbox_oldest_seconds", "Age of the oldest waiting turn", "channel")
        self._up = _gauge(registry, "platform_up", "1 if the platform is connected", "channel")
        self._leader = _gauge(registry, "leader", "1 if this process leads", "post")

    def begin(self, channel: str, cards: Iterable[str] = ()) -> None:
        """Show the channel's counters, delays and emergency cards at 0 from the start: a rate is blind to a first 1."""
        for card in cards:
            self._emergencies.labels(channel, card)
        for counter in (
            self._accepted,
            self._repeated,
            self._silent,
            self._quarantined,
            self._limited,
            self._user_left,
        ):
            counter.labels(channel)
        self._latency_of(channel)
        for reason in ("overloaded", "store"):
            self._refused.labels(channel, reason)
        for reason in ("busy", "error", "paced"):
            self._retries.labels(channel, reason)

    def accepted(self, channel: str, *, fresh: bool) -> None:
        """An event reached the inbox, for the first time or again."""
        (self._accepted_of if fresh else self._repeated_of)(channel).inc()

    def refused(self, channel: str, reason: str) -> None:
        """A channel had to refuse an event; the platform will repeat it."""
        self._refused.labels(channel, reason).inc()

    def answered(self, channel: str, node: str, outcome: str, seconds: float, *, reminds: bool = False) -> None:
        """An answer was delivered, so many seconds after its question was accepted; one that only `reminds` of an
        emergency, or shows its card once more, is no further emergency."""
        self._turns_of(channel, node, outcome).inc()
        if outcome == Outcome.URGENT and not reminds:
            self._emergencies.labels(channel, node).inc()
        self._latency_of(channel).observe(max(seconds, 0.0))

    def kept_silent(self, channel: str) -> None:
        """Words not addressed to the bot were left alone."""
        self._silent.labels(channel).inc()

    def postponed(self, channel: str, reason: str) -> None:
        """A turn will be tried again: the platform is `busy`, there was an `error`, or its answer is `paced`."""
        self._retries.labels(channel, reason).inc()

    def quarantined(self, channel: str) -> None:
        """A turn was given up and set aside."""
        self._quarantined.labels(channel).inc()

    def limited(self, channel: str) -> None:
        """A turn was beyond its sender's share and not answered in full."""
        self._limited.labels(channel).inc()

    def user_left(self, channel: str) -> None:
        """Nobody was there any more to be answered."""
        self._user_left.labels(channel).inc()

    def voted(self, channel: str, node: str, vote: str) -> None:
        """Somebody said whether an answer helped, or why not."""
        self._votes.labels(channel, node, vote).inc()

    def unexpected(self, channel: str, kind: str) -> None:
        """A platform sent something this program does not know (an event, an error word, ...)."""
        self._unexpected.labels(channel, kind).inc()

    def store_failed(self, step: str) -> None:
        """The database did not take a step; it is tried again."""
        self._store_errors.labels(step).inc()

    def queue_depth(self, channel: str, queue_depth: QueueDepth, now: float) -> None:
        """How full the channel's inbox is."""
        self._waiting.labels(channel).set(queue_depth.waiting)
        self._held.labels(channel).set(queue_depth.quarantined)
        self._age.labels(channel).set(max(now - queue_depth.oldest, 0.0) if queue_depth.oldest is not None else 0.0)

    def platform(self, channel: str, *, up: bool) -> None:
        """Whether the platform is connected."""
        self._up.labels(channel).set(up)

    def leading(self, name: str, *, leads: bool) -> None:
        """Whether this process leads (one poller, one socket)."""
        self._leader.labels(name).set(leads)

    def page(self) -> bytes:
        """Return everything in Prometheus's text format."""
        return generate_latest(self.registry)


def _counter(registry: CollectorRegistry, name: str, help_text: str, *labels: str) -> Counter:
    return Counter(f"footnote_{name}", help_text, labels, registry=registry)


def _gauge(registry: CollectorRegistry, name: str, help_text: str, *labels: str) -> Gauge:
    return Gauge(f"footnote_{name}", help_text, labels, registry=registry)


# --- for editors ------------------------------------------------------------------------------------------------------

SURE, LIKELY = 0.8, 0.6
"""How likely the chosen answer was: from `SURE` on it is sure, from `LIKELY` on likely."""


HANDOUT = "handout"
"""What a turn is about that made a page to take along."""


def current_week(now: float) -> int:
    """Return the first week that is not over yet; a day is allowed for turns and clocks that are late."""
    return week_of(day_of(now - DAY))


@dataclass(slots=True)
class Counting:
    """Makes the count of each turn; it knows this week's salt and nothing else."""

    store: Store
    _salt: bytes | None = field(default=None, init=False)
    _from: float = field(default=0.0, init=False)
    _until: float = field(default=0.0, init=False)

    async def tally(self, turn: Turn, incoming: Incoming, reply: Reply, before: State, at: float) -> Tally | None:
        """Return how a turn that ends at `at` is counted, or None where its week is over or unknown: a turn is more
        than its count, so nothing is raised."""
        if not self._from <= at < self._until:
            await self._turn_to(week_of(day_of(at)))
        if self._salt is None:
            return None
        return Tally("\t".join(cell_of(turn.channel, incoming, reply, before)), bit_of(self._salt, turn.person))

    async def _turn_to(self, week: int) -> None:
        """Take the salt of another week; while the store cannot say it, nothing is counted."""
        self._salt, self._from, self._until = None, 0.0, 0.0
        with contextlib.suppress(StoreUnavailable):
            self._salt = await self.store.week_salt(week, secrets.token_bytes(SALT_BYTES))
            self._from, self._until = first_day(week) * DAY, first_day(week + 1) * DAY


def cell_of(channel: str, incoming: Incoming, reply: Reply, before: State) -> TallyCell:
    """Return the one cell that a turn is in."""
    via, card = _via(incoming), reply.card
    return TallyCell(channel, card.register, via, card.outcome, card.node, before.node or "", _about(via, reply))


def _via(incoming: Incoming) -> str:
    """Return how it was asked for: in words, by a command, or by the button that was pressed."""
    if incoming.kind is not Kind.TAP:
        return "command" if incoming.kind is Kind.COMMAND else "words"
    tap = payloads.parse(incoming.text)
    return (tap and (tap.word or ("register" if tap.register else ""))) or "button"


def _about(via: str, reply: Reply) -> str:
    """Return what else is worth telling apart: what is not held, what was offered, or how sure an answer was."""
    outcome = reply.card.outcome
    if reply.leaflet is not None:
        return HANDOUT
    if reply.missing:
        return reply.missing
    if outcome is Outcome.CHOICES:
        taps = (payloads.parse(button.payload) for button in reply.choices if button.role == "choice")
        return " ".join(sorted(tap.node for tap in taps if tap))
    if via != "words" or outcome is not Outcome.ANSWER:
        return ""
    return "sure" if reply.sure >= SURE else "likely" if reply.sure >= LIKELY else "unsure"


def bit_of(salt: bytes, person: bytes) -> int:
    """Return the one bit of 64 that a person sets in a week, as a signed integer of 64 bits.

    Keyed BLAKE2, not HMAC: OpenSSL lets other threads run meanwhile, and the turn would wait for the database's.
    """
    bit = 1 << (hashlib.blake2b(person, key=salt, digest_size=1).digest()[0] % 64)
    return bit if bit < 1 << 63 else bit - (1 << 64)
