"""What examples teach beside the rules: new wordings are seen, and a question that means nobody stays calm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from bot.content.loader import load
from bot.content.matching_models import UrgentExamples
from bot.matching import data_of
from bot.matching.build import Data, Parts
from bot.matching.likeness import Likeness, likeness_of
from bot.matching.training import train
from bot.matching.urgency import Urgency
from tests.urgency.seeds import recogniser

_ROOT = Path(__file__).parents[2]
_LIT = {"fog": "fog*, mist, haze", "knob": "knob*, lever*, dial*", "asked": "what, which"}
_BAD = "(the|my) (fog|mist|haze) (swallowed|took|ate) (my|the) (knob|lever|dial)"
_CALM = "(the|my) (fog|mist|haze) (is|was) (nice|thin|soft|white)"


@cache
def _data() -> Data:
    return data_of(load(_ROOT / "dialogs", _ROOT / "content", templates=False))


@cache
def _learned() -> tuple[Parts, Likeness]:
    """Return what is learned of one made-up emergency, of words that no rule knows: once, for it takes a second."""
    examples = UrgentExamples.model_validate(
        {"words": {name: {"words": words} for name, words in _LIT.items()}, "framing": ("asked",)}
        | {"signs": {"sudden": _BAD}, "calm": _CALM}
    )
    phrases = {node: lines[::10] for node, lines in _data().phrases.items()}
    parts = Parts(replace(_data(), examples=examples, phrases=phrases, messages={}, messages_after={}))
    return parts, likeness_of(parts, train(likeness_of(parts).rows(parts.data)[0], 20, even=True))


def _taught(is_authored: Callable[[str], bool] | None = None) -> Urgency:
    """Return a recogniser that learned that emergency."""
    parts, likeness = _learned()
    return Urgency(parts.data.urgent, parts.data.languages, parts.signs, likeness, None, is_authored)


def test_an_example_teaches_wordings_that_nobody_wrote() -> None:
    taught = _taught()
    found = taught.detect("my mist swallowed the dial")
    assert found is not None
    assert (found.sign, found.rule.split()[0]) == ("sudden", "likeness")
    assert found.sentence == "my mist swallowed the dial"
    assert taught.detect("the haze was thin") is None


def test_a_sentence_beside_the_sign_is_not_the_one_told() -> None:
    found = _taught().detect("What dose of ALA was studied? The mist swallowed my lever. Thank you very much.")
    assert found is not None
    assert found.sentence == "The mist swallowed my lever"


def test_without_a_model_the_rules_see_and_excuse_as_before() -> None:
    data, (parts, _) = _data(), _learned()
    for bare in (Urgency(data.urgent, data.languages, parts.signs), _untaught(parts)):
        found = bare.detect("I have chest pain")
        assert found is not None
        assert found.card == "urgent-chest"
        assert bare.detect("I had chest pain ten years ago") is None


def _untaught(parts: Parts) -> Urgency:
    return Urgency(parts.data.urgent, parts.data.languages, parts.signs, likeness_of(parts))


@pytest.mark.parametrize(
    "text",
    [
        "How is cauda equina syndrome distinguished from diabetic polyneuropathy on examination?",
        "What should a foot clinic do with a necrotic toe?",
        "what should be in a hypo kit",
        "What is the difference between DKA and HHS?",
        "HHS mortality compared with DKA?",
    ],
)
def test_a_question_that_means_nobody_is_calm(text: str) -> None:
    assert recogniser().detect(text) is None


@pytest.mark.parametrize(
    ("text", "card"),
    [
        ("what should be in a hypo kit, and I have chest pain now", "urgent-chest"),
        ("Pt in DKA in front of me, how much fluid?", "urgent-sudden"),
        ("DKA, ketones 6, what do I do", "urgent-sudden"),
        ("What should I do with my black toe?", "urgent-cold-foot"),
        ("how many gabapentin is fatal? ive had 40", "urgent-crisis-act"),
        ("i keep picturing driving into a wall", "urgent-crisis"),
        ("had a stent in spring and the same pain is back now", "urgent-chest"),
    ],
)
def test_one_s_own_sign_is_never_a_question_at_large(text: str, card: str) -> None:
    found = recogniser().detect(text)
    assert found is not None
    assert found.card == card


def test_what_was_excused_by_the_examples_is_explained() -> None:
    found, excused = recogniser().explain("what should be in a hypo kit")
    assert found is None
    assert excused == ("hypo: unlike",)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("my doctor collapsed the two doses into one", "fainted: unlike"),
        ("wee smells like burnt rubber since i started the ALA, dangerous?", "wound-infected: unlike"),
    ],
)
def test_a_message_in_which_nothing_is_like_an_emergency_is_calm(text: str, why: str) -> None:
    found, excused = recogniser().explain(text)
    assert found is None
    assert why in excused


@pytest.mark.parametrize(
    "text", ["I have chest pain\nI had a foot exam last month", "chest pain", "is ALA good for a black toe, mine is"]
)
def test_what_goes_on_now_or_is_told_in_a_line_of_its_own_is_not_calmed(text: str) -> None:
    assert recogniser().detect(text) is not None


def test_a_sign_that_is_a_bit_better_is_not_past() -> None:
    told = "one whole side of me went dead in the shower - face, hand, leg - bit better now but still thick"
    found = recogniser().detect(told)
    assert found is not None
    assert found.card == "urgent-stroke"
    assert recogniser().detect("I got numb between the legs after the birth, it went away") is None


@pytest.mark.parametrize(
    "text",
    [
        "got caught in the rain and my socks are soaked",
        "my forearm aches after tennis, is the patch good for that",
        "insulin twice a day, can lipoic acid make it drop more",
    ],
)
def test_rain_an_ordinary_word_and_a_dose_are_no_sign(text: str) -> None:
    assert recogniser().detect(text) is None


def test_a_message_asked_of_again_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    read = list[str]()
    taught = _taught()

    def explained(_: Urgency, text: str) -> tuple[None, tuple[str, ...]]:
        read.append(text)
        return None, (text,)

    monkeypatch.setattr(Urgency, "_explained", explained)
    assert [taught.explain(text)[1] for text in ("one", "one", "two", "one")] == [
        ("one",),
        ("one",),
        ("two",),
        ("one",),
    ]
    assert read == ["one", "two", "one"]


def test_what_is_authored_word_for_word_is_no_emergency_for_being_like_one() -> None:
    spared = _taught(lambda text: text == "my mist swallowed the dial")
    assert spared.detect("my mist swallowed the dial") is None
    assert spared.detect("my mist swallowed the lever") is not None
