"""A SQLite file that is locked, full or read-only: the door says no, and nothing that was accepted is lost."""

from __future__ import annotations

import sqlite3

import aiosqlite
import pytest

from bot.inbox.inbox import Inbox
from bot.store.base import StoreUnavailable
from bot.store.open import sqlite_path
from bot.store.sqlite.store import SqliteStore
from tests.inbox.support import Notebook, Watched, at_work, event, figures


@pytest.fixture
async def store(sqlite_url: str) -> SqliteStore:
    connection = await aiosqlite.connect(sqlite_path(sqlite_url), isolation_level=None, timeout=0.01)
    return SqliteStore(sqlite_path(sqlite_url), connection)


async def test_a_locked_file_refuses_the_door_and_delays_the_rest(store: SqliteStore, sqlite_url: str) -> None:
    notebook, metrics = Notebook(), Watched()
    other = sqlite3.connect(sqlite_path(sqlite_url), isolation_level=None)
    notebook.before = lambda _: other.execute("BEGIN IMMEDIATE") and None
    async with at_work(store, notebook, metrics=metrics) as inbox:
        await inbox.accept(event("ala"))
        await metrics.reach('footnote_store_errors_total{step="progress"}', 2)
        with pytest.raises(StoreUnavailable, match="locked"):
            await inbox.accept(event("k2"))
        notebook.before = None
        other.execute("ROLLBACK")
        await notebook.wait_for(1)
        assert await inbox.accept(event("k2"))
        assert await notebook.wait_for(2) == ["ala", "k2"]
    assert await store.pending() == []
    await store.close()


async def test_a_full_disk_refuses_the_door_and_what_was_accepted_is_answered(store: SqliteStore) -> None:
    notebook = Notebook()
    async with at_work(store, notebook) as inbox:
        await inbox.accept(event("ala"))
        await notebook.wait_for(1)
        await _limit(store, "max_page_count = 1")  # the pages there are, and not one more
        with pytest.raises(StoreUnavailable, match="full"):
            await _accept_many(inbox)
        accepted = sum(value for name, value in figures(inbox.metrics).items() if "accepted_total" in name)
        await _limit(store, "max_page_count = 100000")
        assert len(await notebook.wait_for(int(accepted))) == accepted
    await store.close()


async def test_a_read_only_database_refuses_the_door_and_says_so(store: SqliteStore) -> None:
    async with at_work(store, Notebook()) as inbox:
        await _limit(store, "query_only = ON")
        with pytest.raises(StoreUnavailable, match="readonly"):
            await inbox.accept(event("ala"))
        with pytest.raises(StoreUnavailable):
            await store.ping()
        await _limit(store, "query_only = OFF")
        assert await inbox.accept(event("ala"))
    await store.close()


async def _limit(store: SqliteStore, pragma: str) -> None:
    await store._connection.execute_fetchall(f"PRAGMA {pragma}")


async def _accept_many(inbox: Inbox) -> None:
    for chat in range(200):
        await inbox.accept(event("k2 " * 50, f"telegram:{chat}"))
