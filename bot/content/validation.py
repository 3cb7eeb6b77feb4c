"""A page's data into its model, or into faults that say in plain words what has the wrong shape."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from bot.content.diagnostics import Diagnostic, nearest
from bot.content.yaml_reader import YamlFile

Model = TypeVar("Model")

_REGISTERS = ("professional", "layperson")
_UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")
_EXPECTED = {
    "string_type": "expected text here; put quotes around it",
    "bool_type": "expected `true` or `false`",
    "int_type": "expected a whole number",
    "float_type": "expected a number",
    "tuple_type": "expected a list",
    "dict_type": "expected names with values (`name: value`)",
    "model_type": "expected names with values (`name: value`)",
    "dataclass_type": "expected names with values (`name: value`)",
    "string_too_short": "this text is empty",
    "too_short": "at least one entry is needed here",
}


@dataclass(frozen=True, slots=True)
class _Finding:
    """One complaint: the way to the value (without the labels pydantic gives to alternatives), and what is wrong."""

    kind: str
    way: tuple[str | int, ...]
    name: str
    on_key: bool
    detail: ErrorDetails

    def concerns(self, other: _Finding) -> bool:
        """Tell whether this is about the other's value or something inside it."""
        return self is not other and self.way[: len(other.way)] == other.way


def validate(page: YamlFile, model: type[Model]) -> Model | None:
    """Return the page's data as `model`, or None after adding every fault to the page."""
    try:
        made: Model = _checked(model, page.data)
        return made
    except ValidationError as error:
        found = [_finding(detail, page.data) for detail in error.errors(include_url=False)]
        page.diagnostics.extend(dict.fromkeys(_diagnostic(page, model, finding) for finding in _most_specific(found)))
        return None


def _checked(model: Any, data: Any) -> Any:
    return adapter(model).validate_python(data)


@cache
def adapter(model: Any) -> TypeAdapter[Any]:
    """Return the validator of a model, made once."""
    return TypeAdapter(model)


def _finding(detail: ErrorDetails, data: Any) -> _Finding:
    way: list[str | int] = []
    for step in detail["loc"]:
        inside = step in data if isinstance(data, dict) else isinstance(step, int) and isinstance(data, tuple)
        if inside:
            way.append(step)
            data = data[step]
    name = str(detail["loc"][-1]) if detail["loc"] else ""
    return _Finding(detail["type"], tuple(way), name, name == "[key]", detail)


def _most_specific(found: list[_Finding]) -> Iterator[_Finding]:
    """Yield the findings that tell an author something.

    A list is called short only because what stands in it is faulty. Where a value may be of several kinds, each kind
    complains: the one that got furthest is meant, else the first.
    """
    told = set[tuple[str | int, ...]]()
    for finding in found:
        of_kind = finding.kind.endswith("_type")
        others = [other for other in found if other.concerns(finding)]
        further = any(len(other.way) > len(finding.way) or not other.kind.endswith("_type") for other in others)
        if (of_kind and (further or finding.way in told)) or (finding.kind == "too_short" and others):
            continue
        told.add(finding.way)
        yield finding


def _diagnostic(page: YamlFile, model: Any, finding: _Finding) -> Diagnostic:
    name = finding.name
    if finding.kind == "missing":
        code = "C01" if name in _REGISTERS else "F05"
        return page.diagnostic_at(finding.way, code, f"`{name}` is missing here", f"add `{name}:`")
    if finding.kind in _UNKNOWN:
        remedy = nearest(name, _names(model)) or "remove it"
        return page.diagnostic_at(finding.way, "F06", f"unknown name `{name}`", remedy, key=True)
    return page.diagnostic_at(
        finding.way, "F05", _sentence(finding.detail), _remedy(finding.detail), key=finding.on_key
    )


def _sentence(detail: ErrorDetails) -> str:
    kind, context, value = detail["type"], detail.get("ctx", {}), detail["input"]
    if value is None:
        return "a value is missing here"
    match kind:
        case "literal_error":
            return f"`{value}` is not one of {context['expected']}"
        case "string_pattern_mismatch":
            return f"`{value}` does not have the form `{context['pattern']}`"
        case "string_too_long":
            return f"`{value}` is longer than {context['max_length']} characters"
        case "too_long":
            return f"{context['actual_length']} entries stand here; at most {context['max_length']} fit"
    if kind.startswith("date"):
        return "expected a date such as 2026-11-03"
    return _EXPECTED.get(kind) or detail["msg"]


def _remedy(detail: ErrorDetails) -> str:
    if detail["type"] != "literal_error" or not isinstance(detail["input"], str):
        return ""
    expected = str(detail["ctx"]["expected"]).replace(" or ", ", ").split(", ")
    return nearest(detail["input"], [choice.strip("'") for choice in expected])


@cache
def _names(model: Any) -> frozenset[str]:
    """Return every name that may be written somewhere in files of this model."""
    schema: dict[str, Any] = adapter(model).json_schema()
    parts = [schema, *schema.get("$defs", {}).values()]
    return frozenset(name for part in parts for name in part.get("properties", {}))
