"""Recognises a question about one person's own treatment, which no general answer may decide."""

from __future__ import annotations

from dataclasses import dataclass

from bot.matching.lexicon import Lexicon, Mention
from bot.matching.parser import Message
from bot.matching.rules import Places, fired
from bot.library.models_matching import AdviceRules

IN_THREAD = "in-thread"
"""The concept every message names that follows an answer, so that `it` can be a treatment."""


@dataclass(frozen=True, slots=True)
class Personal:
    """How surely (0..1) a question is about a person's own treatment, and why."""

    score: float
    reasons: tuple[str, ...]


class Advice:
    """The advice rules over their own vocabulary."""

    def __init__(self, rules: AdviceRules, lexicon: Lexicon) -> None:
        self._rules = rules.rules
        self._lexicon = lexicon

    def weigh(self, message: Message, in_thread: bool) -> Personal:
        """Return how surely the message asks for personal advice."""
        thread = [Mention((IN_THREAD,), 0, 0)] if in_thread else []
        places = Places([*self._lexicon.every(message.stems), *message.mentions, *thread])
        hits = fired(self._rules, places)
        return Personal(min(1.0, sum(hit.rule.score for hit in hits)), tuple(hit.rule.reason for hit in hits))
