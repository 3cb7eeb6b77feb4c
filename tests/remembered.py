"""What many checks of the same content would work out anew, worked out once in a session.

Each of these functions gives the same for the same: a file of these bytes, these wordings of a phrase, this text as
Markdown or broken into lines, this picture. A file in which something is wrong is read anew each time.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from bot.authoring.rules import tree
from bot.channels import layout
from bot.content import markdown
from bot.content.files import FileReader
from bot.pictures import drawing

_read = FileReader.model
_clean = dict[tuple[bytes, Any, Any], Any]()


def read_once(self: FileReader, path: Path, model: Any) -> Any:
    """Return a file as `model`, as it was read before if nothing was wrong with it."""
    try:
        key = (path.read_bytes(), model, self._inspect)
    except OSError:
        return _read(self, path, model)
    if key in _clean:
        self._bytes(path)
        return _clean[key]
    before = len(self.diagnostics)
    made = _read(self, path, model)
    if len(self.diagnostics) == before:
        _clean[key] = made
    return made


_parse_once = cache(markdown._PARSER.parse)


def _once(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that remembers what it gave; a list is given to each as their own."""
    known = dict[Any, Any]()

    @wraps(function)
    def remembering(*given: Any) -> Any:
        key = tuple(one.digest if isinstance(one, drawing.Sheet) else one for one in given)
        if key not in known:
            known[key] = function(*given)
        return list(known[key]) if isinstance(known[key], list) else known[key]

    return remembering


_FUNCTIONS = {one: _once(one) for one in (tree._forms, layout.broken, drawing.misfit)}


@pytest.fixture
def remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this test work out nothing anew that an earlier one has."""
    monkeypatch.setattr(FileReader, "model", read_once)
    monkeypatch.setattr(markdown._PARSER, "parse", _parse_once)
    for module, name, remembering in _places(len(sys.modules)):
        monkeypatch.setattr(module, name, remembering)


@cache
def _places(_modules: int) -> list[tuple[ModuleType, str, Callable[..., Any]]]:
    """Return where the functions are known by name: looked for again where a module was imported since."""
    ours = [module for name, module in sys.modules.items() if name.startswith("bot.")]
    return [
        (module, function.__name__, remembering)
        for module in ours
        for function, remembering in _FUNCTIONS.items()
        if vars(module).get(function.__name__) is function
    ]
