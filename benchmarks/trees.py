"""Synthetic trees in the format authors write: any number of nodes, four follow-ups each and a way back.

Node 0 is the overview; the follow-ups of node i are 4i+1 to 4i+4, those of a leaf its neighbours. Every answer has
both registers, ten figures inserted by templates, one source. What does not grow with the tree (interface, layout,
emergency lines) is the shipped content's own.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLLOW_UPS = 4
DUTIES = {"urgent": "node-1", "advice": "node-2", "otherwise": "node-3"}
_SHARED = ("interface.yaml", "emergency.yaml", "layout")
_PROSE = "the study found that people who took it for a while had less pain and slept better than those who did not"


def node(number: int) -> str:
    """Return the id of a node."""
    return f"node-{number}" if number else "overview"


@cache
def follow_ups(number: int, nodes: int) -> tuple[int, ...]:
    """Return where one gets from a node: four others (its children, or a leaf's neighbours)."""
    children = [
        child for child in range(FOLLOW_UPS * number + 1, FOLLOW_UPS * number + FOLLOW_UPS + 1) if child < nodes
    ]
    others = ((number + step) % nodes for step in range(1, nodes))
    while len(children) < min(FOLLOW_UPS, nodes - 1):
        other = next(others)
        if other not in children:
            children.append(other)
    return tuple(children)


class Walk:
    """Where a number of users are in a tree, and where they press next: a follow-up, or back to the overview.

    Press number n belongs to a user of number n modulo `at_once`, so that at_once may walk side by side.
    """

    def __init__(self, nodes: int, users: int, at_once: int = 1) -> None:
        self._nodes, self._users, self._at_once = nodes, users, at_once
        self._chance = random.Random(1)
        self._at = [0] * users

    def presses(self, turns: int, *, anywhere: bool = False) -> list[tuple[int, int]]:
        """Return (user, node) presses. With `anywhere` they go to any node, as an old button or a menu does."""
        return [self._press(number % self._at_once, anywhere) for number in range(turns)]

    def _press(self, lane: int, anywhere: bool) -> tuple[int, int]:
        user = self._chance.randrange(self._users // self._at_once) * self._at_once + lane
        here = self._at[user]
        ways = follow_ups(here, self._nodes) + ((0,) if here else ())
        self._at[user] = self._chance.randrange(self._nodes) if anywhere else self._chance.choice(ways)
        return user, self._at[user]


def text(number: int, characters: int) -> str:
    """Return an answer's words without figures, the same for every contender."""
    return " ".join(_prose(random.Random(number), characters))[:characters]


def write(folder: Path, nodes: int, characters: int = 600) -> tuple[Path, Path]:
    """Write the tree (unless it is there already) and return its dialogs and content folders."""
    home = folder / f"tree-{nodes}-{characters}"
    dialogs, content = home / "dialogs", home / "content"
    if not (home / "complete").exists():
        shutil.rmtree(home, ignore_errors=True)
        _write_shared(content)
        _write_dialog(dialogs, nodes)
        _write_topic(content / "synthetic", nodes, characters)
        (home / "complete").touch()
    return dialogs, content


def size(home: Path) -> int:
    """Return the bytes of all YAML files below a folder."""
    return sum(path.stat().st_size for path in home.rglob("*.yaml"))


def _write_shared(content: Path) -> None:
    content.mkdir(parents=True)
    for name in _SHARED:
        source = ROOT / "content" / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, content / name)


def _write_dialog(dialogs: Path, nodes: int) -> None:
    dialogs.mkdir(parents=True)
    lines = ["dialog: synthetic", "start: overview", *(f"{duty}: {id_}" for duty, id_ in DUTIES.items()), "nodes:"]
    for number in range(nodes):
        lines.append(f"  {node(number)}:")
        lines.append(f"    next: [{', '.join(node(other) for other in follow_ups(number, nodes))}]")
    (dialogs / "synthetic.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_topic(folder: Path, nodes: int, characters: int) -> None:
    answers = folder / "answers"
    answers.mkdir(parents=True)
    (folder / "topic.yaml").write_text(_TOPIC, encoding="utf-8")
    (folder / "sources.yaml").write_text(_SOURCES, encoding="utf-8")
    figures = "\n".join(f"    f{number}: {number + 2} weeks" for number in range(10))
    (folder / "facts.yaml").write_text(f"facts:\n  study:\n{figures}\n", encoding="utf-8")
    for number in range(nodes):
        (answers / f"{node(number)}.yaml").write_text(_answer(number, characters), encoding="utf-8")


def _answer(number: int, characters: int) -> str:
    claims = "".join(_claim(number, part, characters // 5) for part in range(5))
    return _ANSWER.format(id=node(number), number=number) + claims


def _claim(number: int, part: int, characters: int) -> str:
    """Return one of five claims; each inserts two of the ten figures."""
    figures = [f"{{{{ facts.study.f{2 * part + which} }}}}" for which in range(2)]
    words = text(number * 5 + part, characters - 20)
    return _CLAIM.format(
        part=part,
        professional=f"After {figures[0]} or {figures[1]} {words}.",
        layperson=f"After {figures[0]}, not {figures[1]}, {words}.",
    )


def _prose(chance: random.Random, characters: int) -> Iterator[str]:
    words, length = _PROSE.split(), 0
    while length <= characters:
        word = chance.choice(words)
        length += len(word) + 1
        yield word


_TOPIC = """topic: synthetic
title: {professional: A synthetic tree, layperson: A synthetic tree}
article: {title: Nothing was published, updated: 2025-07-14}
review: {status: submitted}
"""

_SOURCES = """sources:
  study:
    number: 1
    group: article
    kind: trial
    check: N
    title: A study that does not exist
    supports: {professional: Nothing, layperson: Nothing}
"""

_ANSWER = """answer: {id}
label: {{professional: Answer {number}, layperson: Plain answer {number}}}
title: {{professional: Answer number {number}, layperson: Plain answer number {number}}}
claims:
"""

_CLAIM = """  - id: claim-{part}
    cites: [study]
    professional: >-
      {professional}
    layperson: >-
      {layperson}
"""
