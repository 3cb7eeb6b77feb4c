"""People in Slack channels: each has a thread, mentions the bot there, and now and then takes the other register."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.chaos.oracle import Oracle, Talk
from tests.chaos.patients import Budget
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_delivery import RETRIES, Emission
from tests.fakes.slack_rich_text import walk
from tests.fakes.slack_world import Post

GLANCE = 5.0
"""Seconds after which somebody who waits looks whether time is up."""


@dataclass
class Clinician:
    """Somebody at a desk, with a channel of their own so that Slack's one post a second concerns nobody else."""

    user: str
    channel: str
    talk: Talk = field(default_factory=lambda: Talk("slack"))
    root: str | None = None
    newest: Post | None = None

    def sees(self, payload: str) -> bool:
        """Return whether the button is under the newest answer."""
        blocks = self.newest.blocks if self.newest else []
        return any(node.get("value") == payload for node in walk(blocks) if node.get("type") == "button")


class Clinicians:
    """So many threads."""

    def __init__(self, slack: FakeSlack, oracle: Oracle, chance: random.Random, count: int) -> None:
        self._slack = slack
        self._oracle = oracle
        self._chance = chance
        self._people = {f"C{n:03}CHAOS": Clinician(f"U{n:03}CHAOS", f"C{n:03}CHAOS") for n in range(count)}
        for clinician in self._people.values():
            slack.world.channel(clinician.channel, clinician.user)
        self._read = 0
        self._texts: dict[str, str] = {}

    @property
    def talks(self) -> list[Talk]:
        """Every conversation, as far as it is visible now."""
        self._look()
        return [clinician.talk for clinician in self._people.values()]

    async def live(self, turns: int, budget: Budget) -> None:
        """Let everybody ask, so many turns each."""
        await asyncio.gather(*(self._live(clinician, turns, budget) for clinician in self._people.values()))

    async def _live(self, clinician: Clinician, turns: int, budget: Budget) -> None:
        talk = clinician.talk
        while len(talk.expected) < turns and budget():
            for _ in range(min(self._chance.choice((1, 1, 2)), turns - len(talk.expected))):
                await self._ask(clinician, budget)
            await self._until(lambda: talk.answered, budget)
            if self._chance.random() < 0.3 and 0 < len(talk.expected) < turns and talk.answered:
                await self._switch(clinician, budget)

    async def _ask(self, clinician: Clinician, budget: Budget) -> None:
        """Mention the bot, and go on once it has acknowledged: Slack keeps no order among what it repeats.

        What it never acknowledges, Slack gives up after its third repetition; then nothing was accepted.
        """
        words = self._oracle.question(clinician.talk, self._chance)
        said = await self._slack.people.mention(clinician.user, clinician.channel, words, clinician.root)
        clinician.root = clinician.root or said.ts
        await self._until(lambda: _settled(said.emissions), budget)
        if not any(emission.acknowledged for emission in said.emissions):
            self._oracle.take_back(clinician.talk)

    async def _switch(self, clinician: Clinician, budget: Budget) -> None:
        """Press the register switch, again if need be: Slack never repeats a press that was not acknowledged."""
        payload = self._oracle.other_register(clinician.talk)
        await self._until(lambda: clinician.sees(payload), budget)
        while budget() and clinician.sees(payload):
            pressed = await self._press(clinician, payload)
            await self._until(lambda: not clinician.sees(payload) or pressed.tried.is_set(), budget)  # noqa: B023
            clinician.talk.pressed_again += pressed.tried.is_set()
        self._oracle.press(clinician.talk, payload)
        await self._until(lambda: clinician.talk.answered, budget)

    async def _press(self, clinician: Clinician, payload: str) -> Emission:
        assert clinician.newest is not None
        return await self._slack.people.press(clinician.user, clinician.channel, clinician.newest.ts, payload)

    async def _until(self, true: Callable[[], bool], budget: Budget) -> None:
        def looked() -> bool:
            self._look()
            return true() or not budget()

        while not looked():
            with contextlib.suppress(TimeoutError):
                await self._slack.world.until(looked, GLANCE)

    def _look(self) -> None:
        posts = self._slack.world.posts
        unread, self._read = posts[self._read :], len(posts)
        for post in unread:
            clinician = self._people.get(post.channel)
            if clinician is None:
                continue
            clinician.newest = post
            if self._texts.get(post.ts) == post.text:
                continue  # updated to what it was: nobody sees that
            self._texts[post.ts] = post.text
            answer = self._oracle.read(post.text)
            if answer is not None:
                clinician.talk.seen.append(answer)


def _settled(emissions: list[Emission]) -> bool:
    """True when one was acknowledged, or Slack has given all of them up."""
    return any(emission.acknowledged for emission in emissions) or all(_given_up(emission) for emission in emissions)


def _given_up(emission: Emission) -> bool:
    """True when the last repetition has failed; the sign that an earlier attempt failed is taken down."""
    if emission.attempts <= len(RETRIES):
        emission.tried.clear()
    return emission.tried.is_set()
