"""Slack as a stage for tests/conversations: one person in a channel, each thread of the script a thread there."""

from __future__ import annotations

import html

from bot.engine import taps
from bot.engine.turn import Tone
from tests.adapters.slack.ward import ADA, CHANNEL, Ward
from tests.fakes.slack_rich_text import walk
from tests.fakes.slack_world import Post
from tests.stages.stage import Seen


class SlackStage:
    """Plays with mentions and buttons; what is seen is what Slack was sent."""

    def __init__(self, ward: Ward) -> None:
        self._ward = ward
        self._roots: dict[str, str] = {}
        self._last: dict[str, Post] = {}

    async def say(self, words: str, thread: str) -> Seen:
        """Mention the bot in the thread, or begin it."""
        said = await self._ward.people.mention(ADA, CHANNEL, html.escape(words, quote=False), self._roots.get(thread))
        self._roots.setdefault(thread, said.ts)
        return await self._seen(thread)

    async def tap(self, node: str, thread: str) -> Seen:
        """Press the button that leads to a node."""
        post = self._last[thread]
        payload = next(p for p in payloads_of(post) if (tap := taps.parse(p)) and tap.node == node and tap.tone is None)
        return await self._press(payload, thread)

    async def switch(self, tone: Tone, thread: str) -> Seen:
        """Press the button of the other register; nothing to press when it is the reader's already."""
        post = self._last[thread]
        found = [p for p in payloads_of(post) if (tap := taps.parse(p)) and tap.tone is tone]
        return await self._press(found[0], thread) if found else _shown(post)

    async def _press(self, payload: str, thread: str) -> Seen:
        await self._ward.people.press(ADA, CHANNEL, self._last[thread].ts, payload)
        return await self._seen(thread)

    async def _seen(self, thread: str) -> Seen:
        self._last[thread] = await self._ward.answer()
        await self._ward.idle()
        return _shown(self._last[thread])


def payloads_of(post: Post) -> list[str]:
    """Return what the buttons carry, in order."""
    return [str(node["value"]) for node in walk(post.blocks) if node.get("type") == "button" and "value" in node]


def _shown(post: Post) -> Seen:
    text = html.unescape(post.text) or " ".join(n["text"] for n in walk(post.blocks) if isinstance(n.get("text"), str))
    return Seen(text, tuple(tap.node for payload in payloads_of(post) if (tap := taps.parse(payload))))
