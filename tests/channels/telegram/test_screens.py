"""The budget of a phone's screen, over every shipped answer in both registers."""

from __future__ import annotations

from dataclasses import replace
from statistics import median

import pytest

from bot.channels.layout import LINE, SCREEN, Shown, document_text, shares, wrapped
from bot.channels.telegram.layout import shown, text_lines
from bot.channels.telegram.plugin import telegram_measure
from bot.channels.telegram.render import MAX_BUTTONS, MAX_ROWS, TelegramRenderer
from bot.content.library import Library
from bot.dialog.answers import part
from bot.dialog.composer import Composer
from bot.dialog.engine import Engine
from bot.dialog.turn import ClaimCard, Incoming, Kind, Match, Outcome, Register, Reply, State, View


@pytest.fixture(scope="module")
def measured(library: Library) -> dict[tuple[str, Register], Shown]:
    """Return what is shown of every answer."""
    measure = telegram_measure(Composer(library))
    return {(node, register): measure(node, register) for node in library.nodes for register in Register}


def test_an_answer_fills_little_more_than_a_screen(measured: dict[tuple[str, Register], Shown]) -> None:
    screens = [one.screens for one in measured.values()]
    assert median(screens) <= 1.3
    assert max(screens) <= 2.0


def test_first_sentence_and_last_line_stand_on_one_screen(measured: dict[tuple[str, Register], Shown]) -> None:
    assert {key: one.span for key, one in measured.items() if one.span > SCREEN} == {}


def test_most_of_what_is_shown_is_answer(library: Library, measured: dict[tuple[str, Register], Shown]) -> None:
    """Emergency cards are apart: they are short on purpose, and have a bar of their own in tests/urgency."""
    cards = library.urgent_nodes
    answer, buttons, small_print = shares(one for (node, _), one in measured.items() if node not in cards)
    assert answer >= 0.70
    assert buttons <= 0.20
    assert small_print <= 0.10


def test_buttons_are_few(measured: dict[tuple[str, Register], Shown]) -> None:
    assert all(one.rows <= MAX_ROWS and one.buttons <= MAX_BUTTONS for one in measured.values())


@pytest.mark.parametrize("register", Register)
def test_small_print_is_two_lines_of_a_phone(library: Library, register: Register) -> None:
    composer = Composer(library)
    for node in library.nodes:
        card = composer.card(node, register)
        if isinstance(card, ClaimCard):
            assert max(len(card.review.short), len(card.disclaimer.short)) <= LINE


@pytest.mark.parametrize("register", Register)
def test_a_greeting_and_did_you_mean_are_short(library: Library, register: Register) -> None:
    found = Match(Outcome.CHOICES, library.otherwise, choices=("ala-safety", "k2", "first-line"))
    greeting = Reply(Composer(library).greeting(register), offer=Composer(library).text("welcome-offer", register))
    assert screen_of(library, greeting).text <= 14
    reply, _ = Engine(library, Decided(found)).respond(State(register, introduced=True), Incoming(Kind.TEXT, "?"))
    assert screen_of(library, reply).lines <= 8
    assert screen_of(library, reply).small_print == 0


@pytest.mark.parametrize("register", Register)
def test_an_emergency_says_what_to_do_on_the_first_screen(library: Library, register: Register) -> None:
    composer = Composer(library)
    for node in library.urgent_nodes:
        card = composer.card(node, register)
        first = document_text(card.brief[:1])
        assert "[" not in first, "nothing is cited before the action"
        assert wrapped(card.title) + 1 + wrapped(first) <= SCREEN // 2
        assert screen_of(library, Reply(card)).span <= SCREEN, node


@pytest.mark.parametrize("register", Register)
def test_a_reminder_with_any_claim_of_its_card_fits_a_screen(library: Library, register: Register) -> None:
    """What was asked adds the claim that speaks of it; whichever that is, the whole stays on one screen."""
    composer = Composer(library)
    for node in library.urgent_nodes:
        answer = library.answer(node)
        first = answer.reminder or answer.brief[0]
        for claim in answer.claims:
            sign = library.plain(answer.label, register)
            card = part(composer, answer, {first, claim.id}, node, register)
            card = replace(card, title=composer.text("urgent-else", register, sign=sign))
            assert screen_of(library, Reply(card, view=View.SHORT)).span <= SCREEN, (node, claim.id)


def test_a_fold_is_three_lines_at_most() -> None:
    fold = {"type": "expandable_blockquote", "offset": 2, "length": 11}
    assert text_lines("\n".join("abcdefgh"), []) == 8
    assert text_lines("\n".join("abcdefgh"), [fold]) == 5
    assert text_lines("x" * 41, []) == 2


class Decided:
    """A matcher that finds the same whatever is asked."""

    def __init__(self, match: Match) -> None:
        self._match = match

    def match(self, text: str, context: str | None, register: Register) -> Match:
        return self._match


def screen_of(library: Library, reply: Reply) -> Shown:
    parts = TelegramRenderer(Composer(library).text).render(reply)
    return shown(reply, [(part.text, part.entities, part.keyboard) for part in parts])
