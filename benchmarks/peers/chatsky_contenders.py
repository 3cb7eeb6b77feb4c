"""Chatsky 0.10 over the same tree: each press is a message that names the node, each answer a text of the same length.

Runs in its own environment (benchmarks/peers/chatsky.txt); imports nothing of Footnote.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

from chatsky import GLOBAL, RESPONSE, TRANSITIONS, Message, Pipeline
from chatsky import Transition as Tr
from chatsky import conditions as cnd
from chatsky.context_storages import MemoryContextStorage, context_storage_factory

from benchmarks import trees
from benchmarks.contenders.concurrency import side_by_side

CHARACTERS = 600


class Presses:
    """A thousand users walk through the tree. `storage` is memory or sqlite; `anywhere` makes every node reachable."""

    def __init__(
        self, nodes: int, storage: str = "memory", users: int = 1000, at_once: int = 1, anywhere: bool = False
    ) -> None:
        self._at_once, self._anywhere = at_once, anywhere
        self._walk = trees.Walk(nodes, users, at_once)
        self._loop = asyncio.new_event_loop()
        self._pipeline = Pipeline(
            _script(nodes, anywhere), start_label=("tree", "overview"), context_storage=_storage(storage)
        )
        self._loop.run_until_complete(self._pipeline.context_storage.connect())

    def prepare(self, turns: int) -> None:
        self._presses = self._walk.presses(turns, anywhere=self._anywhere)
        self._wrong = 0

    def run(self) -> None:
        self._loop.run_until_complete(side_by_side(self._turn, len(self._presses), self._at_once))

    def result(self) -> dict[str, float]:
        if self._wrong:
            raise RuntimeError(f"{self._wrong} presses led to another node")
        return {"turns": len(self._presses)}

    async def _turn(self, number: int) -> None:
        user, target = self._presses[number]
        name = trees.node(target)
        context = await self._pipeline._run_pipeline(Message(text=name), str(user))
        self._wrong += context.last_label.node_name != name


def _script(nodes: int, anywhere: bool) -> dict[str, Any]:
    tree = {trees.node(number): _node(number, nodes, anywhere) for number in range(nodes)}
    script: dict[str, Any] = {"tree": tree}
    if anywhere:
        everywhere = [_way(number) for number in range(nodes)]
        script = {GLOBAL: {TRANSITIONS: everywhere}, **script}
    return script


def _node(number: int, nodes: int, anywhere: bool) -> dict[str, Any]:
    ways = [] if anywhere else [_way(other) for other in (*trees.follow_ups(number, nodes), 0)]
    return {RESPONSE: trees.text(number, CHARACTERS), TRANSITIONS: ways}


def _way(number: int) -> Any:
    return Tr(dst=("tree", trees.node(number)), cnd=cnd.ExactMatch(trees.node(number)))


def _storage(kind: str) -> Any:
    if kind == "memory":
        return MemoryContextStorage()
    path = Path(tempfile.mkdtemp()) / "chatsky.sqlite3"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA journal_mode = WAL")  # kept in the file; three times faster than what it would choose
    return context_storage_factory(f"sqlite+aiosqlite:///{path}")
