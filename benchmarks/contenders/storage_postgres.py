"""Raw asyncpg: the register read and the position written in one statement, hence one round trip per turn."""

from __future__ import annotations

import asyncio
import random

import asyncpg

from benchmarks.contenders.concurrency import side_by_side
from benchmarks.contenders.population import NODES, name
from bot.store.open import open_store
from bot.store.postgres.store import MAX_CONNECTIONS

_TURN = """WITH written AS (
  INSERT INTO conversation (conversation, person, trail, day) VALUES ($2, $1, $3, 20000)
  ON CONFLICT (conversation) DO UPDATE SET trail = excluded.trail, day = excluded.day
) SELECT tone, met FROM person WHERE person = $1"""


class OneRoundTrip:
    """As many connections as Footnote has."""

    def __init__(self, url: str, users: int = 10_000, at_once: int = 50) -> None:
        self._users, self._at_once, self._turns = users, at_once, 0
        self._runner = asyncio.Runner()
        self._pool = self._runner.run(_pool(url))

    def prepare(self, turns: int) -> None:
        self._turns = turns
        each = self._users // self._at_once
        who = [random.randrange(each) * self._at_once + number % self._at_once for number in range(turns)]
        self._names = [(name("person", user), name("conversation", user)) for user in who]

    def run(self) -> None:
        self._runner.run(side_by_side(self._turn, self._turns, self._at_once))

    def result(self) -> dict[str, float]:
        if not self._runner.run(self._pool.fetchval("SELECT count(*) FROM conversation")):
            raise RuntimeError("nothing was written")
        return {"turns": self._turns}

    async def _turn(self, number: int) -> None:
        person, conversation = self._names[number]
        await self._pool.fetch(_TURN, person, conversation, NODES[number % len(NODES)])


async def _pool(url: str) -> asyncpg.Pool:
    await (await open_store(url)).close()
    return await asyncpg.create_pool(url, min_size=1, max_size=MAX_CONNECTIONS)
