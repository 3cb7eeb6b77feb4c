"""What befalls the bot: kills and faults, each when so many answers were seen, in an order that the seed decides."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from tests.chaos.clock import Clock
from tests.chaos.databases import Database
from tests.chaos.modes import Mode
from tests.chaos.processes import Bot
from tests.chaos.report import Report
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_faults import Fault
from tests.fakes.telegram import FakeTelegram

Blow = Callable[[], Awaitable[None]]

DEAF_SECONDS = 5.0
WRONG_SECONDS = 3.0
WRONG_BY = (7200.0, -7200.0)
"""Two hours ahead, then two hours behind."""


class FaultSchedule:
    """Strikes `kills` times and with every fault, spread over so many answers."""

    def __init__(
        self,
        bots: Sequence[Bot],
        telegram: FakeTelegram,
        slack: FakeSlack,
        clock: Clock,
        chance: random.Random,
        report: Report,
    ) -> None:
        self._bots = bots
        self._telegram = telegram
        self._slack = slack
        self._clock = clock
        self._chance = chance
        self._report = report

    def faults(self, mode: Mode, database: Database) -> dict[str, Blow]:
        """Return every fault that can strike in this mode and on this database, by name."""
        found: dict[str, Blow] = {**database.troubles(self._bots), "clock-wrong": self._clock_wrong}
        if mode.telegram:
            found |= self._of_telegram()
        if mode.slack:
            found |= self._of_slack()
        if mode.slack == "socket":
            found |= {
                "slack-socket-cut": self._slack.delivery.cut,
                "slack-socket-refresh": self._slack.delivery.disconnect,
                "slack-socket-deaf": self._deaf,
            }
        return found

    async def carry_out(
        self,
        answers: Callable[[], int],
        among: int,
        kills: int,
        faults: Sequence[tuple[str, Blow]],
        budget: Callable[[], bool],
    ) -> None:
        """Strike at random moments among the next so many answers until everything planned has happened, or until
        nothing is answered any more."""
        blows: list[tuple[str, Blow]] = [("kill", self._kill)] * kills + [*faults]
        self._chance.shuffle(blows)
        before = answers()
        moments = sorted(before + self._chance.uniform(0.02, 0.9) * among for _ in blows)
        for moment, (name, blow) in zip(moments, blows, strict=True):
            while answers() < moment and budget():  # noqa: ASYNC110 (two worlds to watch)
                await asyncio.sleep(0.02)
            if not budget():
                return
            await asyncio.sleep(self._chance.uniform(0, 0.5))
            await blow()
            if name != "kill":
                self._report.faults[name] += 1

    async def _kill(self) -> None:
        bot = self._chance.choice(self._bots)
        await bot.kill()
        self._report.kills += 1
        await bot.start()

    async def _clock_wrong(self) -> None:
        for seconds in (*WRONG_BY, 0.0):
            self._clock.jump(seconds)
            await asyncio.sleep(WRONG_SECONDS)

    async def _deaf(self) -> None:
        """Let the bot connect to a socket that answers pings and nothing else, and leave it there."""
        self._slack.delivery.deaf = True
        await self._slack.delivery.cut()
        await asyncio.sleep(DEAF_SECONDS)
        self._slack.delivery.deaf = False

    def _of_telegram(self) -> dict[str, Blow]:
        def fault(method: str, **details: Any) -> Blow:
            async def strike() -> None:
                self._telegram.fault(method, **details)
                self._report.unsure += details.get("drop") == "after"

            return strike

        return {
            "telegram-429": fault("sendMessage", retry_after=1, times=3),
            "telegram-502": fault("*", status=502, times=5),
            "telegram-drop": fault("*", drop="before", times=3),
            "telegram-drop-after-accept": fault("sendMessage", drop="after", times=1),
        }

    def _of_slack(self) -> dict[str, Blow]:
        def fault(*terms: Any, **details: Any) -> Blow:
            async def strike() -> None:
                self._slack.faults.add(Fault(*terms, **details))
                self._report.unsure += terms[0] == "drop_after"

            return strike

        return {
            "slack-429": fault("ratelimited", "chat.*", times=3),
            "slack-503": fault("server_error", "*", times=5),
            "slack-drop": fault("drop", "*", times=3),
            "slack-drop-after-accept": fault("drop_after", "chat.postMessage", times=1),
        }
