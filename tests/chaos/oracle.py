"""What should be answered: the pure engine, run beside the bot on the same words, knows every answer in advance."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from bot.engine import taps
from bot.engine.respond import Engine
from bot.engine.turn import Incoming, Kind, Outcome, Reply, State, Tone

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer by what can be seen of it: its title, in one register."""

    node: str
    tone: Tone


@dataclass
class Talk:
    """One conversation: what was asked so far, what must be answered, what was seen.

    `pressed_again` counts presses that were repeated because nobody acknowledged them; each may be answered.
    """

    channel: str
    state: State = field(default_factory=State)
    before: State = field(default_factory=State)
    asked: list[str] = field(default_factory=list)
    expected: list[Answer] = field(default_factory=list)
    seen: list[Answer] = field(default_factory=list)
    pressed_again: int = 0

    def expect(self, words: str, answer: Answer, state: State) -> None:
        """Note what was asked and must be answered next, and the state after it."""
        self.before, self.state = self.state, state
        self.asked.append(words)
        self.expected.append(answer)

    @property
    def answered(self) -> bool:
        """True when something was seen for everything that was asked (doubles counted once)."""
        return len(collapsed(self.seen)) >= len(self.expected)


def collapsed(answers: Sequence[Answer]) -> list[Answer]:
    """Return the answers with immediate repetitions taken as one: no two questions in a row have the same answer."""
    return [answer for number, answer in enumerate(answers) if number == 0 or answers[number - 1] != answer]


class Oracle:
    """Chooses questions and knows their answers."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._titles = self._known_titles()
        self._phrases = [phrase for phrase in _phrases() if self._is_plain(phrase)]

    def question(self, talk: Talk, chance: random.Random) -> str:
        """Return the next words of a person and note the answer they must get."""
        while True:
            words = chance.choice(self._phrases)
            reply, state = self._engine.respond(talk.state, Incoming(Kind.TEXT, words, talk.channel))
            answer = self._of(reply)
            if answer is not None and answer != _last(talk):
                talk.expect(words, answer, state)
                return words

    def take_back(self, talk: Talk) -> None:
        """Note that the last question never arrived."""
        talk.asked.pop()
        talk.expected.pop()
        talk.state = talk.before

    def other_register(self, talk: Talk) -> str:
        """Return the payload of the register switch under the last answer."""
        last = talk.expected[-1]
        return taps.payload(last.node, Tone.LAYPERSON if last.tone is Tone.PROFESSIONAL else Tone.PROFESSIONAL)

    def press(self, talk: Talk, payload: str) -> None:
        """Note the answer that pressing a button must get."""
        reply, state = self._engine.respond(talk.state, Incoming(Kind.TAP, payload, talk.channel))
        talk.expect(payload, Answer(reply.card.node, reply.card.tone), state)

    def read(self, text: str) -> Answer | None:
        """Return which answer a message shows, by the first of its lines that is a title; None for a further part."""
        found = (self._titles.get(line.strip()) for line in text.split("\n")[:4])
        return next(filter(None, found), None)

    def _of(self, reply: Reply) -> Answer | None:
        """Return the answer if it can be told from every other by its title."""
        answer = Answer(reply.card.node, reply.card.tone)
        plain = reply.card.outcome is Outcome.ANSWER and not reply.choices
        return answer if plain and self._titles.get(reply.card.title) == answer else None

    def _is_plain(self, phrase: str) -> bool:
        return self._of(self._engine.respond(State(), Incoming(Kind.TEXT, phrase, "telegram"))[0]) is not None

    def _known_titles(self) -> dict[str, Answer]:
        found: dict[str, list[Answer]] = {}
        for node in self._engine.library.nodes:
            for tone in Tone:
                title = self._engine.respond(State(tone), Incoming(Kind.TAP, taps.payload(node, tone)))[0].card.title
                found.setdefault(title, []).append(Answer(node, tone))
        return {title: answers[0] for title, answers in found.items() if len(answers) == 1}


def _phrases() -> list[str]:
    """A few phrases of every node, as shipped: those that say one thing in one way."""
    loaded = yaml.safe_load((ROOT / "dialogs" / "phrases" / "neuropathy.yaml").read_text())
    found = []
    for lines in loaded["phrases"].values():
        plain = [line.strip() for line in lines.splitlines() if not set(line) & set("(|") and "zzzz" not in line]
        found += plain[:6]
    return found


def _last(talk: Talk) -> Answer | None:
    return talk.expected[-1] if talk.expected else None
