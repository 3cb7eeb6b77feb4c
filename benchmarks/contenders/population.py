"""People by the thousand or million, as the database remembers them."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bot.store.common import day_of

NODES = ("overview", "ala", "ala-dose", "ala-safety", "caveats", "other-causes", "screening", "foot-exam")
"""A full trail."""


def name(kind: str, number: int) -> bytes:
    """Return a 16-byte name, spread like the keyed hashes that really stand there."""
    return hashlib.blake2b(f"{kind}{number}".encode(), digest_size=16).digest()


def fill(file: Path, people: int) -> None:
    """Put so many people into a migrated SQLite file, each with a full trail and one remembered answer."""
    with closing(sqlite3.connect(file)) as db, db:
        for pragma in ("synchronous = OFF", "cache_size = -400000"):
            db.execute(f"PRAGMA {pragma}")
        db.executemany("INSERT INTO person (person, met, day) VALUES (?, 1, ?)", _people(people))
        db.executemany(
            "INSERT INTO conversation (conversation, person, trail, day) VALUES (?, ?, ?, ?)", _trails(people)
        )
        db.executemany(
            "INSERT INTO message (conversation, message, node, part, at) VALUES (?, ?, ?, 0, ?)", _messages(people)
        )


def used(file: Path) -> int:
    """Return the bytes of all pages in use."""
    with closing(sqlite3.connect(file)) as db:
        size, pages, free = (
            db.execute(f"PRAGMA {pragma}").fetchone()[0] for pragma in ("page_size", "page_count", "freelist_count")
        )
    return int(size * (pages - free))


def _people(people: int) -> Iterator[tuple[object, ...]]:
    """Yield in the order of the key: inserting a million rows at random would take minutes."""
    today = day_of(time.time())
    yield from ((key, today) for key in sorted(name("person", number) for number in range(people)))


def _trails(people: int) -> Iterator[tuple[object, ...]]:
    today, history = day_of(time.time()), " ".join(NODES)
    pairs = sorted((name("conversation", number), name("person", number)) for number in range(people))
    yield from ((conversation, person, history, today) for conversation, person in pairs)


def _messages(people: int) -> Iterator[tuple[object, ...]]:
    now = time.time()
    names = sorted(name("conversation", number) for number in range(people))
    yield from ((conversation, str(number), NODES[-1], now) for number, conversation in enumerate(names))
