"""One run: a database, both platforms, replicas of the bot, people who ask, and the weather."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp

from bot.engine.respond import Engine
from tests.chaos.clinicians import Clinicians
from tests.chaos.databases import Database, fresh_database
from tests.chaos.oracle import Oracle, Talk
from tests.chaos.patients import Patients
from tests.chaos.processes import Bot
from tests.chaos.proxy import Proxy
from tests.chaos.report import Report
from tests.chaos.weather import Weather
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_clock import Errand, RealClock
from tests.fakes.slack_delivery import ACK_SECONDS
from tests.fakes.slack_faults import Fault
from tests.fakes.telegram import FakeTelegram
from tests.postgres import TestServer

HASTE = 15.0
"""Slack's repetitions come so many times sooner (0, 4 and 20 seconds instead of 0, 60 and 300)."""

PUSH, PULL = "webhook+http", "polling+socket"
"""The four modes, two at a time: both platforms knock at the bot's door, or the bot fetches from both."""


@dataclass(frozen=True)
class Plan:
    """How much happens. `still` is how many seconds without a single new answer end the run."""

    modes: str = PULL
    turns: int = 60
    kills: int = 2
    people: int = 10
    replicas: int = 1
    seed: int = 1
    faults: Sequence[str] = ()
    down: str = ""
    still: float = 60.0


class HastyClock(RealClock):
    """Slack in a hurry to repeat what failed, but with its usual patience for an acknowledgement."""

    def later(self, seconds: float, errand: Errand) -> None:
        super().later(seconds if seconds <= ACK_SECONDS else seconds / HASTE, errand)


async def run(plan: Plan, engine: Engine, server: TestServer | None) -> Report:
    """Carry the plan out and return what it came to; on PostgreSQL if a server is given, else on SQLite."""
    chance = random.Random(plan.seed)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(fresh_database(server))
        telegram = await stack.enter_async_context(FakeTelegram(keep=1000))
        slack = await stack.enter_async_context(FakeSlack(HastyClock()))
        bots = [Bot({}) for _ in range(plan.replicas)]
        proxy = await stack.enter_async_context(Proxy(bots))
        for bot in bots:
            bot.environment = _environment(plan, telegram, slack, database, proxy)
        slack.delivery.mode = "http" if plan.modes == PUSH else "socket"
        slack.delivery.url = f"http://127.0.0.1:{proxy.port}/slack/events"
        report = Report(plan.modes, database.name, plan.seed, plan.replicas)
        weather = Weather(bots, telegram, slack, database, chance, report)
        await stack.enter_async_context(_running(bots))
        await _live(plan, Oracle(engine), telegram, slack, weather, report, chance)
        report.quarantined = sum([await _quarantined(bot) for bot in bots])
        report.peak_megabytes = max(bot.peak_megabytes for bot in bots)
    return report


async def _live(
    plan: Plan,
    oracle: Oracle,
    telegram: FakeTelegram,
    slack: FakeSlack,
    weather: Weather,
    report: Report,
    chance: random.Random,
) -> None:
    """Let people ask while the weather passes over, wait until everything is answered, and judge."""
    crowds: list[Patients | Clinicians] = []
    if plan.down != "telegram":
        crowds.append(Patients(telegram, oracle, chance, plan.people))
    if plan.down != "slack":
        crowds.append(Clinicians(slack, oracle, chance, plan.people))
    if plan.down:
        _take_down(plan.down, telegram, slack)
        report.faults[f"{plan.down}-down"] += 1

    def talks() -> list[Talk]:
        return [talk for crowd in crowds for talk in crowd.talks]

    def answers() -> int:
        return sum(len(talk.seen) for talk in talks())

    each = plan.turns // (plan.people * len(crowds))
    begun, patience = time.monotonic(), Patience(answers, plan.still)
    storm = asyncio.create_task(weather.pass_over(answers, plan.turns, plan.kills, plan.faults))
    await asyncio.gather(storm, *(crowd.live(each, patience.budget) for crowd in crowds))
    while not all(talk.answered for talk in talks()) and patience.budget():  # noqa: ASYNC110 (two worlds to watch)
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)  # long enough for a second answer to what was answered last, if there is one
    report.seconds = time.monotonic() - begun
    report.judge(talks())


class Patience:
    """Runs out when nothing new was answered for so many seconds."""

    def __init__(self, answers: Callable[[], int], still: float) -> None:
        self._answers = answers
        self._still = still
        self._count, self._since = -1, time.monotonic()

    def budget(self) -> bool:
        """Return whether there is time left."""
        count = self._answers()
        if count != self._count:
            self._count, self._since = count, time.monotonic()
        return time.monotonic() - self._since < self._still


@asynccontextmanager
async def _running(bots: Sequence[Bot]) -> AsyncIterator[None]:
    await asyncio.gather(*(bot.start() for bot in bots))
    try:
        yield
    finally:
        codes = await asyncio.gather(*(bot.stop() for bot in bots))
        assert set(codes) == {0}, f"a replica did not end cleanly: {codes}"


def _environment(
    plan: Plan, telegram: FakeTelegram, slack: FakeSlack, database: Database, proxy: Proxy
) -> dict[str, str]:
    pushed = plan.modes == PUSH
    return {
        "FOOTNOTE_DATABASE_URL": database.url,
        "FOOTNOTE_SECRET": "a secret for chaos, the same on every replica",
        "FOOTNOTE_PORT": "0",
        "TELEGRAM_BOT_TOKEN": telegram.token,
        "TELEGRAM_API_BASE_URL": telegram.url,
        "TELEGRAM_MODE": "webhook" if pushed else "polling",
        "TELEGRAM_WEBHOOK_URL": f"http://127.0.0.1:{proxy.port}/telegram/webhook" if pushed else "",
        "TELEGRAM_WEBHOOK_SECRET": "webhook-secret-for-chaos" if pushed else "",
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.world.app_token,
        "SLACK_SIGNING_SECRET": slack.world.signing_secret,
        "SLACK_API_BASE_URL": slack.api,
        "SLACK_MODE": "http" if pushed else "socket",
    }


def _take_down(platform: str, telegram: FakeTelegram, slack: FakeSlack) -> None:
    """Let one platform's API fail from the first call to the last."""
    if platform == "telegram":
        telegram.fault("*", status=503)
    else:
        slack.faults.add(Fault("server_error", "*", times=1_000_000))


async def _quarantined(bot: Bot) -> int:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{bot.port}/metrics") as page:
        lines = (await page.text()).splitlines()
    return sum(int(float(line.split()[-1])) for line in lines if line.startswith("footnote_quarantined_total"))
