"""What a run came to: nothing lost, nothing out of order, no register forgotten, and how much was said twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from tests.chaos.oracle import Answer, Talk, collapsed

COLUMNS = (
    *("mode", "database", "replicas", "hours", "kills", "faults", "accepted", "answered", "lost", "doubled"),
    "most in one talk",
    *("out of order", "preferences lost", "quarantined", "seconds", "peak MB", "seed", "kept"),
)


@dataclass
class Report:
    """The figures of one run.

    `accepted` is what the platforms were told was received, as they saw it; `unsure` how many answers they took without
    saying so; `most_doubled` how much one conversation saw twice.
    """

    mode: str
    database: str
    seed: int
    replicas: int = 1
    hours: int = 0
    kills: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    unsure: int = 0
    accepted: int = 0
    unconfirmed: int = 0
    answered: int = 0
    lost: int = 0
    doubled: int = 0
    most_doubled: int = 0
    order_violations: int = 0
    preferences_lost: int = 0
    quarantined: int = 0
    seconds: float = 0.0
    peak_megabytes: float = 0.0
    problems: list[str] = field(default_factory=list)

    def judge(self, talks: Iterable[Talk], unconfirmed: int) -> None:
        """Add up every conversation."""
        for talk in talks:
            self._judge(talk)
        self.unconfirmed = unconfirmed
        self.accepted -= unconfirmed

    @property
    def kept(self) -> bool:
        """True when the promise was kept: nothing lost, reordered or forgotten, nothing left that the bot would not
        take, and no conversation saw more twice than it was interrupted."""
        broken = self.lost + self.order_violations + self.preferences_lost + self.quarantined + self.unconfirmed
        return not broken and self.most_doubled <= self.interruptions

    @property
    def interruptions(self) -> int:
        """The kills, and the answers whose acceptance the platform kept to itself."""
        return self.kills + self.unsure

    def row(self) -> str:
        """Return the figures as a row of a Markdown table with `COLUMNS`."""
        kinds = f"{self.faults.total()} ({len(self.faults)} kinds)" if self.faults else 0
        cells = (
            *(self.mode, self.database, self.replicas, self.hours or "", self.kills, kinds, self.accepted),
            *(self.answered, self.lost, self.doubled, self.most_doubled, self.order_violations),
            *(self.preferences_lost, self.quarantined, round(self.seconds), round(self.peak_megabytes), self.seed),
            "yes" if self.kept else "NO",
        )
        return table_row(cells)

    def _judge(self, talk: Talk) -> None:
        once = collapsed(talk.seen)
        self.accepted += len(talk.expected)
        self.answered += len(once)
        doubled = max(len(talk.seen) - len(once) - talk.again, 0)
        self.doubled += doubled
        self.most_doubled = max(self.most_doubled, doubled)
        if doubled:
            self.problems.append(f"{talk.channel} said {doubled} twice: {_short(talk.seen)}")
        if once != talk.expected:
            self._explain(talk, talk.expected, once)

    def _explain(self, talk: Talk, expected: list[Answer], seen: list[Answer]) -> None:
        """Texts in which way a conversation went wrong."""
        self.problems.append(f"{talk.channel} expected {_short(expected)} but saw {_short(seen)}")
        nodes = [answer.node for answer in expected]
        if nodes == [answer.node for answer in seen]:
            self.preferences_lost += sum(
                one.register != other.register for one, other in zip(expected, seen, strict=True)
            )
            return
        missing = Counter(nodes) - Counter(answer.node for answer in seen)
        self.lost += missing.total()
        if not missing:
            self.order_violations += 1


def total(reports: Sequence[Report]) -> str:
    """Return what all runs came to, in one line; over them all, no more may be doubled than was interrupted."""

    def add(figure: Callable[[Report], int]) -> int:
        return sum(figure(report) for report in reports)

    doubled, kills, interruptions = add(lambda r: r.doubled), add(lambda r: r.kills), add(lambda r: r.interruptions)
    verdict = "kept" if within_bar(reports) else "BROKEN"
    return (
        f"{verdict}: {add(lambda r: r.accepted):,} accepted, {kills} kills, {add(lambda r: r.faults.total())} faults,"
        f" {add(lambda r: r.lost)} lost, {doubled} doubled in {interruptions} interruptions,"
        f" {add(lambda r: r.order_violations)} out of order, {add(lambda r: r.preferences_lost)} preferences lost"
    )


def within_bar(reports: Sequence[Report]) -> bool:
    """Return whether every run kept the promise and all together doubled at most one answer per interruption."""
    kept = all(report.kept for report in reports)
    return kept and sum(r.doubled for r in reports) <= sum(r.interruptions for r in reports)


def table_row(cells: Iterable[object]) -> str:
    """Return one row of a Markdown table."""
    return "| " + " | ".join(map(str, cells)) + " |"


def _short(answers: list[Answer]) -> str:
    return " ".join(f"{answer.node}/{answer.register[0]}" for answer in answers)
