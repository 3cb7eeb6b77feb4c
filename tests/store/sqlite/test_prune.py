"""What is old is pruned slice by slice, in as many slices as the file is long."""

from __future__ import annotations

import sqlite3

import pytest

from bot.store.base import RetentionCutoffs
from bot.store.common import DIGEST_BYTES
from bot.store.open import open_store, sqlite_path
from bot.store.sqlite import store as sqlite_store
from bot.store.sqlite.store import slices

OLD = RetentionCutoffs(events=10, messages=10, quarantine=10, idle=10, user_left=10)


@pytest.mark.parametrize("pages", [1, 60, 65, 1_000, 5_000, 16_384, 1_000_000])
def test_every_key_is_in_one_slice_and_a_large_database_has_many(pages: int) -> None:
    found = slices(pages)
    assert [first for keys in found for first in keys] == list(range(256))
    assert min(256, pages // sqlite_store.SLICE_PAGES) <= len(found) <= 1 + pages // 32


@pytest.mark.parametrize("pages", [sqlite_store.SLICE_PAGES, 1], ids=["one slice", "many slices"])
async def test_no_old_key_is_left_whatever_it_begins_with(
    sqlite_url: str, pages: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_store, "SLICE_PAGES", pages)
    keys = [bytes([first]) + rest * (DIGEST_BYTES - 1) for first in range(256) for rest in (b"\x00", b"\xff")]
    with sqlite3.connect(sqlite_path(sqlite_url)) as database:
        database.executemany("INSERT INTO seen (event, at) VALUES (?, ?)", [(key, 5) for key in keys])
        database.execute("INSERT INTO seen (event, at) VALUES (?, ?)", (b"young", 15))
    store = await open_store(sqlite_url)
    assert (await store.prune(OLD)).counts["events"] == len(keys)
    await store.close()
    with sqlite3.connect(sqlite_path(sqlite_url)) as database:
        assert database.execute("SELECT event FROM seen").fetchall() == [(b"young",)]
