"""Whole Slack turns in process, slack_sdk's network stubbed for every arm."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.figures.common import microseconds, rounds_of
from benchmarks.finding import Finding, Goal
from benchmarks.rounds import cpu_per_turn, ratio

LANES = 20
"""Turns at a time: Bolt sleeps up to 10 ms in each acknowledgement, so one at a time would measure an idle loop."""


def press(bench: Bench) -> list[Finding]:
    """A pressed button against the trivial handler of one."""
    note = "The signature is checked, one message is posted on both sides; durable inbox, order and finish on ours."
    return _against(bench, "press", bench.scale.of(800, LANES), Goal(1.5, 1.35), note)


def words(bench: Bench) -> list[Finding]:
    """A typed question against the trivial handler of a message."""
    note = "No target: the shipped content and its matcher; the trivial handler understands nothing."
    return _against(bench, "words", bench.scale.of(400, LANES), None, note)


def _against(bench: Bench, turn: str, turns: int, goal: Goal | None, note: str) -> list[Finding]:
    warm = {"turns": bench.scale.of(100, LANES)}
    with bench.crew() as crew:
        ours = crew.arm("benchmarks.arms.slack:Turns", warm, turn=turn, folder=bench.folder, lanes=LANES)
        stock = crew.arm("benchmarks.arms.slack_stock:Stock", warm, turn=turn, lanes=LANES)
        measures = {"Footnote": rounds_of(ours, turns=turns), "trivial": rounds_of(stock, turns=turns)}
        samples = bench.alternate(f"slack {turn}", measures)
        bench.profile(f"whole Slack turn, {turn}", ours, turns=turns)
    return [
        Finding(
            f"Whole Slack turn with SQLite, in process, {LANES} at a time ({turn}): CPU",
            "trivial Bolt 1.30 handler, default settings",
            ratio(samples["Footnote"], samples["trivial"], cpu_per_turn),
            goal,
            absolute={name: microseconds(samples[name]) for name in samples},
            note=note,
        )
    ]
