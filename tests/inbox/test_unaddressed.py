"""When the bot speaks unasked: who speaks and whether something is asked decide, not how sure the matcher is."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from bot.dialog.turn import Emergency, Notice, Outcome, Register, Reply, State
from bot.inbox.processor import asks, worth_saying
from tests.questions.remarks import FOLLOW_UPS

FIRST_WORDS = (
    "what",
    "which",
    "who",
    "when",
    "where",
    "why",
    "how",
    "is",
    "does",
    "can",
    "should",
    "any",
    "tell",
    "show",
)
BEFORE = ("", "and ", "ok, ", "so then ", "Thanks! ", "he is fine.\n", "for ")


@pytest.mark.parametrize(("before", "word"), product(BEFORE, FIRST_WORDS))
def test_a_question_is_known_by_its_first_word_whatever_stands_before_it(before: str, word: str) -> None:
    assert asks(f"{before}{word} dose")


def test_every_follow_up_of_the_set_asks() -> None:
    assert [said for said in FOLLOW_UPS if not asks(said)] == []


@pytest.mark.parametrize(
    "text", ["", " ", "agree with the plan", "he takes warfarin, yes", "600 mg", "...", "“", "done!"]
)
def test_a_statement_asks_nothing(text: str) -> None:
    assert not asks(text)


def reply(outcome: Outcome) -> Reply:
    return Reply(Notice(node="ala", register=Register.PROFESSIONAL, outcome=outcome, title="", brief=()))


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("text", ["which dose?", "he had 600 mg"])
def test_a_colleague_is_answered_in_an_emergency_alone(outcome: Outcome, text: str) -> None:
    said = worth_saying(reply(outcome), State(), State(), text, asker=False)
    assert said is (outcome is Outcome.URGENT)


@pytest.mark.parametrize("outcome", Outcome)
def test_the_asker_is_answered_when_they_ask_and_small_talk_is_let_be(outcome: Outcome) -> None:
    asked = worth_saying(reply(outcome), State(), State(), "which dose?", asker=True)
    told = worth_saying(reply(outcome), State(), State(), "he had 600 mg", asker=True)
    assert (asked, told) == (outcome is not Outcome.SMALL_TALK, outcome is Outcome.URGENT)


def test_the_card_of_an_emergency_is_not_said_again_at_every_remark_that_follows() -> None:
    during = State(emergency=Emergency("ala", 1.0))
    stays = replace(reply(Outcome.URGENT), again=True)
    assert not worth_saying(stays, during, during, "ambulance is on its way", asker=False)
    assert not worth_saying(stays, during, during, "ambulance is on its way", asker=True)
    assert worth_saying(stays, during, during, "what should I do?", asker=True)
    assert worth_saying(reply(Outcome.URGENT), during, during, "now she has chest pain", asker=False)


def test_where_it_is_to_be_quiet_only_an_emergency_and_the_change_itself_are_said() -> None:
    quiet = State(quiet=True)
    assert not worth_saying(reply(Outcome.ANSWER), quiet, quiet, "which dose?", asker=True)
    assert worth_saying(reply(Outcome.URGENT), quiet, quiet, "he collapsed", asker=False)
    assert worth_saying(reply(Outcome.SMALL_TALK), State(), quiet, "stop", asker=True)
    assert worth_saying(reply(Outcome.SMALL_TALK), quiet, State(), "speak again", asker=True)
    assert not worth_saying(reply(Outcome.SMALL_TALK), State(), quiet, "stop", asker=False)
