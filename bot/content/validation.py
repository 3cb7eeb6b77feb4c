"""A page's data into its model, or into faults that say in plain words what has the wrong shape.

What may stand where is asked of the model's JSON Schema, by place and by name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import prod
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from bot.content.diagnostics import Diagnostic, Location, nearest, suspicious
from bot.content.models import COUNTRY, DOI, ID, LINK, NAME, NOTE_NUMBER, PHONE, PMID
from bot.content.yaml_reader import YamlFile

# --- what may stand where ---------------------------------------------------------------------------------------------


@cache
def adapter(model: Any) -> TypeAdapter[Any]:
    """Return the validator of a model, made once."""
    return TypeAdapter(model)


@dataclass(frozen=True, slots=True)
class SchemaPart:
    """What may stand at one place: the JSON Schemas of the alternatives, and the definitions they refer to."""

    alternatives: tuple[Any, ...]
    root: Any

    def named(self, name: str) -> SchemaPart:
        """Return what may stand under a name."""
        found = list[Any]()
        for part in self._parts(self.alternatives):
            if name in part.get("properties", {}):
                found.append(part["properties"][name])
                continue
            found += part.get("patternProperties", {}).values()
            found += [part["additionalProperties"]] if isinstance(part.get("additionalProperties"), dict) else []
        return SchemaPart(tuple(found), self.root)

    def item(self) -> SchemaPart:
        """Return what may stand in a list."""
        found = (part.get("items") for part in self._parts(self.alternatives))
        return SchemaPart(tuple(one for one in found if isinstance(one, dict)), self.root)

    def at(self, location: Sequence[str | int]) -> SchemaPart:
        """Return what may stand at a location below."""
        shape = self
        for step in location:
            shape = shape.named(step) if isinstance(step, str) else shape.item()
        return shape

    @property
    def names(self) -> list[str]:
        """The names that may stand here, in the order of the model."""
        return [name for part in self._parts(self.alternatives) for name in part.get("properties", {})]

    @property
    def is_text(self) -> bool:
        """Whether free text may stand here, and not only an id, a number or one of a few words."""
        closed = {"pattern", "enum", "const", "format"}
        return any(part.get("type") == "string" and not part.keys() & closed for part in self._parts(self.alternatives))

    def _parts(self, alternatives: Sequence[Any]) -> Iterator[Any]:
        """Yield the alternatives with references followed."""
        for part in alternatives:
            if "$ref" in part:
                yield from self._parts((self.root["$defs"][part["$ref"].rpartition("/")[2]],))
            elif "anyOf" in part:
                yield from self._parts(part["anyOf"])
            else:
                yield part


@cache
def shape_of(model: Any) -> SchemaPart:
    """Return the shape of a whole file."""
    schema = adapter(model).json_schema()
    return SchemaPart((schema,), schema)


@cache
def known_names(model: Any) -> frozenset[str]:
    """Return every name that may be written somewhere in files of this model."""
    schema: dict[str, Any] = shape_of(model).root
    parts = [schema, *schema.get("$defs", {}).values()]
    return frozenset(name for part in parts for name in part.get("properties", {}))


@cache
def parents_of(model: Any, name: str) -> tuple[str, ...]:
    """Return the names under which `name` may be written in files of this model."""
    found, seen, waiting = list[str](), set[str](), [shape_of(model)]
    while waiting:
        part = waiting.pop(0)
        for parent in part.names:
            inside = [part.named(parent), part.named(parent).item(), part.named(parent).named("any-id")]
            if any(name in one.names for one in inside) and parent not in found:
                found.append(parent)
            if parent not in seen:
                waiting += inside
            seen.add(parent)
    return tuple(found)


# --- validation -------------------------------------------------------------------------------------------------------

Model = TypeVar("Model")

_REGISTERS = ("professional", "layperson")
_UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")
_EXPECTED = {
    "string_type": "expected text here; put quotes around it",
    "int_from_float": "expected a whole number",
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
    name, way = finding.name, finding.way
    if finding.kind == "missing":
        code = "C01" if name in _REGISTERS else "F05"
        return page.diagnostic_at(way, code, f"`{name}` is missing here", f"add `{name}:`")
    unknown = finding.kind in _UNKNOWN
    written = name if unknown else finding.detail["input"]
    if isinstance(written, str) and (unseen := _unseen(page, way, written, key=unknown or finding.on_key)):
        return unseen
    if unknown:
        return page.diagnostic_at(way, "F06", f"unknown name `{name}`", _named_instead(model, finding), key=True)
    if finding.kind == "string_type" and isinstance(written, int | float) and not shape_of(model).at(way).is_text:
        return page.diagnostic_at(
            way, "F05", "expected an id, not a number", "write the id as it stands in its own file"
        )
    sentence, remedy = _explained(finding.detail, page, way)
    return page.diagnostic_at(way, "F05", sentence, remedy, key=finding.on_key)


def _unseen(page: YamlFile, way: Location, written: str, *, key: bool) -> Diagnostic | None:
    """Return the fault of a name or an id in which stands a sign that its author does not see as it is."""
    for at, message, remedy in suspicious(written, text=False):
        line, column = page.source_map.place(way, key=key)
        shown = page.lines[line].find(written[at], column) if line < len(page.lines) else -1
        return page.diagnostic((line, shown if shown >= 0 else column), "F12", message, remedy)
    return None


def _named_instead(model: Any, finding: _Finding) -> str:
    """Return which name is meant: one that may stand here; or that this one may stand elsewhere."""
    allowed = shape_of(model).at(finding.way[:-1]).names
    if near := nearest(finding.name, allowed, alike=80):
        return near
    if parents := parents_of(model, finding.name):
        listed = " or ".join(f"`{parent}`" for parent in parents)
        return f"`{finding.name}` belongs under {listed}: see how the line is indented"
    listed = ", ".join(f"`{name}`" for name in allowed)
    return nearest(finding.name, allowed) or (f"what may stand here: {listed}" if listed else "remove it")


def _explained(detail: ErrorDetails, page: YamlFile, way: Location) -> tuple[str, str]:
    """Return what is wrong with a value and what to write instead."""
    kind, context, value = detail["type"], detail.get("ctx", {}), detail["input"]
    if value is None:
        line, column = page.source_map.place(way)
        before = page.lines[line][:column] if line < len(page.lines) else ""
        if "#" in page.lines[line][column:] and before.strip():
            return "a value is missing here: ` #` begins a comment", "put the text in quotes"
        return "a value is missing here", ""
    if kind == "string_pattern_mismatch" and (told := _FORMS.get(context["pattern"])):
        sentence, suggest = told
        listed = _as_list(value) if way and isinstance(way[-1], int) and context["pattern"] == ID else ""
        return f"`{value}` {sentence}", listed or suggest(value)
    if kind == "tuple_type" and isinstance(value, str):
        listed = _as_list(value)
        return _sentence(detail), listed or (
            f"write `[{value}]`" if len(value) < _SHORT else "begin each entry with `- `"
        )
    if kind == "string_type" and isinstance(value, tuple | Mapping):
        return "expected one text here, not " + _KINDS[isinstance(value, Mapping)], "write it without the brackets"
    return _sentence(detail), _remedy(detail)


_KINDS = ("a list", "names with values")
_SHORT = 60
"""Characters of a value that is repeated in a remedy."""


def _as_list(value: str) -> str:
    """Return how several entries that stand as one are written; empty where it is one."""
    found = [one.strip("-–—•* ") for one in re.split(r"[,;\n]|\s+(?=[–—•*-]\s)|\s+", value)]
    entries = [one for one in found if one]
    if len(entries) < 2 or not all(re.fullmatch(ID, one) for one in entries):
        return ""
    return f"write `[{', '.join(entries)}]`: commas between the entries"


def _as_id(value: str) -> str:
    words = re.findall(r"[a-z0-9]+", unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode().casefold())
    made = "-".join(words).lstrip("0123456789-")[:40].rstrip("-")
    return f"write `{made}`" if made else "choose a name such as `foot-exam`"


def _as_name(value: str) -> str:
    made = "_".join(re.findall(r"[a-z0-9]+", value.casefold())).lstrip("0123456789_")
    return f"write `{made}`" if made else "choose a name such as `dose_plain`"


def _as_link(value: str) -> str:
    rest = re.sub(r"^[a-z]*:?/+", "", value.strip(), flags=re.IGNORECASE)
    return f"write `https://{rest}`" if rest and " " not in rest else "copy it from the browser's address line"


def _as_doi(value: str) -> str:
    found = re.search(r"10\.[0-9.]+/\S+", value)
    return f"write `{found[0]}`" if found else "copy it from the article's page"


def _digits(value: str) -> str:
    found = re.search(r"\d+", value)
    return f'write `"{found[0]}"`' if found else ""


_FORMS: dict[str, tuple[str, Callable[[str], str]]] = {
    ID: ("is no id: lower-case letters, digits and single hyphens, a letter first", _as_id),
    NAME: ("is no name of a figure: lower-case letters, digits and `_`, a letter first", _as_name),
    LINK: ("is no web address: it begins with `https://` and has no spaces", _as_link),
    DOI: ("is no DOI: it begins with `10.`, without an address before it", _as_doi),
    PMID: (
        "is no PubMed number: digits alone",
        lambda value: _digits(value) or "look it up at pubmed.ncbi.nlm.nih.gov",
    ),
    COUNTRY: ("is no code of a country: two capital letters", lambda value: f"write `{value.strip().upper()[:2]}`"),
    PHONE: ("is no number to call: digits, with spaces or hyphens between them", lambda _: "write it as it is dialled"),
    NOTE_NUMBER: ("is no number of a note: a capital `N` and a number, such as `N4`", lambda _: "write it as `N4`"),
}
"""The patterns of the models, in words, and what was probably meant."""


def _sentence(detail: ErrorDetails) -> str:
    kind, context, value = detail["type"], detail.get("ctx", {}), detail["input"]
    match kind:
        case "literal_error":
            return f"`{value}` is not one of {context['expected']}"
        case "string_pattern_mismatch":
            return f"`{value}` does not have the form `{context['pattern']}`"
        case "string_too_long":
            return f"`{value}` is longer than {context['max_length']} characters"
        case "greater_than_equal":
            return f"expected a number from {context['ge']} on"
        case "less_than_equal":
            return f"expected a number up to {context['le']}"
        case "too_long":
            return f"{context['actual_length']} entries stand here; at most {context['max_length']} fit"
    if kind.startswith("date"):
        return "expected a date such as 2026-11-03"
    return _EXPECTED.get(kind) or detail["msg"].removeprefix("Value error, ")


def _remedy(detail: ErrorDetails) -> str:
    if detail["type"] != "literal_error" or not isinstance(detail["input"], str):
        return ""
    expected = str(detail["ctx"]["expected"]).replace(" or ", ", ").split(", ")
    if detail["loc"][-1] == "status" and "'approved'" in expected:
        return "write `submitted`; an approval is written by `footnote review record` alone"
    return nearest(detail["input"], [choice.strip("'") for choice in expected])


# --- alternatives ---

MOST_WORDINGS = 1000
"""Wordings that one name or word with alternatives may stand for; more is a mistake."""
CHOICE = re.compile(r"\(([^()]*)\)(\?)?")
"""`(a|b)`, and with a `?` after it also nothing in its place."""


def alternatives(wording: str) -> list[list[str]]:
    """Return the pieces of an authored wording one after the other, each with all that may stand in its place."""
    pieces: list[list[str]] = []
    at = 0
    for found in CHOICE.finditer(wording):
        pieces += [[wording[at : found.start()]], [*found[1].split("|"), *([""] if found[2] else [])]]
        at = found.end()
    return [*pieces, [wording[at:]]]


def wordings(wording: str) -> int:
    """Return how many wordings an authored one stands for."""
    return prod(map(len, alternatives(wording))) if "(" in wording else 1


def counted(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return words whose alternatives are few enough to be read one by one; raises ValueError for what is not."""
    for one in words:
        if (count := wordings(one)) > MOST_WORDINGS:
            raise ValueError(f"`{one}` stands for {count} wordings; {MOST_WORDINGS} is the most: write several")
    return words
