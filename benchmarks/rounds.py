"""Rounds: two or more contenders measured alternately, and what the rounds say about their ratio.

A noisy machine is slow for minutes at a time. Contenders measured one after the other would catch different minutes;
contenders that alternate (A B, B A, A B, ...) share them, so each round gives a ratio of its own, and the median of
those ratios is what is claimed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

Sample = Mapping[str, float]
"""What one contender measured in one round: seconds of `cpu` and `wall`, `turns`, and whatever else it counted."""

Measure = Callable[[], Sample]
Quantity = Callable[[Sample], float]


@dataclass(frozen=True, slots=True)
class Spread:
    """A median with the lowest and the highest round, so that a reader sees how steady it was."""

    median: float
    low: float
    high: float

    @classmethod
    def over(cls, values: Sequence[float]) -> Spread:
        """Return the spread of one value per round; raises ValueError if there was no round."""
        if not values:
            raise ValueError("nothing was measured")
        return cls(median(values), min(values), max(values))


def alternate(contenders: Mapping[str, Measure], rounds: int) -> dict[str, list[Sample]]:
    """Measure every contender once per round, in reverse order every other round; return the samples by contender."""
    samples: dict[str, list[Sample]] = {name: [] for name in contenders}
    forth = list(contenders)
    for number in range(rounds):
        names = forth if number % 2 == 0 else forth[::-1]
        for name in names:
            samples[name].append(contenders[name]())
    return samples


def ratio(over: Sequence[Sample], under: Sequence[Sample], quantity: Quantity) -> Spread:
    """Return the spread of `quantity` of one contender divided by that of the other, round by round."""
    return Spread.over([quantity(a) / quantity(b) for a, b in zip(over, under, strict=True)])


def spread(samples: Sequence[Sample], quantity: Quantity) -> Spread:
    """Return the spread of a quantity of one contender."""
    return Spread.over([quantity(sample) for sample in samples])


def cpu_per_turn(sample: Sample) -> float:
    """Return microseconds of CPU per turn, all threads of the process together."""
    return sample["cpu"] / sample["turns"] * 1e6


def turns_per_second(sample: Sample) -> float:
    """Return turns per second of wall clock."""
    return sample["turns"] / sample["wall"]


def of(name: str) -> Quantity:
    """Return the quantity that reads one figure of a sample."""
    return lambda sample: sample[name]
