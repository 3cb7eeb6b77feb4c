"""Measures how well questions are understood and writes docs/matching.md; some minutes, on one core."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import Random

from bot.content.loader import load
from bot.dialog.turn import Matcher, Outcome, Register
from bot.matching import assemble, build_matcher, data_of
from bot.matching.build import Data, Parts
from bot.matching.evaluation import Question, Row, measure, read
from bot.matching.training import learn
from tests.questions.baseline import baseline
from tests.questions.cost import measured_cost
from tests.questions.page import Figures, page
from tests.questions.variants import invariance, wrappings

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
FILES = (
    *("plain", "most-asked", "real", "follow-ups", "not-covered", "noise", "b12", "two-questions", "small-talk"),
    *("urgent-present", "urgent-calm", "development", "unseen-1", "unseen-2"),
    *("plain-fresh", "real-fresh", "follow-ups-fresh", "two-questions-fresh", "small-talk-fresh"),
    *("not-covered-fresh", "noise-fresh", "plain-fresh-2", "real-fresh-2", "follow-ups-fresh-2"),
    *("two-questions-fresh-2", "small-talk-fresh-2", "not-covered-fresh-2"),
    *("real-fresh-3", "follow-ups-fresh-3", "two-questions-fresh-3"),
    *("plain-fresh-4", "real-fresh-4", "follow-ups-fresh-4", "two-questions-fresh-4"),
    *("real-fresh-5", "follow-ups-fresh-5", "two-questions-fresh-5", "small-talk-fresh-5"),
    *("plain-fresh-6", "real-fresh-6", "follow-ups-fresh-6", "two-questions-fresh-6", "small-talk-fresh-6"),
    *("plain-fresh-7", "real-fresh-7", "follow-ups-fresh-7", "two-questions-fresh-7", "small-talk-fresh-7"),
    *("plain-fresh-8", "real-fresh-8", "follow-ups-fresh-8", "two-questions-fresh-8", "small-talk-fresh-8"),
    *("plain-fresh-9", "real-fresh-9", "follow-ups-fresh-9", "two-questions-fresh-9", "small-talk-fresh-9"),
    *("real-fresh-10", "follow-ups-fresh-10", "two-questions-fresh-10", "small-talk-fresh-10"),
    *("real-fresh-11", "follow-ups-fresh-11", "two-questions-fresh-11", "small-talk-fresh-11"),
    *("real-fresh-12", "follow-ups-fresh-12", "two-questions-fresh-12", "small-talk-fresh-12"),
    *("plain-fresh-13", "real-fresh-13", "follow-ups-fresh-13", "two-questions-fresh-13", "small-talk-fresh-13"),
    *("plain-fresh-14", "real-fresh-14", "follow-ups-fresh-14", "two-questions-fresh-14", "small-talk-fresh-14"),
    *("plain-fresh-15", "real-fresh-15", "follow-ups-fresh-15", "two-questions-fresh-15", "small-talk-fresh-15"),
)
CURVE = (0, 5, 10, 20, 50)
CURVE_FILES = ("plain", "most-asked", "real", "follow-ups", "b12", "plain-fresh", "real-fresh", "unseen-2")
SECOND = "b12"


def main() -> None:
    """Measure, write the page, and say where it is."""
    library = load(ROOT / "dialogs", ROOT / "content")
    matcher, data = build_matcher(library), data_of(library)
    questions = {name: read(HERE / f"{name}.jsonl") for name in FILES}
    otherwise, parts = data.roles.otherwise, Parts(data)
    plain = [one for one in questions["plain"] if one.context is None]
    threads = parts.subjects.contexts()
    begun = _busy()
    learn(parts, print)
    learning = _busy() - begun
    found = Figures(
        {name: measure(matcher, asked, otherwise) for name, asked in questions.items()},
        baseline(parts, questions),
        {
            "shown": invariance(matcher, plain, wrappings("shown"), threads, otherwise),
            "held back": invariance(matcher, plain, wrappings("held_back"), [], otherwise),
        },
        refused(matcher, questions["noise"], threads),
        [
            *curve(data, questions),
            ("all", _right({name: measure(matcher, questions[name], otherwise) for name in CURVE_FILES})),
        ],
        beside(data, questions),
        replace(measured_cost(ROOT, matcher, questions["real"]), learning=learning),
    )
    path = ROOT / "docs" / "matching.md"
    path.write_text(page(found), encoding="utf-8")
    print(f"wrote {path}")


def _busy() -> float:
    """Return the processor time of this process and of those it waited for, which learn beside it."""
    return sum(os.times()[:4])


def beside(data: Data, questions: dict[str, list[Question]]) -> dict[str, tuple[float, float]]:
    """Return how much of the first topic is right with the second topic and without it, on the same questions."""
    second = set(data.matching.topics[SECOND].it)
    topics = {name: topic for name, topic in data.matching.topics.items() if name != SECOND}
    first = replace(
        data,
        matching=data.matching.model_copy(update={"topics": topics}),
        nodes=data.nodes - second,
        phrases={node: lines for node, lines in data.phrases.items() if node not in second},
        roles=replace(data.roles, shared=data.roles.shared - second),
    )
    asked = {
        name: [one for one in questions[name] if not second & {*one.expect, one.context}]
        for name in CURVE_FILES
        if name != SECOND
    }
    shares = []
    for each in (data, first):
        parts = Parts(each)
        matcher = assemble(parts, learn(parts, print))
        shares.append(_right({name: measure(matcher, rows, data.roles.otherwise) for name, rows in asked.items()}))
    return {name: (shares[0][name], shares[1][name]) for name in asked}


def refused(matcher: Matcher, noise: Sequence[Question], threads: Sequence[str]) -> float:
    """Return the share of meaningless messages, after every answer, that no answer is given to but one their label
    allows: somebody who says nothing but `neuropathy` may be told what that is."""
    calm = {Outcome.NOT_COVERED, Outcome.CHOICES, Outcome.SMALL_TALK}
    decided = [(one, matcher.match(one.text, context, Register.LAYPERSON)) for one in noise for context in threads]
    return sum(found.outcome in calm or found.node in one.expect for one, found in decided) / len(decided)


def curve(data: Data, questions: dict[str, list[Question]]) -> list[tuple[str, dict[str, float]]]:
    """Return how much is right with so many lines an answer, drawn at random."""
    found = []
    for number in CURVE:
        parts = Parts(replace(data, phrases=_some(data, number)))
        matcher = assemble(parts, learn(parts, print))
        rows = {name: measure(matcher, questions[name], data.roles.otherwise) for name in CURVE_FILES}
        found.append((str(number), _right(rows)))
    return found


def _some(data: Data, number: int) -> dict[str, tuple[str, ...]]:
    """Return the topics' lines cut down to `number` an answer; what belongs to no topic is shared and stays."""
    kept = {*data.roles.shared, data.roles.advice, data.roles.otherwise}
    shuffled = {node: Random(5).sample(list(lines), len(lines)) for node, lines in data.phrases.items()}
    return {node: tuple(lines if node in kept else islice(lines, number)) for node, lines in shuffled.items()}


def _right(rows: dict[str, list[Row]]) -> dict[str, float]:
    return {name: sum(row.mark == "right" for row in each) / len(each) for name, each in rows.items()}


if __name__ == "__main__":
    main()
