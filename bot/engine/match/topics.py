"""How well each node answers a question: similarity to its phrases, and to short questions resolved in the thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.engine.match.context import Threads
from bot.engine.match.index import Index, Near
from bot.engine.match.message import Message, items
from bot.engine.match.rules import Places, fired
from bot.library.models_matching import Intents


@dataclass(frozen=True, slots=True)
class Candidate:
    """A node, how well it answers (0..1), and why."""

    node: str
    score: float
    reason: str


class Topics:
    """Scores nodes for messages."""

    def __init__(self, phrases: Index, asks: Index, intents: Intents, threads: Threads) -> None:
        self._phrases = phrases
        self._asks = asks
        self._intents = intents
        self._threads = threads

    def rank(self, message: Message, context: str | None) -> list[Candidate]:
        """Return the nodes that answer at all, best first."""
        best: dict[str, Candidate] = {}
        for found in [*self._by_phrase(message), *self._by_intent(message, context), *self._by_rule(message)]:
            known = best.get(found.node)
            if known is None or found.score > known.score:
                best[found.node] = found
        return sorted(best.values(), key=lambda found: (-found.score, found.node))

    def _by_phrase(self, message: Message) -> list[Candidate]:
        nearest = self._phrases.nearest(items(message))
        return [Candidate(node, near.score, f"like “{near.phrase}”") for node, near in nearest.items()]

    def _by_intent(self, message: Message, context: str | None) -> list[Candidate]:
        named = self._threads.named(message.concepts)
        found: list[Candidate] = []
        for name, near in self._asks.nearest(items(message, self._threads.is_aspect)).items():
            nodes = self._threads.resolve(self._intents.intents[name], named, context)
            found.extend(_answers(name, near, nodes, named or context or ""))
        return found

    def _by_rule(self, message: Message) -> list[Candidate]:
        places = Places(message.mentions)
        return [
            Candidate(hit.rule.node, hit.rule.score, hit.rule.reason or hit.rule.id)
            for hit in fired(self._intents.rules, places)
        ]


def _answers(intent: str, near: Near, nodes: Sequence[str], about: str) -> list[Candidate]:
    reason = f"{intent} of {about}: like “{near.phrase}”"
    return [Candidate(node, near.score * (1.0 if at == 0 else 0.8), reason) for at, node in enumerate(nodes)]
