"""Measures the matcher on questions that its phrases do not know: cross-validation with near-duplicates left out.

The questions are dealt into folds. For each fold the models are trained again from the phrases alone, without every
phrase that is nearly one of the fold's questions, and then asked the fold's questions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process, utils

from bot.content.matching_models import Matching
from bot.matching.build import Parts, assemble
from bot.matching.decide import Roles
from bot.matching.evaluation import Question, Row, measure
from bot.matching.urgency import Urgency
from bot.matching.wording import expand

FOLDS = 5
NEAR = 85
"""Likeness (0 to 100, words sorted, letters compared) from which a phrase counts as the question itself."""

Lines = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """Every question with its decision, and how many phrases were left out over all folds."""

    rows: list[Row]
    left_out: int


def folds(questions: Sequence[Question], number: int = FOLDS) -> list[list[Question]]:
    """Return the questions dealt into folds, one after the other, so that every kind is in each."""
    ordered = sorted(questions, key=lambda one: (one.kind, one.id))
    return [ordered[at::number] for at in range(number)]


def cross_validated(data: Matching, urgency: Urgency, roles: Roles, questions: Sequence[Question]) -> CrossValidation:
    """Return the decisions on every question by models that never saw it or its like; takes minutes per fold."""
    rows: list[Row] = []
    left_out = 0
    for fold in folds(questions):
        rest = without_likes(data, [question.text for question in fold])
        parts = Parts(rest)
        rows += measure(assemble(parts, urgency, roles, parts.learn()), fold, roles.otherwise)
        left_out += _count(data) - _count(rest)
    return CrossValidation(rows, left_out)


def without_likes(data: Matching, texts: Sequence[str]) -> Matching:
    """Return the data without the phrases and short questions that are nearly one of `texts`."""
    like = _Likeness(texts)
    phrases = data.phrases.model_copy(
        update={
            "phrases": _thinned(data.phrases.phrases, like),
            "after": {context: _thinned(nodes, like) for context, nodes in data.phrases.after.items()},
        }
    )
    asks = {name: like.unlike(intent.asks) for name, intent in data.intents.intents.items()}
    intents = {name: one.model_copy(update={"asks": asks[name]}) for name, one in data.intents.intents.items()}
    return data.model_copy(update={"phrases": phrases, "intents": data.intents.model_copy(update={"intents": intents})})


class _Likeness:
    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = [utils.default_process(text) for text in texts]

    def unlike(self, lines: Lines) -> Lines:
        """Return the lines of which no wording is nearly one of the texts."""
        return tuple(line for line in lines if not any(map(self._is_like, map(utils.default_process, expand(line)))))

    def _is_like(self, wording: str) -> bool:
        return process.extractOne(wording, self._texts, scorer=fuzz.token_sort_ratio, score_cutoff=NEAR) is not None


def _thinned(nodes: Mapping[str, Lines], like: _Likeness) -> dict[str, Lines]:
    return {node: like.unlike(lines) for node, lines in nodes.items()}


def _count(data: Matching) -> int:
    return sum(map(len, _lists(data)))


def _lists(data: Matching) -> Iterator[Lines]:
    yield from data.phrases.phrases.values()
    for nodes in data.phrases.after.values():
        yield from nodes.values()
    for intent in data.intents.intents.values():
        yield intent.asks
