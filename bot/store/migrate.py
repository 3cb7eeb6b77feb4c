"""Bringing a database to this program's schema, at start. A database already there costs one query."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.store.base import SchemaTooNew

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncEngine

HEAD = "0003"
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
    await asyncio.to_thread(_in_own_loop, url, _upgrade)


def refuse_newer(found: str | None) -> None:
    """Raise `SchemaTooNew` for a revision this program does not know yet. Revisions are numbers of four digits."""
    if found is not None and found > HEAD:
        raise SchemaTooNew(
            f"the database has schema {found}, and this version knows schemas up to {HEAD} only."
            " Start the newer version again, or restore a backup made before the upgrade."
        )


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
