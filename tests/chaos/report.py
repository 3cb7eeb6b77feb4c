"""What a run came to: nothing lost, nothing out of order, no register forgotten, and how much was said twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from tests.chaos.oracle import Answer, Talk, collapsed


@dataclass
class Report:
    """The figures of one run."""

    modes: str
    database: str
    seed: int
    replicas: int = 1
    kills: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    answered: int = 0
    lost: int = 0
    doubled: int = 0
    order_violations: int = 0
    preferences_lost: int = 0
    quarantined: int = 0
    seconds: float = 0.0
    peak_megabytes: float = 0.0
    problems: list[str] = field(default_factory=list)

    def judge(self, talks: Iterable[Talk]) -> None:
        """Add up every conversation."""
        for talk in talks:
            self._judge(talk)

    def allowed_doubles(self) -> int:
        """One per kill, and one per answer whose acceptance the platform kept to itself."""
        return self.kills + self.faults["unsure"]

    @property
    def good(self) -> bool:
        """True when the promise was kept."""
        broken = self.lost + self.order_violations + self.preferences_lost + self.quarantined
        return not broken and self.doubled <= self.allowed_doubles()

    def line(self) -> str:
        """Return the figures on one line, with what reproduces them."""
        figures = {name: value for name, value in asdict(self).items() if name not in ("problems", "faults")}
        figures |= {"seconds": round(self.seconds, 1), "peak_megabytes": round(self.peak_megabytes)}
        faults = " ".join(f"{name}x{count}" for name, count in sorted(self.faults.items()))
        return " ".join(f"{name}={value}" for name, value in figures.items()) + (f" faults: {faults}" if faults else "")

    def _judge(self, talk: Talk) -> None:
        once = collapsed(talk.seen)
        self.accepted += len(talk.expected)
        self.answered += len(once)
        doubled = max(len(talk.seen) - len(once) - talk.pressed_again, 0)
        self.doubled += doubled
        if doubled:
            self.problems.append(f"{talk.channel} said {doubled} twice: {_short(talk.seen)}")
        if once != talk.expected:
            self._explain(talk, talk.expected, once)

    def _explain(self, talk: Talk, expected: list[Answer], seen: list[Answer]) -> None:
        """Say in which way a conversation went wrong."""
        self.problems.append(f"{talk.channel} expected {_short(expected)} but saw {_short(seen)}, asked {talk.asked}")
        nodes = [answer.node for answer in expected]
        if nodes == [answer.node for answer in seen]:
            self.preferences_lost += sum(one.tone != other.tone for one, other in zip(expected, seen, strict=True))
            return
        missing = Counter(nodes) - Counter(answer.node for answer in seen)
        self.lost += missing.total()
        if not missing:
            self.order_violations += 1


def _short(answers: list[Answer]) -> str:
    return " ".join(f"{answer.node}/{answer.tone[0]}" for answer in answers)
