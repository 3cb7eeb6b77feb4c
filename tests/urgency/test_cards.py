"""Each card fits a phone screen in both registers, acts first, and is what its sign leads to."""

from __future__ import annotations

import textwrap
from functools import cache
from pathlib import Path

import pytest

from bot.content.library import Library
from bot.content.loader import load
from bot.content.models import Register
from bot.dialog.bibliography import marks

ROOT = Path(__file__).parents[2]
WIDTH, SCREEN = 40, 18
FOOT, BUTTONS = 3, 4
"""Lines of the foot (an empty one before it) and of two rows of buttons."""
CARDS = sorted(path.stem for path in (ROOT / "content" / "neuropathy" / "answers").glob("urgent-*.yaml"))


@cache
def library() -> Library:
    return load(ROOT / "dialogs", ROOT / "content")


def lines(text: str) -> int:
    return len(textwrap.wrap(text, WIDTH))


@pytest.mark.parametrize("register", Register)
@pytest.mark.parametrize("node", CARDS)
def test_a_card_fits_one_screen(node: str, register: Register) -> None:
    answer, topic = library().answer(node), library().topic_of(node)
    claims = {claim.id: claim for claim in answer.claims}
    brief = [library().text(claims[id_], register).strip() + marks(claims[id_].cites, topic) for id_ in answer.brief]
    shown = [library().text(answer.title, register), *brief]
    assert sum(map(lines, shown)) + len(brief) + FOOT + BUTTONS <= SCREEN


@pytest.mark.parametrize("node", CARDS)
def test_a_card_leads_to_the_other_signs_and_nowhere_else(node: str) -> None:
    assert library().nodes[node].next == ("urgent",)


def test_every_sign_has_its_card_and_every_card_its_sign() -> None:
    rules = library().urgent_rules
    assert rules is not None
    assert {sign.card for sign in rules.signs.values()} == {"urgent", *CARDS}
