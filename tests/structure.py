"""How the code is built, in figures: `python -m tests.structure` prints them, tests/test_structure.py holds them."""

from __future__ import annotations

import ast
import re
import statistics
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BOT = ROOT / "bot"


@cache
def modules() -> dict[str, Path]:
    """Return every module of the bot that holds anything, by name."""
    found = [path for path in sorted(BOT.rglob("*.py")) if path.read_text(encoding="utf-8").strip()]
    assert len(found) > 50, "the guard: there must be modules to look at"
    return {_name(path): path for path in found}


@cache
def lines() -> dict[str, int]:
    """Return how long each module is."""
    return {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in modules().items()}


@cache
def imports() -> dict[str, frozenset[str]]:
    """Return which modules of the bot each module imports, wherever in it and for whatever purpose."""
    return {name: frozenset(_imported(_tree(path))) - {name} for name, path in modules().items()}


@cache
def eager_imports() -> dict[str, frozenset[str]]:
    """Return what each module imports when it is imported itself."""
    return {name: frozenset(_imported(*_eager(_tree(path)))) - {name} for name, path in modules().items()}


def importers() -> dict[str, list[str]]:
    """Return who imports each module."""
    return {name: [other for other, used in imports().items() if name in used] for name in modules()}


def heads() -> float:
    """Return the share of lines that are a module's docstring and imports."""
    return sum(_head(path) for path in modules().values()) / sum(lines().values())


def circles() -> list[tuple[str, ...]]:
    """Return chains of imports that come back to where they began."""
    found: list[tuple[str, ...]] = []
    done: set[str] = set()

    def visit(name: str, chain: tuple[str, ...]) -> None:
        if name in chain:
            found.append((*chain[chain.index(name) :], name))
        elif name not in done:
            for other in sorted(eager_imports()[name]):
                visit(other, (*chain, name))
            done.add(name)

    for name in modules():
        visit(name, ())
    return found


def classes() -> dict[str, list[str]]:
    """Return in which modules each class name is defined."""
    found: dict[str, list[str]] = {}
    for name, path in modules().items():
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, []).append(name)
    return found


_MODULE = re.compile(r"\bbot/[\w/]+\.py\b|(?<![\w/.])bot(?:\.[a-z_]+)+(?![\w(])")
"""A module as pages name it: by its file, or as Python does."""


def modules_missing(page: Path) -> list[str]:
    """Return the modules and packages that a page names and that are not there."""
    named = _MODULE.findall(page.read_text(encoding="utf-8"))
    places = {name: ROOT / name.removesuffix(".py").replace(".", "/") for name in named}
    return [name for name, place in places.items() if not (place.with_suffix(".py").exists() or place.is_dir())]


_TURN = tuple(f"{BOT / room}" for room in ("channels", "content", "dialog", "inbox", "matching", "service", "store"))
"""Where a turn goes; what an author needs is entered by the driver of a test alone."""


class Trace:
    """Which files of the bot are entered. To be made before the threads whose work it should see."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        self._recording = False

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Record until the end of the block."""
        self.files.clear()
        self._recording = True
        try:
            yield
        finally:
            self._recording = False

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Watch this thread, and those begun within the block."""
        threading.setprofile(self._entered)
        sys.setprofile(self._entered)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)

    def _entered(self, frame: FrameType, event: str, _argument: Any) -> None:
        if self._recording and event == "call" and frame.f_code.co_filename.startswith(_TURN):
            self.files.add(frame.f_code.co_filename.removeprefix(f"{BOT}/"))


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _eager(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the imports that are carried out with the module: not in functions, not for type checkers only."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        elif not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _eager(child)


def _imported(*nodes: ast.AST) -> Iterator[str]:
    for node in (inner for outer in nodes for inner in ast.walk(outer)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules())
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            submodules = [name for name in inner if name in modules()]
            yield from submodules or ([node.module] if node.module in modules() else [])


def _head(path: Path) -> int:
    """Return the last line of the leading docstring and imports."""
    last = 0
    for node in _tree(path).body:
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        typing_only = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        if not (docstring or typing_only or isinstance(node, ast.Import | ast.ImportFrom)):
            break
        last = node.end_lineno or last
    return last


def figures() -> dict[str, float]:
    """Return the figures that say how many rooms there are and how big."""
    long = [count for count in lines().values() if count > 5]
    return {
        "modules": len(modules()),
        "lines": sum(lines().values()),
        "median lines": statistics.median(long),
        "with one importer": sum(len(users) == 1 for users in importers().values()),
        "heads, percent": round(100 * heads(), 1),
        "circles": len(circles()),
        "class names twice": sum(len(homes) > 1 for homes in classes().values()),
    }


def main() -> None:
    """Print the figures."""
    for name, value in figures().items():
        print(f"{name:<20} {value:g}")
    for name, homes in classes().items():
        if len(homes) > 1:
            print(f"  {name}: {', '.join(homes)}")
    for circle in circles():
        print("  circle:", " -> ".join(circle))


if __name__ == "__main__":
    main()
