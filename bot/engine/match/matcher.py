"""The matcher: reads a message once, asks urgent, language, advice and topics in this order, and decides."""

from __future__ import annotations

from dataclasses import dataclass

from bot.engine.match.advice import Advice
from bot.engine.match.context import Threads
from bot.engine.match.language import Languages
from bot.engine.match.message import Message, Reader
from bot.engine.match.normalise import clean, split
from bot.engine.match.result import Match
from bot.engine.match.topics import Candidate, Topics
from bot.engine.match.urgent import Urgency
from bot.engine.turn import Outcome, Tone

ANSWER_FROM = 0.42
CHOICE_FROM = 0.26
AHEAD = 0.06
OTHER_LANGUAGE = "other-language"


@dataclass(frozen=True, slots=True)
class Roles:
    """The nodes with a part of their own."""

    urgent: str
    advice: str
    otherwise: str


class TopicMatcher:
    """A deterministic matcher over authored vocabulary, phrases and rules. It keeps nothing between messages."""

    def __init__(
        self,
        roles: Roles,
        reader: Reader,
        urgency: Urgency,
        languages: Languages,
        advice: Advice,
        topics: Topics,
        threads: Threads,
        outside: dict[str, float],
    ) -> None:
        self._roles = roles
        self._reader = reader
        self._urgency = urgency
        self._languages = languages
        self._advice = advice
        self._topics = topics
        self._threads = threads
        self._outside = outside

    def match(self, text: str, context: str | None, tone: Tone) -> Match:
        """Return the decision for `text` asked after node `context` by a reader of `tone`; never raises."""
        message = self._reader.read(text)
        urgent = self._urgency.find(message)
        if urgent:
            return Match(Outcome.URGENT, self._roles.urgent, reasons=(f"urgent: {urgent.rule.reason}",))
        language = self._languages.other(text, split(clean(text)))
        if language:
            return Match(Outcome.NOT_COVERED, self._roles.otherwise, reasons=(language,), note=OTHER_LANGUAGE)
        ranked = self._topics.weigh(message, context)
        personal = self._advice.weigh(message, self._threads.holds(context))
        if personal.score >= 1.0:
            return self._personal(personal.reasons, ranked)
        return self._decide(message, ranked)

    def _personal(self, reasons: tuple[str, ...], ranked: list[Candidate]) -> Match:
        return Match(
            Outcome.ANSWER, self._roles.advice, related=self._related(ranked), scores=_scores(ranked), reasons=reasons
        )

    def _related(self, ranked: list[Candidate]) -> tuple[str, ...]:
        own = (self._roles.otherwise, self._roles.advice, self._roles.urgent)
        return tuple(found.node for found in ranked if found.node not in own)[:3]

    def _decide(self, message: Message, ranked: list[Candidate]) -> Match:
        outside = max((self._outside.get(name, 0.0) for name in message.concepts), default=0.0)
        if not ranked or ranked[0].score < CHOICE_FROM or outside >= 0.9:
            return self._not_covered(ranked, "nothing is near enough" if outside < 0.9 else "another subject")
        best, *rest = ranked
        if best.node == self._roles.otherwise and best.score >= ANSWER_FROM:
            return self._not_covered(ranked, best.reason)
        ahead = best.score - (rest[0].score if rest else 0.0)
        if best.score >= ANSWER_FROM and ahead >= AHEAD:
            return Match(Outcome.ANSWER, best.node, scores=_scores(ranked), reasons=(best.reason,))
        choices = self._related(ranked)
        if len(choices) < 2:
            return self._not_covered(ranked, "unsure")
        return Match(Outcome.CHOICES, self._roles.otherwise, choices=choices, scores=_scores(ranked))

    def _not_covered(self, ranked: list[Candidate], reason: str) -> Match:
        related = self._related(ranked)
        return Match(Outcome.NOT_COVERED, self._roles.otherwise, (), related, _scores(ranked), (reason,))


def _scores(ranked: list[Candidate]) -> tuple[tuple[str, float], ...]:
    return tuple((found.node, round(found.score, 3)) for found in ranked[:5])
