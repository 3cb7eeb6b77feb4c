"""What may be kept of an unanswered question: no name, no place, no number, and nothing about a person."""

from __future__ import annotations

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialog.engine import Engine
from bot.dialog.turn import Incoming, Kind, Outcome, Register, Scrubber, State
from bot.matching.text import GONE


@pytest.fixture(scope="module")
def keeping(engine: Engine) -> Engine:
    """An engine that keeps what it does not answer."""
    return Engine(engine.library, engine.matcher, keep_unmatched=True)


def kept(engine: Engine, text: str) -> str:
    """Return what is kept of a question."""
    return engine.respond(State(introduced=True), Incoming(Kind.TEXT, text))[0].unmatched


UNANSWERED = "does ginger tea help with a sore throat"


def test_a_question_about_what_is_not_held_is_kept_in_the_words_of_the_vocabulary(keeping: Engine) -> None:
    assert kept(keeping, UNANSWERED) == UNANSWERED


def test_nothing_is_kept_where_no_operator_wants_it(engine: Engine) -> None:
    assert not kept(engine, UNANSWERED)


NAMES = ("Smith", "Nguyen", "Garcia", "Okafor", "Brown", "Hill", "Rose", "Mark", "Will")
PLACES = ("Berlin", "London", "India", "York", "Georgia")


@pytest.mark.parametrize("name", [*NAMES, *PLACES])
def test_a_name_or_a_place_inside_a_sentence_is_gone(engine: Engine, name: str) -> None:
    assert isinstance(engine.matcher, Scrubber)
    for text in (f"does ginger tea from {name} help with a sore throat", f"is ginger tea with honey in {name} safe"):
        left = engine.matcher.scrubbed(text).split()
        assert GONE in left
        assert name.lower() not in left


@pytest.mark.parametrize("name", ["smith", "nguyen", "okafor", "berlin", "london", "india", "germany", "john", "mark"])
def test_names_typed_small_are_not_kept_either(engine: Engine, name: str) -> None:
    assert isinstance(engine.matcher, Scrubber)
    assert name not in engine.matcher.scrubbed(f"does ginger tea from {name} help with a sore throat").split()


@pytest.mark.parametrize(
    "about",
    ["Mr Green says", "mrs young asks", "dr rose says", "Prof. Wood", "my sister", "a friend of mine", "I wonder",
     "he asks", "somebody called Joy asks", "for my dad"],
)  # fmt: skip
def test_a_question_that_speaks_of_a_person_is_not_kept_at_all(keeping: Engine, about: str) -> None:
    assert not kept(keeping, f"{about}: {UNANSWERED}")
    assert not kept(keeping, f"{UNANSWERED}, {about}")


ten_digits = st.text(string.digits, min_size=10, max_size=10)
identifiers = st.one_of(
    st.builds("{}@{}.example".format, st.text(string.ascii_lowercase, min_size=3, max_size=12), st.just("clinic")),
    st.builds("+44{}".format, ten_digits),
    st.builds("{0[0]}{0[1]}{0[2]}-{0[3]}{0[4]}{0[5]}-{0[6]}{0[7]}{0[8]}{0[9]}".format, ten_digits),
    st.builds("{:02}.{:02}.{}".format, st.integers(1, 28), st.integers(1, 12), st.integers(1930, 2020)),
    st.builds("no {}".format, st.integers(10_000, 9_999_999_999)),
    st.builds("https://clinic.example/{}".format, st.text(string.ascii_lowercase, min_size=4, max_size=9)),
    st.builds("{}".format, st.uuids()),
)


@given(identifiers, st.integers(0, 8))
def test_no_identifier_is_kept_wherever_it_stands(keeping: Engine, identifier: str, at: int) -> None:
    words = UNANSWERED.split()
    left = kept(keeping, " ".join([*words[:at], identifier, *words[at:]]))
    assert not any(letter.isdigit() for letter in left)
    assert set(left.split()) <= {*words, GONE, "no"}


def test_no_made_up_word_is_ever_kept(engine: Engine) -> None:
    """Made-up names stand for all that nobody has heard of; the speller may take one for a word, which is not kept."""
    assert isinstance(engine.matcher, Scrubber)
    chance = random.Random(5)
    for _ in range(300):
        name = "".join(chance.choice("bdfglmnprtvz") + chance.choice("aeiou") for _ in range(3))
        left = engine.matcher.scrubbed(f"does ginger tea of {name} help with a sore throat")
        assert left in ("", f"does ginger tea of {GONE} help with a sore throat")


@pytest.mark.parametrize("text", ["chest pain and ginger tea", "zzz qqq ginger tea", "what about Lopez and Garcia"])
def test_an_emergency_and_what_is_too_little_are_not_kept(keeping: Engine, text: str) -> None:
    assert not kept(keeping, text)


REGISTERS = pytest.mark.parametrize("register", list(Register))
PROMISES = {
    Register.PROFESSIONAL: ("30 days", "scrubbed of names, numbers, addresses and places", "sealed", "deletes it too"),
    Register.LAYPERSON: ("30 days", "take out names, numbers and places", "lock it", "it goes too"),
}


@REGISTERS
def test_who_is_new_is_told_in_a_line_once_where_questions_are_kept(
    keeping: Engine, engine: Engine, register: Register
) -> None:
    notice, asked = keeping.text("unmatched-kept", register), Incoming(Kind.COMMAND, "ala")
    first, after = keeping.respond(State(register=register), asked)
    assert first.offer.count(notice) == 1
    assert not keeping.respond(after, asked)[0].offer
    assert notice not in engine.respond(State(register=register), asked)[0].offer


@REGISTERS
@pytest.mark.parametrize("introduced", [True, False])
def test_privacy_says_what_is_kept_how_long_and_how_it_is_removed(
    keeping: Engine, engine: Engine, register: Register, *, introduced: bool
) -> None:
    state, asked = State(register=register, introduced=introduced), Incoming(Kind.COMMAND, "privacy")
    notice = keeping.respond(state, asked)[0].offer
    assert all(notice.count(promise) == 1 for promise in PROMISES[register])
    without = engine.respond(state, asked)[0]
    assert not any(promise in without.offer for promise in PROMISES[register])


def test_what_was_not_covered_is_named_by_subject_and_aspect(engine: Engine) -> None:
    reply, _ = engine.respond(State(introduced=True), Incoming(Kind.TEXT, "warfarin loading dose"))
    assert reply.card.outcome is Outcome.NOT_COVERED
    assert reply.missing == "neuropathy/thinners x dose"
