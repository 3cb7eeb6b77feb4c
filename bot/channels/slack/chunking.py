"""Long blocks cut into pieces that fit one message: between items and words, and inside a word only if it is endless.

Cutting loses no character. Length is that of the brief fallback text: escaped, without the addresses of links.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import TypeVar

from bot.channels.slack.mrkdwn import escaped
from bot.content.markdown import Block, Document, Heading, Inline, Item, ListBlock, Paragraph, Quote, Runs, Table

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
    words = (word for run in runs for word in _words(run, limit))
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


def _words(run: Inline, limit: int) -> Iterator[Inline]:
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
