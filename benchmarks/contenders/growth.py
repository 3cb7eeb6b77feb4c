"""What a person costs in the database: bytes at rest, and turns that must not grow with their history."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from pathlib import Path

from benchmarks.contenders import population
from benchmarks.contenders.concurrency import side_by_side
from benchmarks.contenders.storage import finished, new_event, opened
from bot.inbox.processor import RetryPolicy

PATIENCE = RetryPolicy()


class Rest:
    """People who came, asked so many times, and left: how many bytes each takes, sooner and later."""

    def __init__(self, people: int, turns: int, at_once: int = 50) -> None:
        self._people, self._turns, self._at_once = people, turns, at_once
        self._runner = asyncio.Runner()

    def prepare(self) -> None:
        self._file = Path(tempfile.mkdtemp()) / "rest.sqlite3"
        self._store = self._runner.run(opened(f"sqlite:///{self._file}", "NORMAL"))
        self._empty = population.used(self._file)

    def run(self) -> None:
        self._runner.run(side_by_side(self._turn, self._people * self._turns, self._at_once))

    def result(self) -> dict[str, float]:
        sooner = self._after(PATIENCE.keep_events + 1)
        later = self._after(PATIENCE.keep_messages + 1)
        self._runner.run(self._store.close())
        return {"turns": self._people * self._turns, "sooner": sooner, "later": later}

    def _after(self, seconds: float) -> float:
        """Return the bytes per person once everything kept for less than so many seconds is pruned."""
        self._runner.run(self._store.prune(PATIENCE.cutoffs(time.time() + seconds)))
        return (population.used(self._file) - self._empty) / self._people

    async def _turn(self, number: int) -> None:
        asked = new_event(number % self._people, random.randbytes(16), time.time())
        await finished(self._store, asked, number)


class History:
    """People on their first turns, or with a long history; the next turns of both are measured in one database."""

    def __init__(self, turns: int, people: int = 40) -> None:
        self._people, self._before = people, turns
        self._runner = asyncio.Runner()
        file = Path(tempfile.mkdtemp()) / "history.sqlite3"
        self._store = self._runner.run(opened(f"sqlite:///{file}"))
        population.fill(file, 10_000)
        self._number = 0
        self._play(people, turns)

    def prepare(self, turns: int) -> None:
        self._asked = turns

    def run(self) -> None:
        self._play(1, self._asked)

    def result(self) -> dict[str, float]:
        return {"turns": self._asked}

    def _play(self, at_once: int, turns_each: int) -> None:
        self._runner.run(side_by_side(self._turn, at_once * turns_each, at_once))

    async def _turn(self, number: int) -> None:
        self._number += 1
        await finished(self._store, new_event(number % self._people, random.randbytes(16), time.time()), self._number)
