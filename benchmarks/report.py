"""The results as text: a table for people, written to docs/benchmarks.md after a full run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.result import Result

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"
SHOWN = 0.02
"""Smallest share of a profile that is shown."""

_HEAD = """# How fast, measured side by side

Written by `make bench`; nothing here is typed by hand. Each figure is the median of the ratios of its rounds, with the
lowest and the highest round in brackets; both sides were measured in the same run on the same machine, alternately
(A B, B A, A B, ...), each in a warm process of its own pinned to one core. Differences below 5 % mean nothing.
CPU is that of the whole process, all threads. Absolute figures are for orientation only.
"""


def document(
    results: Sequence[Result],
    about: Mapping[str, str],
    profiles: Mapping[str, Mapping[str, float]],
    skipped: Sequence[str],
) -> str:
    """Return the report as Markdown."""
    lines = [_HEAD, *(f"* **{name}**: {value}" for name, value in about.items()), ""]
    lines += ["| figure | against | measured | target (stretch) | | absolute |", "|---|---|---|---|---|---|"]
    lines += [_row(result) for result in results]
    lines += ["", "## What each figure includes", ""]
    lines += [f"* **{result.what}**, against {result.against}: {result.note}" for result in results if result.note]
    lines += ["", "## What is missed, and what it would take", "", *_missed(results)]
    if skipped:
        lines += ["", "## Not measured in this run", "", *(f"* {what}" for what in skipped)]
    lines += ["", "## Where the time goes", "", _PROFILES, *_profiles(profiles)]
    return "\n".join(lines) + "\n"


_PROFILES = """Share of the main thread's own time by package, from one more round under cProfile, which
exaggerates small calls. The database works in a thread of its own and is not in it. Of a cold start, the share of its
imports by package (`-X importtime`) and of what comes after them.
"""


def line(result: Result) -> str:
    """Return one result for the terminal."""
    value, goal = result.value, result.goal
    spread = f"{result.shown(value.median)} ({result.shown(value.low)} – {result.shown(value.high)})"
    verdict = f"{goal.text(result.shown)}: {goal.verdict(value.median)}" if goal else "no target"
    return f"{result.what} / {result.against}\n    {spread}   {verdict.replace('**', '')}\n    {_absolute(result)}"


def _row(result: Result) -> str:
    value, goal, shown = result.value, result.goal, result.shown
    measured = f"**{shown(value.median)}** ({shown(value.low)} – {shown(value.high)})"
    cells = [result.what, result.against, measured, goal.text(shown) if goal else "–"]
    cells += [goal.verdict(value.median) if goal else "", _absolute(result)]
    return f"| {' | '.join(cells)} |"


def _absolute(result: Result) -> str:
    return ", ".join(f"{name} {value}" for name, value in result.absolute.items())


def _missed(results: Sequence[Result]) -> Iterator[str]:
    for result in results:
        if result.missed and result.goal:
            verdict = result.goal.verdict(result.value.median).strip("*")
            yield f"* **{result.what}**, against {result.against}: {verdict}. {result.lacking}".rstrip()


def _profiles(profiles: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    for name, shares in profiles.items():
        shown = [f"{package} {share:.0%}" for package, share in shares.items() if share >= SHOWN]
        yield f"* **{name}**: {', '.join(shown)}"
