"""How much one process answers, and how soon at 70 % of that: `python -m tests.chaos.capacity`.

A thousand Slack threads, real words, the shipped content, `footnote serve` in HTTP mode on SQLite. First a hundred
questions are always under way: what comes out per second is the capacity. Then questions come at random moments (an
open loop: nobody waits for the bot) at 70 % of it. The time is from posting the event to the answer's arrival at the
Web API, both hops over loopback and the stand-in's own work included.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from statistics import median

from bot.app import build_engine
from bot.settings import Settings
from tests.chaos.databases import fresh_database
from tests.chaos.modes import Mode, environment
from tests.chaos.oracle import Oracle
from tests.chaos.processes import Bot
from tests.chaos.proxy import Proxy
from tests.chaos.report import table_row
from tests.fakes.slack import FakeSlack, RealClock
from tests.fakes.telegram import FakeTelegram

SHARE = 0.7
UNDER_WAY = 100
COLUMNS = ("conversations", "capacity, answers/s", "asked, 1/s", "answers", "p50 ms", "p99 ms", "peak MB", "seed")


class Askers:
    """So many threads, one question at a time in each."""

    def __init__(self, slack: FakeSlack, phrases: Sequence[str], count: int) -> None:
        self._slack = slack
        self._phrases = phrases
        self._channels = [f"C{number:05}CROWD" for number in range(count)]
        for channel in self._channels:
            slack.world.channel(channel, "U" + channel[1:])
        self._waiting: dict[str, asyncio.Future[float]] = {}
        self._next = 0

    async def ask(self) -> float:
        """Ask in the next thread; return the seconds until its answer was posted."""
        number, self._next = self._next, self._next + 1
        channel, words = self._channels[number % len(self._channels)], self._phrases[number % len(self._phrases)]
        answered = self._waiting[channel] = asyncio.get_running_loop().create_future()
        begun = time.perf_counter()
        await self._slack.people.mention("U" + channel[1:], channel, words)
        at: float = await asyncio.wait_for(answered, 60)
        return at - begun

    async def watch(self) -> None:
        """Note the moment of every answer."""
        posts, read = self._slack.world.posts, 0
        while True:
            await self._slack.world.until(lambda: len(posts) > read, 3600)  # noqa: B023
            unread, read = posts[read:], len(posts)
            for post in unread:
                waiting = self._waiting.pop(post.channel, None)
                if waiting is not None:
                    waiting.set_result(time.perf_counter())


async def saturated(askers: Askers, turns: int, under_way: int = UNDER_WAY) -> float:
    """Return answers per second with always so many questions under way."""
    places = asyncio.Semaphore(under_way)

    async def one() -> None:
        async with places:
            await askers.ask()

    begun = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(turns)))
    return turns / (time.perf_counter() - begun)


async def open_loop(askers: Askers, turns: int, rate: float, chance: random.Random) -> list[float]:
    """Ask at random moments, so many a second; return the seconds each answer took, sorted."""
    asked = []
    due = time.perf_counter()
    for _ in range(turns):
        due += chance.expovariate(rate)
        await asyncio.sleep(max(due - time.perf_counter(), 0))
        asked.append(asyncio.create_task(askers.ask()))
    return sorted(await asyncio.gather(*asked))


async def measure(count: int, turns: int, seed: int) -> str:
    """Return the row of figures."""
    phrases = Oracle(build_engine(Settings())).phrases
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(fresh_database(None))
        slack = await stack.enter_async_context(FakeSlack(RealClock()))
        bot = Bot({})
        bot.environment = environment(Mode("http", slack="http"), FakeTelegram(), slack, database, Proxy([bot]))
        await bot.start()
        stack.push_async_callback(bot.stop)
        slack.delivery.mode, slack.delivery.url = "http", f"http://127.0.0.1:{bot.port}/slack/events"
        askers = Askers(slack, phrases, count)
        watch = asyncio.create_task(askers.watch())
        gc.disable()  # the stand-in remembers everything: collecting that would stop the pretended Slack for long
        await saturated(askers, count)  # every thread exists, everything is warm
        capacity = await saturated(askers, turns)
        took = await open_loop(askers, turns, capacity * SHARE, random.Random(seed))
        watch.cancel()
        bot.weigh()
    p99 = took[len(took) * 99 // 100]
    figures = (count, round(capacity), round(capacity * SHARE), turns, _ms(median(took)), _ms(p99))
    return table_row((*figures, round(bot.peak_megabytes), seed))


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conversations", type=int, default=1000)
    parser.add_argument("--turns", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    print(table_row(COLUMNS), table_row("-" * len(COLUMNS)), sep="\n", flush=True)
    print(asyncio.run(measure(asked.conversations, asked.turns, asked.seed)))


if __name__ == "__main__":
    main()
