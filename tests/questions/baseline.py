"""What a stock classifier makes of the very lines the matcher learned from: scikit-learn, words and pieces of words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.dialog.turn import Match, Outcome
from bot.matching.build import Data, Parts
from bot.matching.evaluation import Question, Row, mark
from bot.matching.parser import Message
from bot.matching.text import sampled


def baseline(parts: Parts, files: Mapping[str, Sequence[Question]]) -> dict[str, list[Row]]:
    """Return the decisions of a linear classifier on the same lines, read as the matcher reads them.

    It is asked about every question whatever the thread, knows no rules for emergencies, and offers no choices.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import SGDClassifier
    from sklearn.pipeline import make_pipeline, make_union

    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, tokenizer=str.split, token_pattern=None)
    pieces = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 4), sublinear_tf=True)
    model: Any = make_pipeline(make_union(words, pieces), SGDClassifier(loss="log_loss", alpha=1e-5, random_state=0))
    lines = _lines(parts.data)
    model.fit([_read(parts, form) for _, form in lines], [node for node, _ in lines])
    found = {}
    for name, questions in files.items():
        nodes = model.predict([_read(parts, question.text) for question in questions])
        found[name] = [_row(one, str(node), parts.data) for one, node in zip(questions, nodes, strict=True)]
    return found


def _lines(data: Data) -> list[tuple[str, str]]:
    own = [(node, form) for node, lines in data.phrases.items() for line in lines for form in sampled(line, 12)]
    threads = [(node, form) for nodes in data.after.values() for node, lines in nodes.items() for form in lines]
    return [*own, *threads, *((kind, form) for kind, asks in data.small_talk.items() for form in asks)]


def _read(parts: Parts, text: str) -> str:
    message: Message = parts.reader.read(text)
    return " ".join(message.stems) or "."


def _row(question: Question, node: str, data: Data) -> Row:
    outcome = Outcome.NOT_COVERED if node == data.roles.otherwise else Outcome.ANSWER
    match = Match(Outcome.SMALL_TALK if node in data.small_talk else outcome, node)
    return Row(question, match, mark(question, match, data.roles.otherwise))
