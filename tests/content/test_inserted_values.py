"""Whatever a figure holds is shown character for character, wherever in Markdown it is inserted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.content.library import Library
from bot.content.loader import load
from bot.content.markdown import Document, Heading, ListBlock, Paragraph, Table, parse, text_of
from bot.content.models import Register, Registers
from bot.content.templates import render
from tests.content.mini import written

PLACES = {
    "{{ v }}": "{}",
    "Dose {{ v }} a day": "Dose {} a day",
    "{{ v }}{{ v }}": "{0}{0}",
    "1{{ v }}": "1{}",
    "One\n{{ v }}": "One {}",
    "### {{ v }}": "{}",
    "### Dose {{ v }}": "Dose {}",
    "- {{ v }}": "{}",
    "- One\n- {{ v }} two": "One|{} two",
    "**{{ v }}**": "{}",
    "[{{ v }}](https://a.org)": "{}",
    "| A | B |\n|---|---|\n| {{ v }} | x{{ v }}y |": "A|B|{0}|x{0}y",
}
"""A template for each place a value may stand, and what is then shown: the parts in reading order, `|` between."""

ASCII = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=12)
PRINTABLE = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"]), min_size=1, max_size=8)


def shown(document: Document) -> Iterator[str]:
    for block in document:
        match block:
            case Paragraph(runs) | Heading(runs):
                yield text_of(runs)
            case ListBlock(items):
                yield from (text_of(item.runs) for item in items)
            case Table(header, rows):
                yield from (text_of(cell) for row in (header, *rows) for cell in row)
            case other:
                yield f"something else: {other}"


@pytest.mark.parametrize("template", PLACES)
@given(value=ASCII | PRINTABLE)
@settings(max_examples=150, deadline=None)
def test_any_value_is_shown_as_it_stands(template: str, value: str) -> None:
    document = parse(render(template, {"v": value}, markdown=True))
    assert list(shown(document)) == [part.format(value) for part in PLACES[template].split("|")]


@pytest.mark.parametrize(
    "value", ["2*300 mg or 3*100 mg", "> 50%", "1. May", "+ 5", "a|b", "~~~", "2*3*4", "---", "#1"]
)
def test_what_a_figures_file_holds_reaches_a_claim_unchanged(value: str, tmp_path: Path) -> None:
    facts = f"facts:\n  ala:\n    dose: '{value}'\n    dose_plain: '{value}'\n    duration: 6 months\n"
    library = _library(tmp_path, facts)
    claim = library.answer("ala-dose").claims[0]
    for register in Register:
        assert value in "".join(shown(parse(library.text(claim, register))))
        assert value in library.plain(claim, register)


@given(value=ASCII)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_bots_own_sentences_show_their_values_as_they_stand(value: str, mini: Library) -> None:
    assert (
        "".join(shown(parse(mini.interface_text("back", Register.LAYPERSON, markdown=True, label=value))))
        == f"Back: {value}"
    )
    assert mini.interface_text("back", Register.LAYPERSON, label=value) == f"Back: {value}"


def test_a_line_break_in_a_value_ends_no_heading() -> None:
    assert list(shown(parse(render("### {{ v }}", {"v": "a\n- b"}, markdown=True)))) == ["a - b"]


@pytest.fixture(scope="module")
def mini(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return _library(tmp_path_factory.mktemp("mini"), None)


def _library(folder: Path, facts: str | None) -> Library:
    made = written(folder, {"content/ala/facts.yaml": facts} if facts else {})
    return load(made / "dialogs", made / "content")


def test_authored_markdown_around_a_value_still_works(mini: Library) -> None:
    bold = Registers(professional="**{{ facts.ala.dose }}**", layperson="x")
    (block,) = parse(mini.text(bold, Register.PROFESSIONAL))
    assert isinstance(block, Paragraph)
    assert block.runs[0].bold
