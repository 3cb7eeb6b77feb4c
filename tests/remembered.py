"""What many checks of the same content would work out anew, worked out once in a session.

Each of these functions gives the same for the same: a file of these bytes, these wordings of a phrase, this text as
Markdown or broken into lines, this picture. A file in which something is wrong is read anew each time.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import cache, wraps
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from bot.authoring.rules import tree
from bot.channels import layout
from bot.channels.slack.render import SlackRenderer
from bot.channels.telegram.render import TelegramRenderer
from bot.content import markdown
from bot.content.files import FileReader
from bot.content.library import MissingText
from bot.dialog.turn import Reply
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


_FUNCTIONS = {one: _once(one) for one in (tree._forms, tree._endless, layout.broken, drawing.misfit)}


def _laid_out_once(lay_out: Callable[..., Any], sentences: tuple[str, ...]) -> Callable[..., Any]:
    """Return a renderer's layout that remembers a reply as it was laid out between the same own sentences."""
    known = dict[Any, Any]()

    @wraps(lay_out)
    def remembering(renderer: Any, reply: Reply, *given: Any) -> Any:
        try:
            said = tuple(renderer._texts(key, reply.card.register, sources=0) for key in sentences)
        except MissingText:
            return lay_out(renderer, reply, *given)
        key = (reply, *given, *said)
        if key not in known:
            made = lay_out(renderer, reply, *given)
            known[key] = tuple(made) if isinstance(made, Iterator) else made
        return known[key]

    return remembering


_LAYOUTS = (
    (SlackRenderer, "_laid_out", ("sources-heading", "detail-heading", "slack-fold")),
    (TelegramRenderer, "_anew", ("sources-heading", "detail-heading")),
)
"""What lays out a reply, and the own sentences that it adds."""
_LAID_OUT = [(kind, name, _laid_out_once(vars(kind)[name], sentences)) for kind, name, sentences in _LAYOUTS]


@pytest.fixture
def remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this test work out nothing anew that an earlier one has."""
    monkeypatch.setattr(FileReader, "model", read_once)
    monkeypatch.setattr(markdown._PARSER, "parse", _parse_once)
    for kind, name, layout_once in _LAID_OUT:
        monkeypatch.setattr(kind, name, layout_once)
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
