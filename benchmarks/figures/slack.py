"""Whole Slack turns in process, slack_sdk's network stubbed for every contender."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.figures.common import microseconds, rounds_of
from benchmarks.result import Goal, Result
from benchmarks.rounds import cpu_per_turn, ratio

AT_ONCE = 20
"""Turns at a time: Bolt sleeps up to 10 ms in each acknowledgement, so one at a time would measure an idle loop."""


def press(bench: Bench) -> list[Result]:
    """A pressed button against the trivial handler of one."""
    note = "The signature is checked, one message is posted on both sides; durable inbox, order and finish on ours."
    return _against(bench, "press", bench.scale.of(800, AT_ONCE), Goal(1.5, 1.35), note)


def words(bench: Bench) -> list[Result]:
    """A typed question against the trivial handler of a message."""
    note = "No target: the shipped content and its matcher; the trivial handler understands nothing."
    return _against(bench, "words", bench.scale.of(400, AT_ONCE), None, note)


def _against(bench: Bench, turn: str, turns: int, goal: Goal | None, note: str) -> list[Result]:
    warm = {"turns": bench.scale.of(100, AT_ONCE)}
    with bench.workers() as pool:
        ours = pool.contender(
            "benchmarks.contenders.slack:Turns", warm, turn=turn, folder=bench.folder, at_once=AT_ONCE
        )
        stock = pool.contender("benchmarks.contenders.slack_stock:Stock", warm, turn=turn, at_once=AT_ONCE)
        measures = {"Footnote": rounds_of(ours, turns=turns), "trivial": rounds_of(stock, turns=turns)}
        samples = bench.alternate(f"slack {turn}", measures)
        bench.profile(f"whole Slack turn, {turn}", ours, turns=turns)
    return [
        Result(
            f"Whole Slack turn with SQLite, in process, {AT_ONCE} at a time ({turn}): CPU",
            "trivial Bolt 1.30 handler, default settings",
            ratio(samples["Footnote"], samples["trivial"], cpu_per_turn),
            goal,
            absolute={name: microseconds(samples[name]) for name in samples},
            note=note,
        )
    ]
