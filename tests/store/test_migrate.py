"""The schema goes up and down with data in it, and never runs under a program that does not know it."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from bot.dialog.turn import Emergency, Register, State
from bot.errors import StoreError
from bot.inbox.processor import pack
from bot.store import open as migrate
from bot.store.base import Lease, SchemaTooNew, TurnResult
from bot.store.open import open_store, sqlite_path
from bot.store.schema import metadata
from tests.inbox.support import IDENTITY, START, event
from tests.postgres import TestServer

ROOT = Path(migrate.__file__).parents[2]
SCRIPTS = ScriptDirectory(str(Path(migrate.__file__).with_name("migrations")))


def for_alembic(url: str) -> str:
    return url.replace("sqlite://", "sqlite+aiosqlite://").replace("postgresql://", "postgresql+asyncpg://")


async def ask(url: str, question: Any) -> Any:
    engine = create_async_engine(for_alembic(url), poolclass=NullPool)
    async with engine.begin() as connection:
        answer = await connection.run_sync(question)
    await engine.dispose()
    return answer


def test_the_head_the_program_knows_is_the_newest_script() -> None:
    assert SCRIPTS.get_current_head() == migrate.HEAD
    assert all(len(script.revision) == 4 and script.revision.isdigit() for script in SCRIPTS.walk_revisions())


async def test_migrations_and_metadata_describe_the_same_schema(database_url: str) -> None:
    def difference(connection: Connection) -> list[Any]:
        ours = MigrationContext.configure(connection, opts={"include_name": lambda *_: True})
        return list(compare_metadata(ours, metadata))

    assert await ask(database_url, difference) == []


async def test_down_to_nothing_and_up_again_with_data_in_it(database_url: str) -> None:
    store = await open_store(database_url)
    await store.accept(pack(event("ala"), IDENTITY, START), None)
    await store.close()
    await migrate.downgrade(for_alembic(database_url), "base")
    assert await ask(database_url, lambda c: sorted(c.dialect.get_table_names(c))) == ["alembic_version"]
    store = await open_store(database_url)
    assert await store.pending() == []
    await store.close()


@pytest.mark.parametrize("released", [script.revision for script in SCRIPTS.walk_revisions()])
async def test_every_released_schema_is_brought_to_the_newest_with_its_data(database_url: str, released: str) -> None:
    store = await open_store(database_url)
    turn = (await store.accept(pack(event("ala"), IDENTITY, START), Lease(1, START, START + 15))).turn
    assert turn is not None
    state = State(Register.PROFESSIONAL, True, ("ala",), Emergency("urgent", START), ("v1:k2", ""), quiet=True)
    await store.finish(turn, TurnResult(START, state, "ala", ("m1",)), None)
    await store.accept(pack(event("k2"), IDENTITY, START), None)
    await store.close()
    await migrate.downgrade(for_alembic(database_url), released)
    store = await open_store(database_url)
    assert (await store.preferences(turn.person)).register is Register.PROFESSIONAL
    [waiting] = await store.claim("telegram", 10, Lease(1, START + 60, START + 75))
    kept = waiting.state
    assert kept == (state if released >= "0002" else State(Register.PROFESSIONAL, True, ("ala",)))
    await store.close()


async def test_a_newer_schema_is_refused_with_a_way_out(database_url: str) -> None:
    await ask(database_url, lambda c: c.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    with pytest.raises(SchemaTooNew, match=r"schema 9999.*restore a backup"):
        await open_store(database_url)


async def test_replicas_that_start_together_migrate_once(postgres: TestServer) -> None:
    name = await asyncio.to_thread(postgres.create)
    stores = await asyncio.gather(*(open_store(postgres.url(name)) for _ in range(4)))
    for store in stores:
        await store.ping()
        await store.close()
    await asyncio.to_thread(postgres.drop, name)


async def test_a_start_on_a_migrated_database_does_not_import_alembic(sqlite_url: str) -> None:
    program = f"""
import asyncio, sys
from bot.store.open import open_store
async def main():
    store = await open_store({sqlite_url!r})
    await store.close()
asyncio.run(main())
sys.exit("alembic" in sys.modules or "sqlalchemy" in sys.modules or "asyncpg" in sys.modules)
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, cwd=ROOT)
    assert await process.wait() == 0


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("mysql://host/name", "must look like sqlite:///"),
        ("sqlite://", "must name a file"),
        ("sqlite:///:memory:", "must name a file"),
        ("sqlite:///x.db?mode=ro", "SQLite takes no options"),
        ("postgresql://nobody@/none?host=/nowhere", "cannot be opened"),
        ("postgresql://nobody@/none?host=/nowhere&sslmode=quatsch", "sslmode"),
        ("postgresql://nobody@no.such.host.invalid/none?sslmode=require", "cannot be opened"),
        ("oracle://[::1/x", "must look like sqlite:///"),
        *(
            (f"postgresql://nobody@127.0.0.1:{port}/none?{option}", "cannot be (read|opened)")
            for port in ("0", "1", "-1", "65536", "99999", "x", "1e3", "٣")
            for option in ("sslmode=disable", "application_name=x&sslmode=prefer", "connect_timeout=x")
        ),
    ],
)
async def test_a_wrong_address_is_named(url: str, complaint: str) -> None:
    with pytest.raises(StoreError, match=complaint):
        await open_store(url)


@pytest.mark.parametrize("sign", ["/", "?", "#", "[", "%", ":", "@", "\\"])
async def test_an_address_that_cannot_be_read_tells_no_password(sign: str) -> None:
    with pytest.raises(StoreError) as refused:
        await open_store(f"postgresql://u:hush{sign}hush@127.0.0.1:1/name?sslmode=disable&application_name=x")
    assert "hush" not in str(refused.value)


async def test_a_file_that_is_no_database_is_named_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("these are notes, not a database" * 40)
    with pytest.raises(StoreError, match=r"notes\.txt cannot be opened"):
        await open_store(f"sqlite:///{path}")
    assert path.read_text().startswith("these are notes")


async def test_the_sqlite_file_is_in_wal_mode_and_full_sync(sqlite_url: str) -> None:
    store = await open_store(sqlite_url)
    with closing(sqlite3.connect(sqlite_path(sqlite_url))) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    await store.close()
