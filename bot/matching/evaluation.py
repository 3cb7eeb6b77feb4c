"""Measures a matcher on a file of labelled questions (one JSON object per line)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.dialog.matching import Match, Matcher
from bot.dialog.turn import Outcome, Register
from bot.errors import FootnoteError

_TONES = {"clinician": Register.PROFESSIONAL, "patient": Register.LAYPERSON}
SHARES = ("right", "offered", "wrong", "missed", "lost")
"""How a question can end. `lost` is neither: choices without a right one, or choices where nothing was expected."""


class QuestionFault(FootnoteError):
    """A line of a question file that is no labelled question."""


@dataclass(frozen=True, slots=True)
class Question:
    """One labelled question; `expect` lists the acceptable nodes."""

    id: str
    text: str
    register: Register
    context: str | None
    expect: tuple[str, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class Row:
    """One question with what the matcher decided and how that counts."""

    question: Question
    match: Match
    mark: str


def read(path: Path) -> list[Question]:
    """Return the questions of a file; raises QuestionFault naming the first bad line, OSError when unreadable."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [_question(line, f"{path}:{number}") for number, line in enumerate(lines, 1) if line.strip()]


def _question(line: str, where: str) -> Question:
    try:
        row = json.loads(line)
        expect, text = tuple(row["expect"]), str(row["text"])
        return Question(str(row["id"]), text, _TONES[row["register"]], row.get("context"), expect, str(row["kind"]))
    except (ValueError, KeyError, TypeError) as fault:
        raise QuestionFault(f"{where}: not a labelled question ({type(fault).__name__}: {fault})") from fault


def measure(matcher: Matcher, questions: Iterable[Question], otherwise: str) -> list[Row]:
    """Return every question with the matcher's decision and its mark."""
    rows = []
    for question in questions:
        match = matcher.match(question.text, question.context, question.register)
        rows.append(Row(question, match, mark(question, match, otherwise)))
    return rows


def mark(question: Question, match: Match, otherwise: str) -> str:
    """Return how a decision counts for a question: one of SHARES."""
    if match.outcome is Outcome.CHOICES:
        return "offered" if set(match.choices) & set(question.expect) else "lost"
    if match.node in question.expect or (match.outcome is Outcome.URGENT and "urgent" in question.expect):
        return "right"  # `urgent` stands for whichever card
    return "missed" if match.node == otherwise else "wrong"


def summary(rows: Sequence[Row], urgent: str) -> dict[str, Any]:
    """Return the figures of DESIGN's `footnote evaluate --json`: shares are of all questions, 0 to 1."""
    kinds = sorted({row.question.kind for row in rows})
    return {
        **_shares(rows),
        "by_kind": {kind: _shares([row for row in rows if row.question.kind == kind]) for kind in kinds},
        "urgent": _urgent(rows, urgent),
        "rows": [_shown(row) for row in rows],
    }


def _shares(rows: Sequence[Row]) -> dict[str, Any]:
    marks = Counter(row.mark for row in rows)
    return {"n": len(rows), **{mark: round(marks[mark] / len(rows), 4) if rows else 0.0 for mark in SHARES}}


def _urgent(rows: Sequence[Row], urgent: str) -> dict[str, float]:
    due = [row for row in rows if any(node.startswith(urgent) for node in row.question.expect)]
    calm = [row for row in rows if row not in due]
    seen, alarms = (sum(1 for row in part if row.match.outcome is Outcome.URGENT) for part in (due, calm))
    return {
        "recall": round(seen / len(due), 4) if due else 1.0,
        "false_alarms": round(alarms / len(calm), 4) if calm else 0.0,
    }


def _shown(row: Row) -> dict[str, Any]:
    return {
        "id": row.question.id,
        "expect": list(row.question.expect),
        "outcome": row.match.outcome.value,
        "node": row.match.node,
        "choices": list(row.match.choices),
        "mark": row.mark,
    }


def evaluate(matcher: Matcher, path: Path, *, urgent: str, otherwise: str) -> dict[str, Any]:
    """Return the figures for one file; raises QuestionFault or OSError as `read` does."""
    return summary(measure(matcher, read(path), otherwise), urgent)
