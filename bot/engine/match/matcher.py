"""The matcher: reads a message once, asks urgent, language, topics and advice in this order, and decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.engine.match.advice import Advice
from bot.engine.match.context import Threads
from bot.engine.match.decide import OUTSIDE_WEIGHT, RULE_DOUBT, RULE_WEIGHT, Roles, decide, moved, without
from bot.engine.match.language import Languages
from bot.engine.match.message import Message, Reader
from bot.engine.match.result import Match
from bot.engine.match.topics import Candidate, Topics
from bot.engine.match.urgent import Urgency
from bot.engine.turn import Outcome, Tone

OTHER_LANGUAGE = "other-language"
"""The interface sentence that leads the answer to a message in another language."""
URGENT_FROM = 0.6
"""The likelihood from which a message is urgent even though no rule fired."""


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

    def match(self, text: str, context: str | None, tone: Tone) -> Match:  # noqa: ARG002 (one interface for all)
        """Return the decision for `text` asked after node `context` by a reader of `tone`; never raises."""
        message = self.reader.read(text)
        if not message.words:
            return Match(Outcome.NOT_COVERED, self.roles.otherwise, reasons=("no words",))
        urgent = self.urgency.find(message)
        if urgent:
            return Match(Outcome.URGENT, self.roles.urgent, reasons=(f"urgent: {urgent.rule.reason}",))
        language = self.languages.other(message.text, message.words)
        if language:
            return Match(Outcome.NOT_COVERED, self.roles.otherwise, reasons=(f"in {language}",), note=OTHER_LANGUAGE)
        return self._by_likelihood(message, self.topics.weigh(message, context), context)

    def _by_likelihood(self, message: Message, ranked: list[Candidate], context: str | None) -> Match:
        alarm = next((one for one in ranked if one.node == self.roles.urgent), None)
        if alarm and alarm.score >= URGENT_FROM:
            return Match(Outcome.URGENT, self.roles.urgent, reasons=(f"urgent: {alarm.reason}",))
        ranked = without(ranked, self.roles.urgent)
        personal = self.advice.weigh(message, self.threads.holds(context))
        by = RULE_WEIGHT * personal.score - RULE_DOUBT
        ranked = moved(ranked, self.roles.advice, by, "; ".join(personal.reasons))
        outside = [name for name in message.concepts if name in self.outside]
        if outside:
            far = max(outside, key=lambda name: (self.outside[name], name))
            ranked = moved(ranked, self.roles.otherwise, OUTSIDE_WEIGHT * self.outside[far], f"names {far}")
        return decide(ranked, self.roles, afloat=not self.threads.holds(context) and self.topics.is_afloat(message))
