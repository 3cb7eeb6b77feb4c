"""The linter: numbered rules over a whole library. Each rule has its page in docs/rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.library.check import asking, form, limits, plain, registers, reviews, sourcing, talk, tree
from bot.library.check.subject import Gauge, Measure, Rule, Subject
from bot.library.fault import Fault, Level
from bot.library.load import attempt

__all__ = ["RULES", "Gauge", "Measure", "Report", "check"]

RULES: tuple[Rule, ...] = (
    tree.unreachable,
    tree.dead_end,
    tree.unshown,
    tree.repeated_button,
    asking.colliding,
    asking.overgrown,
    registers.one_register,
    registers.parity,
    registers.plain_figures,
    registers.same_values,
    sourcing.unsourced,
    sourcing.typed_figures,
    sourcing.typed_citations,
    sourcing.unused_sources,
    sourcing.unused_notes,
    sourcing.unused_figures,
    plain.too_hard,
    plain.long_sentences,
    plain.unexplained,
    plain.no_action,
    form.main_message,
    form.unknown_brief,
    form.unshowable,
    form.urgent_first,
    reviews.overdue,
    reviews.changed,
    limits.long_labels,
    limits.too_long,
    talk.repeated,
    talk.too_long,
)


@dataclass(frozen=True, slots=True)
class Report:
    """What a check saw and found, in file order."""

    faults: tuple[Fault, ...]
    answers: int

    def count(self, level: Level) -> int:
        """Return how many findings there are of one level."""
        return sum(fault.level == level for fault in self.faults)

    @property
    def clean(self) -> bool:
        """Whether there is no error, and something was looked at."""
        return self.answers > 0 and self.count("error") == 0


def check(dialogs: Path, content: Path, today: date, gauges: Sequence[Gauge] = ()) -> Report:
    """Return every finding in both folders: what keeps them from loading, and what the rules find.

    Rules read texts, so they wait until every file is sound in itself; the channels measure only what loads.
    """
    tried = attempt(dialogs, content)
    library = tried.library
    if library is None:
        return Report(tried.faults, 0)
    answers = sum(len(topic.answers) for topic in library.topics.values())
    if any(fault.code.startswith("F") for fault in tried.faults):
        return Report(tried.faults, answers)
    measures = () if tried.faults else tuple(gauge(library) for gauge in gauges)
    subject = Subject(library, today, measures)
    found = {fault for rule in RULES for fault in rule(subject)}
    return Report(tuple(sorted({*tried.faults, *found})), answers)
