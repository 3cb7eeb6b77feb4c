"""Whole Telegram turns: the update's JSON, the durable inbox, the engine, the answer at the API, the turn finished."""

from __future__ import annotations

import asyncio
import itertools
import json
import time

from benchmarks import trees
from benchmarks.contenders import updates
from benchmarks.contenders.canned import Canned
from benchmarks.contenders.concurrency import side_by_side
from benchmarks.contenders.footnote import footnote, host, idle, settled, shipped_footnote
from bot.channels.platforms import Unexpected
from bot.channels.telegram import client
from bot.channels.telegram.app import UpdateReceiver
from bot.channels.telegram.channel import TelegramDelivery
from bot.channels.telegram.updates import UpdateParser
from bot.content.models import Register
from bot.dialog import payloads
from bot.inbox.inbox import Inbox

UNLIMITED = client.Rates(overall=0, group=0, chat=0)
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

    def _sent(self, chat: int, _text: str) -> None:
        self._waiting[chat].set()


class InNeed:
    """People who ask sixty questions each at once, then say that they are in need, at the pace Telegram allows."""

    BEHIND = 60
    ALL_AT_ONCE = 10
    """People at a time: their answers, one a second each, stay below what Telegram takes of all together."""

    def __init__(self, folder: str) -> None:
        self._folder, self._runner = folder, asyncio.Runner()
        self._inbox: Inbox | None = None
        self._people = itertools.count()
        Canned.sent = self._sent
        client.AiohttpRequest = Canned  # type: ignore[misc, assignment]

    def prepare(self, turns: int) -> None:
        """Begin with an empty inbox: what the people of the last round asked would still be answered."""
        self._turns, self._took = turns, list[float]()
        self._answered: dict[int, asyncio.Event] = {}
        self._runner.run(self._open())

    def run(self) -> None:
        self._runner.run(side_by_side(self._one, self._turns, self.ALL_AT_ONCE))

    def result(self) -> dict[str, float]:
        took = sorted(self._took)
        return {"turns": len(took), "p50": took[len(took) // 2], "p99": took[len(took) * 99 // 100], "worst": took[-1]}

    async def _open(self) -> None:
        if self._inbox is not None:
            await self._inbox.drain(0)
        self._inbox, engine = await shipped_footnote(self._folder)
        self._urgent = engine.title("urgent-chest", Register.LAYPERSON)
        bot = client.make_bot(updates.TOKEN, "http://127.0.0.1")
        channel = TelegramDelivery(bot, engine.text, client.Rates(), Unexpected("telegram"))
        self._inbox.add(channel)
        self._receiver = UpdateReceiver(UpdateParser(123456), channel, host(self._inbox, engine))
        await bot.initialize()
        await self._inbox.start()
        settled()

    async def _one(self, _number: int) -> None:
        person = next(self._people)
        answered = self._answered[int(updates.chat(person)["id"])] = asyncio.Event()
        for at in range(self.BEHIND):
            await self._told(person, QUESTIONS[at % len(QUESTIONS)])
        await asyncio.sleep(person % 10 / 10)
        begun = time.perf_counter()
        await self._told(person, "i have chest pain")
        await answered.wait()
        self._took.append(time.perf_counter() - begun)

    async def _told(self, person: int, words: str) -> None:
        await self._receiver.receive([json.loads(updates.words(person, words))])

    def _sent(self, chat: int, text: str) -> None:
        if self._urgent in text:
            self._answered[chat].set()


QUESTIONS = ("what is alpha lipoic acid?", "is ala safe?", "does vitamin k2 help?", "how much ala was tested?")
"""What is asked before."""
