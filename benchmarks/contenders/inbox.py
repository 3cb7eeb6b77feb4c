"""Turns through inbox, engine and store, delivered to nobody: what remains of a bot without a messenger."""

from __future__ import annotations

import asyncio
import itertools

from benchmarks import trees
from benchmarks.contenders.concurrency import side_by_side
from benchmarks.contenders.footnote import footnote, idle, settled
from bot.dialog import payloads
from bot.dialog.turn import Incoming, Kind
from bot.inbox.events import InboundEvent, OutboundMessage, Progress


class Nowhere:
    """A channel that takes every answer at once and tells who waits for it."""

    name = "telegram"

    def __init__(self) -> None:
        self.waiting: dict[int, asyncio.Event] = {}
        self._numbers = itertools.count()

    async def deliver(self, letter: OutboundMessage, progress: Progress) -> None:
        """Take the answer."""
        await progress(str(next(self._numbers)), last=True)
        self.waiting[letter.address["chat"]].set()


class Turns:
    """A thousand users walk through a tree, so many at a time."""

    def __init__(self, folder: str, nodes: int = 20, users: int = 1000, at_once: int = 1) -> None:
        self._at_once = at_once
        self._walk = trees.Walk(nodes, users, at_once)
        self._channel = Nowhere()
        self._keys = itertools.count()
        self._runner = asyncio.Runner()
        self._runner.run(self._open(folder, nodes))

    def prepare(self, turns: int) -> None:
        self._events = [self._event(user, target) for user, target in self._walk.presses(turns)]

    def run(self) -> None:
        self._runner.run(self._work())

    def result(self) -> dict[str, float]:
        return {"turns": len(self._events)}

    async def _open(self, folder: str, nodes: int) -> None:
        self._inbox, _ = await footnote(folder, nodes, 600)
        self._inbox.add(self._channel)
        await self._inbox.start()
        settled()

    def _event(self, user: int, target: int) -> InboundEvent:
        person = f"telegram:{user}"
        incoming = Incoming(Kind.TAP, payloads.payload(trees.node(target)), "telegram")
        return InboundEvent((f"event:{next(self._keys)}",), "telegram", person, person, incoming, {"chat": user})

    async def _work(self) -> None:
        await side_by_side(self._turn, len(self._events), self._at_once)
        await idle(self._inbox)

    async def _turn(self, number: int) -> None:
        event = self._events[number]
        answered = self._channel.waiting[event.address["chat"]] = asyncio.Event()
        await self._inbox.accept(event)
        await answered.wait()
