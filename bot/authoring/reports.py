"""What `footnote check`, `footnote review` and `footnote content` print, and with which exit code."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bot.authoring import sheet
from bot.authoring.check import Report, check
from bot.authoring.conversations import CAME, ENDS, play, record, scripts
from bot.authoring.decisions import Decision, ReviewRefused, as_page, as_text, decide
from bot.authoring.generated import write
from bot.channels.base import ChannelLimits
from bot.content.diagnostics import nearest
from bot.content.library import Library
from bot.content.loader import load
from bot.dialog.engine import Engine
from bot.dialog.turn import Register
from bot.matching.evaluation import Mixed

Printed = tuple[str, int]
"""Text for standard output, and the exit code."""

_QUOTED = 2
_APART = (
    "a line that asks for the other answer is moved there. Where both may be meant, `expect` both. Else write messages "
    "with the words that only this answer has; a word that always means it becomes the name of a subject of its own, "
    "`part-of` the wide one"
)
"""What an author does about answers that are badly told apart."""

SOON = timedelta(days=60)
"""How long before its date a review is called due."""


def run_check(
    dialogs: Path, content: Path, today: date, channel_limits: Sequence[ChannelLimits] = (), *, as_json: bool = False
) -> Printed:
    """Return every finding and exit code 1 when one of them is an error or no answer was seen, else 0."""
    report = check(dialogs, content, today, channel_limits)
    return _json(report) if as_json else _text(report), 0 if report.clean else 1


def _json(report: Report) -> str:
    findings = [diagnostic.as_dict() for diagnostic in report.diagnostics]
    return json.dumps({"answers": report.answers, "findings": findings}, ensure_ascii=False, indent=2)


def _text(report: Report) -> str:
    errors, warnings = report.count("error"), report.count("warning")
    seen = (
        f"{_counted(report.answers, 'answer')} checked: {_counted(errors, 'error')}, {_counted(warnings, 'warning')}."
    )
    marked = [
        f"{diagnostic}" if diagnostic.level == "error" else f"{diagnostic}\n    (warning)"
        for diagnostic in report.diagnostics
    ]
    return "\n".join([*marked, seen])


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


_TOLD = 10
"""Errors that are told before something else is done; `footnote check` tells the rest."""


def unsound(dialogs: Path, content: Path, today: date, channel_limits: Sequence[ChannelLimits] = ()) -> str:
    """Return the errors that a check finds in what is about to be measured; empty where there are none."""
    found = [one for one in check(dialogs, content, today, channel_limits).diagnostics if one.level == "error"]
    if not found:
        return ""
    many = f"`footnote check` finds {_counted(len(found), 'error')} in these files"
    more = ", the first ones above" if len(found) > _TOLD else ""
    said = f"{many}{more}. The questions are measured all the same, on the files as they stand: mend and measure again."
    return "\n".join([*map(str, found[:_TOLD]), said])


def run_review(dialogs: Path, content: Path, today: date, *, as_json: bool = False) -> Printed:
    """Return the review of every answer: status, who, when, when next, and whether it is due or has changed.

    Raises LoadError for content that does not load.
    """
    rows = list(_reviews(load(dialogs, content), today))
    if as_json:
        return json.dumps(rows, ensure_ascii=False, indent=2), 0
    header = {key: key for key in rows[0]}
    widths = {key: max(len(row[key]) for row in (header, *rows)) for key in header}
    lines = ["  ".join(row[key].ljust(widths[key]) for key in header).rstrip() for row in (header, *rows)]
    waiting = sum(row["status"] != "approved" for row in rows)
    return "\n".join([*lines, "", f"{len(rows)} answers, {waiting} not approved as they stand."]), 0


def _reviews(library: Library, today: date) -> Iterator[dict[str, str]]:
    for node in library.nodes:
        state = library.review_of(node)
        when = "overdue" if state.overdue(today) else "due soon" if state.overdue(today + SOON) else ""
        yield {
            "topic": library.topic_of(node).id,
            "node": node,
            "status": state.status,
            "by": state.reviewers or "-",
            "on": str(state.on or "-"),
            "due": str(state.due or "-"),
            "note": "changed since review" if state.status == "changed" else when,
        }


def run_decision(dialogs: Path, content: Path, name: str, decision: Decision) -> Printed:
    """Record a decision on an answer or a topic and say where; exit code 1 with the reason when it is refused.

    Raises LoadError.
    """
    try:
        recorded = decide(load(dialogs, content), name, decision)
    except ReviewRefused as error:
        return f"not recorded: {error}", 1
    signed = f"by {decision.by} on {decision.on}"
    waits = ", waiting for a second reviewer"
    return "\n".join(f"{one.path}: {one.status} {signed}{waits if one.waits else ''}" for one in recorded), 0


def run_changes(dialogs: Path, content: Path, name: str | None, page: Path | None = None) -> Printed:
    """Return what changed since the approval, of an answer, a topic or all; with `page` write it there as HTML.

    Raises LoadError.
    """
    library = load(dialogs, content)
    nodes = [node for node in library.nodes if name in (None, node, library.topic_of(node).id)]
    if not nodes:
        known = nearest(name or "", [*library.nodes, *library.topics])
        return f"there is no node and no topic `{name}`" + (f"; {known}" if known else ""), 1
    if page is None:
        return as_text(library, nodes), 0
    page.write_text(as_page(library, nodes), encoding="utf-8")
    return f"wrote {page}", 0


def run_docs(dialogs: Path, content: Path, root: Path) -> Printed:
    """Write what is generated from the content of the project at `root` and say what was stale; raises LoadError."""
    return "\n".join(f"wrote {path}" for path in write(load(dialogs, content), root)), 0


def run_tests(engine: Engine, paths: Sequence[Path]) -> Printed:
    """Play conversations and return what was answered otherwise; exit code 1 where anything was, or nothing was played.

    Raises LoadError for a file that holds no conversation.
    """
    missing = [path for path in paths if not path.exists()]
    if missing:
        return f"there is no file or folder {missing[0]}", 1
    played = [(path, script, register) for path, script in scripts(paths) for register in script.registers]
    failures = [failure for one in played if (failure := play(engine, *one))]
    said = f"{_counted(len(played), 'conversation')} played, {len(failures)} answered otherwise."
    return "\n".join([*map(str, failures), said]), 1 if failures or not played else 0


def recorded(
    engine: Engine, lines: Iterable[str], path: Path, name: str, register: str, show: Callable[[str], Any]
) -> str:
    """Write a conversation with whoever types the lines to a file, behind those that it holds; return where it is."""
    show(f"Type as a reader would; a number presses a button. {ENDS[0]}, or the end of input (Ctrl-D), ends it.")
    made = record(engine, lines, Register(register), name, show)
    if not made:
        return f"nothing was said, so nothing was written to {path}"
    before = path.read_text(encoding="utf-8").rstrip() + "\n\n" if path.exists() else ""
    path.write_text(before + made, encoding="utf-8")
    came = [line.strip().removeprefix(CAME).strip() for line in made.splitlines() if line.strip().startswith(CAME)]
    turns = [f"{number:>3}  {words}" for number, words in enumerate(came, 1)]
    return "\n".join(["", "recorded, whether right or wrong:", *turns, _READ_IT.format(path=path)])


_READ_IT = (
    "Read them: what came is now expected. Where the wrong answer came, write `expect: {{node: the-right-answer}}` "
    "into that turn, so that the test fails until it is mended, or delete the turn.\n"
    "wrote {path}: `footnote test {path}` plays it"
)


def figures(found: Mapping[str, Any]) -> str:
    """Return the shares, overall and per kind of question, and how well urgent messages were told apart."""
    head = "".join(f"{name:>9}" for name in _shares(found))
    lines = [f"{'':<14}{'n':>5}{head}", _row("all", found)]
    lines += [_row(kind, shares) for kind, shares in found["by_kind"].items()]
    urgent = found["urgent"]
    lines.append(f"urgent: {urgent['recall']:.1%} recognised, {urgent['false_alarms']:.1%} false alarms")
    return "\n".join(lines)


def confusion(found: Mapping[str, Any]) -> str:
    """Return what was taken for what, most often first: each pair of what was expected and what was shown."""
    missed = [row for row in found["rows"] if row["mark"] in ("wrong", "missed")]
    pairs = Counter((" or ".join(row["expect"]), row["node"]) for row in missed)
    lines = [f"{times:>5}  {expected} -> {node}" for (expected, node), times in pairs.most_common()]
    return "\n".join(["taken for something else:", *lines] if lines else ["nothing was taken for something else"])


def told_apart(found: Sequence[Mixed]) -> str:
    """Return which answers of topics with few lines are badly told apart, with what to do about it."""
    if not found:
        return "what is written for the answers of topics with few lines tells them apart"
    lines = [
        f"{len(one.lines):>5} of {one.of}: {one.node} sounds like {one.like} by {', '.join(one.words) or '-'}; "
        + " / ".join(one.lines[:_QUOTED])
        for one in found
    ]
    return "\n".join(["lines and messages that sound like another answer:", *lines, f"to mend it: {_APART}"])


def _row(name: str, shares: Mapping[str, Any]) -> str:
    return f"{name:<14}{shares['n']:>5}" + "".join(f"{share:>9.1%}" for share in _shares(shares).values())


def _shares(found: Mapping[str, Any]) -> dict[str, float]:
    """Return every way in which a question can end, with its share: together they are all questions."""
    return {name: share for name, share in found.items() if isinstance(share, float)}


def told(found: Sequence[sheet.Edit]) -> str:
    """Return what was changed, for the terminal."""
    files = {edit.cell.path.as_posix() for edit in found}
    lines = [f"{edit.row.id} ({edit.register.value})" for edit in found]
    many = f"{len(found)} {'text' if len(found) == 1 else 'texts'} changed in {len(files)} files"
    return "\n".join([*lines, many]) if found else "Nothing differs: no text was changed."
