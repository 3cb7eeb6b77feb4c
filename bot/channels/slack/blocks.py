"""The typed document as Block Kit. Only rich_text and plain_text are used: nothing authored is ever read as markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from bot.channels.slack.mrkdwn import escaped
from bot.content.markdown import Block, Heading, Inline, Item, ListBlock, Paragraph, Quote, Runs, Table, text_of

Json = dict[str, Any]

_ADDRESS = re.compile(r"(?:https?://|mailto:)\S{1,2990}")

MAX_HEADER = 150
"""Characters of a header block (docs.slack.dev, Header block)."""

MAX_INDENT = 8
"""Deepest list indent that Slack draws."""

MAX_ROWS, MAX_COLUMNS, MAX_CELLS = 100, 20, 10_000
"""Rows and columns of a table block, and characters of all its cells (docs.slack.dev, Table block)."""


def plain_text(text: str) -> Json:
    """Return a plain_text object that shows colons as colons, not as emoji."""
    return {"type": "plain_text", "text": text, "emoji": False}


def header(text: str, level: int = 1) -> Json:
    """Return a header; a text too long (or too empty) for one becomes a bold line."""
    if not text.strip() or len(text) > MAX_HEADER:
        return rich_text([section((Inline(text, bold=True),))])
    return {"type": "header", "text": plain_text(text), "level": max(1, min(level, 4))}


def rich_text(elements: list[Json]) -> Json:
    """Return a rich_text block."""
    return {"type": "rich_text", "elements": elements}


def section(runs: Runs) -> Json:
    """Return a rich_text_section, the unit that holds styled text."""
    return {"type": "rich_text_section", "elements": inlines(runs)}


def preformatted(text: str) -> Json:
    """Return a block that shows the text letter by letter."""
    return rich_text([{"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]}])


def inlines(runs: Runs) -> list[Json]:
    """Return the runs as text and link elements; an empty text becomes a space, because Slack refuses empty ones."""
    return [_inline(run) for run in runs if run.text] or [{"type": "text", "text": " "}]


def block(one: Block) -> Json:
    """Return any block of a document but a table as one Block Kit block."""
    match one:
        case Paragraph(runs):
            return rich_text([section(runs)])
        case Heading(runs, level):
            return header(text_of(runs), level)
        case ListBlock(items):
            return rich_text(list(lists(items)))
        case Quote(blocks):
            return rich_text(list(_quoted(blocks)))
        case Table(head, rows):
            return table(head, rows)


def elements(one: Block, more: bool) -> Iterator[Json]:
    """Yield a block of a document as elements of one rich_text block, a blank line before what follows (`more`)."""
    gap = [{"type": "text", "text": "\n"}] if more else []
    match one:
        case Paragraph(runs):
            yield {"type": "rich_text_section", "elements": [*inlines(runs), *gap]}
        case Heading(runs):
            bold = tuple(Inline(run.text, True, run.italic, run.code, run.link) for run in runs)
            yield section(bold)
        case ListBlock(items):
            yield from lists(items)
            yield from ({"type": "rich_text_section", "elements": gap} for _ in gap)
        case Quote(blocks):
            yield from _quoted(blocks)
        case Table():
            return


def fits_table(head: tuple[Runs, ...], rows: tuple[tuple[Runs, ...], ...]) -> bool:
    """Tell whether Slack takes this as a table block."""
    characters = sum(len(run.text) or 1 for row in (head, *rows) for cell in row for run in cell)
    return bool(head) and len(rows) < MAX_ROWS and len(head) <= MAX_COLUMNS and characters <= MAX_CELLS


def table(head: tuple[Runs, ...], rows: tuple[tuple[Runs, ...], ...]) -> Json:
    """Return a table block with a bold first row; long cells wrap."""
    bold = tuple(tuple(Inline(run.text, True, run.italic, run.code, run.link) for run in cell) for cell in head)
    return {
        "type": "table",
        "column_settings": [{"is_wrapped": True} for _ in head],
        "rows": [[rich_text([section(cell)]) for cell in row] for row in (bold, *rows)],
    }


def lists(items: Iterable[Item]) -> Iterator[Json]:
    """Yield rich_text_lists: Slack nests by indent, so each change of depth or kind starts a new one."""
    numbered: dict[int, int] = {}
    for (depth, ordered), group in groupby(items, lambda item: (item.depth, item.marker[:1].isdigit())):
        found = list(group)
        one: Json = {"type": "rich_text_list", "style": "ordered" if ordered else "bullet"}
        one["elements"] = [section(item.runs) for item in found]
        if depth:
            one["indent"] = min(depth, MAX_INDENT)
        if ordered and numbered.get(depth):
            one["offset"] = numbered[depth]
        numbered = {d: n for d, n in numbered.items() if d < depth}
        numbered[depth] = one.get("offset", 0) + len(found) if ordered else 0
        yield one


def _quoted(blocks: Iterable[Paragraph | ListBlock]) -> Iterator[Json]:
    for inner in blocks:
        if isinstance(inner, Paragraph):
            yield {"type": "rich_text_quote", "elements": inlines(inner.runs)}
        else:
            yield from ({**one, "border": 1} for one in lists(inner.items))


def _inline(run: Inline) -> Json:
    style = {name: True for name in ("bold", "italic", "code") if getattr(run, name)}
    one: Json = {"type": "link", "url": run.link} if linkable(run.link) else {"type": "text"}
    return {**one, "text": run.text, **({"style": style} if style else {})}


def linkable(url: str | None) -> bool:
    """Tell whether Slack makes a link of this address."""
    return bool(url) and _ADDRESS.fullmatch(url or "") is not None


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
    return SlackMessage([rich_text([section((Inline(text),))]), *row], escaped(text), escaped(text))


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
    elements = [*_words(before), *person, *_words(after)]
    found: list[Json] = [{"type": "rich_text_section", "elements": elements}]
    if quote:
        found.append({"type": "rich_text_quote", "elements": _words(quote)})
    words = _joined([escaped(spoken), escaped(quote)])
    return SlackMessage([rich_text(found)], words, words)


def _words(text: str) -> list[Json]:
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


def context(lines: list[str]) -> Json:
    """Return a context block of plain lines."""
    return {"type": "context", "elements": [plain_text(one) for one in lines]}


def _made(group: list[Piece]) -> SlackMessage:
    spoken = sorted(group, key=lambda one: not one.announced)
    text, brief = _joined([p.text for p in spoken]), _joined([p.brief for p in spoken])
    return SlackMessage([p.block for p in group], text if len(text) <= MAX_TEXT else brief, brief)


def _joined(texts: list[str]) -> str:
    return _GAP.join(filter(None, texts))
