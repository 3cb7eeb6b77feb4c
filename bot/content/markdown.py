"""Authored Markdown into the typed document. Raw HTML and unsafe links stay literal text; an image is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token


@dataclass(frozen=True, slots=True)
class Inline:
    """A stretch of text in one style. `text` is literal: no channel may read it as markup."""

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    link: str | None = None


Runs = tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    runs: Runs


@dataclass(frozen=True, slots=True)
class Heading:
    runs: Runs
    level: int = 2


@dataclass(frozen=True, slots=True)
class Item:
    """One list item; `depth` 0 is the outermost list, `marker` is `•` or `1.`"""

    runs: Runs
    depth: int = 0
    marker: str = "•"


@dataclass(frozen=True, slots=True)
class ListBlock:
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    blocks: tuple[Paragraph | ListBlock, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A header row and body rows; every row has as many cells as the header."""

    header: tuple[Runs, ...]
    rows: tuple[tuple[Runs, ...], ...]


Block = Paragraph | Heading | ListBlock | Quote | Table
Document = tuple[Block, ...]


def text_of(runs: Runs) -> str:
    """Return the literal text of the runs."""
    return "".join(run.text for run in runs)


def runs_of(block: Block) -> Iterator[Runs]:
    """Yield every text of a block, in reading order."""
    match block:
        case Paragraph(runs) | Heading(runs):
            yield runs
        case ListBlock(items):
            yield from (item.runs for item in items)
        case Quote(blocks):
            yield from (runs for inner in blocks for runs in runs_of(inner))
        case Table(header, rows):
            yield from (cell for row in (header, *rows) for cell in row)


def word_count(document: Document) -> int:
    """Return how many words a document has."""
    return sum(len(text_of(runs).split()) for block in document for runs in runs_of(block))


_PARSER = MarkdownIt("commonmark", {"html": False}).enable("table")
_WORD_STYLES = {"strong": "bold", "em": "italic"}


class UnsupportedMarkdown(ValueError):
    """The text uses something no channel can show, such as an image."""


def parse(markdown: str) -> Document:
    """Return the blocks of `markdown`; raises UnsupportedMarkdown for what the document cannot hold."""
    return tuple(_blocks(_Stream(_PARSER.parse(markdown))))


class _Stream:
    """The parser's tokens, read one after another."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def __iter__(self) -> Iterator[Token]:
        while self._at < len(self._tokens):
            self._at += 1
            yield self._tokens[self._at - 1]

    def until(self, kind: str) -> Iterator[Token]:
        """Yield the tokens before the closing token `kind`, which is consumed."""
        for token in self:
            if token.type == kind:
                return
            yield token


def _blocks(stream: _Stream) -> Iterator[Block]:
    for token in stream:
        match token.type:
            case "heading_open":
                yield Heading(_inline(stream, "heading_close"), int(token.tag[1]))
            case "paragraph_open":
                yield Paragraph(_inline(stream, "paragraph_close"))
            case "bullet_list_open" | "ordered_list_open":
                yield ListBlock(tuple(_items(stream, token, 0)))
            case "blockquote_open":
                yield Quote(tuple(_quoted(stream)))
            case "table_open":
                yield _table(stream)
            case "fence" | "code_block":
                yield Paragraph((Inline(token.content.rstrip("\n"), code=True),))
            case "hr":
                continue
            case unknown:
                raise UnsupportedMarkdown(f"Markdown element '{unknown}' cannot be shown on every channel")


def _quoted(stream: _Stream) -> Iterator[Paragraph | ListBlock]:
    inner = _Stream(list(stream.until("blockquote_close")))
    for block in _blocks(inner):
        if not isinstance(block, Paragraph | ListBlock):
            raise UnsupportedMarkdown("a quotation holds paragraphs and lists only")
        yield block


def _items(stream: _Stream, opening: Token, depth: int) -> Iterator[Item]:
    """Yield the items of a list and, deeper, of the lists inside them."""
    number = int(opening.attrGet("start") or 1)
    for token in stream:
        match token.type:
            case "bullet_list_close" | "ordered_list_close":
                return
            case "list_item_open":
                marker = f"{number}." if opening.type.startswith("ordered") else "•"
                number += 1
            case "paragraph_open":
                yield Item(_inline(stream, "paragraph_close"), depth, marker)
                marker = ""  # a second paragraph of the same item continues it
            case "bullet_list_open" | "ordered_list_open":
                yield from _items(stream, token, depth + 1)


def _table(stream: _Stream) -> Table:
    rows: list[list[Runs]] = []
    for token in stream.until("table_close"):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(tuple(_runs(token)))
    return Table(tuple(rows[0]), tuple(tuple(row) for row in rows[1:]))


def _inline(stream: _Stream, closing: str) -> Runs:
    return tuple(run for token in stream.until(closing) for run in _runs(token))


def _runs(inline: Token) -> Iterator[Inline]:
    """Yield the styled stretches of one line of text."""
    styles: dict[str, bool] = {}
    link: str | None = None
    for token in inline.children or ():
        name, _, edge = token.type.rpartition("_")
        if name in _WORD_STYLES:
            styles[_WORD_STYLES[name]] = edge == "open"
        elif name == "link":
            link = str(token.attrGet("href")) if edge == "open" else None
        elif token.type in ("softbreak", "hardbreak"):
            yield Inline("\n" if token.type == "hardbreak" else " ", link=link, **styles)
        elif token.type == "code_inline":
            yield Inline(token.content, code=True, link=link, **styles)
        elif token.type == "text":
            if token.content:
                yield Inline(token.content, link=link, **styles)
        else:
            raise UnsupportedMarkdown(f"Markdown element '{token.type}' cannot be shown on every channel")
