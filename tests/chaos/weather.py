"""What befalls the bot: kills and faults, each when so many answers were seen, in an order that the seed decides."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence

from tests.chaos.databases import Database
from tests.chaos.processes import Bot
from tests.chaos.report import Report
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_faults import Fault
from tests.fakes.telegram import FakeTelegram

Blow = Callable[[], Awaitable[None]]


class Weather:
    """Strikes `kills` times and with every fault in `faults`, spread over the run."""

    def __init__(
        self,
        bots: Sequence[Bot],
        telegram: FakeTelegram,
        slack: FakeSlack,
        database: Database,
        chance: random.Random,
        report: Report,
    ) -> None:
        self._bots = bots
        self._telegram = telegram
        self._slack = slack
        self._database = database
        self._chance = chance
        self._report = report
        self.faults: dict[str, Blow] = {
            "telegram-429": self._telegram_asks_to_wait,
            "telegram-500": self._telegram_fails,
            "telegram-drop": self._telegram_drops,
            "telegram-unsure": self._telegram_drops_after,
            "slack-429": self._slack_asks_to_wait,
            "slack-500": self._slack_fails,
            "slack-unsure": self._slack_drops_after,
            "socket-cut": self._slack.delivery.cut,
            "socket-refresh": self._slack.delivery.disconnect,
            "database": self._database.trouble,
        }

    async def pass_over(self, answers: Callable[[], int], expected: int, kills: int, faults: Sequence[str]) -> None:
        """Strike at random numbers of answers until everything planned has happened."""
        blows: list[tuple[str, Blow]] = [("kill", self._kill)] * kills
        blows += [(name, self.faults[name]) for name in faults]
        self._chance.shuffle(blows)
        moments = sorted(self._chance.uniform(0.02, 0.9) * expected for _ in blows)
        for moment, (name, blow) in zip(moments, blows, strict=True):
            while answers() < moment:  # noqa: ASYNC110 (two worlds to watch)
                await asyncio.sleep(0.02)
            await asyncio.sleep(self._chance.uniform(0, 0.5))
            await blow()
            if name != "kill":
                self._report.faults[name] += 1

    async def _kill(self) -> None:
        bot = self._chance.choice(self._bots)
        await bot.kill()
        self._report.kills += 1
        await bot.start()

    async def _telegram_asks_to_wait(self) -> None:
        self._telegram.fault("sendMessage", retry_after=1, times=3)

    async def _telegram_fails(self) -> None:
        self._telegram.fault("*", status=502, times=5)

    async def _telegram_drops(self) -> None:
        self._telegram.fault("*", drop="before", times=3)

    async def _telegram_drops_after(self) -> None:
        self._telegram.fault("sendMessage", drop="after", times=1)
        self._report.faults["unsure"] += 1

    async def _slack_asks_to_wait(self) -> None:
        self._slack.faults.add(Fault("ratelimited", "chat.*", times=3))

    async def _slack_fails(self) -> None:
        self._slack.faults.add(Fault("server_error", "*", times=5))

    async def _slack_drops_after(self) -> None:
        self._slack.faults.add(Fault("drop_after", "chat.postMessage", times=1))
        self._report.faults["unsure"] += 1
