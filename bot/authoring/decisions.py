"""Reviewers' decisions, recorded in the answer's own file: who decided what, when, and what exactly was approved."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bot.authoring.changes import keep_words
from bot.authoring.yaml_edit import Value, set_mapping
from bot.content.diagnostics import nearest
from bot.content.library import Library, ShownPart, same_person, shown_parts
from bot.content.models import Answer, Review, Status
from bot.content.validation import validate
from bot.content.yaml_reader import read


class ReviewRefused(ValueError):
    """The decision cannot be recorded; the message says why."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a named person decided about an answer, or about every answer of a topic.

    `today` is the day on which it is recorded: no decision is dated later.
    """

    status: Status
    by: str
    on: date
    today: date
    due: date | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a decision on one answer: its file, and the status as it now stands."""

    path: Path
    status: Status
    waits: bool = False
    """Whether a second reviewer must still approve the same text."""


def decide(library: Library, name: str, decision: Decision) -> list[Recorded]:
    """Record a decision on an answer, or on every answer of a topic, and return where.

    An approval also records when the next review is due, the hash of what was approved, and its words, so that a later
    change can be shown. All is written or, where anything is refused, nothing: then ReviewRefused is raised.
    """
    nodes = _nodes(library, name)
    _refuse(decision)
    edits = [_edit(library, node, decision) for node in nodes]
    for edit in edits:
        _put(edit.path, edit.text)
        if edit.words is not None:
            keep_words(library, edit.node, edit.words)
    return [Recorded(edit.path, edit.status, edit.waits) for edit in edits]


@dataclass(frozen=True, slots=True)
class _Edit:
    node: str
    path: Path
    text: str
    status: Status
    waits: bool
    words: list[ShownPart] | None


def _nodes(library: Library, name: str) -> list[str]:
    if name in library.nodes:
        return [name]
    if name in library.topics:
        return [node for node in library.nodes if node in library.topics[name].answers]
    known = nearest(name, [*library.nodes, *library.topics])
    raise ReviewRefused(f"there is no node and no topic `{name}`" + (f"; {known}" if known else ""))


def _refuse(decision: Decision) -> None:
    if not any(letter.isalpha() for letter in decision.by):
        raise ReviewRefused("a decision needs a named reviewer: `--by NAME`")
    if decision.on > decision.today:
        raise ReviewRefused(f"{decision.on} is in the future: a decision is recorded once it was made")
    if decision.status == "approved" and (decision.due is None or decision.due <= decision.on):
        raise ReviewRefused("an approval needs the date of the next review (`--due`), later than the approval")


def _edit(library: Library, node: str, decision: Decision) -> _Edit:
    topic, answer = library.topic_of(node), library.answer(node)
    approves = decision.status == "approved"
    if approves and topic.approval.note and not decision.note:
        raise ReviewRefused(f"the topic `{topic.id}` asks for a note of what was looked at: `--note TEXT`")
    values, waits = _values(library, node, answer.review, decision)
    status = values["status"]
    path = library.home.answer(topic.id, node)
    text = _safe(path, set_mapping(path.read_bytes().decode(), "review", values))
    return _Edit(node, path, text, status, waits, list(shown_parts(library, node)) if approves else None)


def _values(library: Library, node: str, review: Review | None, decision: Decision) -> tuple[dict[str, Any], bool]:
    """Return what the file will say, and whether a second reviewer is waited for."""
    hash_ = library.hash_of(node) if decision.status == "approved" else None
    first = {
        "status": decision.status,
        "by": decision.by.strip(),
        "on": decision.on.isoformat(),
        "due": decision.due.isoformat() if decision.due else None,
        "hash": hash_,
        **_optional(review, note=decision.note, second_by=None, second_on=None, second_note=None),
    }
    if decision.status != "approved" or library.topic_of(node).approval.reviewers == 1:
        return first, False
    if review is None or review.hash != hash_ or not review.by or same_person(review.by, decision.by):
        return {**first, "status": "under-review"}, True
    return {
        "status": "approved",
        "due": first["due"],
        "second_by": first["by"],
        "second_on": first["on"],
        **_optional(review, second_note=decision.note),
    }, False


def _optional(review: Review | None, **values: Value) -> dict[str, Value]:
    """Return the values that say something, or that must clear what stands there."""
    return {name: value for name, value in values.items() if value or (review and getattr(review, name))}


def _safe(path: Path, text: str) -> str:
    """Return the new text of a file, once it is known to be sound and to say nothing else anew."""
    page = read(path.as_posix(), text.encode())
    before = read(path.as_posix(), path.read_bytes())
    if validate(page, Answer) is None or _without_review(page.data) != _without_review(before.data):
        raise ReviewRefused(f"{path} could not be edited safely; write the `review:` block by hand")
    return text


def _put(path: Path, text: str) -> None:
    """Put `text` in the file's place in one step."""
    draft = path.with_suffix(".draft")
    draft.write_text(text, encoding="utf-8", newline="")
    os.replace(draft, path)


def _without_review(data: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in data.items() if key != "review"}
