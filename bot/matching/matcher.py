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
from bot.matching.urgent import Urgency

OTHER_LANGUAGE = "other-language"
"""The interface sentence that leads the answer to a message in another language."""
URGENT_FROM = 0.5
"""The likelihood from which a message is urgent even though no rule fired."""
URGENT_ALONE_FROM = 0.7
"""The same for its words alone, whatever thread they are in: "and if none of them helps" is no cry for help."""
CALM_BELOW = 0.03
"""The likelihood below which a rule that is not firm is taken for a slip: all other words speak of something else."""


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
        message = self.reader.read(text)
        if not message.words:
            return Match(Outcome.NOT_COVERED, self.roles.otherwise, reasons=("no words",))
        weighed = self.topics.weigh(message, context)
        alarm = self._alarm(message, weighed)
        if alarm:
            return Match(Outcome.URGENT, self.roles.urgent, reasons=(f"urgent: {alarm}",))
        language = self.languages.other(message.text, message.words)
        if language:
            return Match(Outcome.NOT_COVERED, self.roles.otherwise, reasons=(f"in {language}",), note=OTHER_LANGUAGE)
        ranked = self._by_advice(message, without(weighed.ranked, self.roles.urgent), context)
        ranked = self._by_outside(message, ranked)
        return decide([self._explained(ranked[0], weighed), *ranked[1:]], self.roles)

    def _explained(self, best: Candidate, weighed: Weighed) -> Candidate:
        words = self.topics.because(weighed.values, best.node)
        return replace(best, reason="; ".join(part for part in (best.reason, words) if part))

    def _alarm(self, message: Message, weighed: Weighed) -> str | None:
        """Return why the message is urgent, or None."""
        in_thread = next((one.score for one in weighed.ranked if one.node == self.roles.urgent), None)
        alone = weighed.alone.get(self.roles.urgent, 0.0)
        found = self.urgency.find(message)
        if found and (found.rule.firm or in_thread is None or max(alone, in_thread) >= CALM_BELOW):
            return found.rule.reason
        if alone < URGENT_ALONE_FROM and (in_thread or 0.0) < URGENT_FROM:
            return None
        return self.topics.because(weighed.values, self.roles.urgent) or "what was asked after the answer last shown"

    def _by_advice(self, message: Message, ranked: list[Candidate], context: str | None) -> list[Candidate]:
        personal = self.advice.weigh(message, self.threads.holds(context))
        by = RULE_WEIGHT * personal.score - RULE_DOUBT
        return moved(ranked, self.roles.advice, by, "; ".join(personal.reasons))

    def _by_outside(self, message: Message, ranked: list[Candidate]) -> list[Candidate]:
        outside = [name for name in message.concepts if name in self.outside]
        far = max(outside, key=lambda name: (self.outside[name], name), default="")
        by = OUTSIDE_LEAN + OUTSIDE_WEIGHT * self.outside.get(far, 0.0)
        return moved(ranked, self.roles.otherwise, by, f"names {far}" if far else "")
