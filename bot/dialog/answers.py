"""What a decision about words is answered with: an answer, its neighbours, "did you mean", a second question."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from bot.content.library import Library
from bot.content.markdown import word_count
from bot.dialog import payloads
from bot.dialog.composer import Composer
from bot.dialog.matching import Match
from bot.dialog.personal_data import PersonalData
from bot.dialog.turn import Button, Card, Outcome, Register, Reply, State

MAX_TOGETHER = 60
"""Words of two briefs that still fit a phone's screen together, with two titles and one fold."""

MAX_ALSO = 2
"""Further questions of one message that are offered."""


class Answers:
    """Makes replies of nodes and of the matcher's decisions."""

    def __init__(self, library: Library, composer: Composer, data: PersonalData) -> None:
        self._library = library
        self._composer = composer
        self._data = data

    def show(self, node: str, state: State, register: Register) -> Reply:
        """Return the answer of a node, with the choices that belong to it."""
        card = self._composer.card(node, register)
        if node == self._library.role("tone"):
            return Reply(card, choices=self.registers(state, register))
        return Reply(card, choices=self._data.ways(register) if node == self._library.role("privacy") else ())

    def registers(self, state: State, register: Register) -> tuple[Button, ...]:
        """Return both registers as buttons that show again the answer the reader came from."""
        tone = self._library.role("tone")
        before = next((node for node in reversed(state.history) if node != tone), self._library.start)
        return tuple(
            Button(self._text(f"to-{choice}", register), payloads.payload(before, choice), "tone")
            for choice in (Register.LAYPERSON, Register.PROFESSIONAL)
        )

    def matched(self, match: Match, state: State, register: Register) -> Reply:
        """Return the reply to words that mean `match`."""
        reasons = (*match.reasons, *(f"{node} {score:.2f}" for node, score in match.scores))
        lead = self._lead(match, register)
        if match.outcome is Outcome.CHOICES:
            choices = (*self._links(match.choices, register, "choice", "choice"), self._none_of_these(register))
            return Reply(self._composer.choices(register), lead, choices=choices, reasons=reasons)
        reply = self._with_also(self.show(match.node, state, register), match.also)
        related = self._links(self._beside(match, reply.card), register, "choice")
        return replace(reply, lead=lead or reply.lead, choices=(*reply.choices, *related), reasons=reasons)

    def _with_also(self, reply: Reply, nodes: Sequence[str]) -> Reply:
        """Return the reply with the other questions of the message: the second beside it if both are short, else first
        among the buttons."""
        others = [node for node in dict.fromkeys(nodes) if node != reply.card.node]
        if not others or reply.card.outcome is not Outcome.ANSWER:
            return reply
        register = reply.card.register
        second = self._composer.card(others[0], register)
        if word_count(reply.card.brief) + word_count(second.brief) <= MAX_TOGETHER:
            return replace(reply, second=second)
        named = "; ".join(self._composer.label(node, register) for node in others[:MAX_ALSO])
        remark = f"{self._text('also-asked', register)} {named}"
        return replace(reply, remark=remark, choices=self._links(others[:MAX_ALSO], register, "also"))

    def _lead(self, match: Match, register: Register) -> str:
        """Return what stands before the answer: a sentence in the asker's own language, or one of the bot's."""
        if match.language:
            return self._library.say_in(match.language, urgent=match.outcome is Outcome.URGENT)
        return self._text(match.note, register) if match.note else ""

    def _beside(self, match: Match, card: Card) -> Iterator[str]:
        """Yield the topics that may help and are not under the answer anyway; nothing about the bot itself."""
        shown = {button.payload for button in card.buttons}
        apart = (*self._library.always, *match.also)
        return (node for node in match.related if payloads.payload(node) not in shown and node not in apart)

    def _links(self, nodes: Iterable[str], register: Register, role: str, word: str = "") -> tuple[Button, ...]:
        return tuple(self._composer.link(node, register, role, word) for node in nodes)

    def _none_of_these(self, register: Register) -> Button:
        payload = payloads.payload(self._library.otherwise, word="choice")
        return Button(self._text("something-else", register), payload, "none")

    def _text(self, key: str, register: Register) -> str:
        return self._composer.text(key, register)
