"""The reading order: the same on every channel, and small print wherever a claim is made."""

from __future__ import annotations

import pytest

from bot.channels.layout import Part, sections
from bot.content.library import Library
from bot.dialog.composer import Composer
from bot.dialog.turn import Button, ClaimCard, Notice, Register, Reply, View

ORDER = list(Part)


@pytest.mark.parametrize("view", View)
@pytest.mark.parametrize("register", Register)
def test_parts_come_in_reading_order_and_small_print_with_every_claim(
    library: Library, register: Register, view: View
) -> None:
    composer = Composer(library)
    for node in library.nodes:
        card = composer.card(node, register)
        reply = Reply(card, "lead", second=composer.card("ala", register), remark="half", offer="offer", view=view)
        parts = [section.part for section in sections(reply)]
        assert parts == sorted(parts, key=ORDER.index), node
        small = {Part.REVIEW, Part.DISCLAIMER}
        assert (small <= set(parts)) or isinstance(card, Notice), node
        alone = {section.part for section in sections(Reply(card, view=view))}
        assert (small <= alone) == isinstance(card, ClaimCard), node


def test_what_is_behind_the_brief_folds_unless_it_was_asked_for(library: Library) -> None:
    card = Composer(library).card("ala-safety", Register.LAYPERSON)
    folded = {section.part for section in sections(Reply(card)) if section.folded}
    assert folded == {Part.DETAIL, Part.NOTES, Part.SOURCES}
    asked = sections(Reply(card, view=View.DETAIL))
    assert {section.part for section in asked if section.folded} == {Part.SOURCES}
    assert Part.BRIEF not in [section.part for section in asked]


def test_the_short_form_lists_the_sources_it_marks(library: Library) -> None:
    card = Composer(library).card("ala-safety", Register.LAYPERSON)
    assert isinstance(card, ClaimCard)
    (short,) = (s.sources for s in sections(Reply(card, view=View.SHORT)) if s.part is Part.SOURCES)
    (whole,) = (s.sources for s in sections(Reply(card)) if s.part is Part.SOURCES)
    assert set(short) < set(whole) == set(card.sources)


def test_two_answers_share_one_list_of_sources(library: Library) -> None:
    composer = Composer(library)
    one, two = (composer.card(node, Register.LAYPERSON) for node in ("ala-safety", "k2"))
    (both,) = (s.sources for s in sections(Reply(one, second=two)) if s.part is Part.SOURCES)
    numbers = [source.number for source in both]
    assert isinstance(one, ClaimCard)
    assert isinstance(two, ClaimCard)
    assert numbers == sorted({source.number for source in (*one.sources, *two.sources)})


def test_a_button_is_offered_once(library: Library) -> None:
    card = Composer(library).card("ala", Register.LAYPERSON)
    own = Button("Asked for", card.buttons[0].payload, "also")
    (ways,) = (s.buttons for s in sections(Reply(card, choices=(own,))) if s.part is Part.WAYS)
    assert ways[0] == own
    assert len({button.payload for button in ways}) == len(ways)
