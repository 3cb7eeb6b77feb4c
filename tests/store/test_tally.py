"""Counts of turns: whoever reads them can tell no act of one person, however they add, subtract or wait."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.inbox.metrics import current_week
from bot.inbox.processor import RetryPolicy
from bot.store.base import Store
from bot.store.common import DAY, day_of
from bot.store.open import open_store
from bot.store.records import (
    _GIVEN_UP,
    ANY,
    LEAST,
    Published,
    Summed,
    TallyCell,
    cells_from,
    first_day,
    gathered,
    people,
    pooled,
    published_from,
    week_of,
)
from tests.inbox.support import IDENTITY, START
from tests.store.counts import bit, cell, end_turn

WEEK = week_of(day_of(START))
AFTER = START + 9 * DAY


def rows(turns: Iterable[tuple[int, TallyCell]]) -> list[tuple[str, int, int]]:
    return [(str(one), 1, bit(person)) for person, one in turns]


names = st.sampled_from("abcde")
act = st.tuples(
    st.integers(0, 40),
    st.builds(cell, names, names, names, st.sampled_from(("telegram", "slack")), st.sampled_from(("words", "up"))),
)


def acts(most: int) -> st.SearchStrategy[list[tuple[int, TallyCell]]]:
    """Return lists of who did what, of so many acts at most."""
    return st.lists(act, max_size=most)


turns = acts(150)


def own_pool(one: TallyCell, shown: dict[TallyCell, int]) -> TallyCell | None:
    """Return the pool of a cell, found again without the code that made it."""
    pools = (one._replace(**dict.fromkeys(given_up, ANY)) for given_up in _GIVEN_UP)
    return next((pool for pool in pools if pool in shown), None)


@given(turns)
def test_every_count_has_enough_people_and_no_turn_is_in_two(turns: list[tuple[int, TallyCell]]) -> None:
    shown = pooled(gathered(rows(turns)))
    behind, times = defaultdict(set), Counter[TallyCell]()
    for person, one in turns:
        if pool := own_pool(one, shown):
            behind[pool].add(person)
            times[pool] += 1
    assert dict(times) == shown
    assert all(len(behind[pool]) >= LEAST for pool in shown)


@given(turns)
def test_sums_and_differences_of_counts_are_about_many_people_too(turns: list[tuple[int, TallyCell]]) -> None:
    """Pools share no turn: whatever is added up, or left over of a sum, is again a set of whole pools or nothing."""
    shown = pooled(gathered(rows(turns)))
    left = Counter(one for _, one in turns if own_pool(one, shown) is None)
    assert sum(shown.values()) + left.total() == len(turns)
    assert not shown or len({person for person, one in turns if own_pool(one, shown)}) >= LEAST


def test_one_person_however_busy_is_seen_by_nobody() -> None:
    busy = [(1, cell("ala"))] * 500
    assert pooled(gathered(rows(busy))) == {}
    others = [(person, cell("k2")) for person in range(10, 10 + 3 * LEAST)]
    assert pooled(gathered(rows(busy + others))) == {cell("k2"): 3 * LEAST}


def test_few_people_are_pooled_by_what_matters_least() -> None:
    few = [(person, cell("ala", before)) for person, before in zip(range(0, 90, 3), "abc" * 10, strict=True)]
    assert set(pooled(gathered(rows(few)))) == {cell("ala", before) for before in "abc"}
    fewer = [(person, cell("ala", f"from{person}")) for person in range(0, 90, 3)]
    assert set(pooled(gathered(rows(fewer)))) == {cell("ala", ANY)}


def test_a_week_begins_on_monday_and_bits_fit_a_signed_integer() -> None:
    monday = (1_767_571_200, 1_768_176_000)  # 5 and 12 January 2026
    assert [first_day(week_of(day_of(at))) * DAY for at in (monday[0], monday[1] - 1, monday[1])] == [
        monday[0],
        monday[0],
        monday[1],
    ]
    bits = {bit(person) for person in range(2_000)}
    assert len(bits) == 64
    assert all(-(1 << 63) <= one < 1 << 63 for one in bits)
    together = 0
    for one in bits:
        together |= one
    assert people(together) == 64


def test_a_row_that_cannot_be_read_is_left_out() -> None:
    good = rows([(person, cell("ala")) for person in range(0, 60, 2)])
    assert pooled(gathered([("no cell", 5, -1), *good])) == pooled(gathered(good))


def test_a_published_row_that_cannot_be_read_is_left_out_of_both_readings() -> None:
    good = str(cell("ala"))
    corrupt = ("", "no cell", "\t", good + "\tmore", good.replace("\t", " "))
    assert published_from([(7, good, 9), *((7, one, 9) for one in corrupt)]) == [Published(7, cell("ala"), 9)]
    assert cells_from([(good, 9), *((one, 9) for one in corrupt)]) == [(cell("ala"), 9)]


@given(st.lists(acts(40), min_size=2, max_size=3), st.integers(1, 3), st.integers(1, 3))
def test_what_differs_between_two_exports_is_again_about_many_people(
    weeks: list[list[tuple[int, TallyCell]]], first: int, second: int
) -> None:
    """Two files differ by whole weeks, each of whole pools; a name that changed moves whole pools."""
    pools = [pooled(gathered(rows(turns))) for turns in weeks]
    shown = [(week, pool) for week, found in enumerate(pools) for pool in found]
    one, other = ({row for row in shown if row[0] >= len(weeks) - count} for count in (first, second))
    for week, pool in one ^ other:
        assert len({person for person, act in weeks[week] if own_pool(act, pools[week]) == pool}) >= LEAST


# --- both databases ---------------------------------------------------------------------------------------------------


async def test_a_turn_is_counted_with_its_own_commit_and_shown_when_the_week_is_over(store: Store) -> None:
    for person in range(0, 40, 2):
        await end_turn(store, person, cell("ala"))
    await end_turn(store, 99, cell("rare"))
    assert await store.published() == []
    await store.end_weeks(current_week(AFTER))
    [one] = await store.published()
    assert (one.day, one.cell, one.times) == (first_day(WEEK), cell("ala"), 20)
    assert await store.summed(57) == Summed([(first_day(WEEK), 20)], [(cell("ala"), 20)])


async def test_what_the_database_adds_up_is_what_its_rows_add_up_to(store: Store) -> None:
    for week in range(4):
        for person in range(0, 40, 2):
            await end_turn(store, person, cell("ala" if week % 2 else "k2"), START + 7 * week * DAY)
            await end_turn(store, person, cell("dose"), START + 7 * week * DAY)
    await store.end_weeks(WEEK + 9)
    rows = await store.published()
    for weeks in (1, 2, 3, 60):
        days = sorted({one.day for one in rows})[-weeks:]
        cells, turns = Counter[TallyCell](), Counter[int]()
        for one in rows:
            if one.day in days:
                cells[one.cell] += one.times
                turns[one.day] += one.times
        assert await store.summed(weeks) == Summed(sorted(turns.items()), sorted(cells.items()))
    assert (await store.summed(60)).turns == 160


async def test_a_week_that_is_over_never_changes(store: Store) -> None:
    for person in range(0, 40, 2):
        await end_turn(store, person, cell("ala"))
    await store.end_weeks(current_week(AFTER))
    before = await store.published()
    assert await store.week_salt(WEEK, b"another") is None  # the clock was set back, or a replica is late
    await end_turn(store, 7, cell("ala"))
    await store.end_weeks(current_week(AFTER))
    assert await store.published() == before


async def test_the_salt_of_a_week_is_one_for_all_and_gone_with_it(store: Store) -> None:
    assert await store.week_salt(WEEK, b"mine") == b"mine"
    assert await store.week_salt(WEEK, b"theirs") == b"mine"
    await store.end_weeks(WEEK + 1)
    assert await store.week_salt(WEEK, b"mine") is None
    assert await store.week_salt(WEEK + 1, b"next") == b"next"


async def test_all_who_begin_a_week_at_once_have_the_same_salt(store: Store) -> None:
    salts = await asyncio.gather(*(store.week_salt(WEEK, b"%d" % number) for number in range(20)))
    assert len(set(salts)) == 1
    assert salts[0] is not None


async def test_replicas_count_together(postgres_url: str) -> None:
    first, second = await open_store(postgres_url), await open_store(postgres_url)
    for person in range(0, 60, 2):
        await end_turn(first if person % 4 else second, person, cell("ala"), owner=person)
    await first.end_weeks(current_week(AFTER))
    await second.end_weeks(current_week(AFTER))
    assert [one.times for one in await second.published()] == [30]
    await first.close()
    await second.close()


async def test_what_was_counted_of_a_person_cannot_be_found_again(store: Store) -> None:
    for person in range(0, 40, 2):
        await end_turn(store, person, cell("ala"))
    somebody = IDENTITY.person("telegram:2")
    assert "ala" not in repr(await store.export(somebody))
    await store.forget(somebody)
    await store.end_weeks(current_week(AFTER))
    assert [one.times for one in await store.published()] == [20]


@pytest.mark.parametrize("days", [399, 420])
async def test_counts_are_kept_400_days_by_whole_weeks(store: Store, days: int) -> None:
    for person in range(0, 40, 2):
        await end_turn(store, person, cell("ala"))
    await store.end_weeks(current_week(AFTER))
    await store.prune(RetryPolicy().cutoffs(START + days * DAY))
    assert bool(await store.published()) is (days < 400)
