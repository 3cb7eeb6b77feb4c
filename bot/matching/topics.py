"""How likely each node answers a question, from its words and, in a thread, from the answer last shown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from bot.content.matching_models import Intents
from bot.matching.context import Threads
from bot.matching.features import Eye, Values
from bot.matching.learned import Learned
from bot.matching.linear import softmax
from bot.matching.message import Message

_SHARE_OF_LATER = 0.5
"""What the second node of an intent gets of its likelihood."""
_LEAST = 1e-4
"""No model rules a node out for good: below this all are alike."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A node, how likely it answers (0..1), and why."""

    node: str
    score: float
    reason: str


@dataclass(frozen=True, slots=True)
class Weighed:
    """The nodes by likelihood, best first, how likely each is by the words alone, and what was seen of the words."""

    ranked: list[Candidate]
    alone: Mapping[str, float]
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Trust:
    """How far each model is believed, and what speaks for the answer last shown; found on labelled questions."""

    nodes: float
    follow: float
    thread: float
    staying: float


IN_THREAD = Trust(nodes=0.25, follow=0.5, thread=0.35, staying=0.6)
NAMED_IN_THREAD = Trust(nodes=0.65, follow=0.15, thread=0.2, staying=0.4)
"""A question that names a subject mostly stands by itself, even in a thread."""


class Topics:
    """Weighs nodes for messages with the learned models."""

    def __init__(self, learned: Learned, intents: Intents, threads: Threads, eye: Eye) -> None:
        self._learned = learned
        self._intents = intents.intents
        self._threads = threads
        self._eye = eye

    def weigh(self, message: Message, context: str | None) -> Weighed:
        """Return how likely each node answers the message asked after `context`."""
        values = self._eye.whole(message)
        alone = self._learned.nodes.probabilities(values)
        if context is None or not self._threads.holds(context):
            found = {node: Candidate(node, share, "") for node, share in alone.items()}
        else:
            found = self._in_thread(message, context, alone)
        return Weighed(sorted(found.values(), key=lambda one: (-one.score, one.node)), alone, values)

    def because(self, values: Mapping[str, float], node: str) -> str:
        """Return the words that speak most for a node."""
        return ", ".join(self._learned.nodes.because(values, node))

    def _in_thread(self, message: Message, context: str, alone: Mapping[str, float]) -> dict[str, Candidate]:
        named = self._threads.named(message.concepts)
        aspect = self._eye.aspect(message)
        seen = self._eye.after(aspect, context, self._threads.subject_of(context), named)
        thread = self._learned.thread.probabilities(seen)
        follow = self._by_intent(aspect, named, context)
        trust = NAMED_IN_THREAD if named else IN_THREAD
        nodes = sorted({*alone, *thread, *follow})
        nobody = Candidate("", 0.0, "")
        scores = [
            trust.nodes * _log(alone.get(node, 0.0))
            + trust.thread * _log(thread.get(node, 0.0))
            + trust.follow * _log(follow.get(node, nobody).score)
            + (trust.staying if node == context else 0.0)
            for node in nodes
        ]
        reasons = [follow.get(node, nobody).reason for node in nodes]
        return {
            node: Candidate(node, share, reason)
            for node, share, reason in zip(nodes, softmax(scores), reasons, strict=True)
        }

    def _by_intent(self, aspect: Values, named: str | None, context: str) -> dict[str, Candidate]:
        likely = self._learned.follow.probabilities(aspect)
        found: dict[str, Candidate] = {}
        for label, share in likely.items():
            intent = self._intents.get(label)
            nodes = self._threads.resolve(intent, named, context) if intent else (label,)
            for at, node in enumerate(nodes):
                part = share * (_SHARE_OF_LATER if at else 1.0)
                known = found.get(node, Candidate(node, 0.0, ""))
                reason = known.reason if known.score > part else f"{label} after {named or context}" if intent else ""
                found[node] = Candidate(node, known.score + part, reason)
        total = sum(one.score for one in found.values()) or 1.0
        return {node: Candidate(node, one.score / total, one.reason) for node, one in found.items()}


def _log(share: float) -> float:
    return math.log(max(share, _LEAST))
