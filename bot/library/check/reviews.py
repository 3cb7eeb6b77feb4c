"""Rules about reviews: none is overdue, none covers a text that has changed since."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bot.library.check.subject import Subject
from bot.library.fault import Fault
from bot.library.review import ReviewState, state_of
from bot.library.shelf import fault_at


def overdue(subject: Subject) -> Iterator[Fault]:
    """R02: a review whose due date has passed."""
    for path, state in _reviews(subject):
        if state.overdue(subject.today):
            remedy = "review it again: `footnote review`"
            yield fault_at(
                path, ("review", "due"), "R02", f"the review was due on {state.due}", remedy, level="warning"
            )


def changed(subject: Subject) -> Iterator[Fault]:
    """R03: an approval of a text that has changed since."""
    for path, state in _reviews(subject):
        if state.status == "changed":
            message = f"changed since {state.by} approved it on {state.on}"
            remedy = "review it again: `footnote review`"
            yield fault_at(path, ("review",), "R03", message, remedy, key=True, level="warning")


def _reviews(subject: Subject) -> Iterator[tuple[Path, ReviewState]]:
    """Yield every review that is written down, with its file and its present state."""
    library = subject.library
    for name, topic in library.topics.items():
        yield library.home.of_topic(name, "topic"), state_of(topic.review, partial(library.topic_hash, name))
        for node, answer in topic.answers.items():
            if answer.review:
                yield library.home.answer(name, node), library.review_of(node)
