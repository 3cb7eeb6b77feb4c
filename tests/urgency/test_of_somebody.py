"""What is told of somebody by other words than the sign's own: the name of what they have, a medicine, a number."""

from __future__ import annotations

import pytest

from tests.urgency.seeds import recogniser

NAMES = {
    "a stroke": "urgent-stroke",
    "a heart attack": "urgent-chest",
    "sepsis": "urgent-sudden",
    "ketoacidosis": "urgent-sudden",
    "a hypo": "urgent-low-sugar",
    "cauda equina": "urgent-spine",
    "anaphylaxis": "urgent-allergy",
    "gangrene": "urgent-cold-foot",
}
SHOWN = ("I have the signs of {}", "my wife shows symptoms of {}", "he has all the classic signs of {}")
ASKED = ("what are the signs of {}? I think I have it", "what is {}, I believe my son is having it")
AT_LARGE = (
    *("what are the signs of {}", "I have no signs of {}", "if my wife has the signs of {} what should I do"),
    *("I have a leaflet with the signs of {}", "my father had the symptoms of {} twenty years ago"),
)
READINGS = ("sugar {}, {}", "my glucose is {} and {}", "{1}, sugar {0}")
BESIDE = ("ketones 3", "temp 38.5", "I take 2 metformin", "I ate 2 biscuits")
PERSONS = ("my cousin", "my flatmate", "a woman in our street", "someone online", "my ex in Spain", "my colleague")


def _card(text: str) -> str:
    found = recogniser().detect(text)
    return found.card if found else ""


@pytest.mark.parametrize("wording", [*SHOWN, *ASKED])
def test_to_have_what_is_named_is_an_emergency(wording: str) -> None:
    assert {name: _card(wording.format(name)) for name in NAMES} == NAMES


@pytest.mark.parametrize("wording", AT_LARGE)
def test_to_ask_or_tell_of_it_is_none(wording: str) -> None:
    assert [name for name in NAMES if _card(wording.format(name))] == []


@pytest.mark.parametrize("wording", READINGS)
@pytest.mark.parametrize("sugar", ["9", "14", "22", "350"])
def test_another_number_beside_a_sugar_is_no_low_one(wording: str, sugar: str) -> None:
    assert [other for other in BESIDE if "low-sugar" in _card(wording.format(sugar, other))] == []


@pytest.mark.parametrize("text", ["sugar dropped from 15 to 3", "glucose 180 and now 52 mg/dl", "bg 2.9, temp 38.5"])
def test_a_sugar_that_fell_is_low(text: str) -> None:
    assert _card(text) == "urgent-low-sugar"


@pytest.mark.parametrize("text", ["glucose 38 drowsy T2", "BM 36", "sugar of 41 and sleepy"])
def test_a_bare_number_that_is_deadly_in_either_unit_gets_both(text: str) -> None:
    assert _card(text) == "urgent-sugar-unit"
    assert _card(f"{text}, shaky") == "urgent-low-sugar"


@pytest.mark.parametrize("took", ["took pills", "has swallowed a lot of tablets", "took my tramadol, all of it"])
def test_whoever_took_them_is_seen(took: str) -> None:
    assert {_card(f"{who} {took}") for who in PERSONS} == {"urgent-overdose"}


@pytest.mark.parametrize("took", ["took pills for her back", "takes tablets", "took his pills with breakfast"])
def test_what_is_taken_for_something_is_calm(took: str) -> None:
    assert {_card(f"{who} {took}") for who in PERSONS} == {""}


@pytest.mark.parametrize(("unit", "card"), [("mg", "urgent-low-sugar"), ("its mmol", "urgent-sugar-high")])
def test_the_unit_told_after_its_card_decides(unit: str, card: str) -> None:
    found = recogniser().grown(unit, "sugar-unit")
    assert found is not None
    assert found.card == card
