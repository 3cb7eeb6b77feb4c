"""What words are answered with: an answer, two of them, "did you mean", a refusal with what may harm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from bot.content.library import Library
from bot.content.models import Registers
from bot.dialog import payloads
from bot.dialog.composer import Composer
from bot.dialog.matching import Match
from bot.dialog.personal_data import PersonalData
from bot.dialog.small_talk import ROOM, concise, fitted, lines_at_once
from bot.dialog.turn import (
    Button,
    Card,
    ClaimCard,
    Incoming,
    Outcome,
    Preferences,
    Register,
    Reply,
    State,
    View,
)

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
        if node == self._library.role("references"):
            payload = payloads.payload(node, word="page", value=1)
            return Reply(card, choices=(Button(self._text("page-by-page", register), payload, "navigation"),))
        return Reply(card, choices=self._data.ways(register) if node == self._library.role("privacy") else ())

    def linked(self, target: str, state: State, register: Register) -> Reply:
        """Return the answer a link leads to, with one line of greeting for somebody new; an unknown one the start."""
        node = self._library.resolve(target)
        if node is None:
            return Reply(self._composer.greeting(register), self._text("foreign-start", register))
        lead = "" if state.introduced else self._text("hello-line", register)
        return replace(self.show(node, state, register), lead=lead)

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
            card = self._composer.choices(register)
            return Reply(card, lead, choices=choices, reasons=reasons, missing=match.missing, about=match.about)
        reply = self._with_also(self.show(match.node, state, register), match.also)
        if match.beside and reply.second is None:
            reply = self._with_harm(reply, match.beside)
        related = self._links(self._beside(match, reply.card), register, "choice")
        sure = next((share for node, share in match.scores if node == match.node), 0.0)
        return replace(
            reply,
            lead=lead or reply.lead,
            choices=(*reply.choices, *related),
            reasons=reasons,
            sure=sure,
            missing=match.missing,
        )

    def _with_also(self, reply: Reply, nodes: Sequence[str]) -> Reply:
        """Return the reply with the other questions of the message: the second beside it if both are short, else first
        among the buttons."""
        others = [node for node in dict.fromkeys(nodes) if node != reply.card.node]
        if not others or reply.card.outcome is not Outcome.ANSWER:
            return reply
        register = reply.card.register
        second = self._composer.card(others[0], register)
        if lines_at_once(reply.card, second) <= ROOM:
            return replace(reply, second=second)
        named = "; ".join(self._composer.label(node, register) for node in others[:MAX_ALSO])
        remark = f"{self._text('also-asked', register)} {named}"
        return replace(reply, remark=remark, choices=self._links(others[:MAX_ALSO], register, "also"))

    def _with_harm(self, reply: Reply, harm: str) -> Reply:
        """Return what may harm in place of the refusal, which is said in its title and leads one tap further: what to
        beware of is what somebody must read who is not told what to do."""
        register = reply.card.register
        card = concise(self._composer, harm, register)
        if not isinstance(card, ClaimCard):
            return reply
        title = self._text("refused-title", register, label=self._composer.label(harm, register))
        refusal = self._composer.link(reply.card.node, register, "choice")
        return Reply(replace(card, title=title), choices=(refusal,))

    def _lead(self, match: Match, register: Register) -> str:
        """Return what stands before the answer: a sentence in the asker's own language, or one of the bot's."""
        if match.language:
            return self._library.say_in(match.language, urgent=match.outcome is Outcome.URGENT)
        return self._text(match.note, register) if match.note else ""

    def _beside(self, match: Match, card: Card) -> Iterator[str]:
        """Yield the topics that may help and are not under the answer anyway; nothing about the bot itself."""
        shown = {button.payload for button in card.buttons}
        apart = (*self._library.always, *match.also, match.beside)
        return (node for node in match.related if payloads.payload(node) not in shown and node not in apart)

    def _links(self, nodes: Iterable[str], register: Register, role: str, word: str = "") -> tuple[Button, ...]:
        return tuple(self._composer.link(node, register, role, word) for node in nodes)

    def _none_of_these(self, register: Register) -> Button:
        payload = payloads.payload(self._library.otherwise, word="choice")
        return Button(self._text("something-else", register), payload, "none")

    def _text(self, key: str, register: Register, **values: object) -> str:
        return self._composer.text(key, register, **values)

    def as_set(self, reply: Reply, now: Preferences, incoming: Incoming) -> Reply:
        """Return the reply as the person set it, with the numbers to call and whom to turn to."""
        reply = fitted(self._composer, self._with_people(reply, incoming.channel))
        if now.open and reply.view is View.BRIEF and not incoming.group:
            reply = replace(reply, view=View.OPEN)
        if reply.card.outcome is not Outcome.URGENT:
            return reply
        lead = reply.lead or self._library.say_in(now.language, urgent=True)
        numbers = tuple((one.label, one.number) for one in self._library.copy_numbers)
        return replace(reply, lead=lead, numbers=numbers)

    # --- a person -----------------------------------------------------------------------------------------------------

    def _with_people(self, reply: Reply, channel: str) -> Reply:
        """Return the reply with whom to turn to, where it cannot help itself and an operator named somebody."""
        register, node = reply.card.register, reply.card.node
        helpless = node in (self._library.otherwise, self._library.advice, "person")
        need = "questions" if helpless else node.removeprefix(f"{self._library.urgent}-")
        if not helpless and reply.card.outcome is not Outcome.URGENT:
            return reply
        lines, links = [], []
        for one in self._library.contacts_for(need, channel):
            name, how = _worded(one.name, register), _worded(one.how, register)
            lines.append(self._text("contact-line", register, name=name, how=how))
            links += [Button(name[:30], "", "link", one.url)] if one.url else []
        if not lines:
            return reply
        said = "\n".join(filter(None, [reply.remark, self._text("contact-lead", register), *lines]))
        return replace(reply, remark=said, choices=(*reply.choices, *links))


def _worded(said: str | Registers, register: Register) -> str:
    return said.for_register(register) if isinstance(said, Registers) else said
