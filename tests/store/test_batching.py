"""Grouping: who waits goes together, who shares a name goes one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.store.common import MAX_GROUP, Grouping, Outcome


class Trips:
    """Notes which calls went together. A call is a word; its letters are its names."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.under_way = asyncio.Event()
        self.grouping: Grouping[str, str] = Grouping(self._perform, names=tuple)

    async def _perform(self, calls: Sequence[str]) -> list[Outcome]:
        self.groups.append(list(calls))
        self.under_way.set()
        await asyncio.sleep(0)
        return [(call.upper(), None) for call in calls]


async def test_calls_that_share_no_name_go_together_and_each_gets_its_own_answer() -> None:
    trips = Trips()
    assert await asyncio.gather(*map(trips.grouping.run, ("a", "b", "cd"))) == ["A", "B", "CD"]
    assert trips.groups == [["a", "b", "cd"]]


async def test_calls_that_share_a_name_keep_their_order_even_if_one_of_them_is_held_back_for_another() -> None:
    trips = Trips()
    await asyncio.gather(*map(trips.grouping.run, ("a", "ab", "b", "c", "a")))
    assert trips.groups == [["a", "c"], ["ab"], ["b", "a"]]


async def test_who_calls_meanwhile_goes_with_the_next_group() -> None:
    trips = Trips()
    first = asyncio.create_task(trips.grouping.run("a"))
    await trips.under_way.wait()
    await asyncio.gather(first, trips.grouping.run("b"), trips.grouping.run("c"))
    assert trips.groups == [["a"], ["b", "c"]]


async def test_a_crowd_is_split() -> None:
    trips = Trips()
    await asyncio.gather(*(trips.grouping.run(chr(0x4E00 + number)) for number in range(MAX_GROUP + 1)))
    assert [len(group) for group in trips.groups] == [MAX_GROUP, 1]
