"""A danger sign has one rule: wherever a plain answer speaks of it, it says the same threshold and what to do."""

from __future__ import annotations

import re

import pytest

from bot.content.library import Library
from bot.content.models import Claim, Register

FAINT = ("not fully well", "chest pain, a pounding heart, or trouble speaking or moving", "a faint during exercise")
STOP_AT_ONCE = ("face, mouth or neck swells on pregabalin", "a rash with fever", "get care at once")
CLIMBING = ("climb", "up from", "over hours or days")
RULES = {  # what stands in each of the answers, in plain words
    "faint": (FAINT, ("urgent", "urgent-sudden", "ala-who")),
    "swelling": (
        ("hard to", "speak, swallow or breathe"),
        ("urgent", "stopping-medicines", "personal-advice", "drug-side-effects"),
    ),
    "stopping at once": (
        STOP_AT_ONCE[:1] + STOP_AT_ONCE[2:],
        ("stopping-medicines", "personal-advice", "drug-side-effects"),
    ),
    "climbing weakness": (CLIMBING, ("urgent", "urgent-spine", "other-causes", "not-diabetes")),
    "slow weakness": (("over weeks",), ("urgent", "other-causes")),
    "too much ALA": (
        ("Go to hospital now with the pack", "even if all seems well"),
        ("ala-how", "ala-safety", "personal-advice"),
    ),
    "low sugar again": (("three times", "call"), ("urgent-low-sugar", "low-sugar")),
    "low sugar on ALA": (("30 to 120 days", "watch for signs that long"), ("ala-safety", "ala-interactions")),
    "B12 test": (("new or worse", "B12"), ("b12-testing", "b12-metformin", "b12-overview", "other-supplements")),
    "unless": (("face swells", "carbamazepine brings a rash"), ("stopping-medicines", "personal-advice")),
}


@pytest.mark.parametrize("sign", RULES)
def test_every_answer_says_the_same_of_a_sign(library: Library, sign: str) -> None:
    words, nodes = RULES[sign]
    texts = {node: _plain(library, node) for node in nodes}
    assert {node: [one for one in words if one.lower() not in text.lower()] for node, text in texts.items()} == {
        node: [] for node in nodes
    }


@pytest.mark.parametrize("node", ["stopping-medicines", "personal-advice", "drug-side-effects"])
@pytest.mark.parametrize("register", Register)
def test_the_exception_to_never_stop_suddenly_stands_beside_it(library: Library, node: str, register: Register) -> None:
    answer = library.answer(node)
    brief = " ".join(library.plain(claim, register) for claim in answer.claims if claim.id in answer.brief)
    assert "carbamazepine" in brief
    assert any(words in brief for words in ("face swells", "swollen face", "angioedema"))


def _plain(library: Library, node: str) -> str:
    claims = [claim for claim in library.answer(node).claims if claim.layperson is not None]
    return " ".join(library.plain(claim, Register.LAYPERSON) for claim in claims)


def test_no_answer_begins_with_yes_or_no(library: Library) -> None:
    """It also answers who asks the other way round: "should I stop metformin?" had "Yes, often." of the vitamin."""
    told = [
        (node, register)
        for node in library.nodes
        if library.has_answer(node) and library.answer(node).brief
        for register in Register
        if re.match(r"(?:yes|no)[.,:;]", library.text(first(library, node), register), re.IGNORECASE)
    ]
    assert told == []


def first(library: Library, node: str) -> Claim:
    """Return the main message of an answer."""
    answer = library.answer(node)
    return next(claim for claim in answer.claims if claim.id == answer.brief[0])
