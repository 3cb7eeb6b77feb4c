"""Text to and from Slack: what people write as plain words, and ours in pieces that a block takes, nothing lost."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from typing import Any, TypeVar

from bot.content.markdown import Block, Document, Heading, Inline, Item, ListBlock, Paragraph, Quote, Runs, Table

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
