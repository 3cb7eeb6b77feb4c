"""python -m tests.chaos --turns 10000 --kills 50 --seed 7 [--modes both] [--databases both] [--replicas 2] [--faults]

Prints one line per run with what reproduces it; exits with 1 if any run broke the promise.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from contextlib import ExitStack
from dataclasses import replace

from bot.serve import build_engine
from bot.settings import Settings
from tests.chaos.report import Report
from tests.chaos.run import PULL, PUSH, Plan, run
from tests.postgres import running_server

FAULTS = (
    *("telegram-429", "telegram-500", "telegram-drop", "telegram-unsure"),
    *("slack-429", "slack-500", "slack-unsure", "socket-cut", "socket-refresh", "database"),
)


def main() -> int:
    """Run every combination that was asked for."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that everything that was started is ended
    asked = _asked()
    plan = Plan(turns=asked.turns, kills=asked.kills, people=asked.people, seed=asked.seed, down=asked.down)
    plan = replace(plan, faults=FAULTS * asked.faults, replicas=asked.replicas, still=120.0)
    modes = [PULL, PUSH] if asked.modes == "both" else [asked.modes]
    databases = ["sqlite", "postgres"] if asked.databases == "both" else [asked.databases]
    reports = [_one(replace(plan, modes=mode), database) for database in databases for mode in modes]
    return 0 if all(report.good for report in reports) else 1


def _one(plan: Plan, database: str) -> Report:
    engine = build_engine(Settings())
    with ExitStack() as stack:
        server = stack.enter_context(running_server()) if database == "postgres" else None
        if server is None:
            plan = replace(plan, replicas=1)  # one process serves from a file
        report = asyncio.run(run(plan, engine, server))
    print(("kept  " if report.good else "BROKEN") + " " + report.line(), flush=True)
    for problem in report.problems[:10]:
        print("  " + problem, flush=True)
    return report


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Kill real processes of the bot under load and count what it cost.")
    parser.add_argument("--turns", type=int, default=1000, help="questions in each run, both platforms together")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--people", type=int, default=40, help="conversations on each platform")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--modes", choices=["both", PULL, PUSH], default="both")
    parser.add_argument("--databases", choices=["both", "sqlite", "postgres"], default="both")
    parser.add_argument("--replicas", type=int, default=1, help="processes side by side (PostgreSQL)")
    parser.add_argument("--faults", type=int, default=0, help="how often each fault of APIs and database strikes")
    parser.add_argument(
        "--down", choices=["", "telegram", "slack"], default="", help="a platform that is away throughout"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
