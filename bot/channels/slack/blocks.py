"""Text to and from Slack, the typed document as Block Kit, and how much of a phone's screen blocks fill.

What people write becomes plain words, and ours come in pieces that a block takes, nothing lost. Only rich_text and
plain_text are used: nothing authored is ever read as markup.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby, takewhile
from typing import Any, TypeVar

from bot.channels.layout import Part, Shown, broken, rows_of, sections, words_of, wrapped
from bot.content.markdown import (
    Block,
    Document,
    Heading,
    Inline,
    Item,
    ListBlock,
    Paragraph,
    Quote,
    Runs,
    Table,
    text_of,
)
from bot.dialog.turn import Reply

# --- text -------------------------------------------------------------------------------------------------------------

_REFERENCE = re.compile(r"<([^<>]*)>")
_PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
_ADDRESS = re.compile(r"(?:https?://|www\.|mailto:)\S+", re.IGNORECASE)
_CODE_BLOCK = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_EMOJI = re.compile(r":(?=[\w+'-]*[a-z+-])[\w+'-]{1,100}:|(?<!\S):\d{1,4}:(?!\S)")
"""An emoji as Slack writes it, such as `:+1:`, `:skin-tone-2:`, or `:100:`; not the minutes of 10:30:45."""

_SPOKEN_EMOJI = {":sos:": "🆘", ":ambulance:": "🚑"}
"""Emoji that call for help; all others say nothing that a reader of words could answer."""

_QUOTE = re.compile(r"\s*(?:&gt;|>)(?!\d)")
THUMB = "👍"
"""What stands for a message of emoji alone, whichever they are."""


def mentions(text: str, user: str) -> bool:
    """Tell whether the text names this user."""
    return user in _PERSON.findall(text)


def names_another(text: str, user: str) -> bool:
    """Tell whether the text names anybody but this user: people, groups, or everybody in the channel."""
    others = set(_PERSON.findall(text)) - {user}
    return bool(others) or "<!" in text


def plain(text: str) -> str:
    """Return the words alone, line by line: no people, channels, addresses, code or emoji, of links their labels.

    Nobody named in them can be notified by repeating them. Quoted lines are what somebody else said: they are left out
    where the person says something too. A message of emoji alone is a thumb.
    """
    prose = _CODE.sub(_code, _CODE_BLOCK.sub(" ", text))
    own = "\n".join(line for line in prose.split("\n") if not _QUOTE.match(line))
    words = _words(own)
    if _says_something(words):
        return words
    return _words(prose) or words or (THUMB if _EMOJI.search(text) else "")


def spelt_out(blocks: Any) -> str:
    """Return what the blocks of a message say, as its text would say it; of a kind nobody knows yet, nothing."""
    found, rest = [], [blocks]
    while rest:
        node = rest.pop()
        if isinstance(node, Mapping):
            found.append(_spelling(node))
            rest.extend(reversed([one for one in node.values() if isinstance(one, Mapping | list)]))
        elif isinstance(node, list):
            rest.extend(reversed(node))
    return "".join(found)


def _spelling(node: Mapping[str, Any]) -> str:
    match node.get("type"):
        case "text":
            return escaped(str(node.get("text", "")))
        case "mrkdwn" | "plain_text" | "link":
            return str(node.get("text", "")) + " "
        case "user":
            return f"<@{node.get('user_id')}>"
        case "emoji":
            return f":{node.get('name')}:"
    return ""


def _words(text: str) -> str:
    spelt = _EMOJI.sub(lambda found: _SPOKEN_EMOJI.get(found[0], " "), _REFERENCE.sub(_spelt, text))
    bare = _ADDRESS.sub(" ", html.unescape(spelt)).replace("\x00", "")
    return "\n".join(line for found in bare.split("\n") if (line := " ".join(found.split())))


def _says_something(words: str) -> bool:
    return any(sign.isalnum() for sign in words)


def _code(found: re.Match[str]) -> str:
    """Return a word that is merely set as code, such as `ALA`; what is code says nothing."""
    return found[1] if all(sign.isalpha() or sign in " -" for sign in found[1]) else " "


def escaped(text: str) -> str:
    """Return text for a place that Slack reads as mrkdwn: the three control characters as entities, so that nothing in
    it is a link or a mention (docs.slack.dev, Formatting message text)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _spelt(reference: re.Match[str]) -> str:
    """Return the label of a link: that is a word of the writer's, the address behind it is not."""
    target, _, label = reference[1].partition("|")
    return " " if target[:1] in {"@", "!", "#"} else f" {label} "


T = TypeVar("T")

_WORDS = re.compile(r"\s*\S+|\s+")


def pieces(document: Document, limit: int) -> Iterator[Block]:
    """Yield the blocks of a document, each at most `limit` characters of brief text (a table stays whole)."""
    for block in document:
        yield from _cut(block, limit)


def length(runs: Runs) -> int:
    """Return how many characters the runs take in the brief text, without the addresses of links."""
    return sum(len(escaped(run.text)) for run in runs)


def cut_runs(runs: Runs, limit: int) -> Iterator[Runs]:
    """Yield the runs in stretches of at most `limit` characters."""
    words = (word for run in runs for word in _pieces_of(run, limit))
    yield from (joined(part) for part in packed(words, limit, lambda word: length((word,))))


def joined(runs: Runs) -> Runs:
    """Return the same text with neighbours of one style made one run."""
    styles = groupby(runs, lambda run: (run.bold, run.italic, run.code, run.link))
    return tuple(Inline("".join(run.text for run in group), *style) for style, group in styles)


def without_links(block: Block) -> Block:
    """Return the same words without the addresses behind them."""
    match block:
        case Paragraph(runs):
            return Paragraph(_unlinked(runs))
        case Heading(runs, level):
            return Heading(_unlinked(runs), level)
        case ListBlock(items):
            return ListBlock(tuple(replace(item, runs=_unlinked(item.runs)) for item in items))
        case Quote(blocks):
            return Quote(tuple(without_links(inner) for inner in blocks))  # type: ignore[misc]
        case Table(header, rows):
            return Table(_unlinked_row(header), tuple(_unlinked_row(row) for row in rows))


def _unlinked(runs: Runs) -> Runs:
    return tuple(replace(run, link=None) for run in runs)


def _unlinked_row(row: tuple[Runs, ...]) -> tuple[Runs, ...]:
    return tuple(map(_unlinked, row))


def _cut(block: Block, limit: int) -> Iterator[Block]:
    match block:
        case Paragraph(runs):
            yield from (Paragraph(part) for part in _whole_or_cut(runs, limit))
        case Heading(runs, level):
            yield from (Heading(part, level) for part in _whole_or_cut(runs, limit))
        case ListBlock(items):
            cut = (part for item in items for part in _cut_item(item, limit))
            yield from (ListBlock(part) for part in packed(cut, limit, _item_length))
        case Quote(blocks):
            inner = (part for one in blocks for part in _cut(one, limit))
            yield from (Quote(part) for part in packed(inner, limit, _block_length))  # type: ignore[arg-type]
        case Table():
            yield block


def _cut_item(item: Item, limit: int) -> Iterator[Item]:
    room = limit - 3 * item.depth - len(item.marker) - 2
    return (Item(part, item.depth, item.marker) for part in _whole_or_cut(item.runs, max(room, 1)))


def _item_length(item: Item) -> int:
    return length(item.runs) + 3 * item.depth + len(item.marker) + 2


def _block_length(block: Block) -> int:
    match block:
        case ListBlock(items):
            return sum(_item_length(item) + 2 for item in items)
        case Paragraph(runs):
            return length(runs) + 4
    return 0


def _whole_or_cut(runs: Runs, limit: int) -> Iterable[Runs]:
    return (runs,) if length(runs) <= limit else cut_runs(runs, limit)


def _pieces_of(run: Inline, limit: int) -> Iterator[Inline]:
    for found in _WORDS.finditer(run.text):
        for start in range(0, len(found[0]), max(limit // 6, 1)):
            piece = found[0][start : start + max(limit // 6, 1)]
            yield Inline(piece, run.bold, run.italic, run.code, run.link)


def packed(parts: Iterable[T], limit: int, limit_check: Callable[[T], int]) -> Iterator[tuple[T, ...]]:
    """Yield the parts in groups that stay within the limit; a part that exceeds it alone stands alone."""
    group: list[T] = []
    used = 0
    for part in parts:
        size = limit_check(part)
        if group and used + size > limit:
            yield tuple(group)
            group, used = [], 0
        group.append(part)
        used += size
    if group:
        yield tuple(group)


# --- blocks -----------------------------------------------------------------------------------------------------------

Json = dict[str, Any]

_LINKABLE = re.compile(r"(?:https?://|mailto:)\S{1,2990}")

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
    return bool(url) and _LINKABLE.fullmatch(url or "") is not None


def context(lines: list[str]) -> Json:
    """Return a context block of plain lines."""
    return {"type": "context", "elements": [plain_text(one) for one in lines]}


# --- how much of a screen it fills ------------------------------------------------------------------------------------

FRAME, VOTE = 3, 1
"""Characters that a button's frame takes of a line, and the line that Slack's thumbs take: they have no frame."""

MENU = "⋯"


def shown(reply: Reply, blocks: Sequence[Json]) -> Shown:
    """Return what a reply fills that was rendered as the blocks of one message."""
    small = sum(block_lines(block) for block in blocks if block["type"] == "context")
    text = sum(map(block_lines, blocks))
    rows = [row for block in blocks for row in button_rows(block)]
    head = sum(block_lines(block) for block in takewhile(lambda one: one["type"] == "header", blocks))
    found = sections(reply)
    words = sum(words_of(section.document) for section in found if section.part is Part.BRIEF)
    votes = sum(VOTE for block in blocks if block["type"] == "context_actions")
    counts = text - small, small, len(rows), sum(map(len, rows)), words, head, before_fold(blocks), votes
    return Shown(*counts, picture=tuple(_picture(blocks)))


def button_rows(block: Json) -> list[list[str]]:
    """Return the labels of a block's buttons in the rows in which a phone shows them."""
    if block["type"] != "actions":
        return []
    labels = [one["text"]["text"] if one["type"] == "button" else MENU for one in block["elements"]]
    return rows_of(labels, FRAME)


def _picture(blocks: Iterable[Json]) -> Iterator[str]:
    """Yield the lines of a message as a phone breaks them, a blank line where Slack leaves space between blocks."""
    for number, block in enumerate(blocks):
        lines = [f"▸ {line}" if block["type"] == "container" else line for line in broken(block_text(block))]
        yield from ("",) if number and block["type"] in ("rich_text", "container") else ()
        yield from lines if block_text(block) else ()
        yield from (" ".join(f"[{label}]" for label in row) for row in button_rows(block))
        yield from ("[👍] [👎]",) if block["type"] == "context_actions" else ()


def block_lines(block: Json) -> int:
    """Return the lines of text that a block fills; of a closed container that is its title."""
    return wrapped(block_text(block))


def before_fold(blocks: Iterable[Json]) -> int:
    """Return the lines of text above the first closed container, or all where nothing is folded."""
    lines = 0
    for block in blocks:
        if block["type"] == "container":
            break
        lines += block_lines(block)
    return lines


def block_text(block: Json) -> str:
    """Return the text of a block as it is seen before anything is opened."""
    match block["type"]:
        case "header":
            return str(block["text"]["text"])
        case "container":
            return str(block["title"]["text"])
        case "context":
            return " ".join(one["text"] for one in block["elements"])
        case "rich_text":
            return "\n".join(_element_text(element) for element in block["elements"]).rstrip("\n")
        case "table":
            return "\n".join(" ".join(map(block_text, row)) for row in block["rows"])
    return ""


def _element_text(element: Json) -> str:
    if element["type"] == "rich_text_list":
        return "\n".join("• " + _element_text(item) for item in element["elements"])
    return "".join(one["text"] for one in element["elements"])
