"""Every sign beside every ordinary question, in every way people join and break sentences; and what must stay calm."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from itertools import islice, product
from typing import TypeVar

import pytest

from bot.matching.text import expand
from tests.growth import LINEAR, growth
from tests.urgency.seeds import calm, present, read, recogniser

SEPARATORS = ("\n", "... ", "…", " \n ", "  ", " - ", "\u00a0", "\u200b ", "\n\n")
Made = TypeVar("Made")
MOST_FALSE_ALARMS = 0.01
MOST_MISSED = 0.005
"""Where somebody tells of an old stroke and adds a sign without a verb, nothing says that it is not a list."""
MESSAGES = 5_200
"""Joins that are read, spread evenly over all there are."""


def _stopped(sentence: str) -> str:
    return sentence if sentence[-1] in ".?!" else f"{sentence}."


def _joined() -> Iterator[tuple[str, str]]:
    """Yield a sign and a message that names it beside an ordinary question, in both orders."""
    ordinary = read("ordinary")
    for (sign, urgent), question, joint in product(present(), ordinary["questions"], ordinary["joints"]):
        yield sign, joint.format(a=question, b=urgent)
        yield sign, joint.format(a=_stopped(urgent), b=question)


def _broken(sentence: str) -> Iterator[str]:
    """Yield a sentence broken between any two of its words, and wrapped at any width."""
    words = sentence.split(" ")
    for at, separator in product(range(1, len(words)), SEPARATORS):
        yield " ".join(words[:at]) + separator + " ".join(words[at:])
    for width in (12, 20, 40):
        yield "\n".join(textwrap.wrap(sentence, width))


def _spread(messages: list[Made], most: int) -> list[Made]:
    """Return about `most` of the messages: every so many, by a step that meets every sign, question and joint."""
    return [messages[at * len(messages) // most] for at in range(most)] if len(messages) > most else messages


def test_nothing_else_in_a_message_hides_a_sign() -> None:
    messages = _spread(list(_joined()), MESSAGES)
    assert len(messages) >= 5_000
    assert [message for _, message in messages if recogniser().detect(message) is None] == []


def test_a_past_told_after_a_sign_without_a_full_stop_does_not_hide_it() -> None:
    told = read("ordinary")
    messages = [
        joint.format(a=urgent.rstrip("."), b=past)
        for (_, urgent), past, joint in product(present(), told["pasts"], told["unstopped"])
        if joint != "{a} {b}" or past.split()[0] in ("My", "We", "She")  # where nothing else parts them, a capital does
    ]
    assert len(messages) > 1_000
    assert [message for message in messages if recogniser().detect(message) is None] == []


def test_what_is_said_around_a_sign_does_not_hide_it() -> None:
    """Pleas, thanks, hedges, an old illness or a leaflet in the same sentence."""
    messages = [lead.replace("{x}", sentence) for (_, sentence), lead in product(present(), read("leads")["leads"])]
    messages = _spread(messages, MESSAGES // 2)
    missed = [message for message in messages if recogniser().detect(message) is None]
    assert len(missed) <= MOST_MISSED * len(messages), missed


def test_each_sign_by_itself_gets_its_own_card() -> None:
    found = {sentence: recogniser().detect(sentence) for _, sentence in present()}
    assert {sentence: one and one.sign for sentence, one in found.items()} == {text: sign for sign, text in present()}


def test_no_break_inside_a_sentence_hides_a_sign() -> None:
    broken = [message for _, sentence in present() for message in _broken(sentence)]
    assert [message for message in broken if recogniser().detect(message) is None] == []


def test_what_only_sounds_alarming_stays_calm() -> None:
    messages = [message for _, message in calm()]
    assert len(messages) >= 2_000
    alarms = [message for message in messages if recogniser().detect(message)]
    assert len(alarms) <= MOST_FALSE_ALARMS * len(messages), alarms


def test_no_single_ordinary_word_number_or_emoji_is_urgent() -> None:
    exact = read("calm")["exact"]
    messages = [str(one) for kind in ("words", "colours", "numbers", "emoji", "ward") for one in exact[kind]]
    assert [message for message in messages if recogniser().detect(message)] == []


def test_a_wrapped_calm_message_stays_calm() -> None:
    wrapped = ["\n".join(textwrap.wrap(message, 24)) for _, message in islice(calm(), 0, None, 3)]
    alarms = [message for message in wrapped if recogniser().detect(message)]
    assert len(alarms) <= MOST_FALSE_ALARMS * len(wrapped), alarms


FLOODS = (
    "foot black ",
    "never chest pain, ",
    "no ",
    "a@",
    "@",
    "<",
    "`",
    ":a",
    "ж",
    "1",
    "c h ",
    "胸痛吗",
    "what is a black foot ",
)


@pytest.mark.parametrize("flood", FLOODS)
def test_the_work_grows_with_a_flood_and_no_faster(flood: str) -> None:
    assert growth(recogniser().detect, flood) < LINEAR


def _kinds(name: str) -> list[tuple[str, str]]:
    """Return every wording of the kinds of messages under a name, with its kind."""
    kinds = read("kinds")[name].items()
    return [(kind, said) for kind, forms in kinds for form in forms for said in expand(form)]


@pytest.mark.parametrize("card", [name for name in read("kinds") if name.startswith("urgent")])
def test_a_kind_of_emergency_is_seen_in_every_wording(card: str) -> None:
    told = {said: recogniser().detect(said) for _, said in _kinds(card)}
    assert [said for said, found in told.items() if found is None or found.card != card] == []


def test_a_kind_that_only_sounds_alarming_is_calm_in_every_wording() -> None:
    messages = [said for _, said in _kinds("calm")]
    assert len(messages) > 200
    assert [said for said in messages if recogniser().detect(said)] == []
