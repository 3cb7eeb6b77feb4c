"""A year of counts of people who never lived, and turns that are not counted, to compare with those that are."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from itertools import accumulate
from pathlib import Path

from benchmarks import trees
from benchmarks.contenders.population import name, used
from benchmarks.contenders.storage import opened
from benchmarks.contenders.telegram import Turns
from bot.channels.web.insights import page_of
from bot.channels.web.render import Renderer
from bot.content.loader import load
from bot.dialog.composer import Composer
from bot.inbox import insights
from bot.inbox.metrics import Counting, bit_of
from bot.store.records import _GIVEN_UP, ANY, LEAST, Published, TallyCell, first_day
from bot.store.sqlite.turns import COUNT_TURN

FIRST_WEEK, WEEKS = 2800, 52
GAPS = ("neuropathy/duloxetine x cost", "foreign/remedy x evidence", "neuropathy/k2 x not-for")
"""Asked most of what is not held, in this order: what an editor is to find."""
_CHANNELS = (("telegram", "layperson"), ("telegram", "professional"), ("web", "layperson"), ("slack", "professional"))
_ASPECTS = ("dose", "cost", "safety", "evidence", "compare", "who")
_KINDS = (
    ("words", "answer", 50), ("button", "answer", 18), ("choice", "answer", 4), ("words", "choices", 6),
    ("words", "not-covered", 9), ("words", "urgent", 1), ("up", "answer", 3), ("down", "answer", 2),
    ("more", "answer", 5), ("command", "small-talk", 2),
)  # fmt: skip
Act = tuple[int, TallyCell]


class Year:
    """Fills a database with a year of turns as they are counted, and reads the page of all of it on the clock."""

    def __init__(self, people: int, turns: int) -> None:
        self._runner, self._chance = asyncio.Runner(), random.Random(22)
        self._file = Path(tempfile.mkdtemp()) / "year.sqlite3"
        self._store = self._runner.run(opened(f"sqlite:///{self._file}", "NORMAL"))
        self._library = load(trees.ROOT / "dialogs", trees.ROOT / "content", templates=False)
        matching = self._library.matching
        assert matching is not None
        self._people = list(accumulate(1 / (2 + number) ** 0.5 for number in range(people)))
        self._nodes = [node for node in self._library.nodes if node not in self._library.urgent_nodes]
        subjects = [f"{topic}/{name}" for topic, one in matching.topics.items() for name in one.subjects]
        self._missing = [*GAPS, *(f"{subject} x {aspect}" for subject in subjects for aspect in _ASPECTS)]
        self._keys = [name("person", number) for number in range(people)]
        self._before: dict[int, str] = {}
        self._wrong = self._open_bytes = 0
        empty = used(self._file)
        for week in range(FIRST_WEEK, FIRST_WEEK + WEEKS):
            self._count_week(week, turns // WEEKS)
        self._bytes = used(self._file) - empty
        self._turns = turns

    def prepare(self) -> None:
        """Nothing: the year is there."""

    def run(self) -> None:
        self._summed = self._runner.run(self._store.summed(WEEKS))
        self._page = page_of(Renderer(Composer(self._library).text), self._summed, self._library)

    def result(self) -> dict[str, float]:
        """Return sizes, the share of turns that is shown, and how many figures an independent count contradicts."""
        first = insights.tables(self._summed, self._library)[0].rows
        if tuple(gap for gap, _, _ in first[: len(GAPS)]) != GAPS:
            raise RuntimeError(f"the gaps cannot be seen: {first}")
        return {
            "turns": self._turns,
            "bytes": self._bytes,
            "open": self._open_bytes,
            "page": len(self._page),
            "shown": self._summed.turns / (self._turns // WEEKS * WEEKS),
            "wrong": self._wrong,
        }

    def _count_week(self, week: int, turns: int) -> None:
        salt = self._runner.run(self._store.week_salt(week, b"%d" % week))
        acts, before = list(self._acts(turns)), used(self._file)
        with closing(sqlite3.connect(self._file)) as db, db:
            rows = [
                (first_day(week) + number % 7, str(cell), bit_of(salt or b"", self._keys[person]))
                for number, (person, cell) in enumerate(acts)
            ]
            db.executemany(COUNT_TURN, rows)
        self._open_bytes = max(self._open_bytes, used(self._file) - before)
        self._runner.run(self._store.end_weeks(week + 1))
        shown = [one for one in self._runner.run(self._store.published()) if one.day == first_day(week)]
        self._wrong += _contradicted(acts, shown)

    def _acts(self, turns: int) -> Iterator[Act]:
        kinds, weights = [kind[:2] for kind in _KINDS], [kind[2] for kind in _KINDS]
        asked = self._chance.choices(kinds, weights, k=turns)
        people = self._chance.choices(range(len(self._people)), cum_weights=self._people, k=turns)
        for person, (via, outcome) in zip(people, asked, strict=True):
            cell = self._cell(person, via, outcome)
            if outcome == "answer":
                self._before[person] = cell.node
            yield person, cell

    def _cell(self, person: int, via: str, outcome: str) -> TallyCell:
        channel, register = _CHANNELS[person % len(_CHANNELS)]
        node, about = self._likely(self._nodes), ""
        if outcome == "not-covered":
            node, about = self._library.otherwise, self._likely(self._missing)
        elif outcome == "choices":
            node, about = self._library.otherwise, " ".join(sorted({self._likely(self._nodes) for _ in range(2)}))
        elif outcome == "urgent":
            node = self._library.urgent
        elif via == "words":
            about = self._chance.choices(("sure", "likely", "unsure"), (6, 3, 1))[0]
        return TallyCell(channel, register, via, outcome, node, self._before.get(person, ""), about)

    def _likely(self, names: list[str]) -> str:
        """Return one of the names, the first ones far more often."""
        return names[int(len(names) ** self._chance.random()) - 1]


def _contradicted(acts: list[Act], shown: list[Published]) -> int:
    """Count the figures that are not what is found by going through the turns again, or that few people are behind."""
    published = {one.cell: one.times for one in shown}
    times, behind = Counter[TallyCell](), defaultdict[TallyCell, set[int]](set)
    for person, cell in acts:
        pools = (cell._replace(**dict.fromkeys(given_up, ANY)) for given_up in _GIVEN_UP)
        pool = next((pool for pool in pools if pool in published), None)
        if pool is not None:
            times[pool] += 1
            behind[pool].add(person)
    return sum(times[cell] != count or len(behind[cell]) < LEAST for cell, count in published.items())


class Switched(Turns):
    """Telegram turns of one process, counted in one round and not in the next: nothing else differs between them."""

    def prepare(self, turns: int, *, counted: bool = True) -> None:
        Counting.tally = _COUNTED if counted else _uncounted  # type: ignore[method-assign, assignment]
        super().prepare(turns)


_COUNTED = Counting.tally


async def _uncounted(*_: object) -> None:
    """Count nothing."""
