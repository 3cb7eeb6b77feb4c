"""An answer as Slack messages: blocks for the eye, and the complete text for screen readers and notifications.

What a card looks like depends on the card alone, so it is laid out once per card and surface; a reply adds its lead,
its buttons and the asker's id. A message holds at most 50 blocks and some pages of words; longer answers are split
between pieces, never inside one. The text comes twice, with and without the addresses of links, because chat.update
takes far less of it than chat.postMessage.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.channels.base import Texts
from bot.channels.layout import Part, Section, sections
from bot.channels.plain import document_text
from bot.channels.slack import blocks
from bot.channels.slack.blocks import MAX_BLOCKS, Piece, SlackMessage, around, context, piece, rich_text, split
from bot.channels.slack.buttons import ButtonRows, Buttons
from bot.channels.slack.chunking import packed, pieces, without_links
from bot.channels.slack.mrkdwn import escaped
from bot.content.markdown import Block, Document, Heading, Inline, Item, ListBlock, Paragraph, Table, text_of
from bot.dialog.turn import Card, Outcome, Reply, SourceLine

__all__ = ["MAX_BLOCKS", "RenderOptions", "SlackMessage", "SlackRenderer"]

Json = dict[str, Any]

MAX_PIECE = 2_900
MAX_CHILDREN = 10
"""Blocks inside a container (docs.slack.dev, Container block)."""

MAX_CONTEXT = 2_000
"""Characters of one text in a context block."""

MAX_LINES = 10
"""Texts in a context block (docs.slack.dev, Context block)."""

CODE_LINES = 50
"""Lines of one preformatted block: of what is stored about a person, so many fit into a piece."""

CACHED = 2_048
"""Laid out cards kept: every answer of a large library, in both registers, on both surfaces."""


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """Where it is shown and for whom: the person a press must come from to edit it, the App Home instead of a message,
    a button to share what only one person sees."""

    asker: str = ""
    home: bool = False
    share: bool = False


@dataclass(frozen=True, slots=True)
class RenderedCard:
    """A card and its buttons laid out, which do not change from turn to turn."""

    card: Card
    rows: ButtonRows


class SlackRenderer:
    """Renders replies; keeps what depends on the card alone."""

    def __init__(self, say: Texts) -> None:
        self._say = say
        self._buttons = Buttons(say)
        self._cards: OrderedDict[tuple[int, bool], RenderedCard] = OrderedDict()

    def parts(self, reply: Reply, look: RenderOptions, closing: Iterable[str] = ()) -> list[SlackMessage]:
        """Return the messages of a reply, buttons on the last; `closing` are lines to add before the buttons."""
        rows = self._rows(reply.card, home=look.home)
        found = [piece for section in sections(reply) for piece in self._section(section, reply, home=look.home)]
        found += [small for line in closing for small in small_print([line])]
        return split(found, self._buttons.under(reply, rows, look.asker, share=look.share))

    def _rows(self, card: Card, *, home: bool) -> ButtonRows:
        """Return the card's buttons as they are laid out, from memory if they were laid out before."""
        key = (id(card), home)
        kept = self._cards.get(key)
        if kept is not None and kept.card is card:
            return kept.rows
        rendered = RenderedCard(card, self._buttons.of_card(card, home=home))
        if card.outcome not in (Outcome.CHOICES, Outcome.SMALL_TALK):  # made for one turn
            self._cards[key] = rendered
            if len(self._cards) > CACHED:
                self._cards.popitem(last=False)
        return rendered.rows

    def _section(self, section: Section, reply: Reply, *, home: bool) -> Iterator[Piece]:
        """Yield the pieces of one section; the order of sections is not this channel's affair."""
        match section.part:
            case Part.TITLE:
                yield from headed(section.text, 1)
            case Part.STORED:
                yield from code(section.text)
            case Part.REVIEW | Part.DISCLAIMER if section.line:
                yield from small_print([section.line.full])
            case Part.OFFER:
                yield from small_print([section.text])
            case Part.WAYS:
                return
            case Part.SOURCES | Part.DETAIL | Part.NOTES if section.folded:
                yield from self._folded(section, reply.card)
            case _:
                yield from paragraphs(section.text) if section.text else ()
                yield from document(section.document, tables=not home)

    def _folded(self, section: Section, card: Card) -> Iterator[Piece]:
        """Yield what is folded in a container of its own, under its own heading where it begins with one."""
        key = "sources-heading" if section.part is Part.SOURCES else "detail-heading"
        inside, title = section.document, self._say(key, card.register)
        if section.sources:
            inside = (ListBlock(tuple(Item(source_runs(source)) for source in section.sources)),)
        elif section.part is Part.NOTES and isinstance(inside[0], Heading):
            title, inside = text_of(inside[0].runs), inside[1:]
        yield from folded(title, document(inside, tables=False), folds=True, closed=True)


def document(content: Document, *, tables: bool) -> Iterator[Piece]:
    """Yield the pieces of a document: its first table as a table where the surface has them, others as cards."""
    for one in pieces(content, MAX_PIECE):
        if isinstance(one, Table):
            cards = as_cards(one)
            if tables and blocks.fits_table(one.header, one.rows) and len(escaped(document_text(cards))) <= MAX_PIECE:
                tables = False
                brief = document_text(tuple(map(without_links, cards)))
                yield piece(blocks.table(one.header, one.rows), document_text(cards), brief)
            else:
                yield from document(cards, tables=False)
        else:
            yield piece_of(one)


def piece_of(block: Block) -> Piece:
    """Return one block of a document as a piece."""
    return piece(blocks.block(block), document_text((block,)), document_text((without_links(block),)))


def headed(title: str, level: int) -> Iterator[Piece]:
    """Yield a heading."""
    return document((Heading((Inline(title),), level),), tables=False)


def as_cards(table: Table) -> Document:
    """Return a table as a nested list, which reads well on narrow screens and aloud: a line per cell, with its name."""
    items = [
        Item((Inline(f"{text_of(name)}: "), *cell), min(column, 1))
        for row in table.rows or (((),) * len(table.header),)
        for column, (name, cell) in enumerate(zip(table.header, row, strict=True))
    ]
    return (ListBlock(tuple(items)),) if items else ()


def folded(title: str, inside: Iterable[Piece], folds: bool, *, closed: bool) -> Iterator[Piece]:
    """Yield the pieces in collapsible containers, or below a heading where the surface has none."""
    if not folds:
        yield from headed(title, 3)
        yield from inside
        return
    for group in packed(inside, MAX_PIECE, lambda one: max(len(one.brief) + 2, MAX_PIECE // MAX_CHILDREN)):
        container = {
            "type": "container",
            "title": blocks.plain_text(title[: blocks.MAX_HEADER] if title.strip() else "…"),
            "is_collapsible": True,
            "default_collapsed": closed,
            "child_blocks": [one.block for one in group],
        }
        yield around(container, title, group)


def source_runs(source: SourceLine) -> tuple[Inline, ...]:
    """Return one numbered source, linked where it has an address."""
    return (Inline(f"[{source.number}] "), Inline(source.text, link=source.url))


def code(text: str) -> Iterator[Piece]:
    """Yield a text to be shown letter by letter, in blocks of so many lines as fit into a piece."""
    lines = text.splitlines()
    for at in range(0, len(lines), CODE_LINES):
        block = "\n".join(lines[at : at + CODE_LINES])
        yield piece(blocks.preformatted(block), block)


def small_print(given: list[str]) -> Iterator[Piece]:
    """Yield the review line and the disclaimer in one context block, or as text if they are too long for one."""
    lines = [line for line in given if line.strip()]
    if (
        0 < len(lines) <= MAX_LINES
        and all(len(line) <= MAX_CONTEXT for line in lines)
        and len(escaped("".join(lines))) <= MAX_PIECE
    ):
        yield piece(context(lines), "\n\n".join(lines))
    else:
        yield from (one for line in lines for one in paragraphs(line))


def paragraphs(text: str) -> Iterator[Piece]:
    """Yield plain text as paragraphs."""
    return document((Paragraph((Inline(text),)),), tables=False)


def fallbacks(part: SlackMessage) -> Iterator[SlackMessage]:
    """Yield the message in every way, best first; the words are the same in all of them."""
    yield part
    simple = [block for one in part.blocks for block in simplified(one)]
    if len(simple) <= MAX_BLOCKS:
        yield SlackMessage(simple, part.text, part.brief)
    yield SlackMessage([], part.text, part.brief)


def simplified(block: Json) -> Iterator[Json]:
    """Yield what stands for a block in old-fashioned Block Kit."""
    match block["type"]:
        case "container":
            yield {"type": "header", "text": block["title"]}
            for child in block["child_blocks"]:
                yield from simplified(child)
        case "header":
            yield {"type": "header", "text": block["text"]}
        case "table":
            yield rich_text([_line(row) for row in block["rows"]])
        case "context_actions":
            yield {**block, "type": "actions", "elements": [b for e in block["elements"] for b in _thumbs(e)]}
        case _:
            yield block


def _line(row: list[Json]) -> Json:
    """Return a row as one line, its cells parted by bars."""
    cells = [cell["elements"][0]["elements"] for cell in row]
    bar = {"type": "text", "text": " | "}
    inline = [one for index, cell in enumerate(cells) for one in ([bar, *cell] if index else cell)]
    return {"type": "rich_text_section", "elements": [*inline, {"type": "text", "text": "\n"}]}


def _thumbs(element: Json) -> Iterator[Json]:
    for index, name in enumerate(("positive_button", "negative_button")):
        yield {"type": "button", "action_id": f"{element['action_id']}:{index}", **element[name]}
