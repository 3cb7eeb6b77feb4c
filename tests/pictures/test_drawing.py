"""What is drawn: the words, the figures and the small print of every picture and page, and what refuses to be drawn."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader

from bot.authoring.generated import sheets
from bot.content.library import Library
from bot.content.markdown import runs_of, text_of
from bot.dialog.composer import Composer
from bot.dialog.turn import ClaimCard, Leaflet, Register
from bot.pictures import drawing
from bot.pictures.drawing import MAX_HEIGHT, Handouts, NotDrawn, Sheet, Words, draw, misfit
from tests.conftest import TODAY
from tests.content.mini import ROOT

MOST_BYTES = 200_000
LINK = "https://ask.example.org/a/algorithm?r=layperson"


def one_line(text: str) -> str:
    """Return a text without the line breaks and spaces that a page's width put into it."""
    return re.sub(r"\s+", "", text)


def page(library: Library, topic: str, register: Register, link: str = "", *nodes: str) -> tuple[Sheet, PdfReader, int]:
    sheet, body = Handouts(library, Composer(library)).fitting(Leaflet(topic, register, nodes), TODAY, link)
    return sheet, PdfReader(BytesIO(body)), len(body)


def test_every_picture_fits_its_box_and_its_bytes(library: Library) -> None:
    found = dict(sheets(library))
    assert len(found) == 10
    for name, sheet in found.items():
        assert misfit(sheet) == "", name
        png = draw(sheet, "png")
        assert len(png) <= MOST_BYTES, name
        assert len(draw(sheet, "svg")) <= MOST_BYTES, name
        with Image.open(BytesIO(png)) as image:
            assert image.width == 960
            assert image.height <= MAX_HEIGHT * 3


def test_what_stands_in_docs_is_drawn_from_today_s_words(library: Library) -> None:
    stale = [
        name
        for name, sheet in sheets(library)
        if (ROOT / "docs" / "pictures" / f"{name}.png").read_bytes() != draw(sheet, "png")
    ]
    assert stale == [], "run `footnote pictures docs`"


@pytest.mark.parametrize("topic", ["neuropathy", "b12"])
@pytest.mark.parametrize("register", Register)
def test_the_pages_in_docs_say_what_is_said_today(library: Library, topic: str, register: Register) -> None:
    kept = PdfReader(ROOT / "docs" / "handouts" / f"{topic}-{register}.pdf")
    fresh = page(library, topic, register)[1]
    assert _undated(kept) == _undated(fresh), "run `footnote pictures docs`"


def _undated(reader: PdfReader) -> str:
    """Return all words but the day and the version, which changes with any word of the topic."""
    words = one_line("".join(one.extract_text() for one in reader.pages))
    return re.sub(r"(?i)\d+[a-z]+20\d\d|20\d\d-\d\d-\d\d|textversion\w+", "", words)


def test_what_is_drawn_is_what_the_alternative_text_says(library: Library) -> None:
    for name, sheet in sheets(library):
        drawn = one_line("".join(one.extract_text() for one in PdfReader(BytesIO(draw(sheet, "pdf"))).pages))
        for part in sheet.data["parts"]:
            for words in filter(None, (part["head"], part["text"], part["then"])):
                assert one_line(words) in drawn, name
                assert words in sheet.data["alt"], name


def test_a_picture_carries_its_sources_its_review_and_its_disclaimer(library: Library) -> None:
    composer = Composer(library)
    for name, sheet in sheets(library):
        register = Register(name.rpartition("-")[2])
        sources, small = sheet.data["foot"]
        assert re.search(r"\[\d+\]", sources), name
        card = composer.card("algorithm", register)
        assert isinstance(card, ClaimCard)
        assert small == f"{card.review.short} {card.disclaimer.short}"


def test_the_axis_places_a_study_by_the_figure_that_is_printed(library: Library) -> None:
    parts = Words(library, Composer(library)).sheet("neuropathy", "ala-trials", Register.LAYPERSON).data["parts"]
    weeks = [(round(part["from"]), round(part["to"])) for part in parts]
    assert weeks == [(5, 5), (26, 26), (209, 209), (26, 209)]


def test_it_is_the_same_in_every_byte_and_another_word_gives_another_name(library: Library) -> None:
    sheet = next(sheet for _, sheet in sheets(library))
    assert draw(sheet, "png") == draw(sheet, "png")
    assert Sheet("picture", {**sheet.data, "title": "Another"}).digest != sheet.digest


def changed(library: Library, **parts: Any) -> Sheet:
    sheet = next(sheet for _, sheet in sheets(library))
    return Sheet("picture", {**sheet.data, **parts})


def test_what_does_not_fit_or_cannot_be_written_is_said(library: Library) -> None:
    assert "`Ginkgobilobablattextrakt" in misfit(changed(library, title="Ginkgobilobablattextrakttrockensubstanzen"))
    assert "points tall" in misfit(changed(library, foot=["words " * 400]))
    assert "could not be displayed" in misfit(changed(library, title="\u05e9\u05dc\u05d5\u05dd"))  # from right to left
    assert "could not be displayed" in misfit(changed(library, title="A foot \U0001f9b6"))


def test_markup_in_words_is_drawn_as_it_stands(library: Library) -> None:
    odd = "#panic() *a* $x$ <b> [9] & \\ @b"
    drawn = PdfReader(BytesIO(draw(changed(library, title=odd), "pdf"))).pages[0].extract_text()
    assert one_line(odd) in one_line(drawn)


def test_without_fonts_nothing_is_drawn_and_the_package_is_named(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "FONT", "font_that_is_missing")
    drawing._fonts.cache_clear()
    try:
        with pytest.raises(NotDrawn, match="install the package font-that-is-missing"):
            draw(changed(library), "png")
    finally:
        drawing._fonts.cache_clear()


def test_a_length_of_time_that_is_none_is_refused(library: Library) -> None:
    topic = library.topics["neuropathy"]
    picture = topic.pictures["ala-trials"]
    broken = replace(picture, parts=(replace(picture.parts[0], lasted="a while"),))
    other = replace(library, topics={"neuropathy": replace(topic, pictures={"ala-trials": broken})})
    with pytest.raises(NotDrawn, match="`a while` is no length of time"):
        Words(other, Composer(other)).sheet("neuropathy", "ala-trials", Register.LAYPERSON)


# --- pages ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("register", list(Register))
@pytest.mark.parametrize("topic", ["neuropathy", "b12"])
def test_a_page_says_what_was_authored_and_nothing_else(library: Library, topic: str, register: Register) -> None:
    sheet, pdf, size = page(library, topic, register, LINK)
    assert len(pdf.pages) == 1
    assert size <= MOST_BYTES
    data = sheet.data
    expected = [data["title"], data["lead"]]
    for answer in data["answers"]:
        expected += [answer["title"]]
        for block in answer["brief"]:
            expected += ["".join(run["text"] for run in runs) for runs in (*block["items"], block["runs"]) if runs]
    expected += [*data["questions"], *data["tell"], *data["steps"], *data["foot"], *data["sources"], LINK]
    expected += [cell for row in data["evidence"] for cell in row]
    printed = one_line(pdf.pages[0].extract_text())
    for words in expected:
        assert one_line(words) in printed, words
    assert bool(data["evidence"]) == (register is Register.PROFESSIONAL)
    assert "29 November 2026" in data["foot"][-1]
    assert library.version in data["foot"][-1]


def test_the_briefs_on_a_page_are_those_of_the_cards(library: Library) -> None:
    composer = Composer(library)
    sheet, _, _ = page(library, "neuropathy", Register.LAYPERSON, "", "k2", "feet-daily")
    card = composer.card("feet-daily", Register.LAYPERSON)
    said = ["".join(run["text"] for run in block["runs"]) for block in sheet.data["answers"][1]["brief"]]
    assert said == [text_of(runs) for block in card.brief for runs in runs_of(block)]


def test_a_page_is_tagged_and_read_in_its_order(library: Library) -> None:
    _, pdf, _ = page(library, "neuropathy", Register.PROFESSIONAL, LINK)
    root: Any = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"].startswith("en")
    assert b"pdfuaid" in root["/Metadata"].get_data()
    kinds = list(_kinds(root["/StructTreeRoot"]))
    assert kinds[1] == "/H1"
    assert [kind for kind in kinds if kind in ("/H1", "/H2")] == ["/H1", *["/H2"] * kinds.count("/H2")]
    for kind in ("/L", "/LI", "/Table", "/TH", "/TD", "/Link", "/Figure"):
        assert kind in kinds, kind
    assert kinds.index("/H1") < kinds.index("/L") < kinds.index("/Table") < kinds.index("/Figure")


def _kinds(node: Any) -> Any:
    """Yield the kinds of a structure tree, in the order in which it is read."""
    node = node.get_object()
    if not hasattr(node, "get"):
        return
    if "/S" in node:
        yield str(node["/S"])
    children = node.get("/K")
    for child in children if isinstance(children, list) else [children] if children is not None else []:
        if not isinstance(child, int):
            yield from _kinds(child)


def test_a_page_of_many_answers_leaves_out_the_oldest_and_stays_one(library: Library) -> None:
    nodes = [node for node in library.nodes if library.topic_of(node).id == "neuropathy" and node not in library.always]
    chosen = [node for node in nodes if node not in library.urgent_nodes][:12]  # a conversation remembers eight
    sheet, pdf, _ = page(library, "neuropathy", Register.PROFESSIONAL, "", *chosen)
    assert len(pdf.pages) == 1
    titles = [answer["title"] for answer in sheet.data["answers"]]
    assert len(titles) < len(chosen)
    assert titles[-1] == Composer(library).card(chosen[-1], Register.PROFESSIONAL).title


def test_a_topic_without_pictures_and_handout_has_a_page_of_its_answers(library: Library) -> None:
    topic = replace(library.topics["b12"], handout=None, pictures={})
    bare = replace(library, topics={**library.topics, "b12": topic})
    sheet, pdf, _ = page(bare, "b12", Register.LAYPERSON, "", "b12-testing")
    assert sheet.data["questions"] == []
    assert "B12" in pdf.pages[0].extract_text()


def test_nothing_that_nobody_approved_is_printed_where_only_that_is_served(library: Library) -> None:
    composer = Composer(library, require_approved=True)
    data = Handouts(library, composer).sheet(Leaflet("neuropathy", Register.LAYPERSON), date(2026, 11, 29)).data
    assert (data["answers"], data["tell"], data["steps"], data["evidence"]) == ([], [], [], [])
    assert composer.pictures("neuropathy", Register.LAYPERSON) == []
