"""Styled lines: text with spans, measured and cut as Telegram measures it, in UTF-16 code units."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from bot.content.markdown import Inline, Runs

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
