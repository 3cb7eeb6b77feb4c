"""Recognises a question about one person's own treatment, which no general answer may decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.content.matching_models import AdviceRules
from bot.matching.lexicon import Lexicon, Mention
from bot.matching.parser import Message
from bot.matching.rules import Places, fired

IN_THREAD = "in-thread"
"""The concept every message names that follows an answer, so that `it` can be a treatment."""
_A = "a-"
"""Begins the concept that a held subject is for the rules: whatever the topic, `a-drug` is a drug it holds."""


@dataclass(frozen=True, slots=True)
class Personal:
    """How surely (0..1) a question is about a person's own treatment, and why."""

    score: float
    reasons: tuple[str, ...]


class Advice:
    """The advice rules over their own vocabulary; `kinds` are those of the subjects that topics hold."""

    def __init__(self, rules: AdviceRules, lexicon: Lexicon, kinds: Mapping[str, str]) -> None:
        self._rules = rules.rules
        self._facts = frozenset(rules.facts)
        self._lexicon = lexicon
        self._kinds = kinds

    def weigh(self, message: Message, *, in_thread: bool) -> Personal:
        """Return how surely the message asks for personal advice."""
        thread = [Mention((IN_THREAD,), 0, 0)] if in_thread else []
        named = [Mention(self._called(one), one.start, one.end) for one in message.mentions]
        hits = fired(self._rules, Places([*self._lexicon.every(message.stems), *named, *thread]))
        return Personal(min(1.0, sum(hit.rule.score for hit in hits)), tuple(hit.rule.reason for hit in hits))

    def states_facts(self, message: Message) -> bool:
        """Tell whether a part of a message says something that decides for one person."""
        return any(self._facts.intersection(one.concepts) for one in self._lexicon.every(message.stems))

    def _called(self, mention: Mention) -> tuple[str, ...]:
        held = (name for name in mention.concepts if name in self._kinds and not name.startswith("foreign/"))
        return (*mention.concepts, *(f"{_A}{self._kinds[name]}" for name in held))
