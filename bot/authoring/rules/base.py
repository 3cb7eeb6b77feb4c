"""What a rule looks at, and how it points at what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple, TypeVar

from bot.channels.base import LabelLimit, LimitCheck, Measure, ScreenLimit
from bot.content.diagnostics import Diagnostic
from bot.content.library import Library, Topic
from bot.content.models import Answer, Claim, Note

UNKNOWN = "X"
"""Stands for a figure that cannot be inserted, so the rest of its sentence is read: a word, which may begin one."""


@dataclass(frozen=True, slots=True)
class CheckContext:
    """One library on one day, and the channels that measure its answers."""

    library: Library
    today: date
    limit_checks: tuple[LimitCheck, ...] = ()
    label_limits: tuple[LabelLimit, ...] = ()
    screen_limits: tuple[tuple[ScreenLimit, Measure], ...] = ()
    sound: bool = True
    """Whether everything loaded; else what is missing may only seem to be, and a card may not be composed."""

    def answers(self) -> Iterator[AnswerRef]:
        """Yield every answer with its topic and file."""
        for name, topic in self.library.topics.items():
            for node, answer in topic.answers.items():
                yield AnswerRef(topic, node, answer, self.library.home.answer(name, node))

    def worded(self) -> Iterator[ClaimRef]:
        """Yield every claim and every note: what is authored in both registers and carries statements."""
        for answer_ref in self.answers():
            for number, claim in enumerate(answer_ref.answer.claims):
                yield ClaimRef(answer_ref.topic, answer_ref.path, ("claims", number), claim)
        for name, topic in self.library.topics.items():
            for key, note in topic.notes.items():
                yield ClaimRef(topic, self.library.home.of_topic(name, "notes"), ("notes", key), note)


class AnswerRef(NamedTuple):
    """One answer, where it belongs and where it stands."""

    topic: Topic
    node: str
    answer: Answer
    path: Path


class ClaimRef(NamedTuple):
    """One claim or note, where it belongs and where it stands."""

    topic: Topic
    path: Path
    location: tuple[str | int, ...]
    words: Claim | Note


Rule = Callable[[CheckContext], Iterator[Diagnostic]]

Checked = TypeVar("Checked", bound=Rule)

_NEEDS: dict[Rule, frozenset[str]] = {}


def needs(*kinds: str) -> Callable[[Checked], Checked]:
    """Mark a rule that compares files: it would blame the sound ones while a file of one of these kinds is broken.

    A kind is the name of a file without its ending (`facts`), or of a folder of files (`answers`, `dialogs`).
    """

    def mark(rule: Checked) -> Checked:
        _NEEDS[rule] = frozenset(kinds)
        return rule

    return mark


def may_run(rule: Rule, broken: Iterable[Path]) -> bool:
    """Tell whether none of the files that a rule compares is broken."""
    hidden = {name for path in broken for name in (path.stem, path.name, path.parent.name)}
    return not hidden & _NEEDS.get(rule, frozenset())
