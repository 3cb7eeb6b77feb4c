"""Counting what people ask: what it costs a turn, and what a year of it takes to keep and to read."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.figures.common import AT_ONCE, microseconds, rounds_of
from benchmarks.result import Goal, Result, milliseconds, octets
from benchmarks.rounds import cpu_per_turn, of, ratio, spread

COUNTED = "benchmarks.contenders.telegram:Turns"
UNCOUNTED = "benchmarks.contenders.insights:Uncounted"


def counting(bench: Bench) -> list[Result]:
    """CPU of a whole turn, against the same turn without its count."""
    turns, warm = bench.scale.of(3000, AT_ONCE), {"turns": bench.scale.of(400, AT_ONCE)}
    with bench.workers() as pool:
        workers = {
            name: pool.contender(contender, warm, folder=bench.folder, at_once=AT_ONCE)
            for name, contender in (("counted", COUNTED), ("not counted", UNCOUNTED))
        }
        samples = bench.alternate("counting", {name: rounds_of(w, turns=turns) for name, w in workers.items()})
    return [
        Result(
            f"Whole Telegram turn with SQLite, {AT_ONCE} at a time, counted: CPU",
            "the same turn, not counted",
            ratio(samples["counted"], samples["not counted"], cpu_per_turn),
            Goal(1.03),
            absolute={name: microseconds(samples[name]) for name in samples},
            note="The count is one row more in the turn's own commit.",
        )
    ]


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
        Result(f"{what}: bytes in the database", "–", spread(samples, of("bytes")), shown=octets),
        Result(f"{what}: bytes of a week that runs", "–", spread(samples, of("open")), shown=octets),
    ]
