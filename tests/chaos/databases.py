"""The two databases, and what can befall each while the bot runs."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from tests.chaos.processes import Bot
from tests.postgres import TestServer

LOCKED_SECONDS = 7.0
"""Longer than the bot waits for a locked SQLite file (five seconds), so that it has to refuse."""

TROUBLED_SECONDS = 2.0


class Database(Protocol):
    """Where the bot keeps its things."""

    name: str
    url: str

    def troubles(self, bots: Sequence[Bot]) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """Return what can befall it, by name; each is over when it returns."""


class Sqlite:
    """A file that another process locks, on a disk that fills up."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._path = folder / "footnote.sqlite3"
        self.url = f"sqlite:///{self._path}"

    def troubles(self, bots: Sequence[Bot]) -> Mapping[str, Callable[[], Awaitable[None]]]:
        async def no_writing() -> None:
            for bot in bots:
                bot.may_write(False)
            await asyncio.sleep(TROUBLED_SECONDS)
            for bot in bots:
                bot.may_write(True)

        return {"database-locked": self._locked, "disk-full": no_writing}

    async def _locked(self) -> None:
        other = sqlite3.connect(self._path, isolation_level=None, timeout=5)
        try:
            other.execute("BEGIN IMMEDIATE")
            await asyncio.sleep(LOCKED_SECONDS)
        finally:
            other.close()


class Postgres:
    """A server that restarts, or takes no writes for a while."""

    name = "postgres"

    def __init__(self, server: TestServer, database: str) -> None:
        self._server = server
        self.url = server.url(database)

    def troubles(self, bots: Sequence[Bot]) -> Mapping[str, Callable[[], Awaitable[None]]]:
        return {"database-restarted": self._restarted, "database-read-only": self._read_only}

    async def _restarted(self) -> None:
        await asyncio.to_thread(self._server.restart)

    async def _read_only(self) -> None:
        for state in ("on", "off"):
            change = f"ALTER SYSTEM SET default_transaction_read_only = {state}"
            await asyncio.to_thread(self._server.run, change, "SELECT pg_reload_conf()")
            await asyncio.sleep(TROUBLED_SECONDS)


@asynccontextmanager
async def fresh_database(server: TestServer | None) -> AsyncIterator[Database]:
    """Yield a new, empty database: on the server if there is one, else a SQLite file."""
    if server is None:
        with tempfile.TemporaryDirectory(prefix="footnote-chaos-") as folder:
            yield Sqlite(Path(folder))
        return
    name = await asyncio.to_thread(server.create)
    try:
        yield Postgres(server, name)
    finally:
        await asyncio.to_thread(server.drop, name)
