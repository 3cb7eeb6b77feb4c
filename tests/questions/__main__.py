"""Measures how well questions are understood and writes docs/matching.md; some ten minutes, on one core."""

from __future__ import annotations

from pathlib import Path

from bot.content.loader import load
from bot.matching import build_matcher, matching_data, roles_of, urgency_of
from bot.matching.crossval import cross_validated
from bot.matching.evaluation import read
from tests.questions import baseline
from tests.questions.cost import measured_cost
from tests.questions.page import Column, page

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent


def main() -> None:
    """Measure, write the page, and say where it is."""
    library = load(ROOT / "dialogs", ROOT / "content")
    matcher, roles = build_matcher(library), roles_of(library)
    development = read(HERE / "development.jsonl")
    unseen = [read(HERE / f"unseen-{number}.jsonl") for number in (1, 2)]
    data = matching_data(library)
    crossed = cross_validated(data, urgency_of(library), roles, development)
    columns = [
        *(Column.measured(f"unseen {at}", matcher, roles, rows) for at, rows in enumerate(unseen, 1)),
        Column("development, cross-validated", crossed.rows),
        Column.measured("development, as shipped", matcher, roles, development),
        Column("development, baseline", baseline.cross_validated(development, roles)),
        *(
            Column(f"unseen {at}, baseline", baseline.trained(development, rows, roles))
            for at, rows in enumerate(unseen, 1)
        ),
    ]
    cost = measured_cost(ROOT, matcher, [question for rows in unseen for question in rows])
    path = ROOT / "docs" / "matching.md"
    path.write_text(page(columns, crossed.left_out, cost, roles, frozenset(data.intents.subject_of)), encoding="utf-8")
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
