"""Sentences, syllables and grades."""

from __future__ import annotations

import pytest

from bot.authoring.readability import explains, grade, occurs, sentences_of, split, syllables, word_count
from bot.content.markdown import parse
from bot.content.models import Term

TERMS = {
    "neuropathy": Term(syllables=4, explained_by=("nerve damage",)),
    "alpha-lipoic acid": Term(syllables=7, explained_by=("ALA",)),
}

COUNTED = """
a 1, ask 1, eye 1, made 1, times 1, used 1, called 1, wrote 1, tried 1, leaves 1, changed 1, through 1, read 1, reach 1,
doctor 2, table 2, little 2, people 2, treated 2, boxes 2, changes 2, quiet 2, being 2, safely 2, statement 2,
something 2, guideline 2, every 2, didn't 2, handled 2, patient 2, nation 2, social 2, trial 2, create 2, study 2,
medicine 3, tingling 2, example 3, usual 3, video 3, idea 3, period 3, area 3, supplement 3, sodium 3, tables 2,
reuse 2, react 2, opinion 3, numbness 2, nausea 3, duration 3, vitamin 3, pharmacist 3, general 3, evidence 3,
information 4, associated 5, 600 1, FDA 3, US 2
"""
WORDS = [(word, int(count)) for word, count in (pair.split() for pair in COUNTED.replace("\n", " ").split(", "))]


@pytest.mark.parametrize(("word", "count"), WORDS)
def test_syllables(word: str, count: int) -> None:
    assert syllables(word) == count


def test_a_paragraph_is_split_into_sentences_without_its_citation_marks() -> None:
    assert split('ALA helps a bit [5] [6]. Does it? Ask Dr. No: 1.5 g is "much".') == [
        "ALA helps a bit.",
        "Does it?",
        'Ask Dr. No: 1.5 g is "much".',
    ]


def test_headings_items_and_cells_are_sentences_of_their_own() -> None:
    document = parse("### What to do\n\n- Rest\n- Ask\n\n> Now\n\n| a | b |\n|---|---|\n| c | d. E |")
    assert sentences_of(document) == ["What to do", "Rest", "Ask", "Now", "a", "b", "c", "d.", "E"]


def test_a_reader_counts_a_hyphenated_word_or_a_number_once() -> None:
    assert word_count("Over-the-counter pills cost 1,200.50 (don't ask)!") == 6


def test_the_grade_is_kincaids() -> None:
    found = grade(["The cat sat on the mat."], {})
    assert (found.words, found.sentences, found.longest) == (6, 1, 6)
    assert found.raw == found.adjusted == round(0.39 * 6 + 11.8 * 6 / 6 - 15.59, 1)


def test_an_explained_term_counts_as_one_easy_word_in_the_adjusted_grade_only() -> None:
    told = grade(["You may have neuropathy.", "That is nerve damage."], TERMS)
    untold = grade(["You may have neuropathy.", "That is not good news."], TERMS)
    assert told.adjusted < told.raw
    assert untold.adjusted == untold.raw


def test_no_text_has_grade_zero() -> None:
    assert grade([], TERMS).raw == 0.0


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("ALA", "Take ala.", True),
        ("ALA", "R-ALA is a form.", False),
        ("ALA", "ALANINE", False),
        ("supplement", "These supplements help.", True),
        ("warfarin", "warfarin-type medicines", True),
    ],
)
def test_a_term_occurs_as_a_whole_word_in_any_case(name: str, text: str, found: bool) -> None:
    assert (occurs(name, text) is not None) is found


def test_any_of_its_wordings_explains_a_term() -> None:
    assert explains("Nerve damage hurts.", TERMS["neuropathy"])
    assert not explains("Nerves hurt.", TERMS["neuropathy"])
