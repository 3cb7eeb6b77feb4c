"""Killed while catching up: sixty people asked while the bot was down; it is killed in the middle of its answers.

    python -m tests.chaos.catching_up [--rounds 10] [--people 60] [--after 31] [--latency 50]

What is said again was on the wire: sent, and not yet written down. The count is printed for each round.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections import Counter

from tests.chaos.processes import Bot
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_faults import Fault

QUESTIONS = ("what is ALA?", "does vitamin K2 help?", "what dose of ALA was studied?", "is ALA safe?")


async def killed_once(people: int, after: int, latency: float) -> Counter[int]:
    """Let everybody ask, start, kill after so many answers, start again; return how many got how many answers."""
    with tempfile.TemporaryDirectory() as folder:
        async with FakeTelegram() as telegram:
            telegram.faults.append(Fault("sendMessage", delay=latency))
            crowd = [telegram.person(f"P{number}") for number in range(people)]
            for number, one in enumerate(crowd):
                one.says(QUESTIONS[number % len(QUESTIONS)])
            bot = Bot(_environment(telegram, folder))
            await bot.start()
            await telegram.until(lambda: _answers(telegram) >= after, "the first answers", 60.0)
            await bot.kill()
            await bot.start()
            await telegram.until(lambda: all(telegram.heard("message", one) for one in crowd), "every answer", 60.0)
            await asyncio.sleep(1.0)  # long enough for a second answer to what was answered last, if there is one
            await bot.stop()
            return Counter(len(telegram.heard("message", one)) for one in crowd)


def _answers(telegram: FakeTelegram) -> int:
    return sum(event.kind == "message" for event in telegram.world.events)


def _environment(telegram: FakeTelegram, folder: str) -> dict[str, str]:
    return {
        "FOOTNOTE_DATABASE_URL": f"sqlite:///{folder}/footnote.sqlite3",
        "FOOTNOTE_SECRET": "a secret for chaos, the same on every start",
        "FOOTNOTE_PORT": "0",
        "TELEGRAM_BOT_TOKEN": telegram.token,
        "TELEGRAM_API_BASE_URL": telegram.url,
    }


async def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--after", type=int, default=31)
    parser.add_argument("--latency", type=float, default=50, help="milliseconds of each call")
    options = parser.parse_args()
    doubled = []
    for number in range(options.rounds):
        found = await killed_once(options.people, options.after, options.latency / 1000)
        doubled.append(sum(count for answers, count in found.items() if answers > 1))
        print(f"round {number + 1}: {found[1]} answered once, {doubled[-1]} more often", flush=True)
    print(f"doubled: {sorted(doubled)} of about {options.after} sent before the kill")


if __name__ == "__main__":
    asyncio.run(main())
