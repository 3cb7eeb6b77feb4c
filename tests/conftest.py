"""What every test shares: the shipped library, an engine over it, and a leak detector for what is logged."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.channels.registry import default_register
from bot.content.library import Library
from bot.content.loader import load
from bot.dialog.engine import Engine
from bot.matching import build_matcher
from tests.leaks import leak_detector

__all__ = ["engine", "leak_detector", "library"]

pytest_plugins = ["tests.database_fixtures"]

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def library() -> Library:
    """The content as shipped."""
    return load(ROOT / "dialogs", ROOT / "content")


@pytest.fixture(scope="session")
def engine(library: Library) -> Engine:
    """The engine as served."""
    return Engine(library, build_matcher(library), default_register=default_register)
