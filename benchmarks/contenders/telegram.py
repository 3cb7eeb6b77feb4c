"""Whole Telegram turns: the update's JSON, the durable inbox, the engine, the answer at the API, the turn finished."""

from __future__ import annotations

import asyncio
import json

from benchmarks import trees
from benchmarks.contenders import updates
from benchmarks.contenders.canned import Canned
from benchmarks.contenders.concurrency import side_by_side
from benchmarks.contenders.footnote import footnote, host, idle, settled
from bot.channels.telegram import client, pacing
from bot.channels.telegram.channel import TelegramDelivery
from bot.channels.telegram.receiver import UpdateReceiver
from bot.channels.telegram.updates import UpdateParser
from bot.channels.unexpected import Unexpected
from bot.dialog import payloads

UNLIMITED = pacing.Rates(overall=0, group=0, chat=0)
"""Telegram's own limits (30 messages a second) bind long before any of this; here they would be all one measures."""


class Turns:
    """A thousand users walk through a tree by pressing buttons, so many at a time.

    Each press is one `answerCallbackQuery` and one `sendMessage`, as in the stock bot it is one and one edit.
    """

    def __init__(
        self, folder: str, nodes: int = 20, users: int = 1000, at_once: int = 1, synchronous: str = "FULL"
    ) -> None:
        self._at_once = at_once
        self._walk = trees.Walk(nodes, users, at_once)
        self._runner = asyncio.Runner()
        self._runner.run(self._open(folder, nodes, synchronous))
        self._waiting: dict[int, asyncio.Event] = {}
        Canned.sent = self._sent

    def prepare(self, turns: int) -> None:
        presses = self._walk.presses(turns)
        self._chats = [int(updates.chat(user)["id"]) for user, _ in presses]
        self._bodies = [updates.press(user, payloads.payload(trees.node(target))) for user, target in presses]
        Canned.calls.clear()

    def run(self) -> None:
        self._runner.run(self._work())

    def result(self) -> dict[str, float]:
        expected = {"sendMessage": len(self._bodies), "answerCallbackQuery": len(self._bodies)}
        if dict(Canned.calls) != expected:
            raise RuntimeError(f"unexpected calls: {Canned.calls}")
        return {"turns": len(self._bodies)}

    async def _open(self, folder: str, nodes: int, synchronous: str) -> None:
        client.AiohttpRequest = Canned  # type: ignore[misc, assignment]
        bot = client.make_bot(updates.TOKEN, "http://127.0.0.1")
        self._inbox, engine = await footnote(folder, nodes, updates.CHARACTERS, synchronous=synchronous)
        channel = TelegramDelivery(bot, engine.text, UNLIMITED, Unexpected("telegram"))
        self._inbox.add(channel)
        self._receiver = UpdateReceiver(UpdateParser(123456), channel, host(self._inbox, engine))
        await bot.initialize()
        await self._inbox.start()
        settled()

    async def _work(self) -> None:
        await side_by_side(self._turn, len(self._bodies), self._at_once)
        await idle(self._inbox)

    async def _turn(self, number: int) -> None:
        """Take one update and wait until its answer has reached the API."""
        answered = self._waiting[self._chats[number]] = asyncio.Event()
        await self._receiver.receive([json.loads(self._bodies[number])])
        await answered.wait()

    def _sent(self, chat: int) -> None:
        self._waiting[chat].set()
