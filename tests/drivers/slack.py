"""A clinician on Slack: the real channel and Bolt over WebSocket or HTTP, every thread a thread of one channel."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.dialog.turn import Register
from tests.channels.slack.slack_app import ADA, words_of
from tests.drivers.driver import Seen, leading_to, nodes_behind
from tests.fakes.slack import CHANNEL, FakeSlack
from tests.fakes.slack_rich_text import walk
from tests.fakes.slack_world import Post


class SlackDriver:
    """Questions are mentions in a channel; follow-ups are asked in the thread that the first one opened."""

    def __init__(self, fake: FakeSlack) -> None:
        self.idle: Callable[[], Awaitable[None]]
        """Returns when nothing accepted is left unanswered."""
        self._fake = fake
        self._roots: dict[str, str] = {}
        self._last: dict[str, Post] = {}

    async def choose(self, register: Register) -> None:
        """Choose the register as a person does: by the button under a first answer."""
        await self.say("help", "preparation")
        if register is Register.LAYPERSON:
            await self.switch(register, "preparation")

    async def say(self, words: str, thread: str) -> Seen:
        before = len(self._fake.world.posts)
        said = await self._fake.people.mention(ADA, CHANNEL, words, self._roots.get(thread))
        self._roots.setdefault(thread, said.ts)
        return await self._answer(before, thread)

    async def command(self, name: str, thread: str) -> Seen:
        raise NotImplementedError("commands are private on Slack")

    async def tap(self, node: str, thread: str) -> Seen:
        return await self._press(leading_to(node, _payloads(self._last[thread])), thread)

    async def switch(self, register: Register, thread: str) -> Seen:
        ending = f":{register}"
        return await self._press(next(p for p in _payloads(self._last[thread]) if p.endswith(ending)), thread)

    async def _press(self, payload: str, thread: str) -> Seen:
        before = len(self._fake.world.posts)
        await self._fake.people.press(ADA, CHANNEL, self._last[thread].ts, payload)
        return await self._answer(before, thread)

    async def _answer(self, before: int, thread: str) -> Seen:
        """Wait for the whole answer: something is to be seen, and nothing is left to be answered."""
        await self._fake.world.until(lambda: len(self._fake.world.posts) > before)
        await self.idle()
        parts = self._fake.world.posts[before:]
        self._last[thread] = parts[-1]
        nodes = nodes_behind(_payloads(parts[-1]))
        return Seen("\n".join(f"{words_of(part)}\n{part.text}" for part in parts), nodes)


def _payloads(post: Post) -> list[str]:
    """Return what the buttons carry, and the entries of the menu behind the dots."""
    found: list[str] = []
    for node in walk(post.blocks):
        if node.get("type") == "button" and "value" in node:
            found.append(str(node["value"]))
        elif node.get("type") == "overflow":
            found += [str(option["value"]) for option in node["options"]]
    return found
