"""The arithmetic behind every claim: alternation, medians of per-round ratios, verdicts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks import machine
from benchmarks.report import document
from benchmarks.result import Goal, Result, milliseconds
from benchmarks.rounds import Sample, Spread, alternate, cpu_per_turn, ratio, spread, turns_per_second


def sample(cpu: float, turns: float = 1, wall: float = 1) -> Sample:
    return {"cpu": cpu, "turns": turns, "wall": wall}


def test_arms_alternate_and_the_order_is_reversed_every_other_round() -> None:
    order: list[str] = []

    def contender(name: str) -> Sample:
        order.append(name)
        return sample(len(order))

    samples = alternate({"a": lambda: contender("a"), "b": lambda: contender("b")}, rounds=3)
    assert order == ["a", "b", "b", "a", "a", "b"]
    assert [s["cpu"] for s in samples["a"]] == [1, 4, 5]
    assert [s["cpu"] for s in samples["b"]] == [2, 3, 6]


def test_a_ratio_is_the_median_of_the_rounds_own_ratios() -> None:
    ours = [sample(10), sample(100), sample(30)]
    theirs = [sample(10), sample(50), sample(10)]
    assert ratio(ours, theirs, cpu_per_turn) == Spread(2.0, 1.0, 3.0)  # not 30 / 10, the ratio of the medians


def test_quantities_are_per_turn() -> None:
    assert cpu_per_turn(sample(0.5, turns=1000)) == pytest.approx(500)
    assert turns_per_second(sample(0.5, turns=1000, wall=4)) == 250
    assert spread([sample(3), sample(1), sample(2)], lambda s: s["cpu"]) == Spread(2, 1, 3)


def test_unequal_rounds_and_no_rounds_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratio([sample(1)], [], cpu_per_turn)
    with pytest.raises(ValueError, match="nothing was measured"):
        spread([], cpu_per_turn)


@pytest.mark.parametrize(
    ("goal", "value", "verdict"),
    [
        (Goal(1.15, 0.9), 0.9, "met (stretch too)"),
        (Goal(1.15, 0.9), 1.15, "met"),
        (Goal(1.0), 1.5, "**missed by 50 %**"),
        (Goal(20, 35, at_least=True), 40, "met (stretch too)"),
        (Goal(20, 35, at_least=True), 20, "met"),
        (Goal(20, 35, at_least=True), 10, "**missed by 100 %**"),
    ],
)
def test_verdicts(goal: Goal, value: float, verdict: str) -> None:
    assert goal.verdict(value) == verdict
    assert goal.introduced(value) is not verdict.startswith("**")


def test_the_report_shows_misses_and_what_was_not_measured() -> None:
    value = Spread(0.02, 0.01, 0.03)
    slow = Result("p99", "–", value, Goal(0.015), milliseconds, {"p50": "2 ms"}, "a note", "It would take a disk.")
    fine = Result("p50", "–", value, Goal(0.025), milliseconds, lacking="never shown")
    text = document(
        [slow, fine], {"date": "2026-01-01"}, {"turn": {"bot.engine": 0.5, "rest": 0.01}}, ["x: not installed"]
    )
    assert "| p99 | – | **20.0 ms** (10.0 ms – 30.0 ms) | ≤ 15.0 ms | **missed by 33 %** | p50 2 ms |" in text
    for expected in ("a note", "x: not installed", "bot.engine 50%", "missed by 33 %. It would take a disk."):
        assert expected in text
    assert "rest" not in text
    assert "never shown" not in text


def test_the_machine_says_what_it_adds_to_a_tail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_WATCHED", 0.05)
    said = machine.latencies(str(tmp_path))
    assert re.fullmatch(r"an fdatasync of 8 kB takes [\d.]+ ms \(median\), [\d.]+ ms \(99th percentile\)", said["disk"])
    assert "of the time in all" in said["stalls"]
    assert "other machines on the same host" in machine.Neighbours().described()
