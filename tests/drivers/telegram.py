"""A patient on Telegram: the real channel over HTTP, in a private chat and in the topics of a group."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from bot.dialog.turn import Register
from tests.drivers.driver import Seen, leading_to, nodes_behind
from tests.fakes.telegram import FakeTelegram

Json = dict[str, Any]


class TelegramDriver:
    """The thread `main` is a private chat, every other thread a topic of a forum group."""

    def __init__(self, fake: FakeTelegram) -> None:
        self.idle: Callable[[], Awaitable[None]]
        """Returns when nothing accepted is left unanswered."""
        self._fake = fake
        self._person = fake.person("Ann")
        self._group = fake.group("Feet", forum=True)
        self._topics: dict[str, int] = {}
        self._last: dict[str, Json] = {}

    async def choose(self, register: Register) -> None:
        """Choose the register as a person does: by the button under a first answer."""
        await self.say("help", "main")
        if register is Register.PROFESSIONAL:
            await self.switch(register, "main")

    async def say(self, words: str, thread: str) -> Seen:
        before = self._heard(thread)
        if thread == "main":
            self._person.says(words)
        else:
            topic = self._topics.setdefault(thread, 0) or self._open(thread)
            self._person.says(f"@{self._fake.username} {words}", self._group, topic)
        return await self._answer(before, thread)

    async def command(self, name: str, thread: str) -> Seen:
        return await self.say(f"/{name}", thread)

    async def tap(self, node: str, thread: str) -> Seen:
        return await self._press(leading_to(node, _payloads(self._last[thread])), thread)

    async def switch(self, register: Register, thread: str) -> Seen:
        ending = f":{register}"
        return await self._press(next(p for p in _payloads(self._last[thread]) if p.endswith(ending)), thread)

    async def _press(self, payload: str, thread: str) -> Seen:
        before = self._heard(thread)
        self._person.taps(payload, self._last[thread])
        return await self._answer(before, thread)

    async def _answer(self, before: int, thread: str) -> Seen:
        """Wait for the whole answer: something was heard, and nothing is left to be answered."""
        await self._fake.until(lambda: self._heard(thread) > before, "an answer")
        await self.idle()
        parts = self._events(thread)[before:]
        self._last[thread] = parts[-1]
        nodes = nodes_behind(_payloads(parts[-1]))
        return Seen("\n".join(part["text"] for part in parts), nodes)

    def _open(self, thread: str) -> int:
        self._topics[thread] = self._group.topic(thread)
        return self._topics[thread]

    def _heard(self, thread: str) -> int:
        return len(self._events(thread))

    def _events(self, thread: str) -> list[Json]:
        """Return everything the bot sent or edited in the chat of a thread, oldest first."""
        chat = self._person.id if thread == "main" else self._group.id
        return [e.json for e in self._fake.world.events if e.kind in ("message", "edit") and e.chat == chat]


def _payloads(message: Json) -> list[str]:
    rows = message.get("reply_markup", {}).get("inline_keyboard", ())
    return [button["callback_data"] for row in rows for button in row if "callback_data" in button]
