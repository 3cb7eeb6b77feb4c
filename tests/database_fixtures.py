"""Every test of delivery runs on both databases. Migrations run once per session; each test gets a copy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.store.base import Store
from bot.store.open import open_store
from tests.inbox.support import Clock
from tests.postgres import TestServer, running_server


@cache
def _migrated() -> bytes:
    """An empty database file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "footnote.sqlite3"
        asyncio.run(_create(f"sqlite:///{path}"))
        return path.read_bytes()


def begun(path: Path) -> Path:
    """Let a new database file be a copy of one that was migrated before: migrations have their own tests."""
    if not path.exists():
        path.write_bytes(_migrated())
    return path


async def opened(path: Path) -> Store:
    """Open a database file, which may be new."""
    return await open_store(f"sqlite:///{await asyncio.to_thread(begun, path)}")


@pytest.fixture(scope="session")
def postgres() -> Iterator[TestServer]:
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_database(postgres: TestServer) -> str:
    name = postgres.create()
    asyncio.run(_create(postgres.url(name)))
    return name


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return begun(tmp_path / "footnote.sqlite3")


@pytest.fixture
def sqlite_url(database: Path) -> str:
    return f"sqlite:///{database}"


@pytest.fixture
def postgres_url(postgres: TestServer, migrated_database: str) -> Iterator[str]:
    name = postgres.create(template=migrated_database)
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    found = await open_store(database_url)
    yield found
    await found.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def _create(url: str) -> None:
    await (await open_store(url)).close()
