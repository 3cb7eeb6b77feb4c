"""The `scale` profile under load: `python -m tests.deployment.scale [--turns 2000 --rate 100 --seed 1]`.

PostgreSQL, the replicas and nginx are wired from docker-compose.yml and deploy/nginx.conf themselves; every secret
comes from a file that ends in a line break. People ask through the proxy at a fixed rate, on Telegram (webhook) and
Slack (HTTP), while a replica is killed every five seconds and PostgreSQL is restarted once. Then the same program is
asked as much as it can answer with 1, 2 and 4 replicas, in turn and three times over, each replica as much as one
alone would be. What counts there is the processor time of a turn: a machine has few cores.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from bot.app import build_engine
from bot.dialog.engine import Engine
from bot.settings import Settings
from tests.chaos.capacity import UNDER_WAY, Askers, saturated
from tests.chaos.clinicians import Clinicians
from tests.chaos.databases import fresh_database
from tests.chaos.modes import Mode, environment
from tests.chaos.oracle import Oracle
from tests.chaos.patients import Patients
from tests.chaos.processes import Bot
from tests.chaos.proxy import Proxy
from tests.chaos.report import COLUMNS, Report, table_row
from tests.chaos.run import HastyClock, Patience
from tests.deployment.compose import Nginx, free_port, operator, replicas
from tests.deployment.debian import main, need
from tests.fakes.slack import FakeSlack, RealClock
from tests.fakes.telegram import FakeTelegram
from tests.postgres import TestServer, running_server

EVERY = 5.0
"""Seconds between two kills."""

ON_TELEGRAM = 0.3
"""Telegram takes thirty messages a second from one bot."""

SPACING = 4.0
"""Seconds between two questions of one person: nobody exceeds a person's share."""

ROUNDS = 3
"""One pass of a few seconds differs by a tenth from the next on the same machine: medians are compared."""

People = Patients | Clinicians


async def under_load(server: TestServer, engine: Engine, turns: int, rate: float, seed: int) -> Report:
    """Ask so many questions at a rate while replicas are killed, and return what it came to."""
    report = Report("webhook+http", "postgres", seed)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(fresh_database(server))
        telegram = await stack.enter_async_context(FakeTelegram(keep=1000))
        slack = await stack.enter_async_context(FakeSlack(HastyClock()))
        secrets = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="footnote-secrets-")))
        nginx = Nginx(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="footnote-nginx-"))))
        given = operator(secrets, nginx.port, database.url, telegram, slack)
        bots = [Bot({**given, "FOOTNOTE_PORT": str(free_port())}) for _ in range(replicas())]
        report.replicas = len(bots)
        await stack.enter_async_context(nginx.running([int(bot.environment["FOOTNOTE_PORT"]) for bot in bots]))
        slack.delivery.mode, slack.delivery.url = "http", f"http://127.0.0.1:{nginx.port}/slack/events"
        await stack.enter_async_context(_started(bots))
        populations = _people(telegram, slack, engine, turns, rate, seed)
        await _ask(populations, server, bots, report, (turns, rate, seed))
        report.judge([talk for people in populations for talk in people.talks], len(telegram.feed.pending))
        report.peak_megabytes = max(bot.peak_megabytes for bot in bots)
    return report


def _people(
    telegram: FakeTelegram, slack: FakeSlack, engine: Engine, turns: int, rate: float, seed: int
) -> tuple[Patients, Clinicians]:
    oracle, count = Oracle(engine, switches=0.0), rate * SPACING
    patients, clinicians = round(count * ON_TELEGRAM), round(count * (1 - ON_TELEGRAM))
    each = int(turns / count) + 2
    return Patients(telegram, oracle, seed, patients, each), Clinicians(slack, oracle, seed, clinicians, each)


async def _ask(
    populations: Sequence[People], server: TestServer, bots: Sequence[Bot], report: Report, load: tuple[int, float, int]
) -> None:
    """Ask at the rate, whatever is answered; then wait until all is answered or nothing more comes."""
    turns, rate, seed = load
    patience = Patience(lambda: sum(len(talk.seen) for people in populations for talk in people.talks), 60.0)
    begun, asked, numbers = time.monotonic(), [], [0, 0]
    blows = asyncio.create_task(_blows(server, bots, report, turns / rate, random.Random(seed)))
    for number in range(turns):
        await asyncio.sleep(max(begun + number / rate - time.monotonic(), 0))
        which = int(number * ON_TELEGRAM) == int((number + 1) * ON_TELEGRAM)
        asked.append(asyncio.create_task(populations[which].ask(numbers[which], patience.budget)))
        numbers[which] += 1
    await asyncio.gather(blows, *asked)
    while not all(talk.answered for people in populations for talk in people.talks) and patience.budget():  # noqa: ASYNC110 (two worlds)
        await asyncio.sleep(0.1)
    report.seconds = time.monotonic() - begun
    await asyncio.sleep(1)  # long enough for a second answer to what was answered last


async def _blows(
    server: TestServer, bots: Sequence[Bot], report: Report, seconds: float, chance: random.Random
) -> None:
    """Kill a replica every few seconds, and restart the database in the middle."""
    begun, restarted, starting = time.monotonic(), False, list[asyncio.Task[None]]()
    for number in range(1, int(seconds / EVERY)):
        await asyncio.sleep(max(begun + number * EVERY - time.monotonic(), 0))
        await asyncio.gather(*starting)  # a dead replica cannot be killed
        bot = chance.choice(bots)
        await bot.kill()
        report.kills += 1
        starting = [asyncio.create_task(bot.start())]
        if not restarted and number >= seconds / EVERY / 2:
            restarted = True
            await asyncio.to_thread(server.restart)
            report.faults["database-restarted"] += 1
    await asyncio.gather(*starting)


@asynccontextmanager
async def _started(bots: Sequence[Bot]) -> AsyncIterator[None]:
    await asyncio.gather(*(bot.start() for bot in bots))
    try:
        yield
    finally:
        codes = await asyncio.gather(*(bot.stop() for bot in bots))
        assert set(codes) == {0}, f"a replica did not end cleanly: {codes}"


async def throughput(server: TestServer, phrases: Sequence[str], count: int, turns: int) -> Mapping[str, float]:
    """Return what so many replicas answer together, and what they answer in a processor second of theirs.

    Each replica is asked `turns` questions with as many under way as one alone has, so that what is learned at the
    first questions and what is written in one go weigh the same, however many replicas there are.
    """
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(fresh_database(server))
        slack = await stack.enter_async_context(FakeSlack(RealClock()))
        bots = [Bot({}) for _ in range(count)]
        proxy = await stack.enter_async_context(Proxy(bots))
        for bot in bots:
            bot.environment = environment(Mode("http", slack="http"), FakeTelegram(), slack, database, proxy)
        await stack.enter_async_context(_started(bots))
        slack.delivery.mode, slack.delivery.url = "http", f"http://127.0.0.1:{proxy.port}/slack/events"
        askers = Askers(slack, phrases, 500 * count)
        watch = asyncio.create_task(askers.watch())
        await saturated(askers, 500 * count, UNDER_WAY * count)
        before = _processor(bots)
        rate = await saturated(askers, turns * count, UNDER_WAY * count)
        used = _processor(bots) - before
        watch.cancel()
    return {"rate": rate, "per core": turns * count / used}


def _processor(bots: Sequence[Bot]) -> float:
    times = [psutil.Process(bot.process_id).cpu_times() for bot in bots]
    return sum(one.user + one.system for one in times)


def target() -> bool:
    """Run both halves and print what came of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.deployment.scale", description=__doc__)
    parser.add_argument("--turns", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=100.0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    need({"nginx": "nginx-light"})
    engine = build_engine(Settings())
    with running_server() as server:
        report = asyncio.run(under_load(server, engine, asked.turns, asked.rate, asked.seed))
        print(table_row(COLUMNS), table_row("-" * len(COLUMNS)), report.row(), sep="\n", flush=True)
        for problem in report.problems[:10]:
            print(f"  {problem}")
        figures = _medians(server, Oracle(engine).phrases, asked.turns)
    return report.kept and _told(figures)


def _medians(server: TestServer, phrases: Sequence[str], turns: int) -> Mapping[int, Mapping[str, float]]:
    """Return the median throughput of each number of replicas, measured in turn so that a slow minute hits all."""
    found = [
        {count: asyncio.run(throughput(server, phrases, count, turns)) for count in (1, 2, 4)} for _ in range(ROUNDS)
    ]
    return {
        count: {name: median(round_[count][name] for round_ in found) for name in ("rate", "per core")}
        for count in (1, 2, 4)
    }


def _told(figures: Mapping[int, Mapping[str, float]]) -> bool:
    """Print the table of replicas; what a turn costs may grow by a tenth while each replica can have a core."""
    alone = figures[1]["per core"]
    print("\n| replicas | answers/s together | answers per processor second | of one replica's |\n| - | - | - | - |")
    for count, found in figures.items():
        cells: tuple[Any, ...] = (count, round(found["rate"]), round(found["per core"]))
        print(table_row((*cells, f"{found['per core'] / alone:.2f}")))
    cores = os.cpu_count() or 1
    return all(found["per core"] >= 0.9 * alone for count, found in figures.items() if count <= cores)


if __name__ == "__main__":
    main(target)
