"""One turn at a time: what the engine answers and what it remembers."""

from __future__ import annotations

import json
import random
import textwrap
from dataclasses import MISSING, fields

import pytest

from bot.channels.layout import document_text, reply_text
from bot.content.library import Library
from bot.content.markdown import parse
from bot.dialog import payloads
from bot.dialog.engine import TRAIL, Engine
from bot.dialog.turn import ClaimCard, Effect, Incoming, Kind, Match, Notice, Outcome, Register, State

ALA = Incoming(Kind.COMMAND, "ala")


def tap(node: str, register: Register | None = None, word: str = "") -> Incoming:
    return Incoming(Kind.TAP, payloads.payload(node, register, word))


def test_the_channel_gives_the_register_until_a_person_chooses(library: Library) -> None:
    clinicians = {"slack": Register.PROFESSIONAL}
    engine = Engine(
        library,
        Decided(Match(Outcome.ANSWER, "ala")),
        default_register=lambda channel: clinicians.get(channel, Register.LAYPERSON),
    )
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


START = Incoming(Kind.COMMAND, "start")


@pytest.mark.parametrize("first", [START, ALA, tap("personal-advice"), Incoming(Kind.COMMAND, "start ala")])
def test_the_first_meeting_is_one_short_reply_that_offers_the_register_once(engine: Engine, first: Incoming) -> None:
    reply, state = engine.respond(State(), first)
    assert reply.offer == engine.text("welcome-offer", Register.LAYPERSON)
    assert state.introduced
    for later in (first, ALA, Incoming(Kind.COMMAND, "disclaimer")):
        reply, state = engine.respond(state, later)
        assert not reply.offer


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
def test_only_a_greeting_or_an_answer_counts_as_the_first_meeting(engine: Engine, before: Incoming) -> None:
    reply, state = engine.respond(State(), before)
    assert not reply.offer
    assert engine.respond(state, ALA)[0].offer


def test_after_forgetting_the_next_meeting_is_the_first(engine: Engine) -> None:
    _, state = engine.respond(State(), ALA)
    _, state = engine.respond(state, tap("privacy", word="forget"))
    assert engine.respond(state, ALA)[0].offer


def test_a_link_greets_a_new_person_in_one_line_and_nobody_else(engine: Engine) -> None:
    link = Incoming(Kind.COMMAND, "start ala-safety")
    reply, state = engine.respond(State(), link)
    assert (reply.card.node, reply.lead) == ("ala-safety", engine.text("hello-line", Register.LAYPERSON))
    assert engine.respond(state, link)[0].lead == ""


@pytest.mark.parametrize(
    ("command", "key"), [("start elsewhere", "foreign-start"), ("foo", "unknown-command"), ("menu", "")]
)
def test_what_is_not_known_leads_to_the_start(engine: Engine, command: str, key: str) -> None:
    reply, _ = engine.respond(State(introduced=True), Incoming(Kind.COMMAND, command))
    assert reply.card == engine.respond(State(introduced=True), START)[0].card
    assert reply.lead == (engine.text(key, Register.LAYPERSON, help="/help") if key else "")


@pytest.mark.parametrize("register", Register)
def test_a_greeting_is_short_and_offers_questions_the_other_register_and_what_this_is(
    engine: Engine, register: Register
) -> None:
    reply, _ = engine.respond(State(register), START)
    text = reply_text(reply, "Sources")
    assert sum(max(1, len(textwrap.wrap(line, 40))) for line in text.split("\n")) <= 14
    assert [button.role for button in reply.card.buttons] == ["follow-up"] * 4 + ["tone", "navigation"]
    assert isinstance(reply.card, Notice)


def test_start_over_goes_to_the_start_and_switches_its_register_in_place(engine: Engine) -> None:
    _, state = engine.respond(State(introduced=True), ALA)
    help_, _ = engine.respond(state, Incoming(Kind.COMMAND, "help"))
    over = next(button for button in help_.buttons if button.role == "start")
    reply, state = engine.respond(state, Incoming(Kind.TAP, over.payload))
    assert reply.card.title == engine.text("greeting-title", Register.LAYPERSON)
    tone = next(button for button in reply.buttons if button.role == "tone")
    reply, _ = engine.respond(state, Incoming(Kind.TAP, tone.payload))
    assert reply.card.title == engine.text("greeting-title", Register.PROFESSIONAL)
    assert reply.in_place
    assert reply.toast == engine.text("now-professional", Register.PROFESSIONAL)


def test_an_export_is_the_stored_values_as_json_once(engine: Engine) -> None:
    asked, _ = engine.respond(State(introduced=True), Incoming(Kind.COMMAND, "export"))
    found = {
        "tone": "layperson",
        "met": True,
        "trails": [["ala", "gone"]],
        "contexts": [{"emergency": ["urgent", 0.0]}],
        "conversations": 1,
        "messages": 2,
        "questions": 0,
        "settings": {"country": "GB"},
        "reports": [{"answer": "ala", "at": 1.0, "words": "the dose is wrong", "closed": False}],
        "unmatched": ["does … help my feet"],
    }
    reply = engine.report(asked, found)
    assert json.loads(reply.stored) == found
    said = document_text(reply.card.brief)
    assert "{" not in said
    assert engine.title("ala", Register.LAYPERSON) in said
    assert engine.text("export-emergency", Register.LAYPERSON) in said


def test_switching_shows_the_same_answer_in_place_and_is_remembered(engine: Engine) -> None:
    _, state = engine.respond(State(), ALA)
    reply, state = engine.respond(state, tap("ala", Register.PROFESSIONAL))
    assert (reply.card.node, reply.card.register, reply.in_place) == ("ala", Register.PROFESSIONAL, True)
    assert state.register is Register.PROFESSIONAL
    assert engine.respond(state, tap("k2"))[0].card.register is Register.PROFESSIONAL


def test_the_way_through_is_remembered_and_going_back_shortens_it(engine: Engine) -> None:
    state = State()
    for node in ("overview", "ala", "ala-dose"):
        _, state = engine.respond(state, tap(node))
    assert state.history == ("overview", "ala", "ala-dose")
    _, state = engine.respond(state, tap("ala"))
    assert state.history == ("overview", "ala")
    _, state = engine.respond(state, tap("overview"))
    assert state.history == ("overview",)


def test_a_renamed_id_is_followed(engine: Engine) -> None:
    old, new = next(iter(engine.library.renamed.items()))
    assert engine.respond(State(), tap(old))[0].card.node == engine.library.resolve(new)


@pytest.mark.parametrize("payload", ["v1:never-existed", "v0:ala", "", "\0", "v1:ala:layperson:x", "🦶" * 30])
def test_an_unknown_tap_gets_one_honest_sentence_and_the_start(engine: Engine, payload: str) -> None:
    reply, _ = engine.respond(State(), Incoming(Kind.TAP, payload))
    assert reply.card.node == engine.library.start
    assert reply.lead == engine.text("old-button", Register.LAYPERSON)


def test_an_unknown_start_parameter_shows_the_start(engine: Engine) -> None:
    reply, _ = engine.respond(State(), Incoming(Kind.COMMAND, "no-such-topic"))
    assert reply.card.node == engine.library.start


def test_what_is_not_text_gets_a_kind_sentence_and_a_caption_is_a_question(engine: Engine) -> None:
    photo, _ = engine.respond(State(), Incoming(Kind.OTHER, ""))
    assert document_text(photo.card.brief) == engine.text("only-text", Register.LAYPERSON)
    caption, _ = engine.respond(State(), Incoming(Kind.OTHER, "my toe has turned black"))
    assert caption.card.outcome is Outcome.URGENT
    question, _ = engine.respond(State(), Incoming(Kind.OTHER, "does vitamin k2 help neuropathy"))
    assert question.card.node == "k2"


def test_urgent_has_nothing_before_it(engine: Engine) -> None:
    reply, _ = engine.respond(State(), Incoming(Kind.TEXT, "I have chest pain right now"))
    assert reply.card.outcome is Outcome.URGENT
    assert not reply.lead
    assert not reply.offer
    assert "[" not in document_text(reply.card.brief).split("\n")[0]


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
    told = engine.report(done, {"preferences": 1, "conversations": 2, "messages": 3, "questions": 4, "reports": 5})
    assert all(digit in told.lead for digit in "12345")


def test_a_vote_is_thanked_for_beside_the_finger_and_can_be_changed(engine: Engine) -> None:
    _, state = engine.respond(State(), ALA)
    reply, after = engine.respond(state, tap("ala", word="down"))
    assert (reply.effect, reply.card.node) == (Effect.FEEDBACK_DOWN, "ala")
    assert reply.toast == engine.text("vote-down", Register.LAYPERSON)
    assert after.history == state.history
    changed, _ = engine.respond(after, tap("ala", word="toup"))
    assert (changed.effect, changed.toast) == (
        Effect.FEEDBACK_UP,
        engine.text("vote-changed", Register.LAYPERSON),
    )
    again, _ = engine.respond(after, tap("ala", word="same"))
    assert (again.effect, again.toast) == (None, engine.text("vote-same", Register.LAYPERSON))


def test_what_makes_a_claim_carries_review_and_disclaimer_and_what_is_about_the_bot_does_not(engine: Engine) -> None:
    for node in engine.library.nodes:
        for register in Register:
            card = engine.respond(State(register=register), tap(node))[0].card
            assert document_text(card.brief), node
            assert [b for b in card.buttons if b.role in ("follow-up", "navigation", "danger")], node
            cited = any(claim.cites for claim in engine.library.answer(node).claims)
            assert isinstance(card, ClaimCard) or not cited, node
            if isinstance(card, ClaimCard):
                assert "pending human review" in card.review.full, node
                assert max(len(card.review.short), len(card.disclaimer.short)) <= 40, node
                assert card.sources or not cited, node
            else:
                assert node in (*engine.library.always, engine.library.otherwise), node


def test_small_print_has_no_default() -> None:
    """Leaving it out of what makes a claim is no oversight that anybody could have: the type refuses it."""
    required = {field.name for field in fields(ClaimCard) if field.default is MISSING}
    assert {"sources", "review", "disclaimer"} <= required
    assert not {"review", "disclaimer"} & {field.name for field in fields(Notice)}


@pytest.mark.parametrize("register", Register)
def test_a_brief_and_its_detail_are_the_whole_answer(engine: Engine, register: Register) -> None:
    for node in engine.library.nodes:
        card, answer = engine.respond(State(register), tap(node))[0].card, engine.library.answer(node)
        shown = flat(document_text(card.brief) + document_text(card.detail))
        for claim in engine.library.claims(answer, register):
            assert flat(document_text(parse(engine.library.text(claim, register)))) in shown, (node, claim.id)


def flat(text: str) -> str:
    return "".join(text.split())


def test_a_random_walker_never_reaches_a_dead_end(engine: Engine) -> None:
    """Presses 5,000 buttons in fixed pseudo-random order and always has a button to press."""
    dice = random.Random(20261122)
    reply, state = engine.respond(State(), Incoming(Kind.COMMAND, engine.library.start))
    for _ in range(5000):
        buttons = [b for b in reply.buttons if b.role != "feedback"]
        assert buttons, reply.card.node
        reply, state = engine.respond(state, Incoming(Kind.TAP, dice.choice(buttons).payload))
        assert len(state.history) <= TRAIL


def test_buttons_lead_everywhere_but_to_what_only_words_and_commands_reach(engine: Engine) -> None:
    found, waiting = {engine.library.start}, [engine.library.start]
    while waiting:
        card = engine.respond(State(introduced=True), tap(waiting.pop()))[0].card
        ahead = {to.node for button in card.buttons if (to := payloads.parse(button.payload))} - found
        found |= ahead
        waiting += ahead
    by_words = {engine.library.role("tone"), engine.library.otherwise, *engine.library.urgent_nodes}
    assert set(engine.library.nodes) - found <= by_words


class Decided:
    """A matcher that finds the same whatever is asked."""

    def __init__(self, match: Match) -> None:
        self._match = match

    def match(self, text: str, context: str | None, register: Register) -> Match:
        return self._match


@pytest.mark.parametrize(
    ("outcome", "roles"),
    [(Outcome.CHOICES, set()), (Outcome.NOT_COVERED, {"follow-up", "tone", "start"})],
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
