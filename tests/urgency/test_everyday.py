"""Every day people tell of pain, doses and meals without an emergency, and name a medicine beside a real one."""

from __future__ import annotations

import pytest

from bot.matching.text import expand
from tests.urgency.seeds import read, recogniser

MOST_FALSE_ALARMS = 0.02


def test_hardly_a_complaint_of_every_day_alarms() -> None:
    messages = [said for forms in read("everyday")["calm"].values() for form in forms for said in expand(form)]
    assert len(messages) > 300
    alarms = {said: found.sign for said in messages if (found := recogniser().detect(said))}
    assert len(alarms) <= MOST_FALSE_ALARMS * len(messages), alarms


@pytest.mark.parametrize("drug", read("everyday")["medicines"])
def test_to_name_a_medicine_makes_no_sign_less_urgent(drug: str) -> None:
    said = {form.format(drug=drug): sign for sign, forms in read("everyday")["beside"].items() for form in forms}
    assert {one: _sign(one) for one in said} == said


def test_the_unit_of_a_number_decides() -> None:
    said = {one: sign for sign, messages in read("everyday")["numbers"].items() for one in messages}
    assert {one: _sign(one) for one in said} == said


def test_what_bleeds_on_or_is_infected_elsewhere_gets_no_card_of_the_foot() -> None:
    messages = [said for form in read("everyday")["elsewhere"] for said in expand(form)]
    assert {said: sign for said in messages if (sign := _sign(said)) not in ("sudden", "allergy", "rash-ill")} == {}


def test_letters_that_a_language_never_has_take_its_sentence_away() -> None:
    chinese, japanese = recogniser().detect("胸痛"), recogniser().detect("胸が痛い")
    assert [one and (one.sign, one.language) for one in (chinese, japanese)] == [("chest", "zh"), ("chest", "")]


def _sign(said: str) -> str | None:
    found = recogniser().detect(said)
    return found.sign if found else None
