"""What every test shares: the shipped library, an engine over it, and a leak detector for what is logged."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import tempfile
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from bot.channels.registry import default_register
from bot.content.library import Library
from bot.content.loader import load
from bot.dialog.composer import Composer
from bot.dialog.engine import Engine
from bot.dialog.turn import Match, Register
from bot.matching import LateMatcher, build_matcher
from bot.matching.matcher import SubjectMatcher
from bot.pictures.shelf import Shelf
from tests.chaos.processes import Bot
from tests.leaks import leak_detector

__all__ = ["engine", "leak_detector", "library"]

pytest_plugins = ["tests.database_fixtures", "tests.remembered"]

ROOT = Path(__file__).resolve().parent.parent

MEMORY = Path("/dev/shm")
ENOUGH = 2 << 30
"""Bytes that are free there, or the disk is used as ever: a container is often given 64 MB."""

SELDOM = (20_000, 20, 20)
"""New objects, and rounds, after which garbage is looked for; by default it is after 700, and takes a tenth of all."""


def pytest_configure() -> None:
    """Let every temporary file, and with them every database, lie in memory: thousands of tests commit, and no disk is
    what they test. A folder whose programs may not be started is no good for the wheel."""
    gc.disable()  # until everything is collected: nothing of it is garbage, and looking for some takes a quarter of it
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or each of the many processes compiles what it imports anew
    Bot.forked = True
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ENOUGH and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC:
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deal the conversations out where a platform brings events in two ways: each is played in both, in one register
    this way and in the other that way. What is peculiar to a way has tests of its own, in every way."""
    left = [item for item in items if isinstance(item, pytest.Function) and not _dealt(item)]
    if left:
        apart = set(left)
        items[:] = [item for item in items if item not in apart]
        config.hook.pytest_deselected(items=left)


def _dealt(item: pytest.Function) -> bool:
    if item.originalname != "test_every_conversation_reads_as_written":
        return True
    indices = item.callspec.indices
    ways, number = indices.keys() - {"name", "script", "register"}, indices["name"]
    return not ways or (number // 2 + number + sum(indices[way] for way in ways)) % 2 == 0


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Let the collector of garbage leave alone what lives as long as the tests do."""
    gc.freeze()
    gc.set_threshold(*SELDOM)
    gc.enable()


@pytest.fixture(scope="session")
def library() -> Library:
    """The content as shipped."""
    return load(ROOT / "dialogs", ROOT / "content")


TODAY = date(2026, 11, 29)
"""The day that pages to take along are made on."""


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> Path:
    """A folder that holds every picture, drawn once for all tests."""
    folder = tmp_path_factory.mktemp("drawn")
    asyncio.run(Shelf(folder, engine, lambda: TODAY).prepare())
    return folder


@pytest.fixture
def shelf(drawn: Path, engine: Engine) -> Shelf:
    """A shelf on which everything is ready."""
    return Shelf(drawn, engine, lambda: TODAY)


class RememberingMatcher(LateMatcher):
    """The matcher, asked once in a session for the same words in the same thread: the conversations ask them on every
    platform, in both registers. That the same words always give the same is held by tests/matching."""

    def __init__(self, matcher: SubjectMatcher) -> None:
        super().__init__(lambda: matcher)
        self._match, self._is_urgent = cache(matcher.match), cache(matcher.is_urgent)

    def match(self, text: str, context: str | None, register: Register) -> Match:
        return self._match(text, context, register)

    def is_urgent(self, text: str) -> bool:
        return self._is_urgent(text)


@pytest.fixture(scope="session")
def matcher(library: Library) -> SubjectMatcher:
    """The matcher of the content as shipped, which remembers nothing."""
    return build_matcher(library)


@pytest.fixture(scope="session")
def engine(library: Library, matcher: SubjectMatcher) -> Engine:
    """The engine as served."""
    made = Engine(library, RememberingMatcher(matcher), default_register=default_register)
    gc.freeze()
    return made


@pytest.fixture(scope="session")
def composer(library: Library) -> Composer:
    """What an answer should say, composed once for all tests."""
    return Composer(library)
