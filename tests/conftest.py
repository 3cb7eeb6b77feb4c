"""What every test shares: the shipped library, an engine over it, and an ear for what is logged."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.content.library import Library
from bot.content.loader import load
from bot.dialog.engine import Engine
from bot.dialog.turn import Register
from bot.matching import build_matcher
from tests.leaks import ear

__all__ = ["ear", "engine", "library"]

pytest_plugins = ["tests.database_fixtures"]

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def library() -> Library:
    """The content as shipped."""
    return load(ROOT / "dialogs", ROOT / "content")


def clinicians_on_slack(channel: str) -> Register:
    """Who is taken to write where, as served."""
    return Register.PROFESSIONAL if channel == "slack" else Register.LAYPERSON


@pytest.fixture(scope="session")
def engine(library: Library) -> Engine:
    """The engine as served."""
    return Engine(library, build_matcher(library), default_register=clinicians_on_slack)
