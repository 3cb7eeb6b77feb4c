"""Jinja2 over authored text only: sandboxed, undefined names are errors, compiled once, rendered once per register."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from unicodedata import bidirectional

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, Undefined, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.content.diagnostics import nearest
from bot.content.models import Register, Registers

Values = Mapping[str, Any]
"""What a template may use: nested names and plain values."""

_MARKS = ("{{", "{%", "{#")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#+|~&!])")
_INSERTION = re.compile(r"\{\{.*?(?:\}\}|$)|\{%.*?(?:%\}|$)|\{#.*?#\}", re.DOTALL)
_PLAIN = re.compile(r"\{\{ ?([a-z]\w*(?:\.[a-z]\w*)*)(?: \| capitalize)? ?\}\}")
"""A value that is inserted as it stands, as nearly all are: Jinja2 need not be asked what it uses and whether it fails,
which took more than half of a load with all checks (410 and 190 ms beside each other, measured 2026-11)."""
_NO_NAMES = frozenset({*dir(dict), "loop", "true", "false", "none", "and", "or", "not", "if", "else", "in", "is"})
"""What means something else to Jinja2 than a name of ours."""
_OPENING = re.compile(r"^(\d*)([-.)=])")
"""What may begin a list, a rule or a heading where the value begins a line: `- `, `1. `, `1) `, `===`."""
_LINE_BREAKS = re.compile(r"[ \t]*[\n\r\t\v\f\x1c-\x1e\x85\u2028\u2029][\s]*")
_EDGE_SPACE = re.compile(r"^\s+|\s+$")


def escape(text: str) -> str:
    """Return `text` so that Markdown shows it as it stands, wherever it is inserted; the filter `md` in templates.

    A line break becomes a space, as Markdown would show it: it must not end a heading, a table row or a list item.
    """
    line = _LINE_BREAKS.sub(" ", text)
    signs = _OPENING.sub(r"\1\\\2", _MARKDOWN.sub(r"\\\1", line))
    return _EDGE_SPACE.sub(lambda found: "".join(f"&#{ord(space)};" for space in found[0]), signs)


_TURNING = frozenset({"R", "AL", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "FSI"})
_ISOLATES = re.compile("[\u2066-\u2069]")


def isolated(values: Values) -> Values:
    """Return the values, those with right-to-left letters or signs that turn a line isolated (Unicode Bidirectional
    Algorithm, FSI and PDI): a name or somebody's own words then leave the order of the sentence around them alone."""
    return {name: _isolated(value) for name, value in values.items()}


def _isolated(value: Any) -> Any:
    turns = isinstance(value, str) and any(bidirectional(letter) in _TURNING for letter in value)
    return f"\u2068{_ISOLATES.sub('', value)}\u2069" if turns else value


def _inserted(value: Any) -> Any:
    """Return what a value is inserted as; an undefined one stays itself, so that it is an error."""
    return value if isinstance(value, Undefined) else escape(str(value))


def environment(*, markdown: bool = False) -> ImmutableSandboxedEnvironment:
    """Return the one kind of Jinja2 environment used here; with `markdown` every value is inserted escaped."""
    made = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_inserted if markdown else None
    )
    made.globals.clear()  # authored text has figures and filters, nothing to call
    made.filters["md"] = escape
    return made


_ENVIRONMENT = environment()
_MARKDOWN_ENVIRONMENT = environment(markdown=True)


RENDER_ERRORS = (TemplateError, ArithmeticError, TypeError, ValueError, LookupError)
"""What rendering an authored text may raise."""


_NO_FILTER = re.compile(r"No filter named '(\w+)'")


@dataclass(frozen=True, slots=True)
class TemplateProblem:
    """Why a template cannot be rendered; `line` counts from 1 inside the template."""

    line: int
    name: str
    message: str
    suggestion: str = ""


def is_template(text: str) -> bool:
    """Tell whether there is anything to render in `text`."""
    return any(mark in text for mark in _MARKS)


def render(text: str, values: Values, *, markdown: bool = False) -> str:
    """Return `text` with its values inserted; raises jinja2.TemplateError for what `troubles` would name.

    In a text that is read as Markdown (`markdown`) every value is shown character for character.
    """
    return compiled(text, markdown=markdown).render(values) if is_template(text) else text


@cache
def compiled(text: str, *, markdown: bool = False) -> Template:
    """Return the compiled template of an authored text; each distinct text is compiled once per process."""
    return (_MARKDOWN_ENVIRONMENT if markdown else _ENVIRONMENT).from_string(text)


def troubles(text: str, values: Values, *, open_ended: bool = False) -> Iterator[TemplateProblem]:
    """Yield what keeps `text` from being rendered with `values`; every unknown name is its own trouble.

    `open_ended` texts get further values when they are used, so only names that begin like one of `values` are checked.
    """
    try:
        names = dict(used(text))
    except TemplateSyntaxError as error:
        yield _unreadable(error)
        return
    checked = [name for name in names if not open_ended or name.partition(".")[0] in values]
    wrong = [name for name in checked if not _exists(name, values)]
    known = [leaf for leaf, _ in flattened(values)] if wrong else []
    for name in wrong:
        yield TemplateProblem(names[name], name, f"`{name}` does not exist", _instead(name, known))
    if not wrong and not open_ended and _plain_names(text) is None:
        yield from _rendering(text, values)


def _unreadable(error: TemplateSyntaxError) -> TemplateProblem:
    """Return why a text is no template: a word that changes a value and is not there, or braces that do not fit."""
    if found := _NO_FILTER.match(error.message or ""):
        remedy = nearest(found[1], _ENVIRONMENT.filters) or "leave it out"
        return TemplateProblem(error.lineno, found[1], f"nothing is called `{found[1]}` that changes a value", remedy)
    return TemplateProblem(error.lineno, "", f"Jinja2: {error.message}", "write {{ facts.… }}, with both braces closed")


def _instead(name: str, known: list[str]) -> str:
    """Return what to write for a name that is not there; another topic's figure is none for a missing plain wording."""
    figure = name.removesuffix("_plain")
    if figure != name and figure in known:
        group, _, short = figure.removeprefix("facts.").rpartition(".")
        return f"write `{short}_plain:` below `{short}:` in facts.yaml" + (f", under `{group}:`" if group else "")
    return nearest(name, known)


def without_values(text: str, instead: str) -> str:
    """Return `text` with `instead` in the place of everything Jinja2 would insert, decide or leave out."""
    return _INSERTION.sub(lambda _: instead, text)


def used(text: str) -> Iterator[tuple[str, int]]:
    """Yield every dotted name `text` uses, with its line; raises jinja2.TemplateSyntaxError for what is no template."""
    yield from _used(text) if is_template(text) else ()


@cache
def _used(text: str) -> tuple[tuple[str, int], ...]:
    plain = _plain_names(text)
    return tuple(_uses(text)) if plain is None else plain


def _plain_names(text: str) -> tuple[tuple[str, int], ...] | None:
    """Return the names and lines of a text that only inserts values as they stand; None of any other."""
    if is_template(_PLAIN.sub("", text)):
        return None
    found = tuple((one[1], text.count("\n", 0, one.start()) + 1) for one in _PLAIN.finditer(text))
    return None if any(part in _NO_NAMES for name, _ in found for part in name.split(".")) else found


def _uses(text: str) -> Iterator[tuple[str, int]]:
    tree = _ENVIRONMENT.parse(text)
    inner = {id(node.node) for node in tree.find_all(nodes.Getattr)}
    own = {"loop", *(name.name for name in tree.find_all(nodes.Name) if name.ctx == "store")}
    for node in tree.find_all((nodes.Getattr, nodes.Name)):
        dotted = _dotted(node)
        if id(node) not in inner and dotted and dotted.partition(".")[0] not in own:
            yield dotted, node.lineno


def names(text: str) -> set[str]:
    """Return every dotted name `text` uses; none of a text that is no template."""
    try:
        return {name for name, _ in used(text)}
    except TemplateSyntaxError:
        return set()


def flattened(values: Values, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every leaf of nested `values` as dotted name and value."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from flattened(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _dotted(node: nodes.Node) -> str:
    if isinstance(node, nodes.Name):
        return str(node.name) if node.ctx == "load" else ""
    if isinstance(node, nodes.Getattr):
        head = _dotted(node.node)
        return f"{head}.{node.attr}" if head else ""
    return ""


def _exists(name: str, values: Values) -> bool:
    """Tell whether a dotted name leads to a value (and not to a group of values)."""
    here: Any = values
    for step in name.split("."):
        if not isinstance(here, Mapping) or step not in here:
            return False
        here = here[step]
    return not isinstance(here, Mapping)


def _rendering(text: str, values: Values) -> Iterator[TemplateProblem]:
    try:
        render(text, values)
    except RENDER_ERRORS as error:
        yield (
            _unreadable(error) if isinstance(error, TemplateSyntaxError) else TemplateProblem(1, "", f"Jinja2: {error}")
        )


def values_for(facts: Mapping[str, Any], lines: Mapping[str, str | Registers]) -> dict[Register, Values]:
    """Return what templates may use: the figures, and the emergency lines of each register."""

    def worded(line: str | Registers, register: Register) -> str:
        return line.for_register(register) if isinstance(line, Registers) else line

    return {
        register: {"facts": facts, "emergency": {name: worded(line, register) for name, line in lines.items()}}
        for register in Register
    }
