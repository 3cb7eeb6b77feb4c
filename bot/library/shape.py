"""A page's data into its model, or into faults that say in plain words what has the wrong shape."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from bot.library.fault import Fault, nearest
from bot.library.reading import Page

Model = TypeVar("Model")

_REGISTERS = ("professional", "layperson")
_EXPECTED = {
    "string_type": "expected text here; put quotes around it",
    "bool_type": "expected `true` or `false`",
    "int_type": "expected a whole number",
    "tuple_type": "expected a list",
    "dict_type": "expected names with values (`name: value`)",
    "model_type": "expected names with values (`name: value`)",
    "dataclass_type": "expected names with values (`name: value`)",
    "string_too_short": "this text is empty",
}


def shaped(page: Page, model: type[Model]) -> Model | None:
    """Return the page's data as `model`, or None after adding every fault to the page."""
    try:
        made: Model = _checked(model, page.data)
        return made
    except ValidationError as error:
        page.faults.extend(_faults(page, model, error))
        return None


def _checked(model: Any, data: Any) -> Any:
    return adapter(model).validate_python(data)


@cache
def adapter(model: Any) -> TypeAdapter[Any]:
    """Return the validator of a model, made once."""
    return TypeAdapter(model)


def _faults(page: Page, model: Any, error: ValidationError) -> Iterator[Fault]:
    seen = set()
    details = error.errors(include_url=False)
    for detail in details:
        if detail["type"] == "too_short" and any(_inside(other, detail) for other in details):
            continue  # the list only counts as short because what stands in it is faulty
        fault = _fault(page, model, detail)
        if fault not in seen:
            seen.add(fault)
            yield fault


def _inside(detail: ErrorDetails, around: ErrorDetails) -> bool:
    outer = around["loc"]
    return len(detail["loc"]) > len(outer) and detail["loc"][: len(outer)] == outer


def _fault(page: Page, model: Any, detail: ErrorDetails) -> Fault:
    kind, location = detail["type"], tuple(detail["loc"])
    name = str(location[-1]) if location else ""
    if kind == "missing":
        code = "C01" if name in _REGISTERS else "F05"
        return page.fault_at(location[:-1], code, f"`{name}` is missing here", f"add `{name}:`")
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        remedy = nearest(name, _names(model)) or "remove it"
        return page.fault_at(location, "F06", f"unknown name `{name}`", remedy, key=True)
    if location and name == "[key]":
        return page.fault_at(location[:-1], "F05", _sentence(detail), key=True)
    return page.fault_at(location, "F05", _sentence(detail), _remedy(detail))


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
        case "too_short":
            return "this list is empty"
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
