"""After the card of an emergency, with the shipped matcher: what ends it, what does not, and what brings it back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bot.channels.layout import document_text
from bot.content.library import Library
from bot.dialog.emergencies import HOLD_SECONDS
from bot.dialog.engine import Engine
from bot.dialog.turn import Emergency, Incoming, Kind, Match, Outcome, Register, Reply, State
from bot.matching.matcher import SubjectMatcher
from bot.store.common import context_text, state_from

PERSON = State(Register.LAYPERSON, introduced=True)
CRISES = {"urgent-crisis", "urgent-crisis-act", "urgent-crisis-other"}


@pytest.fixture(scope="module")
def engine(library: Library, matcher: SubjectMatcher) -> Engine:
    return Engine(library, matcher)


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


def smaller(library: Library, card: str) -> set[str]:
    """Return the cards that a card is a graver one of: what is typed was labelled before there were such."""
    assert library.urgent_rules is not None
    signs = library.urgent_rules.signs
    return {signs[one].card for sign in signs.values() if sign.card == card for one in sign.smaller}


def cards(library: Library) -> list[str]:
    return sorted(library.urgent_nodes)


@pytest.mark.parametrize("text", ["it went away by itself", "i feel better now", "it has passed", "it stopped"])
def test_feeling_better_ends_no_card_that_says_to_get_help_all_the_same(
    engine: Engine, library: Library, lasting: set[str], text: str
) -> None:
    kept = {card for card in cards(library) if after(engine, card, text).emergency}
    assert kept == lasting


@pytest.mark.parametrize(
    "text", ["the ambulance is here", "we are in the hospital now", "she was admitted", "the crisis team is with him"]
)
def test_help_that_is_there_ends_every_card_but_that_of_a_wish_to_die(
    engine: Engine, library: Library, text: str
) -> None:
    assert {card for card in cards(library) if after(engine, card, text).emergency} == CRISES


@pytest.mark.parametrize(
    "text",
    ["he must be taken to hospital", "the nurse is with him and says get an ambulance",
     "doctor is with her on the phone",
     "paramedics were with him", "he is known to the crisis team", "they took his blood pressure", "it was on purpose",
     "it was the whole packet", "its only blisters in my mouth", "they gave him sugar"],
)  # fmt: skip
def test_help_that_is_not_there_and_a_further_fact_end_nothing(engine: Engine, library: Library, text: str) -> None:
    assert [card for card in cards(library) if not after(engine, card, text).emergency] == []


@pytest.mark.parametrize("text", ["false alarm", "it is over", "it was nothing"])
def test_what_was_nothing_ends_every_card_but_that_of_a_wish_to_die(
    engine: Engine, library: Library, text: str
) -> None:
    assert {card for card in cards(library) if after(engine, card, text).emergency} == CRISES


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


# --- a detail of it, a second one, news of it, a step of its card ---

SAID = {
    row["id"]: row for row in map(json.loads, (Path(__file__).parent / "after-cards.jsonl").read_text().splitlines())
}
"""What is typed after a card, written by somebody who knew only the answers: the emergency stays, is over, another is
plainly told, or something else is asked."""
RIGHT = {"stay": 0.95, "over": 0.28, "swap": 0.9, "answer": 0.85}
"""The least share of each that is met as it should be. An end must be sure: else it is said how to end it, by one
button."""


def met(engine: Engine, library: Library, row: dict[str, str]) -> str:
    """Return what became of an emergency with what was typed after its card, in the words of the rows: it stays also as
    a graver one of its kind."""
    state = State(Register.PROFESSIONAL if row["who"] == "clinician" else Register.LAYPERSON, introduced=True)
    state = engine.respond(state, Incoming(Kind.TEXT, row["first"], at=0.0))[1]
    card = state.emergency.node if state.emergency else "missed"
    reply, after = engine.respond(state, Incoming(Kind.TEXT, row["text"], at=60.0))
    if after.emergency and reply.card.node == after.emergency.node:
        stays = row["expect"] == "stay" and card in smaller(library, reply.card.node)
        return "stay" if stays or reply.card.node == card else reply.card.node
    return "over" if reply.card.node == card else reply.card.node


@pytest.mark.parametrize("kind", RIGHT)
def test_what_is_typed_after_a_card_is_met_as_it_is_meant(engine: Engine, library: Library, kind: str) -> None:
    kinds = {one: row["expect"] if row["expect"] in RIGHT else "answer" for one, row in SAID.items()}
    rows = [row for one, row in SAID.items() if kinds[one] == kind]
    told = [(row, met(engine, library, row), row.get("card") or row["expect"]) for row in rows]
    wrong = {row["id"]: found for row, found, wanted in told if wanted not in (found, *smaller(library, found))}
    assert len(wrong) <= (1 - RIGHT[kind]) * len(rows), wrong
    if kind == "stay":
        assert "over" not in wrong.values()


@pytest.mark.parametrize("text", ["i took an aspirin", "she wants to lie down", "its in my arm now"])
def test_a_detail_of_an_emergency_is_no_other_one(engine: Engine, text: str) -> None:
    state = after(engine, "urgent-chest", text)
    assert state.emergency is not None
    assert state.emergency.node == "urgent-chest"


@pytest.mark.parametrize("card", ["urgent-overdose", "urgent-overdose-drowsy"])
def test_a_wish_to_die_told_after_an_overdose_makes_it_an_act(engine: Engine, card: str) -> None:
    state = after(engine, card, "i wanted to die")
    assert state.emergency is not None
    assert state.emergency.node == "urgent-crisis-act"


@pytest.mark.parametrize(
    ("card", "text", "said"),
    [
        ("urgent-chest", "he wants to drive himself", "Do not drive"),
        ("urgent-chest", "do i need to lie down", "Sit down and rest"),
        ("urgent-cold-foot", "shall i put a heat pack on", "Do not warm it with heat"),
        ("urgent-overdose", "should he vomit", "Do not make them vomit"),
    ],
)
def test_a_reminder_says_what_the_card_holds_on_just_that(engine: Engine, card: str, text: str, said: str) -> None:
    state = replace(PERSON, emergency=Emergency(card, 0.0))
    reply, _ = engine.respond(state, Incoming(Kind.TEXT, text, at=1.0))
    assert reply.card.node == card
    assert said in document_text(reply.card.brief)


@pytest.mark.parametrize(
    ("card", "asked", "news"),
    [
        ("urgent-overdose", "what are side effects of pregabalin", "i feel sleepy"),
        ("urgent-spine", "what is ALA", "i wet myself"),
        ("urgent-stroke", "what is ALA", "now my arm too"),
    ],
)
def test_news_bring_back_an_emergency_that_was_left_for_a_question(
    engine: Engine, library: Library, card: str, asked: str, news: str
) -> None:
    assert after(engine, card, asked).emergency is None
    state = after(engine, card, asked, news)
    assert state.emergency is not None
    assert card in (state.emergency.node, *smaller(library, state.emergency.node))


@pytest.mark.parametrize("text", ["she died", "they could not save him", "they stopped cpr", "he has passed away"])
def test_who_tells_of_a_death_is_met_with_sorrow_whatever_the_card(engine: Engine, library: Library, text: str) -> None:
    for card in cards(library):
        state = replace(PERSON, emergency=Emergency(card, 0.0))
        reply, _ = engine.respond(state, Incoming(Kind.TEXT, text, at=1.0))
        shown = f"{reply.card.title} {document_text(reply.card.brief)}"
        assert "so very sorry" in shown, (card, shown)
        assert shown.lower().count("call") <= 2, "whom to call, where no doctor has been yet, and nothing more"


@pytest.mark.parametrize(
    "text",
    ["he passed out", "she is dead weight, wont wake", "i thought he died", "his father died of this", "my phone died",
     "he didnt make it to the chair", "he is dead tired", "she passed water", "my brother died last year"],
)  # fmt: skip
def test_nobody_is_mourned_who_did_not_die(engine: Engine, library: Library, text: str) -> None:
    for card in cards(library):
        state = replace(PERSON, emergency=Emergency(card, 0.0))
        reply, _ = engine.respond(state, Incoming(Kind.TEXT, text, at=1.0))
        assert "so very sorry" not in f"{reply.card.title} {document_text(reply.card.brief)}", card


@pytest.mark.parametrize("text", ["i feel better", "still there?", "i cant sleep", "no fever", "where do i call"])
def test_what_was_said_to_be_over_is_brought_back_by_no_mere_news(engine: Engine, library: Library, text: str) -> None:
    for card in cards(library):
        if card not in CRISES:
            assert after(engine, card, "the ambulance is here", text).emergency is None, card


@pytest.mark.parametrize("text", ["the doctor is on the way", "i ache all over like flu", "it is all over my face"])
def test_what_only_holds_the_words_of_an_end_ends_nothing(engine: Engine, library: Library, text: str) -> None:
    assert [card for card in cards(library) if after(engine, card, text).emergency is None] == []


@pytest.mark.parametrize("text", ["is it over", "is he ok now"])
def test_to_ask_whether_it_is_over_ends_nothing(engine: Engine, library: Library, text: str) -> None:
    assert [card for card in cards(library) if after(engine, card, text).emergency is None] == []


@pytest.mark.parametrize(
    ("text", "code"),
    [("i'm in germany", "DE"), ("where do i call in the UK", "GB"), ("We are in South Africa", "ZA"),
     ("USA here", "US"), ("tell us what to do", ""), ("do it", ""), ("no", ""), ("between France and Spain", "")],
)  # fmt: skip
def test_who_says_where_they_are_in_an_emergency_is_told_whom_to_call_there(
    engine: Engine, library: Library, text: str, code: str
) -> None:
    for card in cards(library):
        state = replace(PERSON, emergency=Emergency(card, 0.0))
        reply, kept = engine.respond(state, Incoming(Kind.TEXT, text, at=1.0))
        assert kept.preferences.country == code
        if code:
            held = library.countries[code]
            assert kept.emergency is not None
            assert (held.number or held.crisis_line) in f"{reply.lead} {document_text(reply.card.brief)}"


# --- an end told in words, a visit of then, and what is said instead of the same words ---


def lasts(engine: Engine, card: str, text: str, *, guessed: bool = False) -> bool:
    state = replace(PERSON, emergency=Emergency(card, 0.0, guessed=guessed))
    return engine.respond(state, Incoming(Kind.TEXT, text, at=1.0))[1].emergency is not None


@pytest.mark.parametrize("end", ["have arrived", "are here", "got here now", "have him", "are with her now"])
@pytest.mark.parametrize("who", ["paramedics", "the medics"])
def test_whoever_is_there_ends_every_card_but_that_of_a_wish_to_die(
    engine: Engine, library: Library, who: str, end: str
) -> None:
    assert {card for card in cards(library) if lasts(engine, card, f"{who} {end}")} == CRISES


@pytest.mark.parametrize(
    "text", ["admitted", "transferred", "handed over", "gone to resus", "blue lit in", "we are in the ER"]
)
def test_a_telegram_on_help_ends_every_card_but_that_of_a_wish_to_die(
    engine: Engine, library: Library, text: str
) -> None:
    assert {card for card in cards(library) if lasts(engine, card, text)} == CRISES


@pytest.mark.parametrize(
    "text", ["mi excluded", "next pt", "it was a typo", "it was nothing", "only testing", "wrong chat", "dealt with"]
)
def test_a_telegram_ends_every_card_but_that_of_a_wish_to_die(engine: Engine, library: Library, text: str) -> None:
    assert {card for card in cards(library) if lasts(engine, card, text)} == CRISES


@pytest.mark.parametrize(
    "text",
    ["the ambulance took my mum", "the doctors are with another man", "they took my wife away in the ambulance",
     "i am in the bath", "she ran off from the ward", "he is in the garden", "my sister is a nurse"],
)  # fmt: skip
def test_help_for_another_and_another_place_end_nothing(engine: Engine, library: Library, text: str) -> None:
    assert [card for card in cards(library) if not lasts(engine, card, text)] == []


@pytest.mark.parametrize("text", ["she woke up", "he is awake and talking", "she drank the juice", "he came round"])
def test_who_woke_after_low_sugar_is_no_longer_told_to_take_nothing(engine: Engine, text: str) -> None:
    state = replace(PERSON, emergency=Emergency("urgent-low-sugar-out", 0.0))
    reply, kept = engine.respond(state, Incoming(Kind.TEXT, text, at=1.0))
    shown = document_text(reply.card.brief)
    assert "juice" in shown
    assert "nothing by mouth" not in shown
    assert kept.emergency is not None


@pytest.mark.parametrize("text", ["he is in another town", "she left the house", "i cannot reach him"])
def test_who_is_elsewhere_is_not_to_be_stayed_with(engine: Engine, text: str) -> None:
    state = replace(PERSON, emergency=Emergency("urgent-crisis-other", 0.0))
    reply, _ = engine.respond(state, Incoming(Kind.TEXT, text, at=1.0))
    assert "send someone near" in document_text(reply.card.brief)


@pytest.mark.parametrize("text", ["he is in another town", "he left the house"])
def test_who_is_elsewhere_is_cared_for_above_the_card(engine: Engine, text: str) -> None:
    reply, _ = engine.respond(PERSON, Incoming(Kind.TEXT, f"my brother wants to die, {text}", at=1.0))
    assert reply.card.node == "urgent-crisis-other"
    assert "send someone near" in reply.lead


@pytest.mark.parametrize(
    "text",
    ["not admitted", "he admitted that it hurts", "not transferred", "are the medics here?", "waiting in the ER",
     "nobody took him over", "ct clear but he still slurs", "not me, it is my wife", "was admitted last year"],
)  # fmt: skip
def test_what_only_resembles_a_telegram_ends_nothing(engine: Engine, library: Library, text: str) -> None:
    assert [card for card in cards(library) if not lasts(engine, card, text)] == []


@pytest.mark.parametrize("verdict", ["it is fine", "there was nothing wrong", "everything is normal"])
@pytest.mark.parametrize("when", ["yesterday", "last week", "two months ago", "on Friday"])
@pytest.mark.parametrize("who", ["my doctor said", "the nurse told me", "they said"])
def test_a_visit_of_then_is_no_help_now(engine: Engine, library: Library, who: str, when: str, verdict: str) -> None:
    assert [card for card in cards(library) if not lasts(engine, card, f"{when} {who} {verdict}")] == []


@pytest.mark.parametrize("reading", ["4.6", "5.3", "9", "88", "140"])
@pytest.mark.parametrize("words", ["{} now", "now {}", "up to {}", "its {} now", "meter says {}"])
def test_a_reading_in_range_ends_low_sugar_alone(engine: Engine, library: Library, words: str, reading: str) -> None:
    text = words.format(reading)
    assert {card for card in cards(library) if not lasts(engine, card, text)} == {
        "urgent-low-sugar",
        "urgent-sugar-high",
        "urgent-sugar-unit",
    }


@pytest.mark.parametrize(
    "text", ["3.4 now", "now 62", "was 5.4, now 3.1", "5.4 and dropping", "is 5.4 ok?", "ate 5 sweets", "in 15 minutes"]
)
def test_no_other_number_ends_low_sugar(engine: Engine, text: str) -> None:
    assert lasts(engine, "urgent-low-sugar", text)


DENIALS = [
    f"{before}{denial}"
    for before in ("", "no no ", "honestly, ")
    for denial in (
        "I am not suicidal", "I never wanted to die", "you misunderstood me", "I only meant my knee", "you got me wrong"
    )
]  # fmt: skip


@pytest.mark.parametrize("text", DENIALS)
def test_a_denial_ends_a_wish_to_die_that_no_rule_saw_and_is_heard_after_a_plain_one(
    engine: Engine, library: Library, text: str
) -> None:
    assert not lasts(engine, "urgent-crisis", text, guessed=True)
    assert lasts(engine, "urgent-crisis", text)
    state = replace(PERSON, emergency=Emergency("urgent-crisis", 0.0))
    reply, _ = engine.respond(state, Incoming(Kind.TEXT, text, at=1.0))
    assert document_text(reply.card.brief) == library.interface_text("crisis-denied", Register.LAYPERSON)


def test_the_end_of_a_crisis_fits_one_and_offers_no_button_of_its_name(engine: Engine) -> None:
    state = replace(PERSON, emergency=Emergency("urgent-crisis", 0.0))
    for register in Register:
        reply, _ = engine.respond(replace(state, register=register), Incoming(Kind.TAP, "v1:urgent-crisis!over", at=1))
        shown = document_text(reply.card.brief)
        assert "sign" not in shown
        assert "crisis line" in shown
        assert engine.label("urgent-crisis", register) not in {button.label for button in reply.buttons}


def test_beside_a_wish_to_die_short_questions_are_answered_once_a_whole_one_was(engine: Engine) -> None:
    state = after(engine, "urgent-crisis", "what is alpha lipoic acid?")
    for text, node in (("and K2?", "k2"), ("ALA dose", "ala-dose")):
        reply, state = engine.respond(state, Incoming(Kind.TEXT, text, at=3.0))
        assert reply.card.node == node
        assert "crisis line" in reply.lead
        assert state.emergency is not None
    reply, state = engine.respond(state, Incoming(Kind.TEXT, "I want to die", at=4.0))
    assert reply.card.node == "urgent-crisis"
    assert state.emergency is not None
    assert not state.emergency.left


def said_to(engine: Engine, state: State, texts: list[str]) -> Iterator[Reply]:
    for at, text in enumerate(texts, 1):
        reply, state = engine.respond(state, Incoming(Kind.TEXT, text, at=float(at)))
        yield reply


@pytest.mark.parametrize("register", Register)
@pytest.mark.parametrize("text", ["hm", "what do i do", "ok"])
def test_no_card_says_the_same_twice_in_a_row(engine: Engine, library: Library, register: Register, text: str) -> None:
    for card in cards(library):
        state = State(register, introduced=True, emergency=Emergency(card, 0.0))
        replies = list(said_to(engine, state, [text] * 3))
        shown = [(reply.card.title, document_text(reply.card.brief)) for reply in replies]
        more = len([one for one in library.answer(card).claims if one.kind == "action"]) > 2 or text != "what do i do"
        if {reply.card.node for reply in replies} == {card} and more and card != library.urgent:
            assert shown[0] != shown[1] != shown[2], (card, shown)


@pytest.mark.parametrize("card", ["urgent-foot", "urgent-hot-foot"])
@pytest.mark.parametrize("text", ["the surgery is shut till Tuesday", "foot clinic only opens thursday", "its sunday"])
def test_where_nobody_is_there_to_call_the_card_says_where_to_go(engine: Engine, card: str, text: str) -> None:
    state = replace(PERSON, emergency=Emergency(card, 0.0))
    reply, _ = engine.respond(state, Incoming(Kind.TEXT, text, at=1.0))
    assert "emergency department" in document_text(reply.card.brief)


@pytest.mark.parametrize(
    "emergency",
    [Emergency("urgent", 1.5), Emergency("urgent", 1.5, told=("call",)), Emergency("urgent", 1.5, True, True)],
)
def test_what_is_known_of_an_emergency_is_kept(emergency: Emergency) -> None:
    state = State(emergency=emergency, ended=emergency)
    assert state_from(None, False, None, context_text(state)) == state


class Hears:
    """A matcher that hears in words what they name: the kind of what is said after a card."""

    def match(self, text: str, context: str | None, register: Register) -> Match:
        return Match(Outcome.NOT_COVERED, "not-covered")

    def heard(self, text: str, card: str = "") -> str:
        return text

    def is_urgent(self, text: str) -> bool:
        return False

    def is_over(self, text: str, card: str = "") -> bool:
        return text == "over"

    def is_news(self, text: str) -> bool:
        return False

    def closest(self, text: str, lines: Sequence[str]) -> int | None:
        return None


@pytest.mark.parametrize("register", Register)
@pytest.mark.parametrize("guessed", [False, True])
def test_whatever_is_heard_after_a_card_has_an_answer(library: Library, register: Register, guessed: bool) -> None:
    rules = library.urgent_rules
    assert rules is not None
    engine = Engine(library, Hears())
    for card in cards(library):
        for kind in (*rules.after, "over", "perhaps", "ok", "same", "something else"):
            state = State(register, introduced=True, emergency=Emergency(card, 0.0, guessed=guessed))
            for _ in range(3):  # said once more it is not the same words
                reply, state = engine.respond(state, Incoming(Kind.TEXT, kind, at=1.0))
                assert document_text(reply.card.brief).strip() or reply.card.title, (card, kind)


@pytest.mark.parametrize("text", ["yes it is open", "mine is oozing", "there is pus"])
def test_what_is_told_after_an_answer_that_names_signs_is_of_these(engine: Engine, text: str) -> None:
    asked = replace(PERSON, history=("feet-daily",))
    assert engine.respond(asked, Incoming(Kind.TEXT, text, at=1.0))[0].card.node == "urgent-foot"
