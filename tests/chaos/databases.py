"""The two databases, and what can befall each while the bot runs."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from tests.postgres import TestServer


class Database(Protocol):
    """Where the bot keeps its things."""

    name: str
    url: str

    async def trouble(self) -> None:
        """Be unusable for a moment."""


class Sqlite:
    """A file that another process locks."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._path = folder / "footnote.sqlite3"
        self.url = f"sqlite:///{self._path}"

    async def trouble(self) -> None:
        other = sqlite3.connect(self._path, isolation_level=None, timeout=5)
        try:
            other.execute("BEGIN IMMEDIATE")
            await asyncio.sleep(1.0)
        finally:
            other.close()


class Postgres:
    """A server that restarts."""

    name = "postgres"

    def __init__(self, server: TestServer, database: str) -> None:
        self._server = server
        self.url = server.url(database)

    async def trouble(self) -> None:
        await asyncio.to_thread(self._server.restart)


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
