"""Lays out docs/matching.md: the method in words, then the figures as they were measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.matching.evaluation import SHARES, Row, summary
from bot.matching.matcher import PART_MISSING
from tests.questions.cost import Cost
from tests.questions.variants import Invariance

_METHOD = Path(__file__).with_name("method.md")


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything measured: rows by file, the baseline's, variants by kind of change, lines kept, and the cost."""

    matcher: Mapping[str, Sequence[Row]]
    baseline: Mapping[str, Sequence[Row]]
    variants: Mapping[str, Invariance]
    noise: float
    curve: Sequence[tuple[str, Mapping[str, float]]]
    beside: Mapping[str, tuple[float, float]]
    cost: Cost


def page(found: Figures) -> str:
    """Return the whole page."""
    head = _METHOD.read_text(encoding="utf-8").format(date=f"{datetime.now(UTC):%-d %B %Y}")
    parts = [head, _files(found), _threads(found), _variants(found), _curve(found), _beside(found), _cost(found.cost)]
    return "\n".join(parts)


def _files(found: Figures) -> str:
    lines = ["## By file, in per cent\n", _head(("file", "n", *SHARES, "baseline right", "baseline wrong"))]
    for name, rows in found.matcher.items():
        mine, stock = summary(rows), summary(found.baseline[name])
        shares = [f"{100 * mine[share]:.1f}" for share in SHARES]
        lines.append(
            _line((name, str(len(rows)), *shares, f"{100 * stock['right']:.1f}", f"{100 * stock['wrong']:.1f}"))
        )
    return "\n".join(lines) + "\n"


def serves_both(row: Row, otherwise: str) -> bool:
    """Tell whether both questions of a message are served: answered, offered, or told that there is no answer."""
    shown = {row.match.node, row.match.beside, *row.match.choices, *row.match.also, *row.match.related}
    if row.match.note == PART_MISSING:
        shown.add(otherwise)
    return bool(shown & set(row.question.expect)) and bool(shown & set(row.question.also))


def _threads(found: Figures) -> str:
    rows = [row for each in found.matcher.values() for row in each if row.question.context]
    both = [row for each in found.matcher.values() for row in each if row.question.also]
    urgent = summary([row for each in found.matcher.values() for row in each])["urgent"]
    right = sum(row.mark == "right" for row in rows) / len(rows)
    served = sum(serves_both(row, "not-covered") for row in both) / len(both)
    return (
        "## In threads, two at once, urgent\n\n"
        f"* asked after an answer: {len(rows)}, right {right:.1%}\n"
        f"* two questions in one message: {len(both)}, both served {served:.1%}\n"
        f"* emergencies recognised {urgent['recall']:.1%}, false alarms {urgent['false_alarms']:.1%}\n"
        f"* what means nothing, after every answer: refused {found.noise:.1%}\n"
    )


def _variants(found: Figures) -> str:
    lines = [
        "## Changes that mean nothing, and every thread\n",
        _head(("", "questions", "right in every one", "flips")),
    ]
    for name, one in found.variants.items():
        lines.append(_line((name, str(len(one.right)), f"{one.in_every_variant:.1%}", f"{one.flips:.2%}")))
    return "\n".join(lines) + "\n"


def _curve(found: Figures) -> str:
    names = list(found.curve[0][1])
    lines = ["## How many lines an answer needs: right, in per cent\n", _head(("lines an answer", *names))]
    lines += [_line((kept, *(f"{100 * right[name]:.1f}" for name in names))) for kept, right in found.curve]
    return "\n".join(lines) + "\n"


def _beside(found: Figures) -> str:
    lines = ["## The first topic with the second beside it, and without: right, in per cent\n"]
    lines.append(_head(("file", "with", "without")))
    lines += [_line((name, *(f"{100 * share:.1f}" for share in both))) for name, both in found.beside.items()]
    return "\n".join(lines) + "\n"


def _cost(cost: Cost) -> str:
    head = _head(
        ("a question, median", "99th percentile", "start with the cache", "memory", "learning, processor time")
    )
    told = (
        f"{cost.median:.1f} ms",
        f"{cost.p99:.1f} ms",
        f"{cost.start:.2f} s",
        f"{cost.memory:.0f} MB",
        f"{cost.learning:.0f} s",
    )
    return f"## What it costs\n\n{head}\n{_line(told)}\n"


def _head(cells: Sequence[str]) -> str:
    return f"{_line(cells)}\n|{'---|' * len(cells)}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
