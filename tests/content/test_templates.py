"""Jinja2 over authored text: what it may use, and what it says when it may not."""

from __future__ import annotations

import pytest
from jinja2 import TemplateError

from bot.content.templates import TemplateProblem, escape, render, troubles, used

VALUES = {"facts": {"ala": {"dose": "600 mg", "duration": "6 months"}}, "emergency": {"number": "112"}}


def test_text_without_marks_is_not_touched() -> None:
    assert render("100 % {sure} \\n", VALUES) == "100 % {sure} \\n"


def test_figures_are_inserted_as_they_stand() -> None:
    assert render("{{ facts.ala.dose | upper }} & <b>", VALUES) == "600 MG & <b>"


@pytest.mark.parametrize(
    "text",
    [
        "{{ facts.ala.weight }}",
        "{{ ''.__class__ }}",
        "{{ facts.update({'a': 1}) }}",
        "{{ range(3) }}",
        "{{ lipsum() }}",
        "{% include 'secret' %}",
        "{% import 'os' as os %}",
    ],
)
def test_nothing_unknown_unsafe_or_callable_is_rendered(text: str) -> None:
    with pytest.raises((TemplateError, TypeError)):
        render(text, VALUES)
    assert list(troubles(text, VALUES)), "and a load says so before"


def test_an_unknown_name_is_named_with_its_line_and_the_nearest_one() -> None:
    assert list(troubles("one\n{{ facts.ala.dosis }}", VALUES)) == [
        TemplateProblem(2, "facts.ala.dosis", "`facts.ala.dosis` does not exist", "did you mean `facts.ala.dose`?")
    ]


def test_a_group_of_figures_is_no_figure() -> None:
    assert [trouble.name for trouble in troubles("{{ facts.ala }}", VALUES)] == ["facts.ala"]


def test_a_name_the_template_makes_itself_is_known() -> None:
    assert (
        list(
            troubles("{% set x = facts.ala.dose %}{{ x }}{% for y in [1] %}{{ y }}{{ loop.index }}{% endfor %}", VALUES)
        )
        == []
    )


def test_an_open_ended_text_gets_more_later_but_must_not_misspell_what_is_there() -> None:
    assert [t.name for t in troubles("{{ label }} {{ facts.al.dose }}", VALUES, open_ended=True)] == ["facts.al.dose"]


def test_division_by_zero_is_a_trouble() -> None:
    assert [trouble.message for trouble in troubles("{{ 1 / 0 }}", VALUES)] == ["Jinja2: division by zero"]


def test_every_name_a_text_uses_is_found() -> None:
    assert {
        name for name, _ in used("{{ facts.ala.dose }} {% if emergency.number %}{{ facts.ala.duration }}{% endif %}")
    } == {
        "facts.ala.dose",
        "emergency.number",
        "facts.ala.duration",
    }


def test_the_escape_filter_keeps_markdown_from_happening() -> None:
    assert escape("a*b_[c](d) <e> | `f`") == r"a\*b\_\[c\](d) \<e\> \| \`f\`"
