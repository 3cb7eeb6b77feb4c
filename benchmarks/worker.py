"""The child side: one contender in a process of its own, working one round at a time when told to.

    python -m benchmarks.worker module:factory '{"option": 1}' [core]

Orders come as JSON lines on standard input, samples leave as JSON lines. Only the standard library is imported here,
because peers run this same file in their own environments.
"""

from __future__ import annotations

import cProfile
import gc
import importlib
import json
import os
import pstats
import sys
import time
from collections import Counter
from typing import IO, Any, Protocol


class Contender(Protocol):
    """One thing to measure. Only `run` is on the clock."""

    def prepare(self, **order: Any) -> None:
        """Make ready for one round of work."""

    def run(self) -> None:
        """Do the work."""

    def result(self) -> dict[str, float]:
        """Return how many `turns` were done and what else was counted; raises if the work was not really done."""


def main() -> None:
    """Serve one contender until standard input ends."""
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever a library prints belongs to the log
    if len(sys.argv) > 3 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(sys.argv[3])})
    contender = _made(sys.argv[1], json.loads(sys.argv[2]))
    _say(replies, {"ready": True})
    for line in sys.stdin:
        order = json.loads(line)
        _say(replies, _profiled(contender, order) if order.pop("profile", False) else _measured(contender, order))
    os._exit(0)  # a database's thread would keep the process alive


def _made(name: str, options: dict[str, Any]) -> Contender:
    module, _, factory = name.partition(":")
    contender: Contender = getattr(importlib.import_module(module), factory)(**options)
    return contender


def _say(replies: IO[str], reply: dict[str, Any]) -> None:
    replies.write(json.dumps(reply) + "\n")


def _measured(contender: Contender, order: dict[str, Any]) -> dict[str, float]:
    """Run one round on the clock. `main` is the CPU of the main thread alone, `cpu` that of the whole process."""
    contender.prepare(**order)
    gc.collect()
    wall, cpu, main_thread = time.perf_counter(), time.process_time(), time.thread_time()
    contender.run()
    sample = {
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "main": time.thread_time() - main_thread,
    }
    return {**sample, **contender.result()}


def _profiled(contender: Contender, order: dict[str, Any]) -> dict[str, float]:
    """Run one round under cProfile and return which share of the main thread's time each package spent in itself."""
    contender.prepare(**order)
    profile = cProfile.Profile()
    profile.runcall(contender.run)
    contender.result()
    spent: Counter[str] = Counter()
    for (path, _, name), (_, _, own, _, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        spent[_package(path, name)] += own
    whole = sum(spent.values())
    return {package: own / whole for package, own in spent.most_common()}


def _package(path: str, name: str) -> str:
    """Name the part of the program a function belongs to: `bot.inbox.processor`, `telegram`, `stdlib asyncio`."""
    parts = path.replace(os.sep, "/").removesuffix(".py").split("/")
    if path == "~":
        return "built in: " + name.strip("<>").split(" ")[-1] if "sqlite" in name else "built in"
    if "site-packages" in parts:
        return parts[parts.index("site-packages") + 1]
    for own in ("bot", "benchmarks"):
        if own in parts:
            return ".".join(parts[parts.index(own) :][:3])
    if any(part.startswith("python3") for part in parts):
        return "stdlib " + parts[[part.startswith("python3") for part in parts].index(True) + 1]
    return "generated"


if __name__ == "__main__":
    main()
