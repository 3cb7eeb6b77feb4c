"""Figures brought to one form."""

from __future__ import annotations

import pytest

from bot.authoring.rules.sources import figures, literal_numbers, only_in


@pytest.mark.parametrize(
    ("professional", "layperson"),
    [
        ("600 mg twice daily", "600 mg twice a day"),
        ("600 mg twice daily", "600 milligrams two times a day"),
        ("n = 1,200", "1200 people"),
        ("for 6 months", "for six months"),
        ("10-20 µg daily", "10 to 20 micrograms a day"),
        ("600, 1,200 or 1,800 mg", "600 mg, 1,200 mg or 1,800 mg"),
        ("38.1% v 28.0%", "38 of 100 people on ALA, and 28 of 100"),
        ("40-60%", "4 to 6 in 10"),
        ("VAS about 9 to about 2", "from about 9 to about 2 out of 10"),
        ("AUC ratio 0.51", "about half"),
        ("50% improved", "Half of them felt better"),
        ("n = 200, 6 months", "200 people, 6 months"),
        ("SYDNEY 2, NATHAN 1, MK-7, B12, K2, type 2 diabetes, [5]", "two studies"),
        ("a 30-minute application", "30 minutes"),
    ],
)
def test_both_registers_may_say_one_figure_in_their_own_way(professional: str, layperson: str) -> None:
    assert only_in(professional, layperson) == []
    assert only_in(layperson, professional) == []


@pytest.mark.parametrize(
    ("here", "there", "lost"),
    [
        ("600 mg twice daily", "900 mg twice a day", ["600 mg"]),
        ("600 mg twice daily", "600 mg three times a day", ["2 times a day"]),
        ("600 mg", "600", ["600 mg"]),
        ("600 mg", "600 g", ["600 mg"]),
        ("6 months", "6 weeks", ["6 month"]),
        ("40-60%", "at least 4 in 10", ["60%"]),
        ("38.1% v 28.0%", "39 of 100, and 28 of 100", ["38.1%"]),
        ("1,200 mg", "120 mg", ["1200 mg"]),
        ("ALA 1,200 mg", "ALA", ["1200 mg"]),
    ],
)
def test_a_changed_figure_unit_or_frequency_is_noticed(here: str, there: str, lost: list[str]) -> None:
    assert [str(figure) for figure in only_in(here, there)] == lost


def test_a_bare_word_is_no_figure_that_must_return() -> None:
    assert only_in("One of them, say two doctors.", "They say so.") == []


def test_typed_digits_are_found_but_not_those_of_names() -> None:
    assert literal_numbers(
        "Take 600 mg of K2, MK-7 or B12 for 5 weeks in type 2 diabetes (NATHAN 1) [6]; see number 3."
    ) == [
        "600 mg",
        "5 weeks",
    ]


def test_a_text_without_digits_or_number_words_has_no_figures() -> None:
    assert figures("Ask your doctor.") == ()
