"""The labelled files parse, name known answers and never use an id twice: a slip here would bend every figure."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
MEDICAL = """
overview ala ala-mechanism ala-evidence ala-dose ala-who ala-safety ala-r-form k2 algorithm first-line second-line
glucose caveats other-causes screening foot-exam personal-advice what-it-is outlook low-sugar k2-blood-thinners
drug-side-effects stopping-medicines ala-interactions ala-how ala-drip other-supplements buying feet-daily
without-medicine not-diabetes night-pain
""".split()
BOT = "about-bot references disclaimer review-status tone help privacy not-covered urgent small-talk choices".split()
CARDS = """
crisis chest stroke low-sugar foot cold-foot hot-foot allergy spine overdose breathing sudden
""".split()
B12 = [f"b12-{part}" for part in "overview metformin symptoms testing treatment without-lack".split()]
NODES = {*MEDICAL, *BOT, *B12, *(f"urgent-{sign}" for sign in CARDS)}
KINDS = {
    *("in-scope", "follow-up", "personal", "urgent", "calm", "not-covered", "small-talk", "noise", "two-questions"),
    "meta",
}
FILES = {
    "plain": 620,
    "urgent-present": 310,
}


def rows(name: str) -> list[dict[str, Any]]:
    lines = (HERE / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_long_enough_and_asks_nothing_twice(name: str) -> None:
    asked = Counter((str(row["text"]).casefold(), row["context"]) for row in rows(name))
    assert sum(asked.values()) >= FILES[name]
    assert [text for text, times in asked.items() if times > 1] == []


@pytest.mark.parametrize("name", FILES)
def test_a_label_names_what_exists(name: str) -> None:
    for row in rows(name):
        assert row["kind"] in KINDS, row
        assert row["register"] in {"professional", "layperson"}, row
        assert {*row["expect"], *row.get("also", [])} <= NODES, row
        assert row["context"] is None or row["context"] in NODES, row


def test_an_id_is_used_once() -> None:
    ids = Counter(row["id"] for name in FILES for row in rows(name))
    assert [id_ for id_, times in ids.items() if times > 1] == []


@pytest.mark.parametrize("register", ["professional", "layperson"])
@pytest.mark.parametrize("node", MEDICAL)
def test_every_medical_answer_is_asked_for_plainly(node: str, register: str) -> None:
    mine = [row for row in rows("plain") if row["expect"][0] == node and row["register"] == register]
    assert len(mine) >= 8


def test_every_sign_has_its_emergencies() -> None:
    signs = Counter(row["sign"] for row in rows("urgent-present"))
    assert set(signs) == set(CARDS)
    assert min(signs.values()) >= 12
