"""Every test of delivery runs on both databases. Migrations run once per session; each test gets a copy."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.store.base import Store
from bot.store.open import open_store
from tests.inbox.support import Clock
from tests.postgres import TestServer, running_server


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "footnote.sqlite3"
    asyncio.run(_create(f"sqlite:///{path}"))
    return path


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
def sqlite_url(migrated_file: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copy(migrated_file, tmp_path / 'footnote.sqlite3')}"


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
    opened = await open_store(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def _create(url: str) -> None:
    await (await open_store(url)).close()
