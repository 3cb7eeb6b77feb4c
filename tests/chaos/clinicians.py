"""People in Slack channels: each has a thread, mentions the bot there, and now and then takes the other register."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.dialog.turn import Kind
from tests.chaos.oracle import Oracle, Talk
from tests.chaos.patients import Budget
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_delivery import RETRIES, Emission
from tests.fakes.slack_rich_text import walk
from tests.fakes.slack_world import Post

BREATH = 3
"""Every so many questions somebody waits for the answers."""

GLANCE = 5.0
"""Seconds after which somebody who waits looks whether time is up."""


@dataclass
class Clinician:
    """Somebody at a desk, with a channel of their own so that Slack's one post a second concerns nobody else."""

    user: str
    channel: str
    talk: Talk
    root: str | None = None
    newest: Post | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def sees(self, payload: str) -> bool:
        """Return whether the button is under the newest answer."""
        blocks = self.newest.blocks if self.newest else []
        return any(node.get("value") == payload for node in walk(blocks) if node.get("type") == "button")


class Clinicians:
    """So many threads."""

    def __init__(self, slack: FakeSlack, oracle: Oracle, seed: int, count: int, turns: int) -> None:
        self._slack = slack
        self._oracle = oracle
        self._people = {
            f"C{n:03}CHAOS": Clinician(
                f"U{n:03}CHAOS", f"C{n:03}CHAOS", oracle.talk("slack", turns, f"{seed} clinician {n}")
            )
            for n in range(count)
        }
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
        """Let everybody go on until they have done so many turns in all."""
        await asyncio.gather(*(self._live(clinician, turns, budget) for clinician in self._people.values()))

    async def ask(self, number: int, budget: Budget) -> None:
        """Let somebody ask the next thing as soon as Slack has delivered their last."""
        clinician = list(self._people.values())[number % len(self._people)]
        async with clinician.turn:
            await self._ask(clinician, clinician.talk.script[clinician.talk.done].words, budget)

    async def _live(self, clinician: Clinician, turns: int, budget: Budget) -> None:
        talk = clinician.talk
        while (ahead := talk.ahead(turns)) and budget():
            if ahead[0].kind is Kind.TAP:
                await self._press(clinician, ahead[0].words, budget)
            else:
                await self._ask(clinician, ahead[0].words, budget)
            if len(ahead) < 2 or ahead[1].kind is Kind.TAP or talk.done % BREATH == 0:
                await self._until(lambda: talk.answered, budget)
                await asyncio.sleep(ahead[0].pause)

    async def _ask(self, clinician: Clinician, words: str, budget: Budget) -> None:
        """Mention the bot until Slack is told that it arrived, and only then go on: Slack keeps no order among what it
        repeats, and gives up after its third repetition."""
        said = await self._mention(clinician, words, budget)
        while not _acknowledged(said) and budget():
            said = await self._mention(clinician, words, budget)
            clinician.talk.again += 1
        clinician.talk.done += _acknowledged(said)

    async def _mention(self, clinician: Clinician, words: str, budget: Budget) -> list[Emission]:
        said = await self._slack.people.mention(clinician.user, clinician.channel, words, clinician.root)
        clinician.root = clinician.root or said.ts
        await self._until(lambda: _acknowledged(said.emissions) or all(map(_given_up, said.emissions)), budget)
        return said.emissions

    async def _press(self, clinician: Clinician, payload: str, budget: Budget) -> None:
        """Press the register switch, again if need be: Slack never repeats a press that was not acknowledged."""
        await self._until(lambda: clinician.sees(payload), budget)
        while budget() and clinician.sees(payload):
            pressed = await self._slack.people.press(clinician.user, clinician.channel, _newest(clinician).ts, payload)
            await self._until(lambda: not clinician.sees(payload) or pressed.tried.is_set(), budget)  # noqa: B023
            clinician.talk.again += pressed.tried.is_set()
        clinician.talk.done += 1

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


def _newest(clinician: Clinician) -> Post:
    assert clinician.newest is not None
    return clinician.newest


def _acknowledged(emissions: list[Emission]) -> bool:
    return any(emission.acknowledged for emission in emissions)


def _given_up(emission: Emission) -> bool:
    """True when the last repetition has failed; the sign that an earlier attempt failed is taken down."""
    if emission.attempts <= len(RETRIES):
        emission.tried.clear()
    return emission.tried.is_set()
