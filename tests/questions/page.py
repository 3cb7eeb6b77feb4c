"""Lays out docs/matching.md: the method in words, then the figures as they were measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.dialog.matching import Matcher
from bot.dialog.turn import Outcome
from bot.matching.crossval import FOLDS, NEAR
from bot.matching.decide import Roles
from bot.matching.evaluation import Question, Row, measure, summary
from tests.questions.cost import Cost

_MOST_CONFUSED = 25

_METHOD = Path(__file__).with_name("method.md")


@dataclass(frozen=True, slots=True)
class Column:
    """One measurement."""

    name: str
    rows: list[Row]

    @classmethod
    def measured(cls, name: str, matcher: Matcher, roles: Roles, questions: Sequence[Question]) -> Column:
        """Return the matcher's column for some questions."""
        return cls(name, measure(matcher, questions, roles.otherwise))


def page(columns: Sequence[Column], left_out: int, cost: Cost, roles: Roles, content: frozenset[str]) -> str:
    """Return the whole page."""
    told = {"date": f"{datetime.now(UTC):%-d %B %Y}", "left_out": left_out, "folds": FOLDS, "near": NEAR}
    head = _METHOD.read_text(encoding="utf-8").format(**told)
    parts = [head, _bars(columns, roles, content), _kinds(columns, roles), _cost(cost), _confused(columns[:3])]
    return "\n".join(parts)


def _bars(columns: Sequence[Column], roles: Roles, content: frozenset[str]) -> str:
    lines = ["## Against the aims\n", "| | aim | " + " | ".join(column.name for column in columns) + " |"]
    lines.append("|---|---|" + "---|" * len(columns))
    found = [_aims(column, roles, content) for column in columns]
    lines += [f"| {name} | {aim} | " + " | ".join(one[name] for one in found) + " |" for name, aim in _AIMS.items()]
    return "\n".join(lines) + "\n"


_AIMS = {
    "questions": "",
    "right": "≥ 85 %",
    "right or offered": "≥ 95 %",
    "wrong": "≤ 3 %",
    "follow-ups right": "≥ 80 %",
    "urgent recognised": "100 %",
    "false alarms": "≤ 2 %",
    "out of scope not answered with content": "≥ 95 %",
}


def _aims(column: Column, roles: Roles, content: frozenset[str]) -> dict[str, str]:
    found = summary(column.rows, roles.urgent)
    kinds: dict[str, Any] = found["by_kind"]
    values = [
        found["right"],
        found["right"] + found["offered"],
        found["wrong"],
        kinds["follow-up"]["right"],
        found["urgent"]["recall"],
        found["urgent"]["false_alarms"],
        _kept_out(column.rows, content),
    ]
    return dict(zip(_AIMS, [str(found["n"]), *(f"{value:.1%}" for value in values)], strict=True))


def _kept_out(rows: Sequence[Row], content: frozenset[str]) -> float:
    """Return the share of questions outside the topic that were not answered with one of its content nodes."""
    outside = [row for row in rows if row.question.kind == "out-of-scope"]
    answered = [
        row
        for row in outside
        if row.match.outcome is Outcome.ANSWER and row.match.node in content - set(row.question.expect)
    ]
    return 1 - len(answered) / len(outside) if outside else 1.0


def _kinds(columns: Sequence[Column], roles: Roles) -> str:
    lines = ["## By kind of question: right / offered / wrong\n"]
    lines += ["| kind | " + " | ".join(column.name for column in columns) + " |", "|---|" + "---|" * len(columns)]
    found = [summary(column.rows, roles.urgent)["by_kind"] for column in columns]
    for kind in sorted({kind for one in found for kind in one}):
        lines.append(f"| {kind} | " + " | ".join(_shares(one.get(kind)) for one in found) + " |")
    return "\n".join(lines) + "\n"


def _shares(shares: dict[str, Any] | None) -> str:
    return " / ".join(f"{shares[name]:.0%}" for name in ("right", "offered", "wrong")) if shares else "-"


def _cost(cost: Cost) -> str:
    return (
        "## What it costs\n\n"
        "| a question, median | 99th percentile, aim 5 ms | start, aim 1 s more | memory, aim 150 MB more |"
        "\n|---|---|---|---|\n"
        f"| {cost.median:.1f} ms | {cost.p99:.1f} ms | {cost.start:.2f} s | {cost.memory:.0f} MB |\n"
    )


def _confused(columns: Sequence[Column]) -> str:
    lines = ["## What was taken for what\n", "| file | expected | given | times |", "|---|---|---|---|"]
    for column in columns:
        pairs = Counter(_pair(row) for row in column.rows if row.mark in ("wrong", "missed"))
        lines += [
            f"| {column.name} | {expected} | {given} | {times} |"
            for (expected, given), times in sorted(pairs.items(), key=lambda one: (-one[1], one[0]))[:_MOST_CONFUSED]
        ]
    return "\n".join(lines) + "\n"


def _pair(row: Row) -> tuple[str, str]:
    return " or ".join(row.question.expect), row.match.node
