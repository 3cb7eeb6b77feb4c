"""The renderer loses no character, breaks no limit, and sets no entity that Telegram would refuse."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.telegram.entities import TextLine, fragments, line_of, styled, utf16
from bot.channels.telegram.render import SHORT, TelegramRenderer, TextPart
from bot.content.library import Library
from bot.content.markdown import (
    Block,
    Document,
    Heading,
    Inline,
    Item,
    ListBlock,
    Paragraph,
    Quote,
    Runs,
    Table,
    text_of,
)
from bot.dialog.composer import Composer
from bot.dialog.turn import Button, Card, Outcome, Register, Reply, SourceLine
from tests.channels.telegram.telegram_app import words
from tests.fakes.telegram_rules import Json, check_keyboard, check_text

LETTERS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=60)
WORDS = st.one_of(
    LETTERS, st.sampled_from(["<b>&amp;</b> *a* _b_ `c`", "🦶" * 30, "الألم. نعم", "a. b! c? d… e", " \n "])
)
LONG = st.builds(lambda word, times: word * times, WORDS, st.sampled_from([1, 1, 1, 1, 40, 200]))
LINKS = st.sampled_from(
    [None, "https://doi.org/10.1/x", "http://a.b/?q=1&r=2", "tel:112", "javascript:alert(1)", "x y"]
)
RUN = st.builds(Inline, LONG, st.booleans(), st.booleans(), st.booleans(), LINKS)
RUNS = st.lists(RUN, max_size=6).map(tuple)
MANY_RUNS = st.lists(st.builds(Inline, LETTERS, st.booleans(), st.booleans()), max_size=150).map(tuple)
ITEMS = st.lists(st.builds(Item, RUNS, st.integers(0, 2), st.sampled_from(["•", "1.", ""])), max_size=6).map(tuple)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    width = draw(st.integers(1, 4))
    row = st.lists(RUNS, min_size=width, max_size=width).map(tuple)
    return Table(draw(row), draw(st.lists(row, max_size=4).map(tuple)))


PLAIN = st.one_of(st.builds(Paragraph, RUNS), st.builds(ListBlock, ITEMS))
BLOCK = st.one_of(
    st.builds(Paragraph, st.one_of(RUNS, MANY_RUNS)),
    st.builds(Heading, RUNS),
    st.builds(ListBlock, ITEMS),
    st.builds(Quote, st.lists(PLAIN, max_size=3).map(tuple)),
    tables(),
)
DOCUMENT = st.lists(BLOCK, max_size=8).map(tuple)
SOURCE = st.builds(SourceLine, st.integers(1, 60), st.just("s"), WORDS, LINKS)
ROLES = st.sampled_from(["follow-up", "choice", "tone", "navigation", "feedback", "link", "danger"])
URLS = st.sampled_from([None, None, "https://t.me/a?start=b", "tel:112"])
LABEL = st.text("abc ü🦶", min_size=1, max_size=30).filter(str.strip)
BUTTON = st.builds(Button, LABEL, st.just("v1:ala"), ROLES, URLS)
BUTTONS = st.lists(BUTTON, max_size=12).map(tuple)
CARD = st.builds(
    Card,
    node=st.just("ala"),
    register=st.sampled_from(Register),
    outcome=st.sampled_from(Outcome),
    title=LETTERS.map(lambda text: f"T{text}"),
    body=DOCUMENT,
    notes=st.lists(st.builds(Paragraph, RUNS), max_size=2).map(tuple),
    sources=st.lists(SOURCE, max_size=20).map(tuple),
    review=LETTERS,
    disclaimer=LETTERS,
    buttons=BUTTONS,
    lists_sources=st.booleans(),
)
STORED = st.lists(st.text("abc-🦶", max_size=40), max_size=90).map(lambda found: json.dumps(found, indent=2))
REPLY = st.builds(
    Reply,
    CARD,
    LONG,
    stored=st.just("") | STORED,
    disclaimer=st.just(()) | DOCUMENT,
    offer=LETTERS,
    choices=BUTTONS,
    back=st.none() | BUTTON,
)


@settings(max_examples=80, deadline=None)
@given(REPLY)
def test_any_reply_is_what_telegram_takes_and_says_every_character(reply: Reply) -> None:
    parts = TelegramRenderer(words).render(reply)
    for part in parts:
        check_text(part.text, part.entities)
        if part.keyboard:
            check_keyboard(part.keyboard)
    said = bare("".join(part.text for part in parts))
    endings = (full_in_place(reply), full_afterwards(reply))
    assert said in [bare("".join((*expected(reply), *ending))) for ending in endings]
    keyboards = [part.keyboard for part in parts if part.keyboard]
    assert len(keyboards) <= 1
    shown = [button["text"] for keyboard in keyboards for row in keyboard["inline_keyboard"] for button in row]
    assert sorted(shown) == sorted(button.label for button in reply.buttons)


def bare(text: str) -> str:
    return "".join(text.split())


def expected(reply: Reply) -> Iterator[str]:
    """Yield what a reader must find before the disclaimer, in order; white space aside."""
    card = reply.card
    yield from (reply.lead, reply.stored, card.title, spelt(card.body), spelt(card.notes))
    if card.sources and not card.lists_sources:
        yield words("sources-heading", card.register)
        yield from (f"[{source.number}] {source.text}" for source in card.sources)
    yield card.review


def full_in_place(reply: Reply) -> tuple[str, ...]:
    return spelt(reply.disclaimer) if reply.disclaimer else reply.card.disclaimer, reply.offer


def full_afterwards(reply: Reply) -> tuple[str, ...]:
    return reply.card.disclaimer, reply.offer, spelt(reply.disclaimer)


def spelt(document: Document) -> str:
    return "".join(map(block_text, document))


def block_text(block: Block) -> str:
    match block:
        case Paragraph(runs) | Heading(runs):
            return text_of(runs)
        case ListBlock(items):
            return "".join(item.marker + text_of(item.runs) for item in items)
        case Quote(blocks):
            return spelt(blocks)
        case Table(header, rows):
            return "".join(map(text_of, header)) if not rows else "".join(row_text(header, row) for row in rows)


def row_text(header: tuple[Runs, ...], row: tuple[Runs, ...]) -> str:
    cells = (text_of(cell) if cell else "–" for cell in row)
    return "".join((f"{text_of(n)}: " if text_of(n).strip() else "") + c for n, c in zip(header, cells, strict=True))


@settings(deadline=None)
@given(MANY_RUNS, st.integers(2, 60), st.integers(1, 9))
def test_a_line_in_fragments_keeps_every_character_and_style(runs: Runs, units: int, spans: int) -> None:
    line = line_of(runs)
    pieces = list(fragments(line, units, max(spans, 3)))
    assert bare("".join(piece.text for piece in pieces)) == bare(line.text)
    assert all(utf16(piece.text) <= units and len(piece.spans) <= max(spans, 3) for piece in pieces)
    assert bold_of(pieces) == bold_of([line])


def bold_of(lines: list[TextLine]) -> str:
    return bare("".join(one.text[span.start : span.end] for one in lines for span in one.spans if span.kind == "bold"))


def card(*blocks: Block, **fields: object) -> Card:
    given: dict[str, object] = {
        "node": "ala",
        "register": Register.LAYPERSON,
        "outcome": Outcome.ANSWER,
        "title": "Title",
        "body": blocks,
        "notes": (),
        "sources": (SourceLine(5, "el-nahas", "El-Nahas 2020.", "https://doi.org/10.1/x"),),
        "review": "Not reviewed.",
        "disclaimer": "General information.",
        "buttons": (),
    }
    return Card(**(given | fields))  # type: ignore[arg-type]


def paragraph(text: str) -> Paragraph:
    return Paragraph((Inline(text),))


def render(reply: Reply) -> list[TextPart]:
    return TelegramRenderer(words).render(reply)


def entity(part: TextPart, kind: str) -> list[str]:
    """Return the texts that an entity type covers."""
    raw = part.text.encode("utf-16-le")
    return [
        raw[one["offset"] * 2 : (one["offset"] + one["length"]) * 2].decode("utf-16-le")
        for one in part.entities
        if one["type"] == kind
    ]


def test_the_order_and_the_styles_of_an_answer() -> None:
    (part,) = render(Reply(card(paragraph("🦶 Body & <b>.")), lead="Lead.", offer="Offer."))
    assert part.text == (
        "Lead.\n\nTitle\n\n🦶 Body & <b>.\n\nsources-heading\n[5] El-Nahas 2020.\n\n"
        "Not reviewed.\n\nGeneral information.\n\nOffer."
    )
    assert entity(part, "bold") == ["Title", "sources-heading"]
    assert entity(part, "italic") == ["Not reviewed.", "General information."]
    assert entity(part, "expandable_blockquote") == ["sources-heading\n[5] El-Nahas 2020."]
    assert entity(part, "text_link") == ["El-Nahas 2020."]
    assert part.parameters()["link_preview_options"] == {"is_disabled": True}
    assert "parse_mode" not in part.parameters()


def test_an_urgent_answer_folds_nothing() -> None:
    (part,) = render(Reply(card(paragraph("Call now."), outcome=Outcome.URGENT)))
    assert entity(part, "expandable_blockquote") == []
    assert "[5] El-Nahas 2020." in part.text


def test_a_table_becomes_a_card_per_row() -> None:
    cells = [
        tuple((Inline(text),) if text else () for text in row) for row in (("", "Dose"), ("ALA", "600 mg"), ("K2", ""))
    ]
    (part,) = render(Reply(card(Table(cells[0], tuple(cells[1:])), sources=())))
    assert "ALA\nDose: 600 mg\n\nK2\nDose: –" in part.text
    assert entity(part, "bold") == ["Title", "ALA", "K2"]


def test_a_long_answer_is_divided_between_paragraphs_with_buttons_under_the_last() -> None:
    paragraphs = [paragraph(f"{number} " + "word " * 300) for number in range(6)]
    button = Button("More", "v1:k2")
    parts = render(Reply(card(*paragraphs, buttons=(button,))))
    assert len(parts) == 3
    assert [part.keyboard is not None for part in parts] == [False, False, True]
    for one in paragraphs:
        assert sum(text_of(one.runs).strip() in part.text for part in parts) == 1


def test_an_overlong_paragraph_is_divided_after_a_sentence() -> None:
    text = "A sentence of some words. " * 500
    parts = render(Reply(card(paragraph(text), sources=())))
    assert len(parts) > 2
    assert all(part.text.endswith("words.") for part in parts[1:-1])


def test_a_heading_stays_with_what_it_heads() -> None:
    filler = paragraph("word " * 800)
    parts = render(Reply(card(filler, Heading((Inline("Risks"),)), paragraph("risk " * 100))))
    assert "Risks" not in parts[0].text
    assert parts[1].text.startswith("Risks\nrisk risk")


def rows(*buttons: Button) -> list[list[Json]]:
    keyboard = render(Reply(card(buttons=buttons)))[0].keyboard
    assert keyboard
    result: list[list[Json]] = keyboard["inline_keyboard"]
    return result


def test_two_short_buttons_share_a_row_and_long_ones_do_not() -> None:
    short, long = "s" * SHORT, "l" * (SHORT + 1)
    shown = rows(*(Button(label, f"v1:{n}") for n, label in enumerate([short, short, long, short, short, short])))
    assert [len(row) for row in shown] == [2, 1, 2, 1]


def test_choices_stand_alone_and_feedback_comes_last() -> None:
    up, down = Button("👍", "v1:a!up", "feedback"), Button("👎", "v1:a!down", "feedback")
    shown = rows(up, down, Button("One", "v1:a", "choice"), Button("Two", "v1:b", "choice"), Button("Go", "v1:c"))
    assert [[one["text"] for one in row] for row in shown] == [["One"], ["Two"], ["Go"], ["👍", "👎"]]


def test_danger_is_coloured_links_open_and_numbers_are_copied() -> None:
    shown = rows(
        Button("Emergency: what to do", "v1:urgent", "danger"),
        Button("Copy 112", "", "link", "tel:112"),
        Button("Open", "", "link", "https://t.me/bot?start=ala"),
    )
    assert shown[0] == [{"text": "Copy 112", "copy_text": {"text": "112"}}]
    assert shown[1] == [{"text": "Emergency: what to do", "callback_data": "v1:urgent", "style": "danger"}]
    assert shown[2] == [{"text": "Open", "url": "https://t.me/bot?start=ala"}]


def test_a_card_is_rendered_once_and_anew_when_it_changes() -> None:
    renderer = TelegramRenderer(words)
    one, two = card(paragraph("one")), card(paragraph("two"))
    first = renderer.render(Reply(one))[0]
    assert renderer.render(Reply(one))[0].entities is first.entities
    assert "two" in renderer.render(Reply(two))[0].text
    assert "one" in renderer.render(Reply(one))[0].text


@pytest.mark.parametrize("register", Register)
def test_every_shipped_answer_is_what_telegram_takes(library: Library, register: Register) -> None:
    composer = Composer(library)
    renderer = TelegramRenderer(composer.words)
    for node in library.nodes:
        for part in renderer.render(Reply(composer.card(node, register), offer=composer.words("offer", register))):
            check_text(part.text, part.entities)
            for row in (part.keyboard or {"inline_keyboard": []})["inline_keyboard"]:
                assert len(row) <= 2
                assert all(len(button["text"]) <= 30 for button in row), row


@pytest.mark.parametrize("address", ["http://[half", "javascript:alert(1)", "tel:112", "https://localhost", "a b", ""])
def test_an_address_telegram_does_not_open_is_no_link(address: str) -> None:
    (part,) = render(Reply(card(Paragraph((Inline("here", link=address),)), sources=())))
    assert entity(part, "text_link") == []
    assert "here" in part.text


def test_a_literal_text_keeps_its_lines() -> None:
    (part,) = render(Reply(card(sources=()), lead='This is stored:\n{\n  "tone": "layperson"\n}'))
    assert part.text.startswith('This is stored:\n{\n"tone": "layperson"\n}')
    assert styled(" a ").text == "a"
