"""How a file is written, beside what it says: comments that cut a text off, signs nobody can see, braces left over.

Such files are valid and load; they only do not mean what their author typed. So the scalars are looked at where they
stand in the file, before anything is inserted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from yaml import MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent, SequenceStartEvent, YAMLError
from yaml._yaml import CParser

from bot.content import models
from bot.content.diagnostics import Diagnostic, Place, suspicious
from bot.content.templates import without_values
from bot.content.validation import SchemaPart, known_names, shape_of
from bot.content.yaml_reader import YamlFile

_COMMENT = re.compile(r"[ \t]+(#.*)")
_LEFT_OVER = re.compile(r"[{}]|\b(?:facts|emergency)\.(?=[a-z])|\{#")
_HTML = re.compile(
    r"</?(?:b|i|u|em|strong|br|p|div|span|sup|sub|a|ul|ol|li|h[1-6]|font|small|table|tr|td)\b[^<>]*>", re.I
)
_QUOTED = re.compile(r"[“„”«‚‘][^“„”«»‚‘’]+[”“»‘’]")
"""A whole text in the quotation marks of a word processor, which YAML does not take for quotes."""
_OUR_OWN = frozenset(name for name in vars(models) if name.endswith("File")) | {
    "Answer",
    "EmergencyFile",
    "ContactsFile",
}

_REPEATED = 60
"""Characters of a comment that a finding repeats."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """One name or value as it stands in the file; `text` tells free text from ids, numbers and set words."""

    value: str
    start: Place
    end: Place
    plain: bool
    text: bool


def inspect(page: YamlFile, model: Any) -> Iterator[Diagnostic]:
    """Yield what is wrong with how a file is written: F12, F13 and, in what readers are shown, F15 and C30."""
    shown = getattr(model, "__name__", "") in _OUR_OWN and model is not models.PhrasesFile
    if not shown and page.text.isascii() and not _COMMENT.search(page.text):
        return
    for scalar in _scalars(page, model):
        yield from _unseen(page, scalar)
        if scalar.text:
            yield from _cut_off(page, scalar, "readers are not shown" if shown else "nobody reads")
        if shown and scalar.text:
            yield from _swallowed(page, scalar, model)
            yield from _left_over(page, scalar)
            yield from _typed_elsewhere(page, scalar)


# --- the scalars of a file -------------------------------------------------------------------------------------------


def _scalars(page: YamlFile, model: Any) -> Iterator[Scalar]:
    """Yield the scalars in reading order, up to where the file is no YAML."""
    parser = CParser(page.text)
    try:
        parser.get_event()
        parser.get_event()
        yield from _inside(parser, parser.get_event(), shape_of(model))
    except (YAMLError, RecursionError, AttributeError):
        return


def _inside(parser: Any, event: Any, shape: SchemaPart) -> Iterator[Scalar]:
    if isinstance(event, ScalarEvent):
        yield _scalar(event, text=shape.is_text)
    elif isinstance(event, MappingStartEvent):
        while not isinstance(name := parser.get_event(), MappingEndEvent):
            yield _scalar(name, text=False)
            yield from _inside(parser, parser.get_event(), shape.named(getattr(name, "value", "")))
    elif isinstance(event, SequenceStartEvent):
        while not isinstance(item := parser.get_event(), SequenceEndEvent):
            yield from _inside(parser, item, shape.item())


def _scalar(event: Any, *, text: bool) -> Scalar:
    start, end = event.start_mark, event.end_mark
    plain = event.style not in ("'", '"', "|", ">")
    return Scalar(event.value, (start.line, start.column), (end.line, end.column), plain, text)


# --- what may be wrong -----------------------------------------------------------------------------------------------


def _rows(page: YamlFile, scalar: Scalar) -> Iterator[tuple[int, int, str]]:
    """Yield the stretches of the file that a scalar takes up: line, first column, what stands there."""
    (first, column), (last, end) = scalar.start, scalar.end
    for number in range(first, min(last + 1, len(page.lines))):
        begin = column if number == first else 0
        stop = end if number == last else len(page.lines[number])
        yield number, begin, page.lines[number][begin:stop]


def _unseen(page: YamlFile, scalar: Scalar) -> Iterator[Diagnostic]:
    """F12: a character that cannot be seen, or that looks like another, in any name or value."""
    if scalar.value.isascii() and scalar.value.isprintable():
        return
    for sign, (message, remedy) in suspicious(scalar.value, text=scalar.text).items():
        found = [
            (number, begin + at)
            for number, begin, row in _rows(page, scalar)
            for at, one in enumerate(row)
            if one == sign
        ]
        for place in found or [scalar.start]:
            yield page.diagnostic(place, "F12", message, remedy)


def _cut_off(page: YamlFile, scalar: Scalar, lost: str) -> Iterator[Diagnostic]:
    """F13: a ` #` behind unquoted text, which YAML takes for a comment."""
    line, column = scalar.end
    if not scalar.plain or line >= len(page.lines) or scalar.value in ("", "~", "null"):
        return
    if found := _COMMENT.match(page.lines[line], column):
        message = f"` #` begins a comment, so {lost} `{found[1][:_REPEATED]}`"
        remedy = "put the text in quotes, or the comment on a line of its own"
        yield page.diagnostic((line, found.start(1)), "F13", message, remedy)


def _swallowed(page: YamlFile, scalar: Scalar, model: Any) -> Iterator[Diagnostic]:
    """F15: a line that looks like a name of the file, but stands inside a text because of how it is indented."""
    for number, _, row in list(_rows(page, scalar))[1:]:
        found = re.match(r"\s*(?:- )?([a-z_]+):(?: |$)", row)
        if found and found[1] in known_names(model):
            message = f"`{found[1]}:` stands inside the text above, because it is indented further"
            yield page.diagnostic((number, found.start(1)), "F15", message, "indent it like the names around it")


def _left_over(page: YamlFile, scalar: Scalar) -> Iterator[Diagnostic]:
    """C30: braces or the name of a figure outside `{{ }}`, which readers would be shown as they stand."""
    if not _LEFT_OVER.search(without_values(scalar.value, "")):
        return
    for number, begin, row in _rows(page, scalar):
        bare = without_values(row, "")
        if found := _LEFT_OVER.search(_blank(row)) if bare else None:
            message = f"readers are shown `{_around(row, found.start())}` as it stands: it inserts nothing"
            remedy = "write {{ facts.… }} with two braces on either side, or leave the braces out"
            yield page.diagnostic((number, begin + found.start()), "C30", message, remedy)
            return
    yield page.diagnostic(
        scalar.start, "C30", "a brace is left over here", "write {{ facts.… }}, with both braces closed"
    )


def _typed_elsewhere(page: YamlFile, scalar: Scalar) -> Iterator[Diagnostic]:
    """C30: HTML, and the quotation marks of a word processor around a whole text: both are shown as they stand."""
    if scalar.plain and _QUOTED.fullmatch(scalar.value):
        message = f"readers are shown the quotation marks `{scalar.value[0]}` and `{scalar.value[-1]}`"
        yield page.diagnostic(scalar.start, "C30", message, 'type `"` on either side, or leave them out')
    if not _HTML.search(scalar.value):
        return
    for number, begin, row in _rows(page, scalar):
        if found := _HTML.search(row):
            message = f"readers are shown `{found[0]}` as it stands: HTML is no markup here"
            remedy = "leave it out; bold is `**so**`, a new line is a claim of its own"
            yield page.diagnostic((number, begin + found.start()), "C30", message, remedy)
            return


def _blank(row: str) -> str:
    """Return a row with every insertion replaced by as many spaces."""
    return re.sub(r"\{\{.*?\}\}|\{%.*?%\}", lambda found: " " * len(found[0]), row)


def _around(row: str, at: int) -> str:
    found = re.compile(r"\{[^{}]*\}|\S+").match(row, at)
    return found[0][:40] if found else row[at : at + 1]
