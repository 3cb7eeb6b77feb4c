"""A reply as lines of styled text, kept together where a long answer has to be divided; the order is `sections`'.

Text is measured and cut as Telegram measures it, in UTF-16 code units; and how much of a phone's screen an answer
fills is measured too: text, folded quotations, buttons.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from bot.channels.base import Texts
from bot.channels.layout import FOLD, Part, Section, Shown, broken, sections, words_of, wrapped
from bot.content.markdown import Block, Document, Heading, Inline, Item, ListBlock, Paragraph, Quote, Runs, Table
from bot.dialog.turn import Outcome, Register, Reply, SourceLine

# --- text with entities -----------------------------------------------------------------------------------------------

_SENTENCE = re.compile(r"[.!?…][\"'”’)\]]*\s+|\n+")
_WORD = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Entity:
    """A style from character `start` to before `end`: an entity type of the Bot API, with the address of a link."""

    start: int
    end: int
    kind: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line that is not broken unless it must be. `indent` is a list's depth; `quote` the entity it stands in."""

    text: str
    spans: tuple[Entity, ...] = ()
    indent: int = 0
    quote: str = ""


def utf16(text: str) -> int:
    """Return the length Telegram counts."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def line_of(runs: Runs, prefix: str = "", indent: int = 0) -> TextLine:
    """Return the runs as a line without white space around it, after a literal `prefix` such as a list marker."""
    text, spans = prefix, list[Entity]()
    for run in _merged(runs):
        spans += _spans(run, len(text))
        text += run.text
    return trimmed(TextLine(text, tuple(spans), indent))


def styled(text: str, *kinds: str) -> TextLine:
    """Return a line that is wholly in the given styles."""
    return trimmed(TextLine(text, tuple(Entity(0, len(text), kind) for kind in kinds)))


def trimmed(line: TextLine) -> TextLine:
    """Return the line without white space at its ends, and without spans that cover nothing."""
    begin = len(line.text) - len(line.text.lstrip())
    return part_of(line, begin, max(begin, len(line.text.rstrip())))


def part_of(line: TextLine, begin: int, end: int) -> TextLine:
    """Return the characters from `begin` to before `end`, with the styles they had."""
    cut = (replace(span, start=max(span.start, begin) - begin, end=min(span.end, end) - begin) for span in line.spans)
    text = line.text[begin:end]
    return replace(line, text=text, spans=tuple(s for s in cut if s.end > s.start and text[s.start : s.end].strip()))


def fragments(line: TextLine, units: int, spans: int) -> Iterator[TextLine]:
    """Yield the line in pieces of at most so many units and spans, cut after a sentence, else a word, else anywhere."""
    while utf16(line.text) > units or len(line.spans) > spans:
        at = _cut(line.text, _fitting(line, units, spans))
        yield trimmed(part_of(line, 0, at))
        line = trimmed(part_of(line, at, len(line.text)))
    if line.text:
        yield line


def entities(line: TextLine, offset: int) -> Iterator[dict[str, Any]]:
    """Yield the spans as MessageEntity objects of a text in which the line begins at `offset` (UTF-16)."""
    for span in line.spans:
        length = utf16(line.text[span.start : span.end])
        entity = {"type": span.kind, "offset": offset + utf16(line.text[: span.start]), "length": length}
        yield entity | ({"url": span.url} if span.url else {})


def _merged(runs: Runs) -> Iterator[Inline]:
    """Join neighbours of one style, so that no entity is wasted."""
    waiting: Inline | None = None
    for run in runs:
        if waiting is not None and replace(waiting, text=run.text) == run:
            waiting = replace(waiting, text=waiting.text + run.text)
            continue
        if waiting is not None:
            yield waiting
        waiting = run
    if waiting is not None:
        yield waiting


def _spans(run: Inline, start: int) -> Iterable[Entity]:
    """Return the styles of one run; Telegram allows nothing else where there is code."""
    end = start + len(run.text)
    if run.code:
        return [Entity(start, end, "code")]
    kinds = [kind for kind, on in (("bold", run.bold), ("italic", run.italic)) if on]
    link = [Entity(start, end, "text_link", run.link)] if run.link and is_openable_url(run.link) else []
    return [*(Entity(start, end, kind) for kind in kinds), *link]


def is_openable_url(address: str) -> bool:
    """Return whether Telegram opens the address; any other would have the whole message refused."""
    if re.search(r"\s", address):
        return False
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and "." in (parts.hostname or "")
    except ValueError:
        return False


def _fitting(line: TextLine, units: int, spans: int) -> int:
    """Return how many characters from the left fit into the limits."""
    end = min(len(line.text), units)
    while utf16(line.text[:end]) > units:
        end -= max(1, (utf16(line.text[:end]) - units) // 2)
    beyond = sorted(span.start for span in line.spans)[spans:]
    return max(1, min([end, *beyond]))


def _cut(text: str, end: int) -> int:
    """Return where to cut at or before `end`: after the last sentence, else after the last word, else there."""
    for border in (_SENTENCE, _WORD):
        found = [
            match.end() for match in border.finditer(text, 0, end + 1) if match.end() <= end and text[: match.start()]
        ]
        if found:
            return found[-1]
    return end


# --- a reply, in reading order ----------------------------------------------------------------------------------------

Unit = tuple[TextLine, ...]
"""Lines that belong together: a paragraph, a list, one card of a table, a heading with what follows it."""

EXPANDABLE = "expandable_blockquote"
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
    return tuple(replace(line, quote=EXPANDABLE) for line in unit)


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


# --- how much of a screen it fills ------------------------------------------------------------------------------------

Entities = Sequence[dict[str, Any]]


def text_lines(text: str, entities: Entities) -> int:
    """Return the lines of one message: a folded quotation is at most three."""
    return len(picture(text, entities))


def picture(text: str, entities: Entities) -> list[str]:
    """Return the lines of one message as a phone breaks them; those of a folded quotation begin with a bar."""
    raw, at, lines = text.encode("utf-16-le"), 0, list[str]()
    for fold in (one for one in entities if one["type"] == "expandable_blockquote"):
        begin, end = fold["offset"] * 2, (fold["offset"] + fold["length"]) * 2
        lines += _lines(raw[at:begin])
        lines += [f"| {line}".rstrip() for line in _lines(raw[begin:end])[:FOLD]]
        at = end
    return lines + _lines(raw[at:])


def shown(reply: Reply, messages: Iterable[tuple[str, Entities, dict[str, Any] | None]]) -> Shown:
    """Return what a reply fills that was rendered as these messages: text, entities and keyboard."""
    sent = list(messages)
    seen = [line for text, entities, _ in sent for line in picture(text, entities)]
    lines = len(seen)
    rows = [row for *_, keyboard in sent if keyboard for row in keyboard["inline_keyboard"]]
    found = sections(reply)
    small = sum(wrapped(section.line.short) for section in found if section.line is not None)
    head = sum(wrapped(section.text) + 1 for section in found if section.part in (Part.LEAD, Part.TITLE))
    words = sum(words_of(section.document) for section in found if section.part is Part.BRIEF)
    drawn = (*seen, *map(_row, rows))
    return Shown(lines - small, small, len(rows), sum(map(len, rows)), words, head, picture=drawn)


def _row(row: Sequence[dict[str, Any]]) -> str:
    return " ".join(f"[{button['text']}]" for button in row)


def _lines(raw: bytes) -> list[str]:
    """Return the lines of a stretch of text. The line break at its edges parts it from its neighbours, a blank line is
    its own."""
    text = raw.decode("utf-16-le")
    before, after = len(text) - len(text.lstrip("\n")), len(text) - len(text.rstrip("\n"))
    found = broken(text.strip("\n")) if text.strip("\n") else []
    return [""] * (before // 2) + found + [""] * (after // 2)
