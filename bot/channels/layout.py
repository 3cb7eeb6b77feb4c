"""The reading order of an answer, once for all channels: a channel maps each section to its own form, nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.content.markdown import Document, runs_of, text_of
from bot.dialog.turn import Button, ClaimCard, FootLine, Reply, SourceLine, View

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
    card, folded = reply.card, reply.view is not View.DETAIL
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
