"""What an operator does at three in the morning: look, replay, drop, back up, restore."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.errors import StoreError, UsageError
from bot.inbox import admin
from bot.inbox.processor import pack
from bot.store.base import Lease, SchemaTooNew, Store, StoreInUse
from bot.store.common import Identity
from bot.store.open import RESTORED, open_store, sqlite_path
from tests.inbox.support import IDENTITY, START, event
from tests.store.test_store import report


async def poison(store: Store) -> int:
    turn = (await store.accept(pack(event("ala"), IDENTITY, START), Lease(1, START, START + 15))).turn
    assert turn is not None
    await store.quarantine(turn, "RuntimeError at place.py:7", START)
    return turn.row


async def test_listing_shows_what_failed_and_neither_words_nor_names(store: Store, database_url: str) -> None:
    row = await poison(store)
    [pending] = await admin.unfinished(database_url, "quarantined")
    assert (pending.row, pending.reason) == (row, "RuntimeError at place.py:7")
    assert not any(word in repr(pending) for word in ("ala", "42", "telegram:1"))


async def test_replaying_and_dropping_while_the_service_runs(store: Store, database_url: str) -> None:
    first, second = await poison(store), await poison(store)
    await admin.replay(database_url, first)
    await admin.drop(database_url, second)
    assert [(pending.row, pending.status) for pending in await store.pending()] == [(first, "waiting")]


@pytest.mark.parametrize("command", [admin.replay, admin.drop])
async def test_a_number_that_is_not_there_is_named(
    database_url: str, command: Callable[[str, int], Awaitable[None]]
) -> None:
    with pytest.raises(UsageError, match="no quarantined turn 77"):
        await command(database_url, 77)


async def test_a_backup_of_a_running_database_restores_preferences_and_sets_questions_aside(
    sqlite_url: str, tmp_path: Path
) -> None:
    store = await open_store(sqlite_url)
    await store.accept(pack(event("ala"), IDENTITY, START), None)
    await store.user_left(IDENTITY.person("telegram:1"), START)
    await admin.back_up(sqlite_url, tmp_path / "backup.sqlite3")
    await store.forget(IDENTITY.person("telegram:1"))
    await store.close()
    await admin.restore(sqlite_url, tmp_path / "backup.sqlite3")
    [pending] = await admin.unfinished(sqlite_url)
    assert (pending.status, pending.reason) == ("quarantined", RESTORED)
    assert (tmp_path / "backup.sqlite3").stat().st_mode & 0o077 == 0
    before = sqlite_path(sqlite_url).with_name("footnote.sqlite3.before-restore")
    with closing(sqlite3.connect(before)) as kept:
        assert kept.execute("SELECT count(*) FROM person").fetchone() == (0,)


async def test_a_database_being_served_is_not_replaced(sqlite_url: str, tmp_path: Path) -> None:
    store = await open_store(sqlite_url)
    await store.recover()
    await admin.back_up(sqlite_url, tmp_path / "backup.sqlite3")
    with pytest.raises(StoreInUse, match="another footnote process"):
        await admin.restore(sqlite_url, tmp_path / "backup.sqlite3")
    await store.close()
    await admin.restore(sqlite_url, tmp_path / "backup.sqlite3")


async def test_two_processes_do_not_serve_from_one_file(sqlite_url: str) -> None:
    first, second = await open_store(sqlite_url), await open_store(sqlite_url)
    await first.recover()
    with pytest.raises(StoreInUse, match="use PostgreSQL"):
        await second.recover()
    await first.close()
    await second.recover()
    await second.close()


async def test_a_damaged_backup_is_refused_and_the_database_left_alone(sqlite_url: str, tmp_path: Path) -> None:
    await admin.back_up(sqlite_url, tmp_path / "backup.sqlite3")
    damaged = bytearray((tmp_path / "backup.sqlite3").read_bytes())
    damaged[4096:12288] = b"\xff" * 8192
    (tmp_path / "damaged.sqlite3").write_bytes(damaged)
    with pytest.raises(StoreError):
        await admin.restore(sqlite_url, tmp_path / "damaged.sqlite3")
    assert await admin.unfinished(sqlite_url) == []
    assert not (tmp_path / "footnote.sqlite3.restoring").exists()


async def test_a_backup_of_a_newer_version_is_refused(sqlite_url: str, tmp_path: Path) -> None:
    await admin.back_up(sqlite_url, tmp_path / "newer.sqlite3")
    with closing(sqlite3.connect(tmp_path / "newer.sqlite3")) as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
        db.commit()
    with pytest.raises(SchemaTooNew):
        await admin.restore(sqlite_url, tmp_path / "newer.sqlite3")


async def test_a_backup_overwrites_nothing_and_says_where_nothing_is(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "there").write_text("precious")
    with pytest.raises(UsageError, match="exists already"):
        await admin.back_up(sqlite_url, tmp_path / "there")
    with pytest.raises(UsageError, match="no database at"):
        await admin.restore(sqlite_url, tmp_path / "not-there")
    with pytest.raises(UsageError, match="pg_dump"):
        await admin.back_up("postgresql://host/name", tmp_path / "x")
    assert (tmp_path / "there").read_text() == "precious"


async def test_a_report_sealed_with_another_secret_is_told_and_not_shown(store: Store) -> None:
    await store.add_report(report())
    (seen,) = await admin.ReportDesk(store, Identity("another secret of the installation")).list()
    assert "FOOTNOTE_SECRET" in seen.words


@pytest.mark.parametrize("work", ["show", "close"])
async def test_a_report_that_is_not_there_is_named(store: Store, work: str) -> None:
    with pytest.raises(UsageError, match=r"no (open )?report 77"):
        await getattr(admin.ReportDesk(store, IDENTITY), work)(77)


async def test_an_answer_to_a_report_waits_in_the_inbox_once(store: Store) -> None:
    await store.add_report(report())
    desk = admin.ReportDesk(store, IDENTITY)
    (seen,) = await desk.list()
    await desk.close(seen.number, " Thank you,\n it is corrected. ")
    (turn,) = await store.claim("telegram", 10, Lease(1, START, START + 15))
    assert "ala-dose Thank you, it is corrected." in IDENTITY.unseal(turn.payload).decode()
    assert turn.person == IDENTITY.person("telegram:1")
