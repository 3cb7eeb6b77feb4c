"""One turn at a time: what the engine answers and what it remembers."""

from __future__ import annotations

import json
import random
from dataclasses import fields, replace

import pytest

from bot.channels.plain import document_text
from bot.content.library import Library
from bot.dialog import payloads
from bot.dialog.engine import TRAIL, Engine
from bot.dialog.matching import Match
from bot.dialog.turn import Button, Effect, Incoming, Kind, Outcome, Register, State

ALA = Incoming(Kind.COMMAND, "ala")


def tap(node: str, register: Register | None = None, word: str = "") -> Incoming:
    return Incoming(Kind.TAP, payloads.payload(node, register, word))


def test_the_channel_gives_the_register_until_a_person_chooses(engine: Engine) -> None:
    slack = Incoming(Kind.COMMAND, "ala", "slack")
    telegram = Incoming(Kind.COMMAND, "ala", "telegram")
    assert engine.respond(State(), slack)[0].card.register is Register.PROFESSIONAL
    assert engine.respond(State(), telegram)[0].card.register is Register.LAYPERSON
    assert engine.respond(State(register=Register.LAYPERSON), slack)[0].card.register is Register.LAYPERSON


def test_the_first_answer_offers_the_register_without_blocking_it(engine: Engine) -> None:
    first, state = engine.respond(State(), ALA)
    second, _ = engine.respond(state, ALA)
    assert first.card.node == "ala"
    assert first.offer
    assert not second.offer


@pytest.mark.parametrize("first", [Incoming(Kind.COMMAND, "start"), ALA, tap("personal-advice")])
def test_the_full_disclaimer_comes_with_the_first_meeting_and_never_again(engine: Engine, first: Incoming) -> None:
    wanted = engine.respond(State(introduced=True), Incoming(Kind.COMMAND, "disclaimer"))[0].card.body
    reply, state = engine.respond(State(), first)
    assert reply.disclaimer == wanted
    assert state.introduced
    for later in (first, ALA, Incoming(Kind.COMMAND, "disclaimer")):
        reply, state = engine.respond(state, later)
        assert not reply.disclaimer


@pytest.mark.parametrize(
    "before",
    [
        Incoming(Kind.TEXT, "I have chest pain right now"),
        Incoming(Kind.TEXT, "who won the football match"),
        Incoming(Kind.COMMAND, "help"),
        Incoming(Kind.COMMAND, "disclaimer"),
        Incoming(Kind.OTHER),
        tap("urgent"),
    ],
)
def test_what_is_no_answer_is_no_meeting(engine: Engine, before: Incoming) -> None:
    reply, state = engine.respond(State(), before)
    assert not reply.disclaimer
    assert not reply.offer
    assert engine.respond(state, ALA)[0].disclaimer


def test_after_forgetting_the_next_meeting_is_the_first(engine: Engine) -> None:
    _, state = engine.respond(State(), ALA)
    _, state = engine.respond(state, tap("privacy", word="forget"))
    assert engine.respond(state, ALA)[0].disclaimer


def test_a_greeting_always_offers_the_registers(engine: Engine) -> None:
    start = Incoming(Kind.COMMAND, "start")
    _, state = engine.respond(State(), start)
    assert engine.respond(state, start)[0].offer


def test_an_export_is_the_stored_values_as_json_once(engine: Engine) -> None:
    asked, _ = engine.respond(State(introduced=True), Incoming(Kind.COMMAND, "export"))
    found = {"tone": None, "met": True, "trails": [["ala"]]}
    reply = engine.report(asked, found)
    assert json.loads(reply.stored) == found
    assert "{" not in reply.lead


def test_switching_shows_the_same_answer_in_place_and_is_remembered(engine: Engine) -> None:
    _, state = engine.respond(State(), ALA)
    reply, state = engine.respond(state, tap("ala", Register.PROFESSIONAL))
    assert (reply.card.node, reply.card.register, reply.in_place) == ("ala", Register.PROFESSIONAL, True)
    assert state.register is Register.PROFESSIONAL
    assert engine.respond(state, tap("k2"))[0].card.register is Register.PROFESSIONAL


def test_back_goes_back_and_start_over_clears_the_trail(engine: Engine) -> None:
    state = State()
    for node in ("overview", "ala", "ala-dose"):
        reply, state = engine.respond(state, tap(node))
    assert state.history == ("overview", "ala", "ala-dose")
    assert reply.back is not None
    reply, state = engine.respond(state, Incoming(Kind.TAP, reply.back.payload))
    assert reply.card.node == "ala"
    assert state.history == ("overview", "ala")
    _, state = engine.respond(state, tap("overview"))
    assert state.history == ("overview",)


@pytest.mark.parametrize("register", Register)
def test_every_way_back_fits_a_phone(engine: Engine, register: Register) -> None:
    labels = set()
    for node in engine.library.nodes:
        reply, _ = engine.respond(State(register, True, (node,)), tap("ala" if node != "ala" else "k2"))
        labels |= {reply.back.label} if reply.back else set()
    assert all(len(label) <= 30 for label in labels)
    assert {label.split(" ")[0].strip(":") for label in labels} == {"Back"}


def test_a_renamed_id_is_followed(engine: Engine) -> None:
    old, new = next(iter(engine.library.renamed.items()))
    assert engine.respond(State(), tap(old))[0].card.node == engine.library.resolve(new)


@pytest.mark.parametrize("payload", ["v1:never-existed", "v0:ala", "", "\0", "v1:ala:layperson:x", "🦶" * 30])
def test_an_unknown_tap_gets_one_honest_sentence_and_the_start(engine: Engine, payload: str) -> None:
    reply, _ = engine.respond(State(), Incoming(Kind.TAP, payload))
    assert reply.card.node == engine.library.start
    assert reply.lead == engine.sentence("old-button", Register.LAYPERSON)


def test_an_unknown_start_parameter_shows_the_start(engine: Engine) -> None:
    reply, _ = engine.respond(State(), Incoming(Kind.COMMAND, "no-such-topic"))
    assert reply.card.node == engine.library.start


def test_what_is_not_text_gets_a_kind_sentence_and_urgent_captions_still_count(engine: Engine) -> None:
    photo, _ = engine.respond(State(), Incoming(Kind.OTHER, ""))
    assert photo.lead == engine.sentence("only-text", Register.LAYPERSON)
    caption, _ = engine.respond(State(), Incoming(Kind.OTHER, "my toe has turned black"))
    assert caption.card.outcome is Outcome.URGENT


def test_urgent_has_nothing_before_it(engine: Engine) -> None:
    reply, _ = engine.respond(State(), Incoming(Kind.TEXT, "I have chest pain right now"))
    assert reply.card.outcome is Outcome.URGENT
    assert not reply.lead
    assert not reply.offer
    assert not reply.card.notes


def test_tone_offers_both_registers_of_the_answer_before_it(engine: Engine) -> None:
    _, state = engine.respond(State(), ALA)
    reply, state = engine.respond(state, Incoming(Kind.COMMAND, "tone"))
    assert [button.payload for button in reply.choices] == ["v1:ala:layperson", "v1:ala:professional"]
    reply, _ = engine.respond(state, Incoming(Kind.TAP, reply.choices[1].payload))
    assert (reply.card.node, reply.card.register) == ("ala", Register.PROFESSIONAL)


def test_forgetting_is_asked_once_and_leaves_no_state(engine: Engine) -> None:
    _, state = engine.respond(State(), ALA)
    asked, state = engine.respond(state, Incoming(Kind.COMMAND, "forget"))
    assert asked.effect is None
    done, after = engine.respond(state, Incoming(Kind.TAP, asked.choices[0].payload))
    assert done.effect is Effect.FORGET
    assert after == State()
    told = engine.report(done, {"preferences": 1, "conversations": 2, "messages": 3, "questions": 4})
    assert all(digit in told.lead for digit in "1234")


def test_feedback_thanks_in_place_and_keeps_the_place(engine: Engine) -> None:
    _, state = engine.respond(State(), ALA)
    reply, after = engine.respond(state, tap("ala", word="down"))
    assert (reply.effect, reply.in_place, reply.card.node) == (Effect.FEEDBACK_DOWN, True, "ala")
    assert after.history == state.history


def test_every_answer_carries_review_disclaimer_and_a_way_on(engine: Engine) -> None:
    for node in engine.library.nodes:
        for register in Register:
            card = engine.respond(State(register=register), tap(node))[0].card
            assert "pending human review" in card.review, node
            assert card.disclaimer, node
            assert document_text(card.body), node
            assert [b for b in card.buttons if b.role in ("follow-up", "navigation", "danger")], node
            assert {s.number for s in card.sources} or node in ROOMS_WITHOUT_SOURCES, node


ROOMS_WITHOUT_SOURCES = frozenset(
    {
        "about-bot",
        "references",
        "disclaimer",
        "review-status",
        "tone",
        "help",
        "not-covered",
        "privacy",
        "urgent",
        "personal-advice",
    }
)


def test_a_random_walker_never_reaches_a_dead_end(engine: Engine) -> None:
    """Presses 5,000 buttons in fixed pseudo-random order, now and then typing, and always has a button to press."""
    dice = random.Random(20261122)
    reply, state = engine.respond(State(), Incoming(Kind.COMMAND, engine.library.start))
    seen = set()
    for _ in range(5000):
        buttons = [b for b in reply.buttons if b.role != "feedback"]
        assert buttons, reply.card.node
        seen.add(reply.card.node)
        reply, state = engine.respond(state, Incoming(Kind.TAP, dice.choice(buttons).payload))
        assert len(state.history) <= TRAIL
    assert len(seen) >= len(engine.library.nodes) - 2


class Decided:
    """A matcher that finds the same whatever is asked."""

    def __init__(self, match: Match) -> None:
        self._match = match

    def match(self, text: str, context: str | None, register: Register) -> Match:
        return self._match


@pytest.mark.parametrize(
    ("outcome", "roles"),
    [(Outcome.CHOICES, {"tone", "navigation"}), (Outcome.NOT_COVERED, {"follow-up", "tone", "navigation"})],
)
def test_guesses_stand_before_what_is_always_offered_and_nothing_twice(
    library: Library, outcome: Outcome, roles: set[str]
) -> None:
    guesses = ("ala", "references", "k2", "ala-dose")
    found = Match(outcome, library.otherwise, choices=guesses, related=guesses)
    reply, _ = Engine(library, Decided(found)).respond(State(), Incoming(Kind.TEXT, "?"))
    assert {button.role for button in reply.card.buttons} == roles
    targets = [(tap.node, tap.register) for button in reply.buttons if (tap := payloads.parse(button.payload))]
    if outcome is Outcome.NOT_COVERED:
        assert len(targets) == len(set(targets)), targets


def test_beside_advice_on_a_treatment_stands_nothing_about_the_bot(library: Library) -> None:
    found = Match(Outcome.ANSWER, library.advice, related=("privacy", "glucose", "help"))
    reply, _ = Engine(library, Decided(found)).respond(State(), Incoming(Kind.TEXT, "?"))
    assert [button.payload for button in reply.choices] == ["v1:glucose"]


def test_a_way_back_changes_nothing_else_of_a_reply(engine: Engine) -> None:
    reply, _ = engine.respond(State(), Incoming(Kind.COMMAND, "start"))
    button = Button("Back", "v1:ala", "navigation")
    full = replace(
        reply,
        lead="lead",
        stored="{}",
        disclaimer=reply.card.body,
        offer="offer",
        choices=(button,),
        in_place=True,
        effect=Effect.EXPORT,
        reasons=("because",),
    )
    assert all(getattr(full, field.name) for field in fields(full) if field.name != "back"), "a field is not tried"
    assert full.with_back(button) == replace(full, back=button)
