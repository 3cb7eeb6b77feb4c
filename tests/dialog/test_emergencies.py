"""After the card of an emergency, with the shipped matcher: what ends it, what does not, and what brings it back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.content.library import Library
from bot.dialog.engine import HOLD_SECONDS, Engine
from bot.dialog.turn import Emergency, Incoming, Kind, Register, State
from bot.matching import build_matcher

PERSON = State(Register.LAYPERSON, introduced=True)


@pytest.fixture(scope="module")
def engine(library: Library) -> Engine:
    return Engine(library, build_matcher(library))


@pytest.fixture(scope="module")
def lasting(library: Library) -> set[str]:
    """The cards that say to get help though it feels better."""
    assert library.urgent_rules is not None
    found = {sign.card for sign in library.urgent_rules.signs.values() if not sign.passes}
    assert {"urgent-crisis", "urgent-stroke", "urgent-chest"} < found
    return found


def after(engine: Engine, card: str, *said: str, seconds: float = 1.0) -> State:
    """Return the state after these words, said one after the other after a card."""
    state = replace(PERSON, emergency=Emergency(card, 0.0))
    for at, text in enumerate(said, 1):
        state = engine.respond(state, Incoming(Kind.TEXT, text, at=at * seconds))[1]
    return state


def cards(library: Library) -> list[str]:
    return sorted(library.urgent_nodes)


@pytest.mark.parametrize("text", ["it went away by itself", "i feel better now", "it has passed", "it stopped"])
def test_feeling_better_ends_no_card_that_says_to_get_help_all_the_same(
    engine: Engine, library: Library, lasting: set[str], text: str
) -> None:
    kept = {card for card in cards(library) if after(engine, card, text).emergency}
    assert kept == lasting


@pytest.mark.parametrize("text", ["the ambulance is here", "false alarm", "we are in the hospital now", "it is over"])
def test_help_that_is_there_ends_every_card_but_that_of_a_wish_to_die(
    engine: Engine, library: Library, text: str
) -> None:
    assert {card for card in cards(library) if after(engine, card, text).emergency} == {"urgent-crisis"}


@pytest.mark.parametrize("text", ["all good now, goodbye", "its over", "i am fine now", "i feel better now"])
def test_no_word_ends_a_wish_to_die_but_its_button_does(engine: Engine, text: str) -> None:
    state = after(engine, "urgent-crisis", text)
    assert state.emergency is not None
    pressed = Incoming(Kind.TAP, "v1:urgent-crisis!over", at=9.0)
    assert engine.respond(state, pressed)[1].emergency is None


@pytest.mark.parametrize("text", ["how much duloxetine is too much", "is pregabalin lethal with alcohol"])
def test_to_a_wish_to_die_nothing_is_told_of_what_harms(engine: Engine, text: str) -> None:
    state = replace(PERSON, emergency=Emergency("urgent-crisis", 0.0))
    reply, kept = engine.respond(state, Incoming(Kind.TEXT, text, at=1.0))
    assert reply.card.node == "urgent-crisis"
    assert kept.emergency is not None


@pytest.mark.parametrize("ending", ["the ambulance is here", "what is alpha lipoic acid"])
@pytest.mark.parametrize("text", ["it came back", "it has started again", "its worse now", "it is happening again"])
def test_what_came_back_is_the_same_emergency_for_an_hour(engine: Engine, ending: str, text: str) -> None:
    ended = after(engine, "urgent-chest", ending)
    assert ended.emergency is None
    back, state = engine.respond(ended, Incoming(Kind.TEXT, text, at=60.0))
    assert back.card.node == "urgent-chest"
    assert state.emergency == Emergency("urgent-chest", 60.0)
    late, _ = engine.respond(ended, Incoming(Kind.TEXT, text, at=HOLD_SECONDS + 60.0))
    assert late.card.node != "urgent-chest"


def test_what_got_worse_and_is_plainly_something_else_is_answered(engine: Engine) -> None:
    ended = after(engine, "urgent-chest", "the ambulance is here")
    reply, state = engine.respond(ended, Incoming(Kind.TEXT, "do the nerves get worse with high blood sugar?", at=60.0))
    assert reply.card.node == "glucose"
    assert state.emergency is None


@pytest.mark.parametrize(
    "text", ["he admitted to taking them", "it is not me, it is my wife", "they say help takes an hour"]
)
def test_what_only_sounds_as_if_help_were_there_ends_nothing(engine: Engine, library: Library, text: str) -> None:
    assert {card for card in cards(library) if after(engine, card, text).emergency is None} == set()
