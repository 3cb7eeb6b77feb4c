"""After a card: what says that it is over, in whose words ever, and what only sounds like it."""

from __future__ import annotations

from itertools import product

import pytest

from bot.matching.urgency import Urgency
from tests.urgency.seeds import recogniser

WELL = (
    "{who} ok again",
    "{who} fine now",
    "{who} much better",
    "{who} a lot better thanks",
    "{who} all right now thank god",
    "{who} alright again, sorry to bother you",
    "it went away by itself",
    "it has passed",
    "all back to normal",
    "false alarm",
    "the ambulance is here",
    "5.4 now and {who} ok again",
)
WHO = ("I am", "i'm", "hes", "she is", "he feels", "im feeling", "mum is")
DOUBTS = (
    "{said}, but my arm is numb",
    "{said}?",
    "i hope {said} soon",
    "when will it be that {said}",
    "not true that {said}",
    "{said} until it came back",
    "should i call when {said}",
    "nearly: {said} except for the dizziness",
)


@pytest.fixture(scope="module")
def urgency() -> Urgency:
    return recogniser()


def _said() -> list[str]:
    return sorted({form.format(who=who) for form, who in product(WELL, WHO)})


@pytest.mark.parametrize("said", _said())
def test_somebody_who_is_well_again_ends_it(urgency: Urgency, said: str) -> None:
    assert urgency.is_over(said)
    assert urgency.is_over(said.upper())


@pytest.mark.parametrize("doubt", DOUBTS)
def test_a_doubt_a_question_or_a_remnant_does_not(urgency: Urgency, doubt: str) -> None:
    assert [said for said in _said() if urgency.is_over(doubt.format(said=said))] == []


@pytest.mark.parametrize(
    "said",
    ["i am alone", "i am here", "ok", "ok what now", "had a glass of coke", "it got worse", "better off dead", "thanks",
     "nobody is here now", "i want it to be over", "he cant feel it now", "", "?", "the ambulance is not here"],
)  # fmt: skip
def test_what_only_sounds_like_it_does_not(urgency: Urgency, said: str) -> None:
    assert not urgency.is_over(said)


def test_a_long_story_is_no_end(urgency: Urgency) -> None:
    assert not urgency.is_over("he is fine now " + "and then we went home and had dinner " * 3)


@pytest.mark.parametrize("called", ["called 999 and", "we phoned an ambulance and"])
def test_help_that_was_called_ends_it_only_once_it_is_there(urgency: Urgency, called: str) -> None:
    assert urgency.is_over(f"{called} the paramedics are with us now")
    assert not urgency.is_over(f"{called} they will be with us in ten minutes")


@pytest.mark.parametrize("thing", ["the cat", "my sock", "ink", "the dentist"])
def test_what_denies_in_few_words_that_it_was_nothing_ends_nothing(urgency: Urgency, thing: str) -> None:
    assert not urgency.is_over(f"it was not {thing}, I checked")
