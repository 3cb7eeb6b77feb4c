"""The engine alone: presses answered in memory, typed questions, and one render of what an answer says."""

from __future__ import annotations

import gc
import random
import time
from pathlib import Path

from benchmarks import trees
from benchmarks.workers import ROOT
from bot.content import templates
from bot.content.library import Library
from bot.content.loader import load
from bot.dialog import payloads
from bot.dialog.engine import Engine
from bot.dialog.turn import Incoming, Kind, Matcher, Register, State
from bot.matching import build_matcher


def shipped() -> Library:
    """Return the content as shipped."""
    return load(ROOT / "dialogs", ROOT / "content")


def synthetic(folder: str, nodes: int) -> Library:
    """Return a synthetic tree (written by whoever came first)."""
    return load(*trees.write(Path(folder), nodes), templates=False)


class Presses:
    """A thousand users walk through a synthetic tree; everything they are remembered by is in memory."""

    def __init__(self, folder: str, nodes: int, users: int = 1000) -> None:
        library = synthetic(folder, nodes)
        self._engine = Engine(library, build_matcher(library))
        self._states = [State()] * users
        self._walk = trees.Walk(nodes, users)
        self._presses: list[tuple[int, Incoming]] = []
        for number in range(nodes):  # answers are composed once per content version, as they are when serving
            self._engine.respond(State(), Incoming(Kind.TAP, payloads.payload(trees.node(number))))
        gc.collect()
        gc.freeze()

    def prepare(self, turns: int, anywhere: bool = False) -> None:
        walk = self._walk.presses(turns, anywhere=anywhere)
        self._presses = [(user, Incoming(Kind.TAP, payloads.payload(trees.node(target)))) for user, target in walk]

    def run(self) -> None:
        respond, states = self._engine.respond, self._states
        for user, incoming in self._presses:
            self._reply, states[user] = respond(states[user], incoming)

    def result(self) -> dict[str, float]:
        asked = payloads.parse(self._presses[-1][1].text)
        if asked is None or self._reply.card.node != asked.node:
            raise RuntimeError("the last press was not answered with its node")
        return {"turns": len(self._presses)}


class Rendered:
    """The words of one such answer as one template, rendered each time by the library's own strict sandbox."""

    def __init__(self, folder: str, nodes: int) -> None:
        library = synthetic(folder, nodes)
        answer = library.answer(trees.node(0))
        words = "\n\n".join(claim.for_register(Register.LAYPERSON) for claim in answer.claims)
        self._template = templates.compiled(words)
        self._values = library.values(Register.LAYPERSON)
        self._turns = 0

    def prepare(self, turns: int) -> None:
        self._turns = turns

    def run(self) -> None:
        render, values = self._template.render, self._values
        for _ in range(self._turns):
            self._text = render(values)

    def result(self) -> dict[str, float]:
        if "11 weeks" not in self._text:
            raise RuntimeError("the figures were not inserted")
        return {"turns": self._turns, "characters": len(self._text)}


class Typed:
    """The shipped content's own phrases, each also with a typing error, and a message of 4,096 characters."""

    def __init__(self) -> None:
        library = shipped()
        self._matcher: Matcher = build_matcher(library)
        self._texts = _questions(library)

    def prepare(self, turns: int) -> None:
        self._asked = [self._texts[number % len(self._texts)] for number in range(turns)]
        self._took: list[float] = []

    def run(self) -> None:
        match, clock = self._matcher.match, time.perf_counter
        for text in self._asked:
            before = clock()
            match(text, None, Register.LAYPERSON)
            self._took.append(clock() - before)

    def result(self) -> dict[str, float]:
        took = sorted(self._took)
        return {"turns": len(took), "p50": took[len(took) // 2], "p99": took[len(took) * 99 // 100], "worst": took[-1]}


def _questions(library: Library) -> list[str]:
    chance = random.Random(7)
    phrases = [phrase for phrases in library.phrases.values() for phrase in phrases]
    longest = " ".join(chance.choices(phrases, k=400))[:4096]
    texts = [*phrases, *(_mistyped(phrase, chance) for phrase in phrases)]
    texts += [longest] * max(1, len(texts) // 200)
    chance.shuffle(texts)
    return texts


def _mistyped(phrase: str, chance: random.Random) -> str:
    """Return the phrase with two neighbouring letters changed over."""
    at = chance.randrange(max(len(phrase) - 1, 1))
    return phrase[:at] + phrase[at + 1 : at + 2] + phrase[at : at + 1] + phrase[at + 2 :]
