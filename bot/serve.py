"""Wiring: the one place that knows every part."""

from __future__ import annotations

from bot.engine.match import build_matcher
from bot.engine.respond import Engine
from bot.library.load import load
from bot.settings import Settings


def build_engine(settings: Settings) -> Engine:
    """Return the engine over the content the settings name; raises LoadError when that content has faults."""
    library = load(settings.footnote_dialogs, settings.footnote_content)
    return Engine(library, build_matcher(library), require_approved=settings.footnote_require_approved)
