"""The linter: numbered rules over a whole library. Each rule has its page in docs/rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from bot.library.check import asking, form, limits, plain, registers, reviews, sourcing, tree
from bot.library.check.subject import Measure, Rule, Subject
from bot.library.fault import Fault
from bot.library.load import attempt

__all__ = ["RULES", "Measure", "check"]

RULES: tuple[Rule, ...] = (
    tree.unreachable,
    tree.dead_end,
    tree.unshown,
    tree.repeated_button,
    asking.colliding,
    registers.one_register,
    registers.parity,
    registers.plain_figures,
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
    form.unshowable,
    form.urgent_first,
    reviews.overdue,
    reviews.changed,
    limits.long_labels,
    limits.too_long,
)


def check(dialogs: Path, content: Path, today: date, measures: Sequence[Measure] = ()) -> tuple[Fault, ...]:
    """Return every finding in both folders, in file order: what keeps them from loading, and what the rules find.

    Rules read texts, so they wait until every file is sound in itself; the channels measure only what loads.
    """
    tried = attempt(dialogs, content)
    if tried.library is None or any(fault.code.startswith("F") for fault in tried.faults):
        return tried.faults
    subject = Subject(tried.library, today, () if tried.faults else tuple(measures))
    return tuple(sorted({*tried.faults, *(fault for rule in RULES for fault in rule(subject))}))
