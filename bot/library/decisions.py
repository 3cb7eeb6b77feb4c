"""Reviewers' decisions, recorded in the answer's own file: who decided what, when, and what exactly was approved."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

from bot.library.editing import with_group
from bot.library.library import Library
from bot.library.models import Answer
from bot.library.parts import Status
from bot.library.reading import read
from bot.library.shape import shaped


class ReviewRefused(ValueError):
    """The decision cannot be recorded; the message says why."""


def decide(library: Library, node: str, status: Status, by: str, on: date, due: date | None = None) -> Path:
    """Record a decision on an answer and return the file it stands in.

    An approval also records when the next review is due and the hash of what was approved. Raises ReviewRefused for an
    unknown node, an unnamed reviewer or a missing or impossible date; the file is then untouched.
    """
    if node not in library.nodes:
        raise ReviewRefused(f"there is no node `{node}`")
    _refuse_unnamed(by)
    if status == "approved" and (due is None or due <= on):
        raise ReviewRefused("an approval needs the date of the next review (`--due`), later than the approval")
    values = {
        "status": status,
        "by": by.strip(),
        "on": on.isoformat(),
        "due": due.isoformat() if due else None,
        "hash": library.hash_of(node) if status == "approved" else None,
    }
    path = library.home.answer(library.topic_of(node).id, node)
    _replace(path, with_group(path.read_bytes().decode(), "review", values))
    return path


def _refuse_unnamed(by: str) -> None:
    if not any(letter.isalpha() for letter in by):
        raise ReviewRefused("a decision needs a named reviewer: `--by NAME`")


def _replace(path: Path, text: str) -> None:
    """Put `text` in the file's place in one step, once it is known to be sound and to say nothing else anew."""
    page = read(path.as_posix(), text.encode())
    before = read(path.as_posix(), path.read_bytes())
    if shaped(page, Answer) is None or _without_review(page.data) != _without_review(before.data):
        raise ReviewRefused(f"{path} could not be edited safely; write the `review:` block by hand")
    draft = path.with_suffix(".draft")
    draft.write_text(text, encoding="utf-8", newline="")
    os.replace(draft, path)


def _without_review(data: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in data.items() if key != "review"}
