"""Reviewers' decisions, recorded in the answer's own file: who decided what, when, what exactly; what changed since."""

from __future__ import annotations

import html
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from bot.authoring.yaml_edit import Value, set_mapping
from bot.content.diagnostics import nearest
from bot.content.library import Library, ShownPart, content_hash, same_person, shown_parts
from bot.content.models import Answer, Review, Status
from bot.content.validation import validate
from bot.content.yaml_reader import read

# --- what changed, as words: before and after -------------------------------------------------------------------------

_TOKEN = re.compile(r"\s+|\w+(?:[-.,/]\w+)*|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Change:
    """One part that reads otherwise than it did: which, for whom, and the two texts; a missing one is empty."""

    part: str
    reader: str
    before: str
    after: str


def words_file(library: Library, node: str) -> Path:
    """Return the file that keeps what was approved."""
    return library.home.content / library.topic_of(node).id / "approved" / f"{node}.json"


def keep_words(library: Library, node: str, parts: Sequence[ShownPart]) -> None:
    """Keep the words of an approval."""
    path = words_file(library, node)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(parts, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def approved_words(library: Library, node: str) -> list[ShownPart] | None:
    """Return the words that were approved; None where they were not kept, or are not those of the review's hash."""
    review, path = library.answer(node).review, words_file(library, node)
    if review is None or review.hash is None or not path.exists():
        return None
    try:
        parts = [ShownPart(*map(str, part)) for part in json.loads(path.read_bytes())]
    except (ValueError, TypeError):
        return None
    return parts if content_hash(parts) == review.hash else None


def changes(library: Library, node: str) -> list[Change] | None:
    """Return what reads otherwise than it was approved, in reading order; None where that is not known."""
    before = approved_words(library, node)
    if before is None:
        return None
    return list(_changes(before, list(shown_parts(library, node))))


def _changes(before: Sequence[ShownPart], after: Sequence[ShownPart]) -> Iterator[Change]:
    old, new = {part.name: part for part in before}, {part.name: part for part in after}
    for name in dict.fromkeys([*new, *old]):
        was, now = old.get(name, ShownPart(name, "", "")), new.get(name, ShownPart(name, "", ""))
        if was[1] == was[2] and now[1] == now[2] and was != now:
            yield Change(name, "both readers", was[1], now[1])
            continue
        for reader, one, other in (("professional", was[1], now[1]), ("layperson", was[2], now[2])):
            if one != other:
                yield Change(name, reader, one, other)


def marked(change: Change, removed: str, added: str, written: Callable[[str], str] = str) -> tuple[str, str]:
    """Return the two texts, the words that differ in the frames `removed` and `added`; `written` escapes the words."""
    old, new = _TOKEN.findall(change.before), _TOKEN.findall(change.after)
    before, after = list[str](), list[str]()
    for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = written("".join(old[i:j])), written("".join(new[k:m]))
        before.append(gone if kind == "equal" or not gone else removed.format(gone))
        after.append(come if kind == "equal" or not come else added.format(come))
    return "".join(before), "".join(after)


def as_text(library: Library, nodes: Sequence[str]) -> str:
    """Return the changes of several answers for the terminal: `[-what went-]` and `{+what came+}`."""
    lines = [line for node in nodes for line in _told(library, node)]
    return "\n".join(lines) if lines else "Nothing has changed since it was approved."


def _told(library: Library, node: str) -> Iterator[str]:
    state = library.review_of(node)
    if state.status != "changed":
        return
    yield f"{node}: changed since {state.reviewers} approved it on {state.on}"
    found = changes(library, node)
    if found is None:
        yield "  the words that were approved were not kept: the whole answer must be read again"
    for change in found or ():
        before, after = marked(change, "[-{}-]", "{{+{}+}}")
        yield f"  {change.part} ({change.reader})"
        yield f"    before: {before or '(nothing)'}"
        yield f"    after:  {after or '(nothing)'}"


def as_page(library: Library, nodes: Sequence[str]) -> str:
    """Return the changes of several answers as one static page."""
    rows = "".join(_section(library, node) for node in nodes if library.review_of(node).status == "changed")
    return _PAGE.format(body=rows or "<p>Nothing has changed since it was approved.</p>")


def _section(library: Library, node: str) -> str:
    return f"<h2>{html.escape(node)}</h2>{as_table(library, node)}"


def as_table(library: Library, node: str) -> str:
    """Return the changes of one answer as HTML, to stand in a page; empty where it reads as it was approved."""
    state = library.review_of(node)
    if state.status != "changed":
        return ""
    found = changes(library, node)
    signed = f"<p>Approved by {html.escape(state.reviewers)} on {state.on}; changed since.</p>"
    if found is None:
        return signed + "<p>The words that were approved were not kept: the whole answer must be read again.</p>"
    rows = "".join(map(_row, found))
    heads = "".join(f'<th scope="col">{one}</th>' for one in ("part", "approved", "now"))
    return f'{signed}<table class="changes"><tr>{heads}</tr>{rows}</table>'


def _row(change: Change) -> str:
    before, after = marked(change, "<del>{}</del>", "<ins>{}</ins>", html.escape)
    head = f'<th scope="row">{html.escape(change.part)}<br><small>{change.reader}</small></th>'
    return f"<tr>{head}<td>{before}</td><td>{after}</td></tr>"


_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>What changed since it was approved</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; width: 100%; table-layout: fixed; }}
td, th {{ border: 1px solid #999; padding: .5rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }}
th:first-child {{ width: 12rem; font-weight: 600; }}
del {{ background: #fdd; }} ins {{ background: #dfd; text-decoration: none; font-weight: 600; }}
</style>
<h1>What changed since it was approved</h1>
{body}
</html>
"""


# --- decisions --------------------------------------------------------------------------------------------------------


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
    """Return what the file will say, and whether a second reviewer is waited for.

    What is only submitted bears no name and no date: nobody has looked at it, or no longer stands by it.
    """
    hash_ = library.hash_of(node) if decision.status == "approved" else None
    signed = decision.status != "submitted"
    first = {
        "status": decision.status,
        "by": decision.by.strip() if signed else None,
        "on": decision.on.isoformat() if signed else None,
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
