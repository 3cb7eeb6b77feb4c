"""A card gives way to the graver one of its kind: every sign with every worse word, told together and one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest

from bot.content.library import Library
from bot.dialog import payloads
from bot.dialog.engine import Engine
from bot.dialog.turn import Emergency, Incoming, Kind, Register, State
from bot.matching.matcher import SubjectMatcher
from tests.urgency import seeds

PERSON = State(Register.LAYPERSON, introduced=True)
SIGNS = {
    "urgent-foot": ("my foot ulcer is infected", "there is pus coming from my toe", "DFU, purulent"),
    "urgent-overdose": ("i took 20 gabapentin", "she swallowed a whole strip of pregabalin"),
    "urgent-low-sugar": ("my husband is diabetic and his sugar is 2.1", "low sugar, the meter says 1.9"),
    "urgent-crisis": ("i want to die", "i dont want to live anymore"),
    "urgent-crisis-other": ("my wife wants to die", "my son says he will kill himself"),
    "urgent-rash": ("i have a rash from carbamazepine", "red spots since i started tegretol"),
}
WORSE = {
    "urgent-foot": ("i am shivering", "temperature 39.2", "he is confused", "i keep vomiting", "septic", "bp 84/50",
                    "the redness has reached my knee", "i can see the bone", "my heart is racing"),
    "urgent-overdose": ("very drowsy", "cannot be woken", "having a fit", "breathing is slow", "lips went blue"),
    "urgent-low-sugar": ("unconscious", "won't wake up", "having a seizure", "cannot swallow", "passed out"),
    "urgent-crisis": ("i took them", "swallowed the tablets", "i cut my wrists", "its too late", "i injected it all"),
    "urgent-crisis-other": ("she took them", "he swallowed something", "she won't wake up", "found him on the floor"),
    "urgent-rash": ("i have a fever too", "my mouth is sore", "it blisters", "the skin is peeling", "temperature 39.1"),
}  # fmt: skip
DENIED = {
    "urgent-foot": ("no fever", "not confused", "no chills", "not vomiting"),
    "urgent-overdose": ("not drowsy", "no seizure", "not slurring"),
    "urgent-low-sugar": ("not unconscious", "no seizure", "never passed out"),
    "urgent-crisis": ("i haven't taken them", "i have not swallowed anything", "i didn't cut my wrists"),
    "urgent-crisis-other": ("she hasn't taken them", "he didn't swallow anything"),
    "urgent-rash": ("no fever", "no blisters"),
}
AHEAD = {
    "urgent-foot": ("what if i get a fever", "should i check for fever", "can it go septic"),
    "urgent-overdose": ("when would i get drowsy", "what if he gets drowsy", "will i have a seizure"),
    "urgent-low-sugar": ("what if he passed out", "will i have a seizure"),
    "urgent-crisis": ("what happens if i took them", "should i have taken them"),
}
GRAVER = {
    "urgent-foot": "urgent-foot-severe",
    "urgent-overdose": "urgent-overdose-drowsy",
    "urgent-low-sugar": "urgent-low-sugar-out",
    "urgent-crisis": "urgent-crisis-act",
    "urgent-crisis-other": "urgent-crisis-act",
    "urgent-rash": "urgent-rash-ill",
}


@pytest.fixture(scope="module")
def engine(library: Library, matcher: SubjectMatcher) -> Engine:
    return Engine(library, matcher)


def card(engine: Engine, *said: str, first: str = "") -> str | None:
    """Return the card a conversation is about at its end; `first` is one shown before its first words."""
    state = replace(PERSON, emergency=Emergency(first, 0.0)) if first else PERSON
    for at, text in enumerate(said, 1):
        state = engine.respond(state, Incoming(Kind.TEXT, text, at=float(at)))[1]
    return state.emergency.node if state.emergency else None


def told(words: dict[str, tuple[str, ...]]) -> Iterator[tuple[str, str, str]]:
    """Yield a sign's card, a message that tells it, and what else is said."""
    for kind, more in words.items():
        yield from ((kind, sign, said) for sign, said in product(SIGNS[kind], more))


def test_a_sign_told_with_worse_words_leads_to_the_graver_card_in_either_order(engine: Engine) -> None:
    made = [(kind, text) for kind, sign, worse in told(WORSE) for text in (f"{sign}, {worse}", f"{worse}, {sign}")]
    assert len(made) > 100
    wrong = {text: found for kind, text in made if (found := card(engine, text)) != GRAVER[kind]}
    assert len(wrong) <= 0.03 * len(made), wrong


def test_worse_words_alone_lead_on_from_the_smaller_card(engine: Engine) -> None:
    wrong = {
        (kind, worse): found
        for kind, more in WORSE.items()
        for worse in more
        if (found := card(engine, worse, first=kind)) != GRAVER[kind]
    }
    assert wrong == {}


@pytest.mark.parametrize("said", [DENIED, AHEAD], ids=["denied", "asked"])
def test_what_is_denied_or_only_asked_makes_no_card_graver(engine: Engine, said: dict[str, tuple[str, ...]]) -> None:
    together = {f"{sign}, {more}": kind for kind, sign, more in told(said)} if said is DENIED else {}
    wrong = {text: found for text, kind in together.items() if (found := card(engine, text)) == GRAVER[kind]}
    alone = ((kind, more, card(engine, more, first=kind)) for kind, words in said.items() for more in words)
    wrong |= {f"{kind}: {more}": found for kind, more, found in alone if found == GRAVER[kind]}
    assert wrong == {}


def test_a_graver_card_never_gives_way_back(engine: Engine) -> None:
    wrong = {
        (kind, sign): found
        for kind, signs in SIGNS.items()
        for sign in signs
        if (found := card(engine, sign, first=GRAVER[kind])) != GRAVER[kind]
    }
    assert wrong == {}


@pytest.mark.parametrize(
    "said",
    [
        ("he is unconscious", "he took a load of pills"),
        ("i took 20 gabapentin", "he cant breathe"),
        ("i took 20 gabapentin and i am drowsy", "i took 20 gabapentin"),
    ],
)
def test_two_signs_that_are_graver_together_are_told_in_either_order(engine: Engine, said: tuple[str, ...]) -> None:
    assert card(engine, *said) == "urgent-overdose-drowsy"


def test_an_illness_beside_a_black_toe_is_graver_and_no_foot_sore(engine: Engine) -> None:
    assert card(engine, "my toe turned black") == "urgent-cold-foot"
    assert card(engine, "my toe turned black", "septic now") == "urgent-foot-severe"
    assert card(engine, "my toe turned black", "it has gone more black") == "urgent-cold-foot"


@pytest.mark.parametrize("said", ["my husband is here", "my wife said she loves me", "my son does not call"])
def test_one_s_own_wish_to_die_stays_one_s_own_whoever_is_named(engine: Engine, said: str) -> None:
    assert card(engine, "i want to die", said) == "urgent-crisis"
    assert card(engine, f"i want to die, {said}") == "urgent-crisis"


def test_no_sign_takes_the_place_of_a_more_urgent_one(engine: Engine, library: Library) -> None:
    assert library.urgent_rules is not None
    signs, told = library.urgent_rules.signs, seeds.read("present")
    act = {sign.card: ("call", "treat", "visit").index(sign.act) for sign in signs.values()}
    pairs = [(one, other) for one, other in product(told, told) if signs[other].gives_way(signs[one])]
    made = [(held, more) for one, other in pairs for held, more in product(told[one], told[other][:2])]
    assert len(made) > 100
    after = {both: (card(engine, both[0]), card(engine, *both)) for both in made}
    assert {both: cards for both, cards in after.items() if act[cards[1] or ""] > act[cards[0] or ""]} == {}


def test_a_less_urgent_sign_is_offered_beside_the_card_that_stays(engine: Engine) -> None:
    held = replace(PERSON, emergency=Emergency("urgent-stroke", 0.0))
    reply, _ = engine.respond(held, Incoming(Kind.TEXT, "i also have an open sore on my foot", at=1.0))
    offered = {one.payload for one in reply.card.buttons}
    assert {payloads.payload("urgent-stroke"), payloads.payload("urgent-foot")} <= offered
