"""What should be answered: the pure engine, run beside the bot on the same words, knows every answer in advance."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from bot.dialog import payloads
from bot.dialog.engine import Engine
from bot.dialog.turn import Incoming, Kind, Outcome, Register, Reply, State

ROOT = Path(__file__).resolve().parents[2]

PAUSE = (0.5, 1.5)
"""Seconds somebody reads before going on. Never less: the bot takes the same button of the same message within one
second for a double click, and somebody could press it, the opposite, and it again."""

SWITCHES = 0.2
"""How often somebody takes the other register instead of asking the next question."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer by what can be seen of it: its title, in one register."""

    node: str
    register: Register


@dataclass(frozen=True, slots=True)
class Step:
    """What somebody does next, words or the payload of a button, the answer it must get, and how long they read it."""

    kind: Kind
    words: str
    answer: Answer
    pause: float


@dataclass
class Talk:
    """One conversation: what is to be said in it, how much of it was said, what was seen.

    `again` counts what was done twice because nobody acknowledged it; each may be answered.
    """

    channel: str
    script: Sequence[Step]
    done: int = 0
    seen: list[Answer] = field(default_factory=list)
    again: int = 0

    def ahead(self, turns: int) -> Sequence[Step]:
        """Return what remains to be done of the first so many steps."""
        return self.script[self.done : turns]

    @property
    def expected(self) -> list[Answer]:
        """The answers to everything that was done so far."""
        return [step.answer for step in self.script[: self.done]]

    @property
    def answered(self) -> bool:
        """True when something was seen for everything that was asked (doubles counted once)."""
        return len(collapsed(self.seen)) >= self.done


def collapsed(answers: Sequence[Answer]) -> list[Answer]:
    """Return the answers with immediate repetitions taken as one: no two questions in a row have the same answer."""
    return [answer for number, answer in enumerate(answers) if number == 0 or answers[number - 1] != answer]


class Oracle:
    """Writes what people say in advance, with the answers they must get: nothing is thought up while the bot runs."""

    def __init__(self, engine: Engine, switches: float = SWITCHES) -> None:
        self._engine = engine
        self._switches = switches
        self._titles = self._known_titles()
        self.phrases = [phrase for phrase in _phrases() if self._is_plain(phrase)]

    def talk(self, channel: str, turns: int, seed: str) -> Talk:
        """Return a conversation of so many turns, the same for the same seed."""
        chance = random.Random(seed)
        state, script = State(), list[Step]()
        while len(script) < turns:
            kind, words = self._next(script, chance)
            reply, after = self._engine.respond(state, Incoming(kind, words, channel))
            answer = self._of(reply)
            if answer is not None and not (script and answer == script[-1].answer):
                script.append(Step(kind, words, answer, chance.uniform(*PAUSE)))
                state = after
        return Talk(channel, script)

    def read(self, text: str) -> Answer | None:
        """Return which answer a message shows, by the first of its lines that is a title; None for a further part."""
        found = (self._titles.get(line.strip()) for line in text.split("\n")[:4])
        return next(filter(None, found), None)

    def _next(self, script: list[Step], chance: random.Random) -> tuple[Kind, str]:
        if script and chance.random() < self._switches:
            last = script[-1].answer
            other = Register.LAYPERSON if last.register is Register.PROFESSIONAL else Register.PROFESSIONAL
            return Kind.TAP, payloads.payload(last.node, other)
        return Kind.TEXT, chance.choice(self.phrases)

    def _of(self, reply: Reply) -> Answer | None:
        """Return the answer if it can be told from every other by its title."""
        answer = Answer(reply.card.node, reply.card.register)
        plain = reply.card.outcome is Outcome.ANSWER and not reply.choices
        return answer if plain and self._titles.get(reply.card.title) == answer else None

    def _is_plain(self, phrase: str) -> bool:
        return self._of(self._engine.respond(State(), Incoming(Kind.TEXT, phrase, "telegram"))[0]) is not None

    def _known_titles(self) -> dict[str, Answer]:
        found: dict[str, list[Answer]] = {}
        for node in self._engine.library.nodes:
            for register in Register:
                title = self._engine.respond(State(register), Incoming(Kind.TAP, payloads.payload(node, register)))[
                    0
                ].card.title
                found.setdefault(title, []).append(Answer(node, register))
        return {title: answers[0] for title, answers in found.items() if len(answers) == 1}


def _phrases() -> list[str]:
    """A few phrases of every node, as shipped: those that say one thing in one way."""
    loaded = yaml.safe_load((ROOT / "content" / "neuropathy" / "phrases.yaml").read_text())
    found = []
    for lines in loaded["phrases"].values():
        plain = [line.strip() for line in lines.splitlines() if not set(line) & set("(|") and "zzzz" not in line]
        found += plain[:6]
    return found
