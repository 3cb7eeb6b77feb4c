"""A clinician on Slack: the real adapter and Bolt over WebSocket or HTTP, every thread a thread of one channel."""

from __future__ import annotations

from bot.dialog import payloads
from bot.dialog.turn import Register
from tests.channels.slack.slack_app import ADA, CHANNEL, SlackApp, words_of
from tests.drivers.driver import Seen
from tests.fakes.slack_rich_text import walk
from tests.fakes.slack_world import Post


class SlackStage:
    """Questions are mentions in a channel; follow-ups are asked in the thread that the first one opened."""

    def __init__(self, slack_app: SlackApp) -> None:
        self._ward = slack_app
        self._roots: dict[str, str] = {}
        self._last: dict[str, Post] = {}

    async def choose(self, register: Register) -> None:
        """Choose the register as a person does: by the button under a first answer."""
        await self.say("help", "preparation")
        if register is Register.LAYPERSON:
            await self.switch(register, "preparation")

    async def say(self, words: str, thread: str) -> Seen:
        before = len(self._ward.world.posts)
        said = await self._ward.people.mention(ADA, CHANNEL, words, self._roots.get(thread))
        self._roots.setdefault(thread, said.ts)
        return await self._answer(before, thread)

    async def tap(self, node: str, thread: str) -> Seen:
        return await self._press(_payload(self._last[thread], node), thread)

    async def switch(self, register: Register, thread: str) -> Seen:
        ending = f":{register}"
        return await self._press(next(p for p in _payloads(self._last[thread]) if p.endswith(ending)), thread)

    async def _press(self, payload: str, thread: str) -> Seen:
        before = len(self._ward.world.posts)
        await self._ward.people.press(ADA, CHANNEL, self._last[thread].ts, payload)
        return await self._answer(before, thread)

    async def _answer(self, before: int, thread: str) -> Seen:
        """Wait for the whole answer: something is to be seen, and nothing is left to be answered."""
        await self._ward.world.until(lambda: len(self._ward.world.posts) > before)
        await self._ward.idle()
        parts = self._ward.world.posts[before:]
        self._last[thread] = parts[-1]
        nodes = tuple(tap.node for payload in _payloads(parts[-1]) if (tap := payloads.parse(payload)))
        return Seen("\n".join(f"{words_of(part)}\n{part.text}" for part in parts), nodes)


def _payloads(post: Post) -> list[str]:
    return [str(node["value"]) for node in walk(post.blocks) if node.get("type") == "button" and "value" in node]


def _payload(post: Post, node: str) -> str:
    for payload in _payloads(post):
        tap = payloads.parse(payload)
        if tap and tap.node == node and tap.register is None and tap.word in ("", "choice"):
            return payload
    raise AssertionError(f"no button leads to '{node}': {_payloads(post)}")
