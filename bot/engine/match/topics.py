"""How likely each node answers a question, from its words and, for a short question, from its thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.engine.match.context import Threads
from bot.engine.match.features import Eye
from bot.engine.match.learned import Learned
from bot.engine.match.message import Message
from bot.library.models_matching import Intents

_SHARE_OF_LATER = 0.5
"""What the second node of an intent gets of its likelihood."""
_THREAD = 0.9
_NAMED = 0.2
"""How much the thread's model weighs when a question names no subject, and when it names one."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A node, how likely it answers (0..1), and why."""

    node: str
    score: float
    reason: str


class Topics:
    """Weighs nodes for messages with the two learned models."""

    def __init__(self, learned: Learned, intents: Intents, threads: Threads, eye: Eye) -> None:
        self._learned = learned
        self._intents = intents.intents
        self._threads = threads
        self._eye = eye

    def weigh(self, message: Message, context: str | None) -> list[Candidate]:
        """Return the nodes by likelihood, best first."""
        named = self._threads.named(message.concepts)
        values = self._eye.whole(message)
        found = {node: Candidate(node, share, "") for node, share in self._learned.nodes.probabilities(values).items()}
        if named is None and not self._threads.holds(context):
            return self._ranked(found, values)
        weight = _NAMED if named else _THREAD
        return self._ranked(_mixed(found, self._by_thread(message, named, context), weight), values)

    def is_afloat(self, message: Message) -> bool:
        """Return whether the message names nothing of the topic."""
        return self._eye.is_afloat(message)

    def _ranked(self, found: Mapping[str, Candidate], values: Mapping[str, float]) -> list[Candidate]:
        ranked = sorted(found.values(), key=lambda one: (-one.score, one.node))
        return [self._explained(one, values) if at < 3 else one for at, one in enumerate(ranked)]

    def _explained(self, one: Candidate, values: Mapping[str, float]) -> Candidate:
        model = self._learned.nodes
        words = model.because(values, one.node) if one.node in model.labels else []
        reason = "; ".join(part for part in (one.reason, ", ".join(words)) if part)
        return Candidate(one.node, one.score, reason)

    def _by_thread(self, message: Message, named: str | None, context: str | None) -> dict[str, Candidate]:
        likely = self._learned.follow.probabilities(self._eye.aspect(message))
        found: dict[str, Candidate] = {}
        for label, share in likely.items():
            intent = self._intents.get(label)
            nodes = self._threads.resolve(intent, named, context) if intent else (label,)
            for at, node in enumerate(nodes):
                part = share * (_SHARE_OF_LATER if at else 1.0)
                known = found.get(node)
                reason = f"{label} after {named or context}" if intent else ""
                if known is None:
                    found[node] = Candidate(node, part, reason)
                else:
                    found[node] = Candidate(node, known.score + part, known.reason if known.score > part else reason)
        return found


def _mixed(alone: Mapping[str, Candidate], thread: Mapping[str, Candidate], weight: float) -> dict[str, Candidate]:
    nodes = {*alone, *thread}
    nobody = Candidate("", 0.0, "")
    mixed = {}
    for node in nodes:
        here, there = alone.get(node, nobody), thread.get(node, nobody)
        mixed[node] = Candidate(node, (1 - weight) * here.score + weight * there.score, there.reason)
    total = sum(one.score for one in mixed.values()) or 1.0
    return {node: Candidate(node, one.score / total, one.reason) for node, one in mixed.items()}
