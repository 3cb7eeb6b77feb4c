"""Going on after an answer: what it is likeliest about, what it asks of a refusal, and what is told after a card."""

from __future__ import annotations

import pytest

from bot.content.library import Library
from bot.dialog.turn import Match, Outcome, Register
from bot.matching import Matcher
from bot.matching.talk import pointed

PLACES = ("first", "second", "third", "fourth", "fifth")
POINTERS = ("the {place} one", "tell me more about the {place} item", "step {number}", "what is number {number}?")


def asked(matcher: Matcher, text: str, after: str | None) -> Match:
    return matcher.match(text, after, Register.LAYPERSON)


@pytest.mark.parametrize(
    ("after", "text"),
    [
        ("ala-dose", "and is that per day"),
        ("ala-safety", "what would I notice first"),
        ("ala-drip", "are the tablets just as good"),
        ("foot-exam", "my nurse left it out last year"),
    ],
)
def test_what_is_likeliest_about_the_last_answer_is_answered_with_it(matcher: Matcher, after: str, text: str) -> None:
    match = asked(matcher, text, after)
    assert (match.outcome, match.node) == (Outcome.ANSWER, after)


@pytest.mark.parametrize("text", ["order no 55812", "sold out again"])
def test_what_names_asks_and_points_at_nothing_is_not(matcher: Matcher, text: str) -> None:
    assert asked(matcher, text, "ala").outcome is not Outcome.ANSWER


@pytest.mark.parametrize("after", ["drug-precautions", "drug-pairs", "stopping-medicines", "personal-advice"])
def test_why_not_is_asked_of_what_may_harm_and_of_a_refusal(matcher: Matcher, after: str) -> None:
    assert asked(matcher, "why not", after).node == after


@pytest.mark.parametrize("text", ["he's awake again", "she feels ok though", "only got diet cola here"])
def test_after_a_card_what_is_unsurely_small_talk_or_covered_by_nothing_is_told_of_it(
    matcher: Matcher, text: str
) -> None:
    assert asked(matcher, text, "urgent-sudden").node == "urgent-sudden"


@pytest.mark.parametrize(
    "text", ["can i double my gabapentin", "can I take two pregabalin tonight", "may i chew my pregabalin capsule"]
)
def test_who_asks_to_take_a_medicine_otherwise_is_not_told_how_to_stop_it(matcher: Matcher, text: str) -> None:
    assert asked(matcher, text, None).beside != "stopping-medicines"


@pytest.mark.parametrize("text", ["should i stop my pregabalin", "can i just quit duloxetine"])
def test_who_asks_to_stop_one_is(matcher: Matcher, text: str) -> None:
    assert "stopping-medicines" in (asked(matcher, text, None).node, asked(matcher, text, None).beside)


@pytest.mark.parametrize(
    ("after", "text", "other"),
    [
        ("b12-treatment", "Any adverse events reported?", "ala-safety"),
        ("b12-testing", "from which number is it low", "low-sugar"),
    ],
)
def test_what_names_nothing_has_no_answer_on_a_subject_of_another_topic(
    matcher: Matcher, after: str, text: str, other: str
) -> None:
    assert asked(matcher, text, after).node != other


@pytest.mark.parametrize("pointer", POINTERS)
def test_what_an_answer_lists_is_meant_by_its_place(matcher: Matcher, library: Library, pointer: str) -> None:
    listed = {name: node.listed for name, node in library.nodes.items() if node.listed}
    assert listed
    for after, nodes in listed.items():
        for at, node in enumerate(nodes):
            text = pointer.format(place=PLACES[at], number=at + 1)
            assert (text, after, asked(matcher, text, after).node) == (text, after, node)


@pytest.mark.parametrize(
    ("text", "rest", "at"),
    [
        ("and the second one, is it dangerous", "and it, is it dangerous", 1),
        ("Evidence for the former?", "Evidence for it?", 0),
        ("what's in STEP 2 of that list", "what's in it", 1),
        ("the very first bit", "it", 0),
        ("the last one on your list, how much?", "it, how much?", 1),
    ],
)
def test_words_that_point_at_something_listed_become_it(text: str, rest: str, at: int) -> None:
    assert pointed(text, ("ala", "k2")) == (rest, ("ala", "k2")[at])


@pytest.mark.parametrize(
    "text",
    ["the first medicine", "what comes first", "the third one", "two or three of them", "the last time I took it"],
)
def test_what_points_at_nothing_listed_stays_as_it_is(text: str) -> None:
    assert pointed(text, ("ala", "k2")) is None


def test_where_nothing_is_listed_nothing_is_pointed_at() -> None:
    assert pointed("the last one", ()) is None


@pytest.mark.parametrize(
    "text",
    [
        "hi there, can I ask you something about my feet?",
        "I have a question about my tablets",
        "I want to ask something about my mums medicines",
        "can you tell me about my feet",
    ],
)
def test_who_only_says_what_will_be_asked_about_is_offered_what_there_is(matcher: Matcher, text: str) -> None:
    match = asked(matcher, text, None)
    assert (match.outcome, len(match.choices)) == (Outcome.CHOICES, 3)
