"""A reply as units of lines: what is kept together where a long answer has to be divided. The order is `sections`'."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from bot.channels.base import Texts
from bot.channels.layout import Part, Section, sections
from bot.channels.telegram.entities import TextLine, is_openable_url, line_of, styled
from bot.content.markdown import Block, Document, Heading, Inline, Item, ListBlock, Paragraph, Quote, Runs, Table
from bot.dialog.turn import Outcome, Register, Reply, SourceLine

Unit = tuple[TextLine, ...]
"""Lines that belong together: a paragraph, a list, one card of a table, a heading with what follows it."""

FOLD = "expandable_blockquote"
"""The entity that folds. Units in it that follow each other become one quotation."""

CODE_LINES = 60
"""Lines of one block of code: of what is stored about a person, so many fit into a message."""

NO_VALUE = "–"
"""Shown in a table's empty cell, so that its column is still named."""


def reply_units(reply: Reply, texts: Texts) -> tuple[Unit, ...]:
    """Return a reply in reading order: what is folded in one quotation, the small print in one unit at the end."""
    found = [section for section in sections(reply) if section.part is not Part.WAYS]
    units = [
        *_open(found, reply),
        *_folded(found, reply.card.register, texts),
        _foot(found),
        *(unit for section in found if section.part is Part.OFFER for unit in text_units(section.text)),
    ]
    return tuple(filter(None, map(_filled, units)))


def _open(found: Iterable[Section], reply: Reply) -> Iterator[Unit]:
    """Yield what is read at once. "Did you mean" is two lines, so that its choices are near."""
    plain = [s for s in found if not s.folded and s.line is None and s.part is not Part.OFFER]
    units = [unit for section in plain for unit in _section(section)]
    if reply.card.outcome is Outcome.CHOICES:
        yield tuple(line for unit in units for line in unit)
    else:
        yield from units


def _section(section: Section) -> Iterator[Unit]:
    match section.part:
        case Part.TITLE | Part.SECOND:
            yield (styled(section.text, "bold"),)
            yield from document_units(section.document)
        case Part.STORED:
            yield from code_units(section.text)
        case _:
            yield from text_units(section.text)
            yield from document_units(section.document)


def _folded(found: Iterable[Section], register: Register, texts: Texts) -> Iterator[Unit]:
    """Yield detail, notes and sources under one heading that says what one gets, then the review line in full."""
    behind = [section for section in found if section.folded]
    heading: Unit = (styled(texts("detail-heading", register), "bold"),)
    for section in behind:
        for unit in filter(None, map(_filled, document_units(section.document))):
            yield _quoted(heading + unit)
            heading = ()
        if section.sources:
            title = styled(texts("sources-heading", register), "bold")
            yield _quoted((title, *map(_source, section.sources)))
    for section in found:
        if section.part is Part.REVIEW and section.line and behind:
            yield _quoted((styled(section.line.full),))


def _quoted(unit: Unit) -> Unit:
    return tuple(replace(line, quote=FOLD) for line in unit)


def _foot(found: Iterable[Section]) -> Unit:
    return tuple(styled(section.line.short, "italic") for section in found if section.line is not None)


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


def _source(source: SourceLine) -> TextLine:
    address = source.url if source.url and is_openable_url(source.url) else None
    return line_of((Inline(source.text, link=address),), f"[{source.number}] ")


def _bold(runs: Runs) -> Runs:
    return tuple(replace(run, bold=True) for run in runs)


def _filled(unit: Iterable[TextLine]) -> Unit:
    return tuple(line for line in unit if line.text)
