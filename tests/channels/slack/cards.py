"""Hand-made and random answers for the renderer."""

from __future__ import annotations

import json

from hypothesis import strategies as st

from bot.content.markdown import Document, Heading, Inline, Item, ListBlock, Paragraph, Quote, Runs, Table
from bot.dialog.turn import Button, Card, ClaimCard, FootLine, Notice, Outcome, Register, Reply, SourceLine, View

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
LONG = st.builds(lambda text, times: text * times, st.text("ab &<>*_~`é🧠\n", max_size=20), st.integers(1, 300))
URL = st.sampled_from(
    ["https://doi.org/10.1000/xyz", "http://example.org/a?b=c&d", "javascript:alert(1)", "not an address"]
)
RUN = st.builds(Inline, TEXT | LONG, st.booleans(), st.booleans(), st.booleans(), st.none() | URL)
RUNS: st.SearchStrategy[Runs] = st.lists(RUN, max_size=3).map(tuple)
ITEM = st.builds(Item, RUNS, st.integers(0, 12), st.sampled_from(["•", "1.", "2.", ""]))
LISTING = st.builds(ListBlock, st.lists(ITEM, min_size=1, max_size=6).map(tuple))
PARAGRAPH = st.builds(Paragraph, RUNS)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Tables of every size, also larger than Slack takes."""
    width = draw(st.sampled_from([1, 2, 21]))
    row = st.lists(RUNS, min_size=width, max_size=width).map(tuple)
    return Table(draw(row), draw(st.lists(row, max_size=3).map(tuple)))


BLOCK = st.one_of(
    PARAGRAPH,
    st.builds(Heading, RUNS, st.integers(1, 6)),
    LISTING,
    st.builds(Quote, st.lists(PARAGRAPH | LISTING, min_size=1, max_size=3).map(tuple)),
    tables(),
)
DOCUMENT: st.SearchStrategy[Document] = st.lists(BLOCK, max_size=5).map(tuple)
ROLES = st.sampled_from(["follow-up", "choice", "tone", "sources", "start", "navigation", "feedback", "danger"])
BUTTON = st.builds(Button, TEXT, st.sampled_from(["v1:ala", "v1:k2!up", "v1:urgent"]), ROLES)
SOURCE = st.builds(SourceLine, st.integers(1, 99), st.just("id"), TEXT, st.none() | URL)
FOOT = st.builds(FootLine, TEXT, TEXT | LONG)
COMMON = {
    "node": st.just("ala"),
    "register": st.sampled_from(Register),
    "outcome": st.sampled_from(Outcome),
    "title": TEXT,
    "brief": DOCUMENT,
    "detail": DOCUMENT,
    "buttons": st.lists(BUTTON, max_size=30).map(tuple),
}
SOURCES = st.lists(SOURCE, max_size=6).map(tuple)
CLAIMS = st.builds(ClaimCard, **COMMON, notes=DOCUMENT, sources=SOURCES, review=FOOT, disclaimer=FOOT)
CARD: st.SearchStrategy[Card] = CLAIMS | st.builds(Notice, **COMMON)
STORED = st.lists(st.text("abc-<&", max_size=40), max_size=120).map(lambda found: json.dumps(found, indent=2))
REPLY = st.builds(
    Reply,
    CARD,
    TEXT | LONG,
    stored=st.just("") | STORED,
    second=st.none() | CARD,
    remark=TEXT,
    offer=TEXT,
    choices=st.lists(BUTTON, max_size=4).map(tuple),
    view=st.sampled_from(View),
)


def words_in(document: Document) -> str:
    """Return every character of a document, in reading order, without white space."""
    found: list[str] = []
    for block in document:
        match block:
            case Paragraph(runs) | Heading(runs):
                found += [run.text for run in runs]
            case ListBlock(items):
                found += [run.text for item in items for run in item.runs]
            case Quote(blocks):
                found.append(words_in(blocks))
            case Table(header, rows):
                found += [run.text for row in (header, *rows) for cell in row for run in cell]
    return squeezed("".join(found))


def squeezed(text: str) -> str:
    """Return the text without white space."""
    return "".join(text.split())
