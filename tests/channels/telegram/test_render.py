"""The renderer loses no character, breaks no limit, and sets no entity that Telegram would refuse."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.layout import Part, Section, sections
from bot.channels.telegram.layout import TextLine, fragments, line_of, styled, utf16
from bot.channels.telegram.plugin import LABEL as PHONE_LABEL
from bot.channels.telegram.render import MAX_BUTTONS, MAX_ROWS, PAIR, TelegramRenderer, TextPart, voted
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
from bot.dialog.turn import Button, ClaimCard, FootLine, Notice, Outcome, Register, Reply, SourceLine, View
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
ROLES = st.sampled_from(["follow-up", "choice", "none", "also", "tone", "sources", "feedback", "danger", "link"])
URLS = st.sampled_from([None, None, "https://t.me/a?start=b", "tel:112"])
LABEL = st.text("abc ü🦶", min_size=1, max_size=30).filter(str.strip)
BUTTON = st.builds(Button, LABEL, st.just("v1:ala"), ROLES, URLS)
BUTTONS = st.lists(BUTTON, max_size=12).map(tuple)
SHOWN = {
    "node": st.just("ala"),
    "register": st.sampled_from(Register),
    "outcome": st.sampled_from(Outcome),
    "title": LETTERS.map(lambda text: f"T{text}"),
    "brief": DOCUMENT,
    "detail": DOCUMENT,
    "buttons": BUTTONS,
}
LINE = st.builds(FootLine, LETTERS, LETTERS)
CLAIMS = st.builds(
    ClaimCard,
    **SHOWN,
    notes=st.lists(st.builds(Paragraph, RUNS), max_size=2).map(tuple),
    sources=st.lists(SOURCE, max_size=20).map(tuple),
    review=LINE,
    disclaimer=LINE,
    lists_sources=st.booleans(),
)
CARD = st.one_of(CLAIMS, st.builds(Notice, **SHOWN))
STORED = st.lists(st.text("abc-🦶", max_size=40), max_size=90).map(lambda found: json.dumps(found, indent=2))
REPLY = st.builds(
    Reply,
    CARD,
    LONG,
    stored=st.just("") | STORED,
    second=st.none() | CARD,
    remark=LETTERS,
    offer=LETTERS,
    choices=BUTTONS,
    view=st.sampled_from(View),
)


@settings(max_examples=80, deadline=None)
@given(REPLY)
def test_any_reply_is_what_telegram_takes_and_says_every_character(reply: Reply) -> None:
    parts = TelegramRenderer(words).render(reply)
    for part in parts:
        check_text(part.text, part.entities)
        if part.keyboard:
            check_keyboard(part.keyboard)
    assert bare("".join(part.text for part in parts)) == bare("".join(expected(reply)))
    keyboards = [part.keyboard for part in parts if part.keyboard]
    assert len(keyboards) <= 1
    labels = [button["text"] for keyboard in keyboards for row in keyboard["inline_keyboard"] for button in row]
    assert set(labels) <= {button.label for button in reply.buttons}


def bare(text: str) -> str:
    return "".join(text.split())


def expected(reply: Reply) -> Iterator[str]:
    """Yield what a reader must find, in order; white space aside."""
    found = sections(reply)
    folded = [section for section in found if section.folded]
    yield from (said(section, reply) for section in found if not section.folded and section.part in OPEN)
    if bare("".join(spelt(section.document) for section in folded)):
        yield words("detail-heading", reply.card.register)
    yield from (said(section, reply) for section in folded)
    yield from (section.line.full for section in found if section.part is Part.REVIEW and section.line and folded)
    yield from (section.line.short for section in found if section.line)
    yield reply.offer


OPEN = (Part.LEAD, Part.TITLE, Part.BRIEF, Part.STORED, Part.SECOND, Part.REMARK, Part.DETAIL, Part.NOTES)


def said(section: Section, reply: Reply) -> str:
    listed = "".join(f"[{source.number}] {source.text}" for source in section.sources)
    heading = words("sources-heading", reply.card.register) if listed else ""
    return section.text + spelt(section.document) + heading + listed


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


def card(*blocks: Block, **fields: object) -> ClaimCard:
    given: dict[str, object] = {
        "node": "ala",
        "register": Register.LAYPERSON,
        "outcome": Outcome.ANSWER,
        "title": "Title",
        "brief": blocks,
        "sources": (SourceLine(5, "el-nahas", "El-Nahas 2020.", "https://doi.org/10.1/x"),),
        "review": FootLine("Not reviewed.", "Not reviewed by anybody."),
        "disclaimer": FootLine("General information.", "This is general information."),
    }
    return ClaimCard(**(given | fields))  # type: ignore[arg-type]


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
    more = (paragraph("More of it."), Heading((Inline("Risks"),)), paragraph("Few."))
    shown = card(paragraph("🦶 Body & <b>. [5]"), detail=more, notes=(paragraph("A note."),))
    (part,) = render(Reply(shown, lead="Lead.", remark="Half.", offer="Offer."))
    fold = (
        "detail-heading\nMore of it.\n\nRisks\nFew.\n\nA note.\n\n"
        "sources-heading\n[5] El-Nahas 2020.\n\nNot reviewed by anybody."
    )
    assert part.text == (
        f"Lead.\n\nTitle\n\n🦶 Body & <b>. [5]\n\nHalf.\n{fold}\nNot reviewed.\nGeneral information.\n\nOffer."
    )
    assert entity(part, "bold") == ["Title", "detail-heading", "Risks", "sources-heading"]
    assert entity(part, "italic") == ["Not reviewed.", "General information."]
    assert entity(part, "expandable_blockquote") == [fold]
    assert entity(part, "text_link") == ["El-Nahas 2020."]
    assert part.parameters()["link_preview_options"] == {"is_disabled": True}
    assert "parse_mode" not in part.parameters()


def test_more_unfolds_the_detail_and_a_group_reads_the_brief_and_its_sources() -> None:
    shown = card(paragraph("Brief. [5]"), detail=(paragraph("Detail."),))
    (more,) = render(Reply(shown, view=View.DETAIL))
    assert "Brief." not in more.text
    assert entity(more, "expandable_blockquote")[0].startswith("sources-heading")
    (group,) = TelegramRenderer(words).render(Reply(shown), group=True)
    assert "Brief. [5]" in group.text
    assert "Detail." not in group.text
    assert "[5] El-Nahas 2020." in group.text


def test_a_notice_has_no_small_print_and_did_you_mean_is_two_lines_and_its_choices() -> None:
    asks = Notice(
        node="not-covered",
        register=Register.LAYPERSON,
        outcome=Outcome.CHOICES,
        title="Did you mean one of these?",
        brief=(paragraph("Press one."),),
    )
    choices = (
        Button("Is ALA safe?", "v1:a!choice", "choice"),
        Button("Low blood sugar: what to do", "v1:b!choice", "choice"),
        Button("None of these", "v1:n!choice", "none"),
    )
    (part,) = render(Reply(asks, choices=choices))
    assert part.text == "Did you mean one of these?\nPress one."
    assert part.keyboard
    assert [[one["text"] for one in row] for row in part.keyboard["inline_keyboard"]] == [
        ["Is ALA safe?", "None of these"],
        ["Low blood sugar: what to do"],
    ]


def test_an_urgent_answer_says_what_to_do_before_anything_is_cited() -> None:
    (part,) = render(Reply(card(paragraph("Call now."), outcome=Outcome.URGENT)))
    assert part.text.startswith("Title\n\nCall now.\n")
    assert entity(part, "expandable_blockquote")[0].startswith("sources-heading\n[5]")


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


def rows(*buttons: Button, lines: int = 40, choices: tuple[Button, ...] = ()) -> list[list[Json]]:
    shown = card(paragraph("\n".join(["line"] * lines)), buttons=buttons)
    keyboard = render(Reply(shown, choices=choices))[0].keyboard
    assert keyboard
    result: list[list[Json]] = keyboard["inline_keyboard"]
    return result


def labels(found: list[list[Json]]) -> list[list[str]]:
    return [[one["text"] for one in row] for row in found]


def follow_ups(*names: str) -> list[Button]:
    return [Button(name, f"v1:{number}") for number, name in enumerate(names)]


def test_two_short_buttons_share_a_row_and_long_ones_do_not() -> None:
    short, long = "s" * PAIR, "l" * (PAIR + 1)
    one, two = f"{short[1:]}1", f"{short[1:]}2"
    assert labels(rows(*follow_ups(long, one, two))) == [[long], [one, two]]


def test_the_length_of_the_answer_decides_how_many_follow_ups_there_are() -> None:
    tone, sources = Button("Medical words", "v1:a:professional", "tone"), Button("Sources", "v1:references", "sources")
    offered = [*follow_ups("l" * 25, "m" * 25, "n" * 25), tone, sources]
    assert labels(rows(*offered, lines=40)) == [["l" * 25], ["m" * 25], ["n" * 25], ["Medical words", "Sources"]]
    assert labels(rows(*offered, lines=5)) == [["l" * 25], ["m" * 25], ["Medical words", "Sources"]]
    with_short = [*follow_ups("l" * 25, "m" * 25, "Short?"), tone, sources]
    assert labels(rows(*with_short, lines=5)) == [["l" * 25], ["Short?", "Medical words"]]


def test_a_vote_is_asked_for_only_where_there_is_room() -> None:
    votes = (Button("👍 Yes", "v1:a!up", "feedback"), Button("👎 No", "v1:a!down", "feedback"))
    assert labels(rows(*follow_ups("Go"), *votes, lines=40)) == [["Go"], ["👍 Yes", "👎 No"]]
    assert labels(rows(*follow_ups("l" * 25, "m" * 25), *votes, lines=5)) == [["l" * 25], ["m" * 25]]


def test_own_choices_come_first_and_nothing_leads_to_the_same_twice() -> None:
    chosen = (Button("One", "v1:a", "choice"), Button("Two", "v1:b", "choice"))
    assert labels(rows(Button("One again", "v1:a"), Button("Go", "v1:c"), choices=chosen)) == [["One", "Two"], ["Go"]]


def test_a_vote_is_marked_where_it_was_given_and_stays_changeable() -> None:
    go = [{"text": "Go", "callback_data": "v1:k2"}]
    up = voted([go, [thumb("👍", "up"), thumb("👎", "down")]], "v1:a!up")
    assert up == [go, [thumb("✓ 👍", "same"), thumb("👎", "todown")]]
    assert voted(up, "v1:a!same") == up
    down = voted(up, "v1:a!todown")
    assert down == [go, [thumb("👍", "toup"), thumb("✓ 👎", "same")]]
    assert voted(down, "v1:a!toup") == up


def thumb(text: str, word: str) -> Json:
    return {"text": text, "callback_data": f"v1:a!{word}"}


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


@pytest.mark.parametrize("beside", ["lead", "remark", "offer"])
def test_a_card_is_kept_with_a_sentence_beside_it_and_never_with_another(beside: str) -> None:
    renderer, one = TelegramRenderer(words), card(paragraph("one"))
    first, second = (Reply(one, **{beside: said}) for said in ("Said first.", "Said next."))  # type: ignore[arg-type]
    shown = renderer.render(first)[0]
    assert renderer.render(first)[0].entities is shown.entities
    assert "Said next." in renderer.render(second)[0].text
    assert "Said" not in renderer.render(Reply(one))[0].text
    assert shown.text == renderer.render(first)[0].text


@pytest.mark.parametrize("register", Register)
def test_every_shipped_answer_is_what_telegram_takes(library: Library, register: Register) -> None:
    composer = Composer(library)
    renderer = TelegramRenderer(composer.text)
    for node in library.nodes:
        offer = composer.text("welcome-offer", register)
        for part in renderer.render(Reply(composer.card(node, register), offer=offer)):
            check_text(part.text, part.entities)
            shown = (part.keyboard or {"inline_keyboard": []})["inline_keyboard"]
            assert len(shown) <= MAX_ROWS
            assert sum(map(len, shown)) <= MAX_BUTTONS
            for row in shown:
                assert len(row) <= 2
                assert all(len(button["text"]) <= PHONE_LABEL for button in row), row


@pytest.mark.parametrize("address", ["http://[half", "javascript:alert(1)", "tel:112", "https://localhost", "a b", ""])
def test_an_address_telegram_does_not_open_is_no_link(address: str) -> None:
    (part,) = render(Reply(card(Paragraph((Inline("here", link=address),)), sources=())))
    assert entity(part, "text_link") == []
    assert "here" in part.text


def test_a_literal_text_keeps_its_lines() -> None:
    (part,) = render(Reply(card(sources=()), lead='This is stored:\n{\n  "tone": "layperson"\n}'))
    assert part.text.startswith('This is stored:\n{\n"tone": "layperson"\n}')
    assert styled(" a ").text == "a"
