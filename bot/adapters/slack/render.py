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

from bot.adapters.plain import document_text
from bot.adapters.slack import rich
from bot.adapters.slack.buttons import Buttons
from bot.adapters.slack.say import Say
from bot.adapters.slack.splitting import packed, pieces, without_links
from bot.adapters.slack.wording import escaped
from bot.engine.turn import Card, Outcome, Reply, SourceLine
from bot.library.document import Block, Document, Heading, Item, Listing, Paragraph, Run, Table, text_of

Json = dict[str, Any]

MAX_BLOCKS = 50
"""Blocks of a message."""

MAX_BRIEF = 8_000
"""Characters of escaped text per message, addresses left out: more is no longer read in one go, and Slack refuses
blocks with about 13,000 (msg_blocks_too_long)."""

MAX_TEXT = 30_000
"""Characters of escaped text with addresses: below the 40,000 of chat.postMessage."""

MAX_PIECE = 2_900
MAX_CHILDREN = 10
"""Blocks inside a container (docs.slack.dev, Container block)."""

MAX_CONTEXT = 2_000
"""Characters of one text in a context block."""

CACHED = 2_048
"""Laid out cards kept: every answer of a large library, in both registers, on both surfaces."""


@dataclass(frozen=True, slots=True)
class Look:
    """Where it is shown and for whom: the person a press must come from to edit it, the App Home instead of a message,
    a button to share what only one person sees."""

    asker: str = ""
    home: bool = False
    share: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """One block with its text, and with the brief text without addresses; a message is packed from whole pieces."""

    block: Json
    text: str
    brief: str


@dataclass(frozen=True, slots=True)
class Part:
    """One message: blocks, complete text, and the text without addresses for where space is short."""

    blocks: list[Json]
    text: str
    brief: str


class Renderer:
    """Renders replies; keeps what depends on the card alone."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._buttons = Buttons(say)
        self._cards: OrderedDict[tuple[int, bool], tuple[Card, tuple[Piece, ...]]] = OrderedDict()

    def parts(self, reply: Reply, look: Look, closing: Iterable[str] = ()) -> list[Part]:
        """Return the messages of a reply, buttons on the last; `closing` are lines to add before the buttons."""
        buttons = self._buttons.under(reply, look.asker, share=look.share, home=look.home)
        found = [*self._ordered(reply, look)]
        found += [piece for line in (reply.offer, *closing) if line.strip() for piece in aside(line)]
        return split(found, buttons)

    def _ordered(self, reply: Reply, look: Look) -> Iterator[Piece]:
        """Yield the lead and the card; an urgent answer lets nothing stand before it."""
        lead = list(paragraphs(reply.lead)) if reply.lead else []
        urgent = reply.card.outcome is Outcome.URGENT
        yield from () if urgent else lead
        yield from self._card(reply.card, look)
        yield from lead if urgent else ()

    def _card(self, card: Card, look: Look) -> tuple[Piece, ...]:
        if card.outcome is Outcome.CHOICES:  # made for one turn
            return tuple(self._laid_out(card, look))
        key = (id(card), look.home)
        kept = self._cards.get(key)
        if kept is None or kept[0] is not card:
            kept = self._cards[key] = (card, tuple(self._laid_out(card, look)))
            if len(self._cards) > CACHED:
                self._cards.popitem(last=False)
        return kept[1]

    def _laid_out(self, card: Card, look: Look) -> Iterator[Piece]:
        folds = card.outcome is not Outcome.URGENT
        yield from headed(card.title, 1)
        yield from document(card.body, tables=not look.home)
        yield from self._notes(card, folds)
        yield from self._sources(card, folds)
        yield from small_print([line for line in (card.review, card.disclaimer) if line.strip()])

    def _notes(self, card: Card, folds: bool) -> Iterator[Piece]:
        """Yield the editor's notes: foldable, but open, because they say where the article is out of date."""
        if not card.notes:
            return
        first = card.notes[0]
        titled = isinstance(first, Heading)
        title = text_of(first.runs) if isinstance(first, Heading) else self._say("notes-heading", card.tone)
        yield from folded(title, document(card.notes[1:] if titled else card.notes, tables=False), folds, closed=False)

    def _sources(self, card: Card, folds: bool) -> Iterator[Piece]:
        if not card.sources or card.lists_sources:
            return
        listing = Listing(tuple(Item(source_runs(source)) for source in card.sources))
        yield from folded(
            self._say("sources-heading", card.tone), document((listing,), tables=False), folds, closed=True
        )


def document(content: Document, *, tables: bool) -> Iterator[Piece]:
    """Yield the pieces of a document: its first table as a table where the surface has them, others as cards."""
    for one in pieces(content, MAX_PIECE):
        if isinstance(one, Table):
            cards = as_cards(one)
            if tables and rich.fits_table(one.header, one.rows) and len(escaped(document_text(cards))) <= MAX_PIECE:
                tables = False
                brief = document_text(tuple(map(without_links, cards)))
                yield Piece(rich.table(one.header, one.rows), document_text(cards), brief)
            else:
                yield from document(cards, tables=False)
        else:
            yield piece_of(one)


def piece_of(block: Block) -> Piece:
    """Return one block of a document as a piece."""
    return Piece(rich.block(block), document_text((block,)), document_text((without_links(block),)))


def headed(title: str, level: int) -> Iterator[Piece]:
    """Yield a heading."""
    return document((Heading((Run(title),), level),), tables=False)


def as_cards(table: Table) -> Document:
    """Return a table as a nested list, which reads well on narrow screens and aloud: a line per cell, with its name."""
    items = [
        Item((Run(f"{text_of(name)}: "), *cell), min(column, 1))
        for row in table.rows or (((),) * len(table.header),)
        for column, (name, cell) in enumerate(zip(table.header, row, strict=True))
    ]
    return (Listing(tuple(items)),) if items else ()


def folded(title: str, inside: Iterable[Piece], folds: bool, *, closed: bool) -> Iterator[Piece]:
    """Yield the pieces in collapsible containers, or below a heading where the surface has none."""
    if not folds:
        yield from headed(title, 3)
        yield from inside
        return
    for group in packed(inside, MAX_PIECE, lambda piece: max(len(escaped(piece.brief)) + 2, MAX_PIECE // MAX_CHILDREN)):
        container = {
            "type": "container",
            "title": rich.plain_text(title[: rich.MAX_HEADER] if title.strip() else "…"),
            "is_collapsible": True,
            "default_collapsed": closed,
            "child_blocks": [piece.block for piece in group],
        }
        text, brief = ([title, *(getattr(piece, name) for piece in group)] for name in ("text", "brief"))
        yield Piece(container, "\n\n".join(text), "\n\n".join(brief))


def source_runs(source: SourceLine) -> tuple[Run, ...]:
    """Return one numbered source, linked where it has an address."""
    return (Run(f"[{source.number}] "), Run(source.text, link=source.url))


def small_print(lines: list[str]) -> Iterator[Piece]:
    """Yield the review line and the disclaimer in one context block, or as text if they are too long for one."""
    if lines and all(len(line) <= MAX_CONTEXT for line in lines) and len(escaped("".join(lines))) <= MAX_PIECE:
        yield Piece(context(lines), "\n\n".join(lines), "\n\n".join(lines))
    else:
        yield from (piece for line in lines for piece in paragraphs(line))


def aside(line: str) -> Iterator[Piece]:
    """Yield one line in small print."""
    return small_print([line])


def paragraphs(text: str) -> Iterator[Piece]:
    """Yield plain text as paragraphs."""
    return document((Paragraph((Run(text),)),), tables=False)


def context(lines: list[str]) -> Json:
    """Return a context block of plain lines."""
    return {"type": "context", "elements": [rich.plain_text(line) for line in lines]}


def split(found: list[Piece], buttons: list[Json]) -> list[Part]:
    """Return the pieces packed into as few messages as the limits allow, in order, the buttons on the last one."""
    parts: list[list[Piece]] = [[]]
    for piece in found:
        if not _fits([*parts[-1], piece], 0):
            parts.append([])
        parts[-1].append(piece)
    if not _fits(parts[-1], len(buttons)):
        parts.append([])
    messages = [made(part) for part in parts]
    messages[-1].blocks.extend(buttons)
    return messages


def made(part: list[Piece]) -> Part:
    """Return the pieces as one message, its texts escaped because Slack reads `text` as mrkdwn."""
    text, brief = joined([piece.text for piece in part]), joined([piece.brief for piece in part])
    return Part([piece.block for piece in part], text if len(text) <= MAX_TEXT else brief, brief)


def joined(texts: list[str]) -> str:
    """Return the texts escaped, a blank line apart."""
    return "\n\n".join(escaped(text) for text in texts if text)


def line(text: str) -> Part:
    """Return a message of one line in small print."""
    return Part([context([text])], escaped(text), escaped(text))


def _fits(part: list[Piece], buttons: int) -> bool:
    return len(part) + buttons <= MAX_BLOCKS and len(joined([piece.brief for piece in part])) <= MAX_BRIEF
