"""From `FOOTNOTE_DATABASE_URL` to a store that is migrated and ready; the backup of a file and its return."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import structlog

from bot.errors import StoreError, UsageError
from bot.store.base import SchemaTooNew, Store
from bot.store.sqlite.store import SqliteStore

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncEngine


log = structlog.stdlib.get_logger(__name__)

HEAD = "0006"
"""The newest revision in bot/store/migrations/versions (a test compares)."""

_SCRIPTS = Path(__file__).with_name("migrations")
_ONE_AT_A_TIME = 0x466F6F74
"""PostgreSQL advisory lock: replicas that start together migrate one after the other."""


async def migrate(url: str, found: str | None) -> None:
    """Bring the database at a SQLAlchemy `url` from revision `found` to `HEAD`.

    Raises `SchemaTooNew` if this program does not know the revision.
    """
    if found == HEAD:
        return
    refuse_newer(found)
    from sqlalchemy.exc import DBAPIError

    try:
        await asyncio.to_thread(_in_own_loop, url, _upgrade)
    except DBAPIError as fault:
        raise StoreError(f"the database cannot be brought to schema {HEAD}: {_one_line(fault.orig)}") from fault


def refuse_newer(found: str | None) -> None:
    """Raise `SchemaTooNew` for a revision this program does not know yet. Revisions are numbers of four digits."""
    if found is not None and found > HEAD:
        raise SchemaTooNew(
            f"the database has schema {found}, and this version knows schemas up to {HEAD} only."
            " Start the newer version again, or restore a backup made before the upgrade."
        )


def _one_line(fault: BaseException | None) -> str:
    return str(fault).partition("\n")[0]


async def downgrade(url: str, revision: str) -> None:
    """Take the database back to an older revision (or `base`)."""

    def step(config: Config) -> None:
        from alembic import command

        command.downgrade(config, revision)

    await asyncio.to_thread(_in_own_loop, url, step)


def _upgrade(config: Config) -> None:
    from alembic import command

    command.upgrade(config, "head")


def _in_own_loop(url: str, step: Callable[[Config], None]) -> None:
    """Alembic is synchronous and the drivers are not: give it a thread and an event loop of its own."""
    asyncio.run(_with_connection(url, step))


def engine_of(url: str, **options: Any) -> AsyncEngine:
    """Return an SQLAlchemy engine for an address that turns use without it. asyncpg reads an address whole, with
    the options of a hosted database such as `?sslmode=require`, which SQLAlchemy would hand on as unknown arguments."""
    from sqlalchemy.ext.asyncio import create_async_engine

    scheme, _, rest = url.partition("://")
    if scheme.startswith("postgres"):
        import asyncpg

        creator = partial(asyncpg.connect, f"postgresql://{rest}")
        return create_async_engine("postgresql+asyncpg://", async_creator=creator, **options)
    return create_async_engine(f"sqlite+aiosqlite://{rest}", **options)


async def _with_connection(url: str, step: Callable[[Config], None]) -> None:
    from sqlalchemy.pool import NullPool

    engine = engine_of(url, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_locked, step)
    finally:
        await engine.dispose()


def _locked(connection: Connection, step: Callable[[Config], None]) -> None:
    from alembic.config import Config
    from sqlalchemy import text

    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})"))
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    attributes: dict[str, Any] = config.attributes
    attributes["connection"] = connection
    step(config)


CONNECT_SECONDS = 10.0

_FORMS = "sqlite:///relative/path, sqlite:////absolute/path or postgresql://user:password@host/name"


_UNREADABLE = (
    "FOOTNOTE_DATABASE_URL cannot be read: it must look like postgresql://user:password@host:5432/name, and in the"
    " password @ is written %40, : %3A, / %2F, ? %3F, # %23 and % %25"
)


async def open_store(url: str) -> Store:
    """Return the store behind a database URL, created and migrated if need be.

    Raises `StoreError` for a URL of another kind or a database that cannot be opened, `SchemaTooNew` for one that a
    newer version wrote.
    """
    kind = url.partition("://")[0].lower().partition("+")[0]
    if kind == "sqlite":
        return await _open_sqlite(sqlite_path(url))
    if kind in ("postgresql", "postgres"):
        return await _open_postgres("postgresql" + url[url.index("://") :])
    raise StoreError(f"FOOTNOTE_DATABASE_URL must look like {_FORMS}")


def sqlite_path(url: str) -> Path:
    """Return the file a SQLite URL names. Raises `StoreError` if it names none, or asks for more than a file."""
    parts = urlsplit(url)
    path = unquote(parts.path.removeprefix("/"))
    if parts.query:
        raise StoreError("FOOTNOTE_DATABASE_URL: SQLite takes no options, leave out what follows the question mark")
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
    except (ValueError, OverflowError):  # which quotes what it could not read, perhaps a part of the password
        raise StoreError(_UNREADABLE) from None


OLDEST_POSTGRES = 15
"""The oldest major version that its makers still mend, and the oldest tests have run on."""

CLOCKS_DIFFER = 15.0
"""Seconds, the length of a lease: replicas whose clocks differ by more take each other's turns away."""


def refuse_older(major: int) -> None:
    """Raise `StoreError` for a PostgreSQL that is too old."""
    if major < OLDEST_POSTGRES:
        raise StoreError(f"PostgreSQL {major} is too old: {OLDEST_POSTGRES} or newer is needed")


def compare_clocks(database: float, here: float) -> None:
    """Say so where this machine's clock and the database's differ by more than a lease."""
    if abs(here - database) > CLOCKS_DIFFER:
        log.warning(
            "clocks_differ", seconds=round(here - database), hint="set this machine's clock, for example by NTP"
        )


async def _postgres_revision(dsn: str) -> str | None:
    import asyncpg

    connection = await asyncpg.connect(dsn, timeout=CONNECT_SECONDS)
    try:
        refuse_older(connection.get_server_version().major)
        compare_clocks(await connection.fetchval("SELECT extract(epoch FROM clock_timestamp())::float8"), time.time())
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


# --- backup -----------------------------------------------------------------------------------------------------------

RESTORED = "restored from a backup: it may have been answered since"


def copy(source: Path, target: Path) -> None:
    """Copy through SQLite, consistent as of now, into a new file that only its owner can read.

    Raises UsageError if there is nothing to copy or something in the way, StoreError if the disk or SQLite refuses.
    """
    if not source.exists():
        raise UsageError(f"there is no database at {source}")
    if target.exists():
        raise UsageError(f"{target} exists already; a copy overwrites nothing")
    partial = target.with_name(target.name + ".partial")
    try:
        os.close(os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
        with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(partial)) as copy:
            live.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
        _sync(partial)
        partial.rename(target)
    except (sqlite3.Error, OSError) as fault:
        partial.unlink(missing_ok=True)
        raise StoreError(f"the backup could not be written: {fault}") from fault


def put_in_place(source: Path, target: Path) -> None:
    """Replace `target` by a checked copy of `source`; what was there stays beside it as `*.before-restore`."""
    fresh = target.with_name(target.name + ".restoring")
    fresh.unlink(missing_ok=True)
    copy(source, fresh)
    try:
        _check(fresh, source)
    except StoreError:
        fresh.unlink()
        raise
    if target.exists():
        copy(target, _unused(target.with_name(target.name + ".before-restore")))
    for suffix in ("-wal", "-shm"):
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    fresh.rename(target)


def _check(fresh: Path, source: Path) -> None:
    """Refuse a backup that is damaged or no database of ours; set aside what was waiting in it."""
    try:
        with closing(sqlite3.connect(fresh)) as db:
            _refuse_damaged(db, source)
            refuse_newer(db.execute("SELECT version_num FROM alembic_version").fetchone()[0])
            db.execute("UPDATE inbox SET status = 'quarantined', reason = ? WHERE status = 'waiting'", (RESTORED,))
            db.execute("DELETE FROM lane")
            db.commit()
    except sqlite3.Error as fault:
        raise StoreError(f"{source} is not a Footnote database: {fault}") from fault


def _unused(path: Path) -> Path:
    taken = (path.with_name(f"{path.name}.{number}") for number in range(1, 1000))
    return path if not path.exists() else next(name for name in taken if not name.exists())


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _refuse_damaged(db: sqlite3.Connection, source: Path) -> None:
    [(verdict,)] = db.execute("PRAGMA integrity_check(1)").fetchall()
    if verdict != "ok":
        raise StoreError(f"the backup {source} is damaged: {verdict}")
