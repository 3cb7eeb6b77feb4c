"""Authored Markdown into blocks: what is literal stays literal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.layout import document_text
from bot.content.markdown import Heading, Inline, Item, ListBlock, Paragraph, Quote, Table, UnsupportedMarkdown, parse
from bot.content.templates import escape


def test_styles_nest_and_end() -> None:
    assert parse("Hi **b *c* d** e") == (
        Paragraph(
            (
                Inline("Hi "),
                Inline("b ", bold=True),
                Inline("c", bold=True, italic=True),
                Inline(" d", bold=True),
                Inline(" e"),
            )
        ),
    )


def test_html_and_unsafe_links_stay_text() -> None:
    (block,) = parse("<b>a</b> & [x](javascript:alert(1)) 2*3=6 snake_case")
    assert isinstance(block, Paragraph)
    assert all(not run.link and not run.bold for run in block.runs)
    assert document_text((block,)) == "<b>a</b> & [x](javascript:alert(1)) 2*3=6 snake_case"


def test_citation_marks_are_plain_text() -> None:
    assert document_text(parse("Fact. [5] [6]")) == "Fact. [5] [6]"


def test_lists_keep_depth_and_markers() -> None:
    assert parse("1. a\n2. b\n   - c\n") == (
        ListBlock((Item((Inline("a"),), 0, "1."), Item((Inline("b"),), 0, "2."), Item((Inline("c"),), 1, "•"))),
    )


def test_second_paragraph_of_an_item_continues_it() -> None:
    (block,) = parse("- a\n\n  more\n")
    assert isinstance(block, ListBlock)
    assert [item.marker for item in block.items] == ["•", ""]


def test_tables_headings_and_quotations() -> None:
    heading, table, quote = parse("### T\n\n| A | B |\n|---|---|\n| 1 | **2** |\n\n> q\n")
    assert heading == Heading((Inline("T"),), 3)
    assert table == Table(((Inline("A"),), (Inline("B"),)), (((Inline("1"),), (Inline("2", bold=True),)),))
    assert quote == Quote((Paragraph((Inline("q"),)),))


@pytest.mark.parametrize("markdown", ["![alt](http://a.b/c.png)", "> # heading in a quotation"])
def test_what_no_channel_can_show_is_refused(markdown: str) -> None:
    with pytest.raises(UnsupportedMarkdown):
        parse(markdown)


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1))
def test_escaped_text_comes_out_as_itself(text: str) -> None:
    words = " ".join(text.split())
    found = document_text(parse(f"x{escape(words)}x")) if words else ""
    assert found == (f"x{words}x" if words else "")
