"""An answer as Slack messages: blocks for the eye, and the complete text for screen readers and notifications.

Shown are the title, the brief and two lines of small print; detail, notes and sources are folded. A message holds at
most 50 blocks and some pages of words; longer answers are split between pieces, never inside one. The text begins with
the answer's first sentence, because that is what a notification shows, and comes twice, with and without the addresses
of links, because chat.update takes far less of it than chat.postMessage.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.channels.base import Texts
from bot.channels.layout import Part, Section, document_text, sections
from bot.channels.slack import blocks
from bot.channels.slack.actions import Buttons
from bot.channels.slack.blocks import (
    block_lines,
    context,
    escaped,
    packed,
    pieces,
    rich_text,
    without_links,
)
from bot.content.markdown import Block, Document, Heading, Inline, Item, ListBlock, Paragraph, Table, text_of
from bot.dialog.composer import clipped
from bot.dialog.turn import Card, FootLine, Outcome, Reply, SourceLine, View

Json = dict[str, Any]

# --- messages ---------------------------------------------------------------------------------------------------------

MAX_BLOCKS = 50
"""Blocks of a message (docs.slack.dev, Blocks)."""

MAX_BRIEF = 11_000
"""Characters of escaped text per message, addresses left out. Slack refuses blocks with about 13,200
(msg_blocks_too_long; slackapi/bolt-js#2509), and the buttons' labels count too."""

MAX_TEXT = 30_000
"""Characters of escaped text with addresses: below the 40,000 of chat.postMessage."""

_GAP = "\n\n"


@dataclass(frozen=True, slots=True)
class Piece:
    """One block with its text, and with the brief text without addresses. Both are escaped, because Slack reads `text`
    as mrkdwn. A message is packed from whole pieces; the one that is `announced` begins its text."""

    block: Json
    text: str
    brief: str
    announced: bool = False


@dataclass(frozen=True, slots=True)
class SlackMessage:
    """One message: blocks, complete text, and the text without addresses for where space is short."""

    blocks: list[Json]
    text: str
    brief: str


def piece(block: Json, text: str, brief: str | None = None) -> Piece:
    """Return a piece of literal text."""
    return Piece(block, escaped(text), escaped(text if brief is None else brief))


def around(block: Json, title: str, inside: Iterable[Piece]) -> Piece:
    """Return a block that holds others, with its title before their texts."""
    within = list(inside)
    head = escaped(title)
    return Piece(block, _joined([head, *(p.text for p in within)]), _joined([head, *(p.brief for p in within)]))


def split(found: Iterable[Piece], buttons: list[Json]) -> list[SlackMessage]:
    """Return the pieces packed into as few messages as the limits allow, in order, the buttons on the last one."""
    groups: list[list[Piece]] = [[]]
    used = 0
    for one in found:
        size = len(one.brief) + len(_GAP)
        if len(groups[-1]) == MAX_BLOCKS or (groups[-1] and used + size > MAX_BRIEF):
            groups.append([])
            used = 0
        groups[-1].append(one)
        used += size
    if len(groups[-1]) + len(buttons) > MAX_BLOCKS:
        groups.append([])
    parts = [_made(group) for group in groups]
    parts[-1].blocks.extend(buttons)
    return parts


def line(text: str) -> SlackMessage:
    """Return a message of one line in small print."""
    return SlackMessage([context([text])], escaped(text), escaped(text))


def said(text: str, buttons: Sequence[Json] = ()) -> SlackMessage:
    """Return a message of a few words of the bot's own, and what can be pressed."""
    row: list[Json] = [{"type": "actions", "elements": list(buttons)}] if buttons else []
    return SlackMessage([rich_text([blocks.section((Inline(text),))]), *row], escaped(text), escaped(text))


def preceded(first: SlackMessage, then: SlackMessage) -> SlackMessage:
    """Return both as one message; where there are too many blocks for that, the first is left to the text."""
    blocks = [*first.blocks, *then.blocks]
    return SlackMessage(
        blocks if len(blocks) <= MAX_BLOCKS else then.blocks,
        _joined([first.text, then.text]),
        _joined([first.brief, then.brief]),
    )


NAME = "\x00"
"""Stands for a person in a text until their name, which Slack alone knows, is put there."""


def named(text: str, user: str, spoken: str, quote: str = "") -> SlackMessage:
    """Return a line with a person's name in it, and what they said. `spoken` is the line without the name, for the
    text: Slack reads no names there."""
    before, _, after = text.partition(NAME)
    person = [{"type": "user", "user_id": user}]
    elements = [*_text_elements(before), *person, *_text_elements(after)]
    found: list[Json] = [{"type": "rich_text_section", "elements": elements}]
    if quote:
        found.append({"type": "rich_text_quote", "elements": _text_elements(quote)})
    words = _joined([escaped(spoken), escaped(quote)])
    return SlackMessage([rich_text(found)], words, words)


def _text_elements(text: str) -> list[Json]:
    return [{"type": "text", "text": text}] if text else []


def headed(first: SlackMessage, then: SlackMessage) -> SlackMessage:
    """Return both as one message whose text begins with the second: a notification shows what was answered."""
    blocks = [*first.blocks, *then.blocks]
    if len(blocks) > MAX_BLOCKS:
        return then
    return SlackMessage(blocks, _joined([then.text, first.text]), _joined([then.brief, first.brief]))


MAX_PART = 3_500
"""Characters of one message of bare text: Slack advises 4,000 at most (docs.slack.dev, chat.postMessage)."""


def in_parts(message: SlackMessage) -> list[SlackMessage]:
    """Return the text without addresses as short messages, cut between words and never inside an entity."""
    rest, parts = message.brief, []
    while len(rest) > MAX_PART:
        cut = max(rest.rfind(mark, MAX_PART // 2, MAX_PART) for mark in ("\n", " ", ";", "&"))
        cut = MAX_PART if cut < 0 else cut if rest[cut] == "&" else cut + 1
        parts.append(rest[:cut])
        rest = rest[cut:]
    return [SlackMessage([], part, part) for part in (*parts, rest) if part.strip()]


def _made(group: list[Piece]) -> SlackMessage:
    spoken = sorted(group, key=lambda one: not one.announced)
    text, brief = _joined([p.text for p in spoken]), _joined([p.brief for p in spoken])
    return SlackMessage([p.block for p in group], text if len(text) <= MAX_TEXT else brief, brief)


def _joined(texts: list[str]) -> str:
    return _GAP.join(filter(None, texts))


# --- an answer --------------------------------------------------------------------------------------------------------


MAX_PIECE = 2_900
MAX_CHILDREN = 10
"""Blocks inside a container (docs.slack.dev, Container block)."""

MAX_CONTEXT = 2_000
"""Characters of one text in a context block."""

MAX_LINES = 10
"""Texts in a context block (docs.slack.dev, Context block)."""

PHONE_COLUMNS = 2
"""Columns of a table that a phone shows side by side; a wider table becomes a card per row."""

CODE_LINES = 50
"""Lines of one preformatted block: of what is stored about a person, so many fit into a piece."""

CACHED = 2_048
"""Laid out cards kept: every answer of a large library, in both registers."""


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """Where it is shown and for whom: the person a press must come from to edit it, the App Home instead of a message,
    a button to share what only one person sees, a way to keep the bot quiet where several read."""

    asker: str = ""
    home: bool = False
    share: bool = False
    quiet: bool = False


class SlackRenderer:
    """Renders replies; keeps the pieces of a section, which depend on the card alone."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._buttons = Buttons(texts)
        self._kept: OrderedDict[tuple[int, bool, str], tuple[Card, tuple[Piece, ...], int]] = OrderedDict()

    def parts(self, reply: Reply, look: RenderOptions, closing: Iterable[str] = ()) -> list[SlackMessage]:
        """Return the messages of a reply, buttons on the last; `closing` are lines to add before the buttons."""
        laid, lines = self._pieces(reply, look.home)
        added = [small for line in closing for small in small_print([line])]
        lines += sum(block_lines(one.block) for one in added)
        buttons = self._buttons.under(reply, look.asker, lines, home=look.home, share=look.share, quiet=look.quiet)
        return split([*laid, *added], buttons)

    def _pieces(self, reply: Reply, home: bool) -> tuple[tuple[Piece, ...], int]:
        """Return the pieces of a reply and the lines of a phone they fill; of a card shown by itself, or with the line
        that everybody is told once, from memory if it was laid out before."""
        key = (id(reply.card), home, reply.offer)
        own = (reply.lead, reply.stored, reply.second, reply.remark)
        plain = not any(own) and reply.view is View.BRIEF
        kept = self._kept.get(key) if plain else None
        if kept is not None and kept[0] is reply.card:
            return kept[1:]
        laid = tuple(self._laid_out(reply, home))
        lines = sum(block_lines(one.block) for one in laid)
        if plain and reply.card.outcome not in (Outcome.CHOICES, Outcome.SMALL_TALK):  # made for one turn
            self._kept[key] = (reply.card, laid, lines)
            if len(self._kept) > CACHED:
                self._kept.popitem(last=False)
        return laid, lines

    def _laid_out(self, reply: Reply, home: bool) -> Iterator[Piece]:
        found = sections(reply)
        behind = [one for one in found if one.folded]
        foot = [one.line for one in found if one.line is not None]
        for section in found:
            if section.folded:
                yield from self._folded(behind, foot, reply.card) if section is behind[0] else ()
            elif section.line is not None:
                yield from small_print([line.short for line in foot]) if section.part is Part.REVIEW else ()
            else:
                yield from self._section(section, reply, tables=not home)

    def _section(self, section: Section, reply: Reply, *, tables: bool) -> Iterator[Piece]:
        """Yield the pieces of one section; the order of sections is not this channel's affair."""
        urgent = reply.card.outcome is Outcome.URGENT
        match section.part:
            case Part.TITLE:
                yield from announced(heading(section.text, 1), urgent)
            case Part.BRIEF:
                yield from announced(document(section.document, tables=tables), not urgent)
            case Part.SECOND:
                yield from heading(section.text, 2)
                yield from document(section.document)
            case Part.STORED:
                yield from code(section.text)
            case Part.OFFER:
                yield from small_print([section.text])
            case Part.LEAD | Part.REMARK:
                yield from paragraphs(section.text)
            case Part.DETAIL:  # a message takes one table: the brief's, where it stands beside it
                yield from document(section.document, tables=tables and reply.view is View.DETAIL)
            case Part.NOTES:
                yield from document(section.document)
            case _:
                return

    def _folded(self, behind: list[Section], foot: list[FootLine], card: Card) -> Iterator[Piece]:
        """Yield all that is behind the brief in one container, the small print at length at its end; its title says
        what it is, and how many sources."""
        heading = self._texts("sources-heading", card.register)
        lines = tuple(Item(source_runs(one)) for section in behind for one in section.sources)
        inside = tuple(block for section in behind for block in section.document)
        at_length = tuple(Paragraph((Inline(line.full),)) for line in foot)
        if not lines:
            yield from folded(self._texts("detail-heading", card.register), compact((*inside, *at_length)))
        elif not inside:
            yield from folded(f"{heading} ({len(lines)})", compact((ListBlock(lines), *at_length)))
        else:
            title = self._texts("slack-fold", card.register, sources=len(lines))
            listed = (Heading((Inline(heading),), 3), ListBlock(lines))
            yield from folded(title, compact((*inside, *listed, *at_length)))


def announced(found: Iterable[Piece], first: bool) -> Iterator[Piece]:
    """Yield the pieces, the first of which begins the text if it is what a notification should show."""
    for index, one in enumerate(found):
        yield replace(one, announced=True) if first and index == 0 else one


def compact(content: Document) -> Iterator[Piece]:
    """Yield a document in as few blocks as it fits: a container holds ten at most. Headings become bold lines."""
    flat = [one for block in content for one in (as_cards(block) if isinstance(block, Table) else (block,))]
    for group in packed(pieces(tuple(flat), MAX_PIECE), MAX_PIECE, lambda one: len(piece_of(one).brief) + 2):
        parts, last = [piece_of(one) for one in group], len(group) - 1
        elements = [element for index, one in enumerate(group) for element in blocks.elements(one, index < last)]
        text, brief = ("\n\n".join(getattr(one, form) for one in parts) for form in ("text", "brief"))
        yield Piece(rich_text(elements), text, brief)


def document(content: Document, *, tables: bool = False) -> Iterator[Piece]:
    """Yield the pieces of a document: where the surface has tables its first one as such if a phone shows it well, all
    others as cards."""
    for one in pieces(content, MAX_PIECE):
        if not isinstance(one, Table):
            yield piece_of(one)
        elif tables and len(one.header) <= PHONE_COLUMNS and blocks.fits_table(one.header, one.rows):
            tables = False
            cards = as_cards(one)
            brief = document_text(tuple(map(without_links, cards)))
            yield piece(blocks.table(one.header, one.rows), document_text(cards), brief)
        else:
            yield from document(as_cards(one))


def piece_of(block: Block) -> Piece:
    """Return one block of a document as a piece."""
    return piece(blocks.block(block), document_text((block,)), document_text((without_links(block),)))


def heading(title: str, level: int) -> Iterator[Piece]:
    """Yield a heading."""
    return document((Heading((Inline(title),), level),))


def as_cards(table: Table) -> Document:
    """Return a table as a nested list, which reads well on narrow screens and aloud: a line per cell, with its name."""
    items = [
        Item((Inline(f"{text_of(name)}: "), *cell), min(column, 1))
        for row in table.rows or (((),) * len(table.header),)
        for column, (name, cell) in enumerate(zip(table.header, row, strict=True))
    ]
    return (ListBlock(tuple(items)),) if items else ()


def folded(title: str, inside: Iterable[Piece]) -> Iterator[Piece]:
    """Yield the pieces in closed containers."""
    for group in packed(inside, MAX_PIECE * MAX_CHILDREN, lambda _one: MAX_PIECE):
        container = {
            "type": "container",
            "title": blocks.plain_text(clipped(title, blocks.MAX_HEADER) if title.strip() else "…"),
            "is_collapsible": True,
            "default_collapsed": True,
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
    return document((Paragraph((Inline(text),)),))


def fallbacks(part: SlackMessage) -> Iterator[SlackMessage]:
    """Yield the message in every way, best first; the words are the same in all of them."""
    yield part
    pictured = any(block["type"] == "image" for block in part.blocks)
    if pictured:
        part = replace(part, blocks=[block for block in part.blocks if block["type"] != "image"])
        yield part
    if part.text != part.brief:
        yield SlackMessage(part.blocks, part.brief, part.brief)
    simple = [block for one in part.blocks for block in simplified(one)]
    if len(simple) <= MAX_BLOCKS:
        yield SlackMessage(simple, part.brief, part.brief)
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
            yield {**block, "type": "actions", "elements": [b for e in block["elements"] for b in _feedback_buttons(e)]}
        case _:
            yield block


def _line(row: list[Json]) -> Json:
    """Return a row as one line, its cells parted by bars."""
    cells = [cell["elements"][0]["elements"] for cell in row]
    bar = {"type": "text", "text": " | "}
    inline = [one for index, cell in enumerate(cells) for one in ([bar, *cell] if index else cell)]
    return {"type": "rich_text_section", "elements": [*inline, {"type": "text", "text": "\n"}]}


def _feedback_buttons(element: Json) -> Iterator[Json]:
    for index, name in enumerate(("positive_button", "negative_button")):
        yield {"type": "button", "action_id": f"{element['action_id']}:{index}", **element[name]}
