"""The engine over what was authored: the library the settings name, and the matcher learned from it."""

from __future__ import annotations

from bot.engine.match import build_matcher
from bot.engine.respond import Engine
from bot.library.load import load, no_collection
from bot.settings import Settings


def build_engine(settings: Settings, *, templates: bool = True) -> Engine:
    """Return the engine over the content the settings name; raises LoadError when that content has faults.

    `templates=False` leaves the rendering of every text once to its first use, where a fault raises TemplateError.
    """
    with no_collection():
        library = load(settings.footnote_dialogs, settings.footnote_content, templates=templates)
        matcher = build_matcher(library)
    return Engine(library, matcher, require_approved=settings.footnote_require_approved)
