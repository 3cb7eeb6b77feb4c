"""Copying a SQLite database that may be in use, and putting a copy back in its place."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from bot.errors import StoreError, UsageError
from bot.store.open import refuse_newer

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
