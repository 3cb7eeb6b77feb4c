"""The reading order of an answer, once for all channels, its plain text, and what it fills of a phone's screen.

The plain text is for pipes and screen readers; lines of text, buttons and folded quotations are measured the same for
every channel.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.content.markdown import (
    Block,
    Document,
    Heading,
    Item,
    ListBlock,
    Paragraph,
    Quote,
    Runs,
    Table,
    runs_of,
    text_of,
)
from bot.dialog.answers import LINE as LINE
from bot.dialog.turn import Button, ClaimCard, FootLine, Reply, SourceLine, View

# --- the reading order ------------------------------------------------------------------------------------------------

_MARK = re.compile(r"\[(\d+)\]")
"""A citation mark as the composer writes it."""


class Part(StrEnum):
    """The parts of an answer, in the order in which they are read."""

    LEAD = "lead"
    TITLE = "title"
    BRIEF = "brief"
    STORED = "stored"
    SECOND = "second"
    REMARK = "remark"
    DETAIL = "detail"
    NOTES = "notes"
    SOURCES = "sources"
    REVIEW = "review"
    DISCLAIMER = "disclaimer"
    OFFER = "offer"
    WAYS = "ways"


@dataclass(frozen=True, slots=True)
class Section:
    """One part. It holds one of a text, a document, sources, a line of small print or buttons.

    `folded` says that a platform that can fold should; one that cannot leaves it to *More*.
    """

    part: Part
    text: str = ""
    document: Document = ()
    sources: tuple[SourceLine, ...] = ()
    line: FootLine | None = None
    buttons: tuple[Button, ...] = ()
    folded: bool = False


def sections(reply: Reply) -> tuple[Section, ...]:
    """Return the parts of a reply that hold something, in reading order."""
    return tuple(section for section in _all(reply) if _holds(section))


def _all(reply: Reply) -> Iterator[Section]:
    yield Section(Part.LEAD, reply.lead)
    yield Section(Part.TITLE, reply.card.title)
    yield Section(Part.BRIEF, document=() if reply.view is View.DETAIL else reply.card.brief)
    yield Section(Part.STORED, reply.stored)
    if reply.second is not None:
        yield Section(Part.SECOND, reply.second.title, reply.second.brief)
    yield Section(Part.REMARK, reply.remark)
    yield from _detail(reply)
    yield from _foot(reply)
    yield Section(Part.OFFER, reply.offer)
    yield Section(Part.WAYS, buttons=reply.buttons)


def _detail(reply: Reply) -> Iterator[Section]:
    """Yield what stands behind the brief; what was asked for by name is not folded, sources always are."""
    card, folded = reply.card, reply.view not in (View.DETAIL, View.OPEN)
    if reply.view is not View.SHORT:
        yield Section(Part.DETAIL, document=card.detail, folded=folded)
        yield Section(Part.NOTES, document=card.notes if isinstance(card, ClaimCard) else (), folded=folded)
    yield Section(Part.SOURCES, sources=tuple(_sources(reply)), folded=True)


def _sources(reply: Reply) -> Iterator[SourceLine]:
    """Yield the sources of what is shown, each once: all that the cards use, or those marked in the briefs alone."""
    cards = [card for card in _claiming(reply) if not card.lists_sources]
    found = {source.number: source for card in cards for source in card.sources}
    marked = {number for card in cards for number in _marked(card.brief)}
    for number in sorted(found if reply.view is not View.SHORT else marked & found.keys()):
        yield found[number]


def _marked(document: Document) -> set[int]:
    texts = (text_of(runs) for block in document for runs in runs_of(block))
    return {int(number) for text in texts for number in _MARK.findall(text)}


def _foot(reply: Reply) -> Iterator[Section]:
    """Yield the small print, once, of whatever makes a claim."""
    for card in _claiming(reply)[:1]:
        yield Section(Part.REVIEW, line=card.review)
        yield Section(Part.DISCLAIMER, line=card.disclaimer)


def _claiming(reply: Reply) -> list[ClaimCard]:
    return [card for card in (reply.card, reply.second) if isinstance(card, ClaimCard)]


def _holds(section: Section) -> bool:
    return any((section.text, section.document, section.sources, section.line, section.buttons))


def words_of(document: Document) -> int:
    """Return how many words a document holds; its citation marks are none."""
    return len(_MARK.sub("", document_text(document)).split())


def document_text(document: Document) -> str:
    """Return the document as plain text, blocks a blank line apart."""
    return "\n\n".join(_block(block) for block in document)


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


# --- a phone's screen -------------------------------------------------------------------------------------------------

SCREEN = 18
"""Lines of one screen."""

ROW = 2
"""Lines that a row of buttons takes."""

FOLD = 3
"""Lines of a folded quotation, at most."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What one answer fills: lines of the answer itself, of its small print, and rows and number of its buttons.

    Blank lines count as answer. `head` are the lines before the first sentence, `words` those that are read at once,
    `above` the lines of text above what is folded, `votes` the lines of a row for a vote whose buttons have no frame;
    `picture` is the screen in plain characters.
    """

    answer: int
    small_print: int
    rows: int
    buttons: int
    words: int
    head: int
    above: int = 0
    votes: int = 0
    picture: tuple[str, ...] = ()

    @property
    def text(self) -> int:
        """Lines of text."""
        return self.answer + self.small_print

    @property
    def span(self) -> int:
        """Lines from the first sentence of the answer to the last line of text."""
        return self.text - self.head

    @property
    def lines(self) -> int:
        """Lines with the buttons."""
        return self.text + self.pressed

    @property
    def pressed(self) -> int:
        """Lines of the buttons."""
        return self.rows * ROW + self.votes

    @property
    def screens(self) -> float:
        """Screens with the buttons."""
        return self.lines / SCREEN


def wrapped(text: str, width: int = LINE) -> int:
    """Return how many lines a text fills; an empty line is one."""
    return len(broken(text, width)) if text else 0


def broken(text: str, width: int = LINE) -> list[str]:
    """Return a text in lines as a phone breaks them."""
    return [piece for line in text.split("\n") for piece in ([line] if _fits(line, width) else _wrapped(line, width))]


def _fits(line: str, width: int) -> bool:
    """Return whether a line stays as it is: most do, and `textwrap` takes long to see it."""
    return len(line) <= width and line.isprintable() and not line.endswith(" ")


def _wrapped(line: str, width: int) -> list[str]:
    return textwrap.wrap(line, width) or [""]


def rows_of(labels: Iterable[str], frame: int) -> list[list[str]]:
    """Return the labels of buttons in the rows into which they flow; a frame takes so many characters of a line."""
    rows, left = list[list[str]](), 0
    for label in labels:
        if len(label) + frame > left:
            rows, left = [*rows, []], LINE
        rows[-1].append(label)
        left -= len(label) + frame
    return rows


def shares(found: Iterable[Shown]) -> tuple[float, float, float]:
    """Return which parts of all that is shown are answer, buttons and small print."""
    answers = list(found)
    parts = [sum(one.answer for one in answers), sum(one.pressed for one in answers)]
    parts.append(sum(one.small_print for one in answers))
    whole = sum(parts) or 1
    return parts[0] / whole, parts[1] / whole, parts[2] / whole
