"""Reviewers' decisions, recorded in the answer's own file: who decided what, when, and what exactly was approved."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from bot.content.diagnostics import Place, SourceMap, SourceRange, lines_of
from bot.content.library import Library
from bot.content.models import Answer, Status
from bot.content.validation import validate
from bot.content.yaml_reader import read

_PLAIN = re.compile(r"(?!null$|true$|false$)[a-z]+(?:-[a-z]+)*|\d{4}-\d\d-\d\d")

_BREAKS = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")
"""Signs that JSON leaves alone and YAML would read as line breaks, or not at all."""

Value = str | None
"""What can be written: text, or None for `null`."""


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
    begin, end = _offset(text, spot.start), _offset(text, spot.end)
    after = newline if text[begin:end].endswith(("\n", "\r")) else ""
    return text[:begin].rstrip() + newline + _lines(values, newline) + after + text[end:]


def _by_rows(text: str, name: str, survey: SourceMap, values: Mapping[str, Value], newline: str) -> str:
    spot = survey.source_range((name,))
    missing = {key: value for key, value in values.items() if key not in spot.rows}
    end = _offset(text, (spot.end[0], len(lines_of(text)[spot.end[0]])))
    if missing:
        text = text[:end] + newline + _lines(missing, newline, spot.start[1]) + text[end:]
    for key in sorted(
        values.keys() - missing.keys(), key=lambda key: survey.source_range((name, key)).start, reverse=True
    ):
        place = survey.source_range((name, key))
        begin, end = _offset(text, place.start), _offset(text, place.end)
        gap = "" if text[begin - 1].isspace() else " "
        text = text[:begin] + gap + _written(values[key]) + text[end:]
    return text


def _lines(values: Mapping[str, Value], newline: str, indent: int = 2) -> str:
    return newline.join(f"{' ' * indent}{key}: {_written(value)}" for key, value in values.items())


def _written(value: Value) -> str:
    """Return a value as YAML; anything but a plain word or a date stands in quotes."""
    if value is None:
        return "null"
    if _PLAIN.fullmatch(value):
        return value
    return _BREAKS.sub(lambda sign: f"\\u{ord(sign[0]):04x}", json.dumps(value, ensure_ascii=False))


def _offset(text: str, place: Place) -> int:
    """Return the position in `text` of a line and column, however its lines end."""
    line, column = place
    position = 0
    for body in lines_of(text)[:line]:
        position += len(body)
        position += 2 if text.startswith("\r\n", position) else 1
    return position + column


class ReviewRefused(ValueError):
    """The decision cannot be recorded; the message says why."""


def decide(library: Library, node: str, status: Status, by: str, on: date, due: date | None = None) -> Path:
    """Record a decision on an answer and return the file it stands in.

    An approval also records when the next review is due and the hash of what was approved. Raises ReviewRefused for an
    unknown node, an unnamed reviewer or a missing or impossible date; the file is then untouched.
    """
    if node not in library.nodes:
        raise ReviewRefused(f"there is no node `{node}`")
    _refuse_unnamed(by)
    if status == "approved" and (due is None or due <= on):
        raise ReviewRefused("an approval needs the date of the next review (`--due`), later than the approval")
    values = {
        "status": status,
        "by": by.strip(),
        "on": on.isoformat(),
        "due": due.isoformat() if due else None,
        "hash": library.hash_of(node) if status == "approved" else None,
    }
    path = library.home.answer(library.topic_of(node).id, node)
    _replace(path, set_mapping(path.read_bytes().decode(), "review", values))
    return path


def _refuse_unnamed(by: str) -> None:
    if not any(letter.isalpha() for letter in by):
        raise ReviewRefused("a decision needs a named reviewer: `--by NAME`")


def _replace(path: Path, text: str) -> None:
    """Put `text` in the file's place in one step, once it is known to be sound and to say nothing else anew."""
    page = read(path.as_posix(), text.encode())
    before = read(path.as_posix(), path.read_bytes())
    if validate(page, Answer) is None or _without_review(page.data) != _without_review(before.data):
        raise ReviewRefused(f"{path} could not be edited safely; write the `review:` block by hand")
    draft = path.with_suffix(".draft")
    draft.write_text(text, encoding="utf-8", newline="")
    os.replace(draft, path)


def _without_review(data: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in data.items() if key != "review"}
