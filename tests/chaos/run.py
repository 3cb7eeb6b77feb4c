"""One run: a database, the platforms, replicas of the bot, people who ask, and a schedule of faults."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import aiohttp

from bot.dialog.engine import Engine
from tests.chaos.clinicians import Clinicians
from tests.chaos.clock import Clock
from tests.chaos.databases import Database, fresh_database
from tests.chaos.fault_schedule import Blow, FaultSchedule
from tests.chaos.modes import SINGLE, Mode, environment
from tests.chaos.oracle import Oracle, Talk
from tests.chaos.patients import Patients
from tests.chaos.processes import Bot
from tests.chaos.proxy import Proxy
from tests.chaos.report import Report
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_clock import Errand, RealClock
from tests.fakes.slack_delivery import ACK_SECONDS
from tests.fakes.slack_faults import Fault
from tests.fakes.telegram import FakeTelegram
from tests.postgres import TestServer

T = TypeVar("T")

HASTE = 15.0
"""Slack's repetitions come so many times sooner (0, 4 and 20 seconds instead of 0, 60 and 300)."""

HOUR = 3600.0


@dataclass(frozen=True)
class Plan:
    """How much happens. `turns` and `kills` are those of the whole run, `faults` how often each fault strikes.

    With `hours`, the run lasts so many hours of the bot's time: each has its share of turns, kills and faults, and when
    everything is answered the rest of it is skipped. `still` is how many seconds without a new answer end the run.
    """

    mode: Mode = SINGLE[0]
    turns: int = 60
    kills: int = 2
    people: int = 10
    replicas: int = 1
    seed: int = 1
    faults: int = 0
    hours: int = 0
    down: str = ""
    still: float = 60.0


class HastyClock(RealClock):
    """Slack in a hurry to repeat what failed, but with its usual patience for an acknowledgement."""

    def later(self, seconds: float, errand: Errand) -> None:
        super().later(seconds if seconds <= ACK_SECONDS else seconds / HASTE, errand)


class Scene:
    """Everything that takes part in one run."""

    def __init__(self, plan: Plan, engine: Engine, telegram: FakeTelegram, slack: FakeSlack, clock: Clock) -> None:
        self.plan = plan
        self.chance = random.Random(plan.seed)
        self.bots = [Bot({}, clock.path if plan.faults or plan.hours else "") for _ in range(plan.replicas)]
        self.proxy = Proxy(self.bots)
        self.telegram, self.slack, self.clock = telegram, slack, clock
        self._engine = engine
        self.populations: list[Patients | Clinicians] = []

    def people(self) -> None:
        """Let people come to the platforms that are there."""
        plan, oracle = self.plan, Oracle(self._engine)
        patients = bool(plan.mode.telegram) and plan.down != "telegram"
        clinicians = bool(plan.mode.slack) and plan.down != "slack"
        each = plan.turns // (plan.people * (patients + clinicians))
        if patients:
            self.populations.append(Patients(self.telegram, oracle, plan.seed, plan.people, each))
        if clinicians:
            self.populations.append(Clinicians(self.slack, oracle, plan.seed, plan.people, each))

    def connect(self, database: Database) -> None:
        """Tell the bots where everything is, and Slack where the bots are."""
        for bot in self.bots:
            bot.environment = environment(self.plan.mode, self.telegram, self.slack, database, self.proxy)
        self.slack.delivery.mode = "http" if self.plan.mode.slack == "http" else "socket"
        self.slack.delivery.url = f"http://127.0.0.1:{self.proxy.port}/slack/events"

    def take_down(self) -> None:
        """Let one platform's API fail from the first call to the last."""
        if self.plan.down == "telegram":
            self.telegram.fault("*", status=503)
        elif self.plan.down == "slack":
            self.slack.faults.add(Fault("server_error", "*", times=1_000_000))

    def talks(self) -> list[Talk]:
        """Return every conversation, as far as it is visible now."""
        return [talk for population in self.populations for talk in population.talks]

    def answers(self) -> int:
        """Return how many answers were seen."""
        return sum(len(talk.seen) for talk in self.talks())

    def unconfirmed(self) -> int:
        """Return how much of what people did Telegram was never told was received."""
        return 0 if self.plan.down == "telegram" else len(self.telegram.feed.pending)


async def run(plan: Plan, engine: Engine, server: TestServer | None) -> Report:
    """Carry the plan out and return what it came to; on PostgreSQL if a server is given, else on SQLite."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(fresh_database(server))
        clock = stack.enter_context(Clock())
        telegram = await stack.enter_async_context(FakeTelegram(keep=1000))
        slack = await stack.enter_async_context(FakeSlack(HastyClock()))
        scene = Scene(plan, engine, telegram, slack, clock)
        await stack.enter_async_context(scene.proxy)
        scene.connect(database)
        scene.take_down()
        report = Report(plan.mode.name, database.name, plan.seed, plan.replicas, hours=plan.hours)
        if plan.down:
            report.faults[f"{plan.down}-down"] += 1
        schedule = FaultSchedule(scene.bots, telegram, slack, clock, scene.chance, report)
        faults = list(schedule.faults(plan.mode, database).items()) * plan.faults
        await stack.enter_async_context(_running(scene))
        await _live(scene, schedule, faults, report)
        report.quarantined = sum([await _quarantined(bot) for bot in scene.bots])
        report.peak_megabytes = max(bot.peak_megabytes for bot in scene.bots)
    return report


async def _live(scene: Scene, schedule: FaultSchedule, faults: list[tuple[str, Blow]], report: Report) -> None:
    """Let people ask while faults come, hour by hour, until everything is answered; then judge."""
    plan, begun = scene.plan, time.monotonic()
    backoff = Patience(scene.answers, plan.still)
    hours = max(plan.hours, 1)
    scene.chance.shuffle(faults)
    for hour in range(hours):
        each = plan.turns * (hour + 1) // (hours * plan.people * len(scene.populations))
        kills = _share(range(plan.kills), hour, hours)
        faults_under_way = schedule.carry_out(
            scene.answers, plan.turns // hours, len(kills), _share(faults, hour, hours), backoff.budget
        )
        await asyncio.gather(
            faults_under_way, *(population.live(each, backoff.budget) for population in scene.populations)
        )
        while not all(talk.answered for talk in scene.talks()) and backoff.budget():  # noqa: ASYNC110 (two worlds)
            await asyncio.sleep(0.05)
        scene.clock.skip(HOUR * bool(plan.hours))
    await asyncio.sleep(0.5)  # long enough for a second answer to what was answered last, if there is one
    report.seconds = time.monotonic() - begun
    report.judge(scene.talks(), scene.unconfirmed())


def _share(things: Sequence[T], hour: int, hours: int) -> Sequence[T]:
    """Return what falls into one hour when things are spread evenly."""
    return things[len(things) * hour // hours : len(things) * (hour + 1) // hours]


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
async def _running(scene: Scene) -> AsyncIterator[None]:
    """Start the bots, and meanwhile think up what people will say."""
    await asyncio.gather(*(bot.start() for bot in scene.bots), asyncio.to_thread(scene.people))
    try:
        yield
    finally:
        codes = await asyncio.gather(*(bot.stop() for bot in scene.bots))
        assert set(codes) == {0}, f"a replica did not end cleanly: {codes}"


async def _quarantined(bot: Bot) -> int:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{bot.port}/metrics") as page:
        lines = (await page.text()).splitlines()
    return sum(int(float(line.split()[-1])) for line in lines if line.startswith("footnote_quarantined_total"))
