"""One YAML file into plain data, keeping where everything stands and refusing YAML's tricks.

The C parser composes nodes that know their line and column; our own small constructor turns them into data. It knows
text, numbers, `true`, `false` and `null`, and nothing else: no tags, no anchors, no merge keys, no dates, and none of
YAML 1.1's surprises (`on`, `no` and `12:30` are text).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from yaml import MappingNode, Node, ScalarNode, SequenceNode, YAMLError
from yaml._yaml import CParser

from bot.library.fault import Fault
from bot.library.parsing import explain

MAX_BYTES = 32 * 2**20
"""Largest file read, in bytes: ten thousand nodes in one file are about 22 MB; without aliases size bounds memory."""

MAX_DEPTH = 100
"""Deepest nesting read. The C parser recurses and would end the whole process near 100,000 levels."""

_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # what YAML calls a line break
_DEEP_BLOCK = re.compile(rf"^[ ?:-]{{{MAX_DEPTH * 4},}}", re.MULTILINE)
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"[-+]?[0-9]{1,17}\.[0-9]{1,17}")
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}

Place = tuple[int, int]
"""Line and column, counted from 0 as the parser does."""


@dataclass(frozen=True)
class Page:
    """One file as read: its text, its data, and the parser's nodes that know where each piece stands."""

    path: str
    text: str
    root: Node | None = None
    data: Any = None
    faults: list[Fault] = field(default_factory=list)

    @cached_property
    def lines(self) -> list[str]:
        """The file's lines without their breaks."""
        return _LINE_BREAK.split(self.text)

    def node(self, location: Sequence[str | int], *, key: bool = False) -> Node | None:
        """Return the node at `location` (or the key that leads to it), or the nearest one above it."""
        node = self.root
        for depth, step in enumerate(location):
            found = _child(node, step)
            if found is None:
                break
            node = found[0] if key and depth == len(location) - 1 else found[1]
        return node

    def has(self, location: Sequence[str | int]) -> bool:
        """Tell whether the file holds a value at exactly this location."""
        node: Node | None = self.root
        for step in location:
            found = _child(node, step)
            node = found[1] if found else None
        return node is not None

    def place(self, location: Sequence[str | int], *, key: bool = False) -> Place:
        """Return where the value at `location` (or its key) begins."""
        node = self.node(location, key=key)
        return (node.start_mark.line, node.start_mark.column) if node else (0, 0)

    def fault(self, place: Place, code: str, message: str, suggestion: str = "") -> Fault:
        """Return a fault at `place`, with the line it is about."""
        line, column = place
        snippet = self.lines[line] if line < len(self.lines) else ""
        return Fault(self.path, line + 1, column + 1, code, message, snippet, suggestion)


def read(path: str, raw: bytes) -> Page:
    """Return the page of a file's bytes. Never raises for what the bytes hold: `faults` says what is wrong."""
    if len(raw) > MAX_BYTES:
        return _refused(path, "", f"the file is larger than {MAX_BYTES // 2**20} MiB", "split it into several files")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start)
        fault = Fault(path, line + 1, 1, "F01", "the file is not UTF-8 text", "", "save it as UTF-8")
        return Page(path, "", faults=[fault])
    return _composed(path, text)


def _refused(path: str, text: str, message: str, remedy: str) -> Page:
    page = Page(path, text)
    page.faults.append(page.fault((0, 0), "F01", message, remedy))
    return page


def _composed(path: str, text: str) -> Page:
    if _too_deep(text):
        return _refused(path, text, f"nested deeper than {MAX_DEPTH} levels", "no content needs that: flatten it")
    try:
        root = _Parser(text).get_single_node()
    except (YAMLError, RecursionError) as error:
        page = Page(path, text)
        place, message, remedy = explain(error, page.lines)
        page.faults.append(page.fault(place, "F02", message, remedy))
        return page
    if root is None:
        return _refused(path, text, "the file is empty", "write its content, or delete the file")
    builder = _Builder()
    data = builder.build(root)
    page = Page(path, text, root, data)
    page.faults.extend(page.fault(place, code, message, remedy) for place, code, message, remedy in builder.found)
    return page


def _too_deep(text: str) -> bool:
    """Tell whether composing could recurse too deeply: every level costs a column of indentation or a bracket."""
    if _DEEP_BLOCK.search(text):
        return True
    if text.count("[") + text.count("{") <= MAX_DEPTH * 40:
        return False
    return _bracket_depth(text) > MAX_DEPTH


def _bracket_depth(text: str) -> int:
    """Return how deep the file nests, read as a stream of events (which does not recurse)."""
    parser, depth, deepest = _Parser(text), 0, 0
    try:
        while (event := parser.get_event()) is not None:
            name = type(event).__name__
            depth += name.endswith("StartEvent") - name.endswith("EndEvent")
            deepest = max(deepest, depth)
            if deepest > MAX_DEPTH:
                break
    except YAMLError:
        pass  # the same error comes again, with its place, when the file is composed
    return deepest


class _Parser(CParser):
    """The C parser; an untagged node is tagged with the Python type it stands for, which no file can write."""

    def __init__(self, text: str) -> None:
        CParser.__init__(self, text)

    def resolve(self, kind: type[Node], value: str, implicit: tuple[bool, bool]) -> type:
        if kind is not ScalarNode:
            return kind
        if not implicit[0]:
            return str
        if value in _WORDS:
            return bool
        if value[0] in "-+0123456789":
            return int if _INTEGER.fullmatch(value) else float if _DECIMAL.fullmatch(value) else str
        return str

    def descend_resolver(self, parent: Node, index: Any) -> None:
        """Nothing depends on the path."""

    def ascend_resolver(self) -> None:
        """Nothing depends on the path."""


class _Builder:
    """Turns nodes into tuples, dictionaries and scalars, noting what is refused on the way."""

    def __init__(self) -> None:
        self.found: list[tuple[Place, str, str, str]] = []
        self._seen: set[int] = set()

    def build(self, node: Node) -> Any:
        if id(node) in self._seen:
            self._refuse(node, "F04", "aliases (`*name`) are not used here", "write the value out")
            return None
        self._seen.add(id(node))
        tag: Any = node.tag
        if tag is str:
            return node.value
        if isinstance(tag, str):
            self._refuse(node, "F04", f"the tag `{_short(tag)}` is not used here", "remove the tag")
            return None
        if isinstance(node, SequenceNode):
            return tuple([self.build(item) for item in node.value])
        if isinstance(node, MappingNode):
            return self._mapping(node)
        return _WORDS[node.value] if tag is bool else tag(node.value)

    def _mapping(self, node: MappingNode) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self.build(key_node)
            if not isinstance(key, str):
                self._refuse(key_node, "F05", "a name must be text", "put quotes around it")
                key = str(key)
            if key in data:
                self._refuse(key_node, "F03", f"`{key}` stands here twice", "keep one of the two")
            data[key] = self.build(value_node)
        return data

    def _refuse(self, node: Node, code: str, message: str, remedy: str) -> None:
        self.found.append(((node.start_mark.line, node.start_mark.column), code, message, remedy))


def _short(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")


def _child(node: Node | None, step: str | int) -> tuple[Node, Node] | None:
    """Return the key node and the value node of one step down, if there is one."""
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    if isinstance(node, MappingNode):
        return next(((key, value) for key, value in node.value if key.value == str(step)), None)
    return None
