"""Each card fits a phone screen in both registers, acts first, and is what its sign leads to."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from bot.authoring.review_page import contents
from bot.channels.layout import SCREEN, document_text
from bot.channels.slack.blocks import block_lines
from bot.channels.slack.render import RenderOptions, SlackRenderer
from bot.channels.telegram.plugin import telegram_measure
from bot.content.library import Library
from bot.content.loader import load
from bot.content.markdown import Document
from bot.content.models import Register
from bot.dialog.composer import Composer
from bot.dialog.turn import Card, Reply

ROOT = Path(__file__).parents[2]
CARDS = sorted(path.stem for path in (ROOT / "content" / "neuropathy" / "answers").glob("urgent-*.yaml"))
SLACK_BUTTONS = 6
"""Lines of three buttons one below the other, as a narrow phone has them."""


@cache
def library() -> Library:
    return load(ROOT / "dialogs", ROOT / "content")


@pytest.mark.parametrize("register", Register)
@pytest.mark.parametrize("node", ["urgent", *CARDS])
def test_a_card_fits_one_screen_with_its_fold_and_buttons(node: str, register: Register) -> None:
    assert telegram_measure(Composer(library()))(node, register).lines <= SCREEN
    composer = Composer(library())
    (message,) = SlackRenderer(composer.text).parts(Reply(composer.card(node, register)), RenderOptions(asker="U1"))
    assert sum(block_lines(block) for block in message.blocks) + SLACK_BUTTONS <= SCREEN


@pytest.mark.parametrize("node", CARDS)
def test_a_card_leads_to_the_other_signs_and_nowhere_else(node: str) -> None:
    assert library().nodes[node].next == ("urgent",)


def test_every_sign_has_its_card_and_every_card_its_sign() -> None:
    rules = library().urgent_rules
    assert rules is not None
    assert {sign.card for sign in rules.signs.values()} == {"urgent", *CARDS}


@pytest.mark.parametrize("node", CARDS)
def test_what_has_no_source_is_said_to_whoever_reviews_it_and_to_no_reader(node: str) -> None:
    answer = library().answer(node)
    unsourced = [claim.id for claim in answer.claims if claim.id in answer.brief[1:] and not claim.cites]
    assert answer.for_review or not unsourced, unsourced
    assert answer.for_review is None or f"For the review: {answer.for_review}" in contents(library())
    composer = Composer(library())
    shown = [document_text(part) for one in Register for part in _documents(composer.card(node, one))]
    assert [text for text in shown if answer.for_review and answer.for_review in text] == []


def _documents(card: Card) -> tuple[Document, Document]:
    return card.brief, card.detail
