"""The matcher: reads a message once, asks urgent, language, topics and advice in this order, and decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.dialog.matching import Match
from bot.dialog.turn import Outcome, Register
from bot.matching.advice import Advice
from bot.matching.context import Threads
from bot.matching.decide import OUTSIDE_LEAN, OUTSIDE_WEIGHT, RULE_DOUBT, RULE_WEIGHT, Roles, decide, moved, without
from bot.matching.language import Languages
from bot.matching.message import Message, Reader
from bot.matching.topics import Candidate, Topics, Weighed
from bot.matching.urgency import Finding, Urgency

OTHER_LANGUAGE = "other-language"
"""The interface sentence that leads the answer to a message in another language."""


@dataclass(frozen=True, slots=True)
class TopicMatcher:
    """A deterministic matcher over authored vocabulary, phrases and rules. It keeps nothing between messages."""

    roles: Roles
    reader: Reader
    urgency: Urgency
    languages: Languages
    advice: Advice
    topics: Topics
    threads: Threads
    outside: Mapping[str, float]

    def match(self, text: str, context: str | None, register: Register) -> Match:  # noqa: ARG002 (one interface for all)
        """Return the decision for `text` asked after node `context` by a reader of `tone`; never raises."""
        finding, excused = self.urgency.explain(text)
        if finding:
            return urgent(finding)
        message = self.reader.read(text)
        if not message.words:
            return Match(Outcome.NOT_COVERED, self.roles.otherwise, reasons=("no words",))
        weighed = self.topics.weigh(message, context)
        code = self.urgency.language(text) or ""
        language = code or self.languages.other(message.text, message.words)
        if language:
            reasons = (f"in {language}",)
            return Match(Outcome.NOT_COVERED, self.roles.otherwise, (), (), (), reasons, OTHER_LANGUAGE, code)
        ranked = self._by_advice(message, without(weighed.ranked, self.roles.urgent), context)
        ranked = self._by_outside(message, ranked)
        match = decide([self._explained(ranked[0], weighed), *ranked[1:]], self.roles)
        return replace(match, reasons=(*match.reasons, *(f"not urgent: {reason}" for reason in excused)))

    def _explained(self, best: Candidate, weighed: Weighed) -> Candidate:
        words = self.topics.because(weighed.values, best.node)
        return replace(best, reason="; ".join(part for part in (best.reason, words) if part))

    def _by_advice(self, message: Message, ranked: list[Candidate], context: str | None) -> list[Candidate]:
        personal = self.advice.weigh(message, self.threads.holds(context))
        by = RULE_WEIGHT * personal.score - RULE_DOUBT
        return moved(ranked, self.roles.advice, by, "; ".join(personal.reasons))

    def _by_outside(self, message: Message, ranked: list[Candidate]) -> list[Candidate]:
        outside = [name for name in message.concepts if name in self.outside]
        far = max(outside, key=lambda name: (self.outside[name], name), default="")
        by = OUTSIDE_LEAN + OUTSIDE_WEIGHT * self.outside.get(far, 0.0)
        return moved(ranked, self.roles.otherwise, by, f"names {far}" if far else "")


def urgent(finding: Finding) -> Match:
    """Return the decision for an emergency: the card of its sign, with the sentence and the rule as reasons."""
    reasons = (f"urgent: {finding.sign}, by {finding.rule}", f"in: {finding.sentence}")
    return Match(Outcome.URGENT, finding.card, (), (), (), reasons, "", finding.language)
