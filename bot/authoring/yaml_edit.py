"""Edits of YAML files by hand's rules: what is not changed keeps every byte, its comments, order and quotes.

An edit is tried in the form the value has now, then in others, and each try is read again: only one that says the new
value there, and everything else as before, is taken.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from bot.content.diagnostics import Location, Place, SourceMap, SourceRange, lines_of
from bot.content.yaml_reader import read

WIDTH = 116
"""Longest line of folded text that is written anew."""

_PLAIN = re.compile(r"(?!null$|true$|false$)[a-z]+(?:-[a-z]+)*|\d{4}-\d\d-\d\d")
_BREAKS = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")
"""Signs that JSON leaves alone and YAML would read as line breaks, or not at all."""

_INSERTED = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")
_HELD = "\0"
"""Stands for a space at which no line is broken: no YAML holds it."""

Value = str | None
"""What can be written: text, or None for `null`."""


class EditRefused(ValueError):
    """The file cannot be edited so that it says the new value and nothing else anew."""


def quoted(text: str) -> str:
    """Return text in double quotes, whatever it holds."""
    return _BREAKS.sub(lambda sign: f"\\u{ord(sign[0]):04x}", json.dumps(text, ensure_ascii=False))


def written(value: Value) -> str:
    """Return a value as YAML; anything but a plain word or a date stands in quotes."""
    if value is None:
        return "null"
    return value if _PLAIN.fullmatch(value) else quoted(value)


def offset(text: str, place: Place) -> int:
    """Return the position in `text` of a line and column, however its lines end."""
    line, column = place
    position = 0
    for body in lines_of(text)[:line]:
        position += len(body)
        position += 2 if text.startswith("\r\n", position) else 1
    return position + column


# --- one text --------------------------------------------------------------------------------------------------------


def replace_text(text: str, location: Location, value: str) -> str:
    """Return `text` with `value` at `location`; raises EditRefused where no form of it fits there."""
    before = read("", text.encode()).data
    wanted = _with(before, tuple(location), value)
    spot = SourceMap(text).source_range(location)
    begin, end = offset(text, spot.start), offset(text, spot.end)
    for form in _forms(text, spot, begin, end, value):
        made = text[:begin] + form + text[end:]
        page = read("", made.encode())
        if not page.diagnostics and page.data == wanted:
            return made
    raise EditRefused(f"`{'.'.join(map(str, location))}` could not be changed safely")


def _forms(text: str, spot: SourceRange, begin: int, end: int, value: str) -> Iterator[str]:
    """Yield the value as it may be written: first as the old one is, then in quotes."""
    now = text[begin:end]
    if spot.block:
        yield from _blocks(now, value)
    elif now[:1] == "'":
        yield "'" + value.replace("'", "''") + "'"
    elif now[:1] != '"':
        yield value
    newline = "\n" if spot.block else ""
    yield quoted(value) + newline
    yield "'" + value.replace("'", "''") + "'" + newline


def _blocks(now: str, value: str) -> Iterator[str]:
    """Yield a block of text with the indicator it has, its lines as long as they were."""
    head, _, body = now.partition("\n")
    first = next((line for line in body.split("\n") if line.strip()), "")
    indent = " " * (len(first) - len(first.lstrip(" ")) or 2)
    if head.startswith("|"):
        rows = value.split("\n")
    else:
        rows = [row for part in value.split("\n") for row in (*_wrapped(part, WIDTH - len(indent)), "")][:-1]
    lines = "\n".join(f"{indent}{row}" if row else "" for row in rows)
    after = re.search(r"\n*\Z", now)
    yield f"{head}\n{lines}{after[0] if after else ''}"


def _wrapped(text: str, width: int) -> list[str]:
    """Return a text in lines, broken at spaces alone, and never inside `{{ }}`, where nobody looks for a break."""
    held = _INSERTED.sub(lambda found: found[0].replace(" ", _HELD), text)
    lines = textwrap.wrap(held, width, break_long_words=False, break_on_hyphens=False)
    return [line.replace(_HELD, " ") for line in lines]


def _with(data: Any, way: tuple[str | int, ...], value: str) -> Any:
    """Return data with another value at one place."""
    if not way:
        return value
    step, rest = way[0], way[1:]
    if isinstance(data, dict):
        return {**data, str(step): _with(data[str(step)], rest, value)}
    return tuple(_with(item, rest, value) if at == step else item for at, item in enumerate(data))


# --- what is added ---------------------------------------------------------------------------------------------------


def append_entry(text: str, location: Location, entry: str) -> str:
    """Return `text` with a further entry at the end of a mapping; `entry` is written as at the left margin."""
    spot = SourceMap(text).source_range(location)
    if not spot.rows:
        raise EditRefused(f"`{'.'.join(map(str, location))}` is not written with one name per line")
    end = spot.end[0] if spot.end[1] == 0 else spot.end[0] + 1
    lines = text.splitlines(keepends=True)
    while end > 0 and (end > len(lines) or not lines[end - 1].strip()):
        end -= 1
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    return "".join([*lines[:end], textwrap.indent(entry, " " * spot.start[1]), *lines[end:]])


def append_item(text: str, location: Location, item: str) -> str:
    """Return `text` with a further id in a list such as `next: [a, b]`, or with the list where there is none."""
    survey = SourceMap(text)
    if tuple(location) not in survey:
        return append_entry(text, location[:-1], f"{location[-1]}: [{item}]\n")
    spot = survey.source_range(location)
    begin, end = offset(text, spot.start), offset(text, spot.end)
    now = text[begin:end]
    if now.startswith("["):
        inside = now[1:-1].strip()
        return text[:begin] + (f"[{inside}, {item}]" if inside else f"[{item}]") + text[end:]
    indent = " " * spot.start[1]
    at = offset(text, (spot.end[0], 0)) if spot.end[1] == 0 else end
    lead = "" if at and text[at - 1] == "\n" else "\n"
    return text[:at] + f"{lead}{indent}- {item}" + ("\n" if not lead else "") + text[at:]


# --- a group of short values -----------------------------------------------------------------------------------------


def set_mapping(text: str, name: str, values: Mapping[str, Value]) -> str:
    """Return `text` with the top-level mapping `name` holding `values`.

    A value that is there is replaced where it stands; a missing one is added below; a missing group goes to the end. A
    group of another form (in brackets, empty, with blocks of text) is written anew.
    """
    survey = SourceMap(text)
    newline = "\r\n" if "\r\n" in text else "\n"
    if (name,) not in survey:
        gap = newline if text and not text.endswith(("\n", "\r")) else ""
        return f"{text}{gap}{name}:{newline}{_lines(values, newline)}{newline}"
    rows = survey.source_range((name,)).rows
    if not rows or any(survey.source_range((name, row)).block for row in rows):
        return _anew(text, survey.source_range((name,)), values, newline)
    return _by_rows(text, name, survey, values, newline)


def _anew(text: str, spot: SourceRange, values: Mapping[str, Value], newline: str) -> str:
    begin, end = offset(text, spot.start), offset(text, spot.end)
    after = newline if text[begin:end].endswith(("\n", "\r")) else ""
    return text[:begin].rstrip() + newline + _lines(values, newline) + after + text[end:]


def _by_rows(text: str, name: str, survey: SourceMap, values: Mapping[str, Value], newline: str) -> str:
    spot = survey.source_range((name,))
    missing = {key: value for key, value in values.items() if key not in spot.rows}
    end = offset(text, (spot.end[0], len(lines_of(text)[spot.end[0]])))
    if missing:
        text = text[:end] + newline + _lines(missing, newline, spot.start[1]) + text[end:]
    present = sorted(values.keys() - missing.keys(), key=lambda key: survey.source_range((name, key)).start)
    for key in reversed(present):
        place = survey.source_range((name, key))
        begin, end = offset(text, place.start), offset(text, place.end)
        gap = "" if text[begin - 1].isspace() else " "
        text = text[:begin] + gap + written(values[key]) + text[end:]
    return text


def _lines(values: Mapping[str, Value], newline: str, indent: int = 2) -> str:
    return newline.join(f"{' ' * indent}{key}: {written(value)}" for key, value in values.items())
