"""Counting what people ask: what it costs a turn, and what a year of it takes to keep and to read."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from benchmarks.bench import Bench
from benchmarks.figures.common import AT_ONCE, microseconds, rounds_of
from benchmarks.result import Goal, Result, milliseconds, octets
from benchmarks.rounds import Sample, Spread, cpu_per_turn, of, spread

PAIRS = 60
"""Pairs of short rounds for each round of other figures: what is looked for is smaller than one pair is steady."""


def counting(bench: Bench) -> list[Result]:
    """CPU of a whole turn, against the same turn of the same process without its count."""
    turns = 2 * AT_ONCE
    with bench.workers() as pool:
        options = {"folder": bench.folder, "at_once": AT_ONCE}
        worker = pool.contender("benchmarks.contenders.insights:Switched", {"turns": turns}, **options)
        ways = {name: rounds_of(worker, turns=turns, counted=name == "counted") for name in ("counted", "not counted")}
        samples = bench.alternate("counting", ways, bench.scale.rounds * PAIRS)
    return [
        Result(
            f"Whole Telegram turn with SQLite, {AT_ONCE} at a time, counted: CPU",
            "the same turn, not counted",
            _of_pairs(samples["counted"], samples["not counted"]),
            Goal(1.03),
            absolute={name: microseconds(samples[name]) for name in samples},
            note="One row more in the turn's own commit. Both in one process, in turn, 100 turns a round; "
            f"what is claimed is the median of the medians of {PAIRS} pairs.",
        )
    ]


def _of_pairs(counted: Sequence[Sample], uncounted: Sequence[Sample]) -> Spread:
    """Return the spread of the medians of so many pairs each: one pair in a busy moment says nothing."""
    ratios = [cpu_per_turn(a) / cpu_per_turn(b) for a, b in zip(counted, uncounted, strict=True)]
    return Spread.over([median(ratios[at : at + PAIRS]) for at in range(0, len(ratios), PAIRS)])


def year(bench: Bench) -> list[Result]:
    """A synthetic year: its size, and how long its page takes."""
    people, turns = bench.scale.of(100_000), bench.scale.of(2_000_000)
    with bench.workers() as pool:
        worker = pool.contender("benchmarks.contenders.insights:Year", people=people, turns=turns)
        samples = bench.alternate("year", {"Footnote": rounds_of(worker)})["Footnote"]
    what = f"A year of counts, {people:,} people, {turns:,} turns"
    wrong, shown = samples[0]["wrong"], samples[0]["shown"]
    return [
        Result(
            f"{what}: the page of all of it",
            "–",
            spread(samples, of("wall")),
            Goal(1.0),
            milliseconds,
            note=f"{shown:.0%} of the turns stand in a count of five people or more; the others are not shown. "
            f"Figures that a second count, turn by turn, contradicts: {wrong:.0f}.",
        ),
        Result(f"{what}: CPU of that page", "–", spread(samples, of("cpu")), shown=milliseconds),
        Result(f"{what}: bytes in the database", "–", spread(samples, of("bytes")), shown=octets),
        Result(f"{what}: bytes of a week that runs", "–", spread(samples, of("open")), shown=octets),
    ]
