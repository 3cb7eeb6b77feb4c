"""Every labelled emergency is seen and led to its card; what is labelled calm, and every plain word, stays calm."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot.content.loader import load
from tests.questions.remarks import EMERGENCIES, FOLLOW_UPS, REMARKS
from tests.urgency.seeds import recogniser

_ROOT = Path(__file__).parents[2]
SETS = ("urgent-present", "urgent-calm", "urgent-foreign")
MOST_FALSE_ALARMS = 0.01
RIGHT_CARDS = 0.98
MOST_WORDS = 0.01
"""Of all words in the project's pages, those that are signs by themselves: `seizure`, `gangrene`."""
PLAIN = (
    *("collapse", "dress", "tariff", "choke", "fruity", "spraying", "gushing", "acetone", "pistol", "floppy", "clones"),
    *("slumped", "vitreous", "fait", "spurs", "chest", "stroke", "heart", "die", "dead", "kill", "black", "swollen"),
)


@cache
def _rows(name: str) -> list[dict[str, Any]]:
    lines = (_ROOT / "tests" / "questions" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [row for row in map(json.loads, lines) if "text" in row]


def _card(text: str) -> str | None:
    found = recogniser().detect(text)
    return found.card if found else None


@cache
def _smaller() -> dict[str, set[str]]:
    """Return the cards each card is a graver one of: the sets were labelled before there were such."""
    rules = load(_ROOT / "dialogs", _ROOT / "content", templates=False).urgent_rules
    signs = rules.signs if rules else {}
    found: dict[str, set[str]] = {}
    for sign in signs.values():
        found.setdefault(sign.card, set()).update(signs[one].card for one in sign.smaller)
    return found


def _is_right(card: str | None, wanted: list[str]) -> bool:
    return card is not None and (card in wanted or not _smaller()[card].isdisjoint(wanted))


@pytest.mark.parametrize("name", SETS)
def test_every_labelled_emergency_is_seen(name: str) -> None:
    told = {row["text"]: _card(row["text"]) for row in _rows(name) if row["kind"] == "urgent"}
    assert [text for text, card in told.items() if card is None] == []
    right = sum(_is_right(told[row["text"]], row["expect"]) for row in _rows(name) if row["kind"] == "urgent")
    assert right >= RIGHT_CARDS * len(told)


@pytest.mark.parametrize("name", SETS)
def test_what_is_labelled_calm_stays_calm(name: str) -> None:
    calm = [row for row in _rows(name) if row["kind"] == "calm"]
    alarms = [row["text"] for row in calm if _card(row["text"]) not in {None, *row["expect"]}]
    assert len(alarms) <= max(1, MOST_FALSE_ALARMS * len(calm)), alarms


def test_what_people_say_to_each_other_is_calm_and_what_happens_before_them_is_seen() -> None:
    assert [said for said in (*REMARKS, *FOLLOW_UPS) if _card(said)] == []
    assert [said for said in EMERGENCIES if not _card(said)] == []


def _words() -> Iterator[str]:
    for path in [*_ROOT.glob("*.md"), *(_ROOT / "docs").rglob("*.md"), *(_ROOT / "content").rglob("*.yaml")]:
        if path.name not in ("urgent.yaml", "languages.yaml", "language-messages.yaml", "calm-language-messages.yaml"):
            yield from re.findall(r"[a-z']{2,}", path.read_text(encoding="utf-8").lower())


def test_hardly_a_word_alarms_by_itself() -> None:
    words = sorted(set(_words()))[::5]
    alarms = [word for word in words if _card(word)]
    assert len(words) >= 1_000
    assert len(alarms) <= MOST_WORDS * len(words), alarms


@pytest.mark.parametrize("word", PLAIN)
def test_a_plain_word_never_alarms(word: str) -> None:
    assert _card(word) is None
