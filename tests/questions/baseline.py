"""What a stock text classifier makes of the same questions: TF-IDF and a linear SVM (scikit-learn)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.dialog.matching import Match
from bot.dialog.turn import Outcome
from bot.matching.crossval import folds
from bot.matching.decide import Roles
from bot.matching.evaluation import Question, Row, mark


def cross_validated(questions: Sequence[Question], roles: Roles) -> list[Row]:
    """Return the classifier's decision on each question, trained on the questions of the other folds."""
    parts = folds(questions)
    rows: list[Row] = []
    for fold in parts:
        known = [question for part in parts if part is not fold for question in part]
        rows += trained(known, fold, roles)
    return rows


def trained(known: Sequence[Question], asked: Sequence[Question], roles: Roles) -> list[Row]:
    """Return the decisions on `asked` of a classifier trained on `known`; the node last shown is one more word."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    model: Any = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LinearSVC(random_state=0))
    model.fit([_words(one) for one in known], [one.expect[0] for one in known])
    nodes = model.predict([_words(one) for one in asked])
    return [_row(one, str(node), roles) for one, node in zip(asked, nodes, strict=True)]


def _words(question: Question) -> str:
    return f"after_{(question.context or 'nothing').replace('-', '_')} {question.text}"


def _row(question: Question, node: str, roles: Roles) -> Row:
    outcomes = {roles.urgent: Outcome.URGENT, roles.otherwise: Outcome.NOT_COVERED}
    match = Match(outcomes.get(node, Outcome.ANSWER), node)
    return Row(question, match, mark(question, match, roles.otherwise))
