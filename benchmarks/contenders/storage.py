"""Footnote's store, turn after turn: an arrival accepted durably, then finished with all that a turn leaves behind."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from pathlib import Path
from typing import cast

from benchmarks.contenders import population
from benchmarks.contenders.concurrency import side_by_side
from benchmarks.contenders.population import NODES, name
from bot.dialog.turn import State
from bot.store.base import Lease, NewEvent, Store, TurnResult
from bot.store.open import open_store
from bot.store.sqlite.store import SqliteStore, Synchronous

PAYLOAD = bytes(280)
"""As long as a sealed button press with its address."""


def new_event(user: int, key: bytes, now: float) -> NewEvent:
    """Return what a press of one user is stored as."""
    return NewEvent((key,), "telegram", name("person", user), name("conversation", user), PAYLOAD, now)


def record(number: int, now: float) -> TurnResult:
    """Return what an answered press leaves behind: a full trail, and the message that shows the node."""
    node = NODES[number % len(NODES)]
    return TurnResult(now, State(None, True, NODES), node, (str(1_000_000 + number),))


class Turns:
    """Whole turns through the store alone, no engine and no messenger."""

    def __init__(
        self,
        folder: str = "",
        url: str = "",
        synchronous: str = "FULL",
        users: int = 10_000,
        at_once: int = 50,
        known: bool = False,
    ) -> None:
        self._users, self._at_once = users, at_once
        self._runner = asyncio.Runner()
        file = Path(tempfile.mkdtemp(dir=folder or None)) / "store.sqlite3"
        self._store = self._runner.run(opened(url or f"sqlite:///{file}", synchronous))
        if known:
            population.fill(file, users)
        self._arrivals: list[NewEvent] = []

    def prepare(self, turns: int) -> None:
        now, chance = time.time(), random.Random()
        self._arrivals = [new_event(self._user(chance, number), chance.randbytes(16), now) for number in range(turns)]

    def run(self) -> None:
        self._runner.run(side_by_side(self._turn, len(self._arrivals), self._at_once))

    def result(self) -> dict[str, float]:
        left = self._runner.run(self._store.queue_depth())
        if left:
            raise RuntimeError(f"turns were left unfinished: {left}")
        return {"turns": len(self._arrivals)}

    def _user(self, chance: random.Random, number: int) -> int:
        return chance.randrange(self._users // self._at_once) * self._at_once + number % self._at_once

    async def _turn(self, number: int) -> None:
        await finished(self._store, self._arrivals[number], number)


async def finished(store: Store, arrived: NewEvent, number: int) -> None:
    """Take one arrival through the store: accepted and leased on the spot, then finished."""
    now = time.time()
    lease = Lease(1, now, now + 15.0)
    accepted = await store.accept(arrived, lease)
    if accepted.turn is None:
        raise RuntimeError("an idle conversation was not leased")
    await store.finish(accepted.turn, record(number, now), lease)


async def opened(url: str, synchronous: str = "FULL") -> Store:
    """Return a migrated store; SQLite with the given durability."""
    store = await open_store(url)
    if synchronous == "FULL" or not isinstance(store, SqliteStore):
        return store
    await store.close()
    return await SqliteStore.open(Path(url.removeprefix("sqlite:///")), cast(Synchronous, synchronous))
