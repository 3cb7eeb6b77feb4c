"""The store as most bots write it: aiosqlite, every statement awaited on its own, one transaction per step.

`SameWork` does statement for statement what Footnote's store does for a turn. `Preference` is the smallest turn
anyone stores: what is remembered read, the position written, in four awaits; it would lose, repeat and mix up turns.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from pathlib import Path

import aiosqlite

from benchmarks.contenders.concurrency import side_by_side
from benchmarks.contenders.population import NODES, name
from benchmarks.contenders.storage import PAYLOAD
from bot.store.common import day_of
from bot.store.open import open_store
from bot.store.sqlite import turns


class _Naive:
    """What both share: one connection, and a lock around each transaction (a connection has one at a time)."""

    def __init__(self, folder: str = "", users: int = 10_000, at_once: int = 50) -> None:
        self._users, self._at_once, self._turns = users, at_once, 0
        self._runner = asyncio.Runner()
        self._lock = asyncio.Lock()
        self._db = self._runner.run(self._open(Path(tempfile.mkdtemp(dir=folder or None)) / "naive.sqlite3"))

    def prepare(self, turns: int) -> None:
        self._turns = turns
        each = self._users // self._at_once
        self._who = [random.randrange(each) * self._at_once + number % self._at_once for number in range(turns)]

    def run(self) -> None:
        self._runner.run(side_by_side(self._turn, self._turns, self._at_once))

    def result(self) -> dict[str, float]:
        if self._runner.run(self._count()) != 0:
            raise RuntimeError("turns were left unfinished")
        return {"turns": self._turns}

    def _names(self, user: int) -> tuple[bytes, bytes]:
        return name("person", user), name("conversation", user)

    async def _open(self, path: Path) -> aiosqlite.Connection:
        await (await open_store(f"sqlite:///{path}")).close()
        db = await aiosqlite.connect(path, isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = FULL"):
            await db.execute_fetchall(f"PRAGMA {pragma}")
        return db

    async def _count(self) -> int:
        [(left,)] = await self._db.execute_fetchall("SELECT count(*) FROM inbox")
        return int(left)

    async def _turn(self, number: int) -> None:
        raise NotImplementedError


class SameWork(_Naive):
    """De-duplication, durable inbox, order per conversation, trail and message: the store's own statements."""

    async def _turn(self, number: int) -> None:
        person, conversation = self._names(self._who[number])
        row = await self._accept(person, conversation, time.time())
        await self._finish(row, person, conversation, number, time.time())

    async def _accept(self, person: bytes, conversation: bytes, now: float) -> int:
        db = self._db
        async with self._lock:
            await db.execute("BEGIN IMMEDIATE")
            await db.execute("INSERT OR IGNORE INTO seen (event, at) VALUES (?, ?)", (random.randbytes(16), now))
            fields = (conversation, person, "telegram", PAYLOAD, None, None, False, 0, now)
            row = (await db.execute(turns._INSERT, fields)).lastrowid
            lane = {"conversation": conversation, "channel": "telegram", "urgent": False, "now": now}
            await db.execute_fetchall(turns._ENTER_QUEUE, {**lane, "owner": 1, "until": now + 15.0})
            await db.execute_fetchall(turns._STATE, (person, conversation))
            await db.execute("COMMIT")
        return row or 0

    async def _finish(self, row: int, person: bytes, conversation: bytes, number: int, now: float) -> None:
        db, day = self._db, day_of(now)
        message = (conversation, str(1_000_000 + number), NODES[number % len(NODES)], None, 0, now, "", None)
        async with self._lock:
            await db.execute("BEGIN IMMEDIATE")
            await db.execute("DELETE FROM inbox WHERE id = ?", (row,))
            about: dict[str, object] = {"person": person, "tone": None, "met": True, "settings": "", "day": day}
            about |= {"changed": False, "set": False, "received": now}
            await db.execute(turns._REMEMBER_PERSON, about)
            await db.execute(turns._REMEMBER_TRAIL, (" ".join(NODES), "", day, conversation, person))
            await db.execute(turns._REMEMBER_MESSAGE, message)
            await db.execute("DELETE FROM lane WHERE conversation = ? AND waiting = 1", (conversation,))
            await db.execute("COMMIT")


class Preference(_Naive):
    """BEGIN, read the register, write the position, COMMIT."""

    async def _turn(self, number: int) -> None:
        person, conversation = self._names(self._who[number])
        async with self._lock:
            await self._db.execute("BEGIN IMMEDIATE")
            await self._db.execute_fetchall(turns._STATE, (person, conversation))
            await self._db.execute(
                turns._REMEMBER_TRAIL, (" ".join(NODES), "", day_of(time.time()), conversation, person)
            )
            await self._db.execute("COMMIT")
