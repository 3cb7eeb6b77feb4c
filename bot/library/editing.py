"""One top-level group of values written into a YAML text; every other byte, comments and order included, stays."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from bot.library.survey import Place, Survey, lines_of

_PLAIN = re.compile(r"(?!null$|true$|false$)[a-z]+(?:-[a-z]+)*|\d{4}-\d\d-\d\d")

Value = str | None
"""What can be written: text, or None for `null`."""


def with_group(text: str, name: str, values: Mapping[str, Value]) -> str:
    """Return `text` with the top-level mapping `name` holding `values`.

    A value that is there is replaced where it stands; a missing one is added below; a missing group goes to the end.
    """
    survey = Survey(text)
    newline = "\r\n" if "\r\n" in text else "\n"
    if (name,) not in survey:
        gap = "" if text.endswith(("\n", "\r")) or not text else newline
        return text + gap + f"{name}:{newline}" + _lines(values, newline)
    spot = survey.spot((name,))
    present = [key for key in values if (name, key) in survey]
    if spot.flow or not present:
        begin, end = _offset(text, spot.start), _offset(text, spot.end)
        return text[:begin].rstrip(" ") + newline + _lines(values, newline).removesuffix(newline) + text[end:]
    missing = {key: value for key, value in values.items() if key not in present}
    end = _line_end(text, spot.end)
    text = text[:end] + "".join(newline + line for line in _lines(missing, newline).splitlines()) + text[end:]
    for key in sorted(present, key=lambda key: survey.spot((name, key)).start, reverse=True):
        place = survey.spot((name, key))
        begin, end = _offset(text, place.start), _offset(text, place.end)
        gap = "" if text[begin - 1 : begin].isspace() else " "
        text = text[:begin] + gap + _written(values[key]) + text[end:]
    return text


def _lines(values: Mapping[str, Value], newline: str) -> str:
    return "".join(f"  {key}: {_written(value)}{newline}" for key, value in values.items())


def _written(value: Value) -> str:
    """Return a value as YAML; anything but a plain word or a date stands in quotes."""
    if value is None:
        return "null"
    return value if _PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)


def _offset(text: str, place: Place) -> int:
    """Return the position in `text` of a line and column, however its lines end."""
    line, column = place
    position = 0
    for body in lines_of(text)[:line]:
        position += len(body)
        position += 2 if text.startswith("\r\n", position) else 1
    return position + column


def _line_end(text: str, place: Place) -> int:
    line, _ = place
    return _offset(text, (line, len(lines_of(text)[line])))
