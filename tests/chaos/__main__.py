"""Kill real processes of the bot under load, let everything around it fail, and count what it cost.

    python -m tests.chaos --turns 1250 --kills 7 --seed 7                  # every mode on both databases, killed
    python -m tests.chaos --mode paired --faults 1 --seed 7                # every fault once, too
    python -m tests.chaos --mode polling+socket --hours 24 --faults 4      # a day, the quiet hours skipped

Prints one row of a Markdown table per run and, on standard error, whatever went wrong; exits with 1 if any run broke
the promise. The seed decides who asks what and in which order kills and faults strike; the moment of a kill within a
process is up to the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from contextlib import ExitStack
from dataclasses import replace

from bot.app import build_engine
from bot.dialog.engine import Engine
from bot.settings import Settings
from tests.chaos.modes import MODES
from tests.chaos.report import COLUMNS, Report, table_row, total, within_bar
from tests.chaos.run import Plan, run
from tests.postgres import running_server

DATABASES = {"sqlite": ("sqlite",), "postgres": ("postgres",), "both": ("sqlite", "postgres")}


def main() -> int:
    """Run every combination that was asked for."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that everything that was started is ended
    asked = _asked()
    plans = [
        Plan(
            *(mode, asked.turns, asked.kills, asked.people, asked.replicas, asked.seed, asked.faults, asked.hours),
            *(asked.down, asked.still),
        )
        for mode in MODES[asked.mode]
    ]
    engine = build_engine(Settings())
    print(table_row(COLUMNS), table_row("-" * len(COLUMNS)), sep="\n", flush=True)
    reports = [_one(plan, database, engine) for database in DATABASES[asked.database] for plan in plans]
    print("\n" + total(reports))
    return 0 if within_bar(reports) else 1


def _one(plan: Plan, database: str, engine: Engine) -> Report:
    with ExitStack() as stack:
        server = stack.enter_context(running_server()) if database == "postgres" else None
        if server is None:
            plan = replace(plan, replicas=1)  # one process serves from a file
        report = asyncio.run(run(plan, engine, server))
    print(report.row(), flush=True)
    for problem in report.problems[:10]:
        print("  " + problem, file=sys.stderr, flush=True)
    return report


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mode", choices=MODES, default="each", help="each: the four alone; paired: two at a time")
    parser.add_argument("--database", choices=DATABASES, default="both")
    parser.add_argument("--turns", type=int, default=400, help="questions in each run")
    parser.add_argument("--kills", type=int, default=3, help="in each run")
    parser.add_argument("--people", type=int, default=40, help="conversations on each platform")
    parser.add_argument("--replicas", type=int, default=1, help="processes side by side (PostgreSQL)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=int, default=0, help="how often each fault strikes in each run")
    parser.add_argument("--hours", type=int, default=0, help="of the bot's time, the quiet part of each skipped")
    parser.add_argument("--down", choices=["", "telegram", "slack"], default="", help="a platform away throughout")
    parser.add_argument("--still", type=float, default=120.0, help="seconds without an answer that end a run")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
