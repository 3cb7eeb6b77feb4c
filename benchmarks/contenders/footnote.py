"""Footnote put together as `footnote serve` does it, with a database of its own and no web port."""

from __future__ import annotations

import asyncio
import gc
import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarks import trees
from benchmarks.contenders.storage import opened
from bot.app import host_services
from bot.channels.base import HostServices
from bot.content.library import Library
from bot.content.loader import load
from bot.dialog.engine import Engine
from bot.inbox.inbox import Inbox
from bot.matching import build_matcher
from bot.settings import Settings
from bot.store.common import Identity

SECRET = "a secret for the benchmark"


async def footnote(
    folder: str, nodes: int, characters: int, url: str = "", synchronous: str = "FULL"
) -> tuple[Inbox, Engine]:
    """Return an inbox (not started yet) over a synthetic tree, on SQLite unless `url` names another database."""
    return await over(load(*trees.write(Path(folder), nodes, characters), templates=False), folder, url, synchronous)


async def shipped_footnote(folder: str) -> tuple[Inbox, Engine]:
    """Return an inbox (not started yet) over the content as shipped."""
    return await over(load(trees.ROOT / "dialogs", trees.ROOT / "content"), folder)


async def over(library: Library, folder: str, url: str = "", synchronous: str = "FULL") -> tuple[Inbox, Engine]:
    """Return an inbox (not started yet) over a library."""
    engine = Engine(library, build_matcher(library))
    file = Path(tempfile.mkdtemp(dir=folder)) / "footnote.sqlite3"
    store = await opened(url or f"sqlite:///{file}", synchronous)
    return Inbox(store, engine, Identity(SECRET), urgent=engine.is_urgent), engine


def host(inbox: Inbox, engine: Engine) -> HostServices:
    """Return what a channel is given, but for its topics."""
    given = host_services("benchmark", Settings(), inbox, engine, Identity(SECRET))
    return replace(given, topics=lambda _register: [])


def settled() -> None:
    """Do what serving does once everything is loaded."""
    gc.collect()
    gc.freeze()


async def idle(inbox: Inbox) -> None:
    """Return when nothing accepted is unfinished any more."""
    while any(depth.waiting for depth in (await inbox._store.queue_depth()).values()):  # noqa: ASYNC110
        await asyncio.sleep(0.001)
