"""Small words all figures share."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.rounds import Measure, Quantity, Sample, cpu_per_turn, spread, turns_per_second
from benchmarks.workers import Worker

AT_ONCE = 50
"""Users at a time, where it is said that there are many."""


def rounds_of(worker: Worker, **order: object) -> Measure:
    """Return the measure that asks a worker for one round."""
    return lambda: worker.round(**order)


def median(samples: Sequence[Sample], quantity: Quantity) -> float:
    """Return the median of a quantity over the rounds."""
    return spread(samples, quantity).median


def microseconds(samples: Sequence[Sample]) -> str:
    """Return the median CPU per turn."""
    return f"{median(samples, cpu_per_turn):,.0f} µs"


def per_second(samples: Sequence[Sample]) -> str:
    """Return the median turns per second."""
    return f"{median(samples, turns_per_second):,.0f}/s"
