"""Plain text: the rendering for pipes, for `footnote ask`, and for screen readers (Slack's complete `text`)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.channels.layout import Section, sections
from bot.content.markdown import Block, Document, Heading, Item, ListBlock, Paragraph, Quote, Runs, Table, text_of
from bot.dialog.turn import Button, Reply, SourceLine


def document_text(document: Document) -> str:
    """Return the document as plain text, blocks a blank line apart."""
    return "\n\n".join(_block(block) for block in document)


_MARK = re.compile(r"\[\d+\]")


def words_of(document: Document) -> int:
    """Return how many words a document holds; its citation marks are none."""
    return len(_MARK.sub("", document_text(document)).split())


def reply_text(reply: Reply, sources_heading: str) -> str:
    """Return a whole reply as plain text, without its buttons."""
    return "\n\n".join(part for part in _parts(reply, sources_heading) if part)


def source_text(source: SourceLine) -> str:
    """Return one numbered source with its address, if it has one."""
    return f"[{source.number}] {source.text}" + (f" {source.url}" if source.url else "")


def runs_text(runs: Runs) -> str:
    """Return the literal text, a link followed by its address where the text does not already show it."""
    return "".join(run.text + (f" ({run.link})" if run.link and run.link not in run.text else "") for run in runs)


def _parts(reply: Reply, sources_heading: str) -> Iterator[str]:
    for section in sections(reply):
        yield section_text(section, sources_heading)


def section_text(section: Section, sources_heading: str) -> str:
    """Return one section as plain text; buttons have none."""
    if section.sources:
        return "\n".join([f"{sources_heading}:", *map(source_text, section.sources)])
    if section.line is not None:
        return section.line.full
    return "\n\n".join(filter(None, (section.text, document_text(section.document))))


def _block(block: Block) -> str:
    match block:
        case Paragraph(runs) | Heading(runs):
            return runs_text(runs)
        case ListBlock(items):
            return "\n".join(map(_item, items))
        case Quote(blocks):
            return "\n".join(f"  {line}" for inner in blocks for line in _block(inner).splitlines())
        case Table(header, rows):
            return "\n".join(table_card(header, row) for row in rows)


def _item(item: Item) -> str:
    marker = f"{item.marker} " if item.marker else "  "
    return "   " * item.depth + marker + runs_text(item.runs)


def table_card(header: tuple[Runs, ...], row: tuple[Runs, ...]) -> str:
    """Return one table row as a small card, readable on a narrow screen: the first cell, then a line per column."""
    lines = [f"   {text_of(name)}: {runs_text(cell)}" for name, cell in zip(header[1:], row[1:], strict=True)]
    return "\n".join([runs_text(row[0]), *lines])


def pressable(reply: Reply) -> tuple[Button, ...]:
    """Return the buttons a terminal offers, in the order of their numbers: all but feedback."""
    return tuple(button for button in reply.buttons if button.role != "feedback")
