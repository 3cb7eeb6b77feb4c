"""A reply as units of lines in reading order: what is kept together where a long answer has to be divided."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from bot.channels.telegram.entities import TextLine, is_openable_url, line_of, styled
from bot.content.document import Block, Document, Heading, Inline, Item, ListBlock, Paragraph, Quote, Runs, Table
from bot.dialog.turn import Card, Outcome, SourceLine

Unit = tuple[TextLine, ...]
"""Lines that belong together: a paragraph, a list, one card of a table, a heading with what follows it."""

CODE_LINES = 60
"""Lines of one block of code: of what is stored about a person, so many fit into a message."""

NO_VALUE = "–"
"""Shown in a table's empty cell, so that its column is still named."""


def card_units(card: Card, sources_heading: str) -> tuple[Unit, ...]:
    """Return a card in reading order up to its disclaimer: title, body, notes, sources, review line."""
    units = [
        (styled(card.title, "bold"),),
        *document_units(card.body),
        *document_units(card.notes),
        tuple(_sources(card, sources_heading)),
        (styled(card.review, "italic"),),
    ]
    return tuple(filter(None, map(_filled, units)))


def closing_units(card: Card, disclaimer: Document = ()) -> tuple[Unit, ...]:
    """Return what stands under a card: its own short disclaimer, or the full one given, upright as it is long."""
    units = document_units(disclaimer) if disclaimer else [(styled(card.disclaimer, "italic"),)]
    return tuple(filter(None, map(_filled, units)))


def code_units(text: str) -> tuple[Unit, ...]:
    """Return a text to be shown letter by letter, in blocks that each fit into a message."""
    lines = [TextLine(line, quote="pre") for line in text.splitlines() if line]
    return tuple(tuple(lines[at : at + CODE_LINES]) for at in range(0, len(lines), CODE_LINES))


def text_units(text: str) -> tuple[Unit, ...]:
    """Return a literal text, such as a sentence before or after the card, by its paragraphs."""
    paragraphs = (tuple(styled(line) for line in part.split("\n")) for part in text.split("\n\n"))
    return tuple(filter(None, map(_filled, paragraphs)))


def document_units(document: Document) -> Iterator[Unit]:
    """Yield the units of a document; a heading stays with what it heads."""
    heading: Unit = ()
    for block in document:
        if isinstance(block, Heading):
            heading += (line_of(_bold(block.runs)),)
            continue
        for unit in _block(block):
            yield heading + unit
            heading = ()
    yield heading


def _block(block: Block) -> Iterator[Unit]:
    match block:
        case Paragraph(runs) | Heading(runs):
            yield (line_of(runs),)
        case ListBlock(items):
            yield tuple(map(_item, items))
        case Quote(blocks):
            lines = (line for inner in blocks for unit in _block(inner) for line in unit)
            yield tuple(replace(line, quote="blockquote") for line in lines)
        case Table(header, rows):
            yield from (tuple(_card(header, row)) for row in rows or [header])


def _item(item: Item) -> TextLine:
    return line_of(item.runs, f"{item.marker} " if item.marker else "", item.depth)


def _card(header: tuple[Runs, ...], row: tuple[Runs, ...]) -> Iterator[TextLine]:
    """Yield one row of a table for a narrow screen: a line per column, the first in bold."""
    for column, (name, cell) in enumerate(zip(header, row, strict=True)):
        runs = cell if row is header else _named(name, cell or (Inline(NO_VALUE),))
        yield line_of(_bold(runs) if column == 0 else runs)


def _named(name: Runs, cell: Runs) -> Runs:
    return (*name, Inline(": "), *cell) if any(run.text.strip() for run in name) else cell


def _sources(card: Card, heading: str) -> Iterator[TextLine]:
    """Yield the sources, folded; an urgent answer folds nothing."""
    if not card.sources or card.lists_sources:
        return
    quote = "" if card.outcome is Outcome.URGENT else "expandable_blockquote"
    for line in (styled(heading, "bold"), *map(_source, card.sources)):
        yield replace(line, quote=quote)


def _source(source: SourceLine) -> TextLine:
    address = source.url if source.url and is_openable_url(source.url) else None
    return line_of((Inline(source.text, link=address),), f"[{source.number}] ")


def _bold(runs: Runs) -> Runs:
    return tuple(replace(run, bold=True) for run in runs)


def _filled(unit: Iterable[TextLine]) -> Unit:
    return tuple(line for line in unit if line.text)
