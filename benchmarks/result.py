"""What a figure says once measured: a value with its spread, the target it was set, and whether it was met."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from benchmarks.rounds import Spread


@dataclass(frozen=True, slots=True)
class Goal:
    """A target and a stretch target; `at_least` for what should be large."""

    target: float
    stretch: float | None = None
    at_least: bool = False

    def introduced(self, value: float) -> bool:
        """Tell whether the target is met."""
        return self._reaches(value, self.target)

    def verdict(self, value: float) -> str:
        """Return `stretch`, `met`, or by how much it is missed."""
        if self.stretch is not None and self._reaches(value, self.stretch):
            return "met (stretch too)"
        if self.introduced(value):
            return "met"
        missed = self.target / value if self.at_least else value / self.target
        return f"**missed by {(missed - 1) * 100:.0f} %**"

    def text(self, shown: Callable[[float], str]) -> str:
        """Return the targets in words."""
        sign = "≥" if self.at_least else "≤"
        return f"{sign} {shown(self.target)}" + (f" ({shown(self.stretch)})" if self.stretch is not None else "")

    def _reaches(self, value: float, limit: float) -> bool:
        return value >= limit if self.at_least else value <= limit


def times(value: float) -> str:
    """Return a ratio as text."""
    return f"{value:.2f} ×" if abs(value) < 10 else f"{value:,.0f} ×"


def milliseconds(value: float) -> str:
    """Return seconds as milliseconds."""
    return f"{value * 1e3:.1f} ms"


def octets(value: float) -> str:
    """Return bytes as text."""
    return f"{value:,.0f} B"


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the report. `absolute` are the contenders' medians, for orientation only; `lacking` is what a missed
    target would take, shown only where it is missed."""

    what: str
    against: str
    value: Spread
    goal: Goal | None = None
    shown: Callable[[float], str] = times
    absolute: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    lacking: str = ""

    @property
    def missed(self) -> bool:
        """Tell whether there is a target and it is not met."""
        return self.goal is not None and not self.goal.introduced(self.value.median)
