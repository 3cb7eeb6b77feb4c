"""A sign named in an ordinary question is never passed over: it alarms, or its card is offered first."""

from __future__ import annotations

from itertools import product

import pytest

from bot.content.library import Library
from bot.dialog.engine import Engine
from bot.dialog.turn import Incoming, Kind, Outcome, Register, State

SIGNS = (
    "a wound on my foot",
    "an ulcer on my toe",
    "an open sore on the foot",
    "a foot ulcer",
    "a blister on my heel",
    "an infected toe",
    "a black toe",
    "a hot swollen foot",
)
QUESTIONS = (
    "what socks should I wear with",
    "can I exercise with",
    "how do I wash a foot with",
    "is walking good with",
    "which shoes fit when you have",
    "should I go barefoot with",
    "does ALA help with",
    "can I take K2 with",
)
CALM = (
    "what socks should I wear",
    "can I exercise with numb feet",
    "how do I prevent a foot ulcer",
    "does ALA help with tingling toes",
    "which shoes fit when you have diabetes",
)


@pytest.mark.parametrize(("sign", "question"), [*product(SIGNS, QUESTIONS)])
def test_it_alarms_or_is_offered_first(library: Library, engine: Engine, sign: str, question: str) -> None:
    asked = Incoming(Kind.TEXT, f"{question} {sign}")
    reply, _ = engine.respond(State(Register.LAYPERSON, introduced=True), asked)
    if reply.card.outcome is not Outcome.URGENT:
        assert reply.buttons[0].role == "danger"
        assert reply.buttons[0].payload.partition(":")[2] in library.urgent_nodes
        assert reply.lead.endswith(f"{reply.buttons[0].label}.")


@pytest.mark.parametrize("question", CALM)
def test_what_names_none_has_no_such_word(engine: Engine, question: str) -> None:
    reply, state = engine.respond(State(Register.LAYPERSON, introduced=True), Incoming(Kind.TEXT, question))
    assert state.emergency is None
    assert all(one.role != "danger" for one in reply.choices)
