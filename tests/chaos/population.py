"""What a million remembered people cost the next turn: `python -m tests.chaos.population`.

Two stores side by side, one that remembers fifty people and one that remembers a million; turns alternate between them
one by one, each by somebody the store knows, and every turn is timed from accepting it to its end.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import random
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from statistics import fmean, median
from tempfile import TemporaryDirectory

import asyncpg

from benchmarks.contenders import population as stored
from benchmarks.contenders.storage import finished, new_event
from bot.store.base import Store
from bot.store.open import open_store
from tests.chaos.report import table_row
from tests.postgres import TestServer, running_server

FEW = 50
WARM = 500
"""Turns in each store before any is timed."""

COLUMNS = ("database", "people", "turns each", "p50 µs", "p99 µs", "mean µs", "× p50", "× p99", "× mean", "seed")

_PEOPLE = """SELECT substring(sha256(('person' || n)::bytea) FOR 16) AS person,
substring(sha256(('conversation' || n)::bytea) FOR 16) AS conversation, n FROM generate_series(0, {last}) AS n"""

_FILL = (
    "INSERT INTO person (person, met, day) SELECT person, TRUE, 20000",
    "INSERT INTO conversation (conversation, person, trail, day) SELECT conversation, person,"
    " 'overview ala ala-dose ala-safety caveats other-causes screening foot-exam', 20000",
    "INSERT INTO message (conversation, message, node, part, at) SELECT conversation, n::text, 'ala', 0, 0",
)

Name = Callable[[str, int], bytes]
"""How the store knows a person or a conversation by number."""


def in_postgres(kind: str, number: int) -> bytes:
    """Return the name that `_FILL` gave."""
    return hashlib.sha256(f"{kind}{number}".encode()).digest()[:16]


async def postgres_filled(server: TestServer, people: int) -> str:
    """Return the address of a new database that remembers so many people."""
    url = server.url(await asyncio.to_thread(server.create))
    await (await open_store(url)).close()
    connection = await asyncpg.connect(url)
    for statement in _FILL:
        await connection.execute(f"{statement} FROM ({_PEOPLE.format(last=people - 1)}) AS them")
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
    return url


async def sqlite_filled(folder: Path, people: int) -> str:
    """Return the address of a new file that remembers so many people."""
    file = folder / f"{people}.sqlite3"
    await (await open_store(f"sqlite:///{file}")).close()
    await asyncio.to_thread(stored.fill, file, people)
    return f"sqlite:///{file}"


async def side_by_side(urls: Mapping[int, str], name: Name, turns: int, seed: int) -> list[list[float]]:
    """Return the seconds each turn took in each store (by how many people it remembers), turns alternating."""
    chance = random.Random(seed)
    stores = {people: await open_store(url) for people, url in urls.items()}
    took: dict[int, list[float]] = {people: [] for people in stores}
    for number in range(WARM + turns):
        for people in stores if number % 2 else reversed(stores):
            took[people].append(await _turn(stores[people], chance.randrange(people), name, number))
    for store in stores.values():
        await store.close()
    return [seconds[WARM:] for seconds in took.values()]


async def _turn(store: Store, user: int, name: Name, number: int) -> float:
    plain = new_event(user, random.randbytes(16), time.time())
    arrived = replace(plain, person=name("person", user), conversation=name("conversation", user))
    begun = time.perf_counter()
    await finished(store, arrived, number)
    return time.perf_counter() - begun


def rows(database: str, people: int, took: list[list[float]], seed: int) -> list[str]:
    """Return the row of the small store and that of the large one, with the ratios."""
    measures = [[median(times), sorted(times)[len(times) * 99 // 100], fmean(times)] for times in took]
    found = []
    for count, figures in zip((FEW, people), measures, strict=True):
        shown = [round(seconds * 1e6) for seconds in figures]
        ratios = [f"{over / under:.2f}" for over, under in zip(figures, measures[0], strict=True)]
        found.append(table_row((database, f"{count:,}", len(took[0]), *shown, *ratios, seed)))
    return found


def main() -> None:
    """Measure on both databases and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--turns", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    print(table_row(COLUMNS), table_row("-" * len(COLUMNS)), sep="\n", flush=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="footnote-people-")))
        urls = {people: asyncio.run(sqlite_filled(folder, people)) for people in (FEW, asked.people)}
        took = asyncio.run(side_by_side(urls, stored.name, asked.turns, asked.seed))
        print(*rows("sqlite", asked.people, took, asked.seed), sep="\n", flush=True)
        server = stack.enter_context(running_server())
        urls = {people: asyncio.run(postgres_filled(server, people)) for people in (FEW, asked.people)}
        took = asyncio.run(side_by_side(urls, in_postgres, asked.turns, asked.seed))
        print(*rows("postgres", asked.people, took, asked.seed), sep="\n", flush=True)


if __name__ == "__main__":
    main()
