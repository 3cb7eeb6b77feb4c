"""From `FOOTNOTE_DATABASE_URL` to a store that is migrated and ready."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bot.errors import StoreError
from bot.store.base import Store
from bot.store.migrate import migrate
from bot.store.sqlite.store import SqliteStore

CONNECT_SECONDS = 10.0

_FORMS = "sqlite:///relative/path, sqlite:////absolute/path or postgresql://user:password@host/name"


async def open_store(url: str) -> Store:
    """Return the store behind a database URL, created and migrated if need be.

    Raises `StoreError` for a URL of another kind or a database that cannot be opened, `SchemaTooNew` for one that a
    newer version wrote.
    """
    kind = urlsplit(url).scheme.partition("+")[0]
    if kind == "sqlite":
        return await _open_sqlite(sqlite_path(url))
    if kind in ("postgresql", "postgres"):
        return await _open_postgres("postgresql" + url[url.index("://") :])
    raise StoreError(f"FOOTNOTE_DATABASE_URL must look like {_FORMS}")


def sqlite_path(url: str) -> Path:
    """Return the file a SQLite URL names. Raises `StoreError` if it names none."""
    path = unquote(urlsplit(url).path.removeprefix("/"))
    if not path or path == ":memory:":
        raise StoreError(f"FOOTNOTE_DATABASE_URL must name a file: {_FORMS}")
    return Path(path)


async def _open_sqlite(path: Path) -> SqliteStore:
    try:
        await migrate(f"sqlite+aiosqlite:///{path}", _sqlite_revision(path))
        return await SqliteStore.open(path)
    except (sqlite3.Error, OSError) as fault:
        raise StoreError(f"the database {path} cannot be opened: {fault}") from fault


async def _open_postgres(dsn: str) -> Store:
    import asyncpg

    from bot.store.postgres.store import PostgresStore

    try:
        await migrate("postgresql+asyncpg" + dsn.removeprefix("postgresql"), await _postgres_revision(dsn))
        return await PostgresStore.open(dsn)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as fault:
        raise StoreError(f"the PostgreSQL database cannot be opened: {fault}") from fault


async def _postgres_revision(dsn: str) -> str | None:
    import asyncpg

    connection = await asyncpg.connect(dsn, timeout=CONNECT_SECONDS)
    try:
        found = await connection.fetchval("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        return None
    finally:
        await connection.close()
    return str(found) if found else None


def _sqlite_revision(path: Path) -> str | None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as db:
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
            return None
        found = db.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(found[0]) if found else None
