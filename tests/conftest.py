"""What every test shares: the shipped library, an engine over it, and an ear for what is logged."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.engine.match import build_matcher
from bot.engine.respond import Engine
from bot.library.library import Library
from bot.library.load import load
from tests.overheard import ear

__all__ = ["ear", "engine", "library"]

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def library() -> Library:
    """The content as shipped."""
    return load(ROOT / "dialogs", ROOT / "content")


@pytest.fixture(scope="session")
def engine(library: Library) -> Engine:
    """The engine as served."""
    return Engine(library, build_matcher(library))
