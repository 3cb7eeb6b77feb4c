"""The folders `dialogs/` and `content/` into one Library, or into every fault of every file at once."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.library.cites import cite_faults
from bot.library.fault import Fault, LoadError
from bot.library.insertions import template_faults
from bot.library.library import Home, Library
from bot.library.links import link_faults
from bot.library.reader import Reader
from bot.library.shelf import page_of


@dataclass(frozen=True, slots=True)
class Attempt:
    """What reading gave: the library as far as it could be built (None when nothing could), and all faults."""

    library: Library | None
    faults: tuple[Fault, ...]


def load(dialogs: Path, content: Path, *, templates: bool = True) -> Library:
    """Return the library of the two folders; raises LoadError with every fault found.

    `templates=False` leaves out rendering every text once (about a millisecond each); a text is then rendered at first
    use, where a fault raises jinja2.TemplateError.
    """
    tried = attempt(dialogs, content, templates=templates)
    if tried.faults or tried.library is None:
        raise LoadError(tried.faults)
    return tried.library


def attempt(dialogs: Path, content: Path, *, templates: bool = True) -> Attempt:
    """Return whatever can be built and every fault; never raises for what the files hold."""
    page_of.cache_clear()
    with no_collection():
        reader = Reader(Home(dialogs, content))
        library = reader.library()
        faults = set(reader.shelf.faults)
        if library is not None:
            faults.update(link_faults(library, reader.shelf.broken))
            faults.update(cite_faults(library, reader.shelf.broken))
            if templates and not _hides_values(reader.shelf.broken):
                faults.update(template_faults(library))
    return Attempt(library, tuple(sorted(faults)))


def _hides_values(broken: set[Path]) -> bool:
    """Tell whether a broken file keeps us from knowing which values exist."""
    return any(path.name in ("facts.yaml", "emergency.yaml") for path in broken)


@contextmanager
def no_collection() -> Iterator[None]:
    """Pause the garbage collector: loading makes only objects that stay, and scanning them triples the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
