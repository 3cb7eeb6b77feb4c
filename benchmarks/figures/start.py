"""Before the first turn: loading a large tree, and the cold start of one question on the command line."""

from __future__ import annotations

import compileall
import os
import re
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.figures.common import median
from benchmarks.result import Goal, Result
from benchmarks.rounds import Sample, of, ratio, spread
from benchmarks.workers import Worker

ROOT = Path(__file__).resolve().parents[2]
LOADING = "benchmarks.contenders.loading:"
SDKS = "import telegram.ext, slack_bolt.async_app"


def load(bench: Bench) -> list[Result]:
    """A large tree from a cold process."""
    nodes = bench.scale.of(10_000, 300)
    contenders = {name: _fresh(LOADING + name, folder=bench.folder, nodes=nodes) for name in ("Footnote", "BareLoader")}
    contenders["Footnote"]()  # writes the files
    samples = bench.alternate("load", contenders)
    return [
        Result(
            f"{nodes:,}-node tree, cold load with all checks but templates: CPU",
            "PyYAML's C loader alone, garbage collector off",
            ratio(samples["Footnote"], samples["BareLoader"], of("cpu")),
            Goal(1.5, 1.2),
            absolute={name: f"{median(samples[name], of('cpu')):.2f} s" for name in samples},
        ),
        Result(
            f"{nodes:,}-node tree: growth of resident memory",
            f"size of its files ({median(samples['Footnote'], of('megabytes')):.1f} MB)",
            spread(samples["Footnote"], of("grown")),
            Goal(3.0, 2.0),
            absolute={"bare loader": f"{median(samples['BareLoader'], of('grown')):.2f} ×"},
        ),
    ]


def cold(bench: Bench) -> list[Result]:
    """`footnote ask` from nothing, against importing both libraries; each as it is installed, in bytecode."""
    compileall.compile_dir(ROOT / "bot", quiet=1)
    ask = [sys.executable, "-m", "bot", "ask", "What dose of ALA was studied?"]
    samples = bench.alternate("cold start", {"footnote ask": _run(ask), "imports": _run([sys.executable, "-c", SDKS])})
    bench.profiles["cold start of `footnote ask`"] = _imports(ask, median(samples["footnote ask"], of("cpu")))
    cpu, wall = ({name: f"{median(samples[name], of(clock)):.2f} s" for name in samples} for clock in ("cpu", "wall"))
    return [
        Result(
            "Cold start of `footnote ask`: CPU",
            "importing both libraries (python-telegram-bot, slack-bolt)",
            ratio(samples["footnote ask"], samples["imports"], of("cpu")),
            Goal(1.2),
            absolute=cpu,
            note=f"Wall clock {wall['footnote ask']} against {wall['imports']}.",
            lacking="Its own imports cost nearly as much as the two libraries (below); then the content is read. "
            "It would take settings, command line and arithmetic without pydantic, typer and numpy.",
        )
    ]


def _imports(command: list[str], whole: float) -> dict[str, float]:
    """Return which share of a command's CPU seconds the import of each package took in itself, and the rest."""
    timed = [command[0], "-X", "importtime", *command[1:]]
    told = subprocess.run(timed, cwd=ROOT, check=True, capture_output=True, text=True).stderr
    spent: Counter[str] = Counter()
    for microseconds, name in _IMPORT.findall(told):
        spent[f"import {name.partition('.')[0]}"] += int(microseconds)
    shares = {name: own / 1e6 / whole for name, own in spent.most_common()}
    return {"all but imports": 1 - sum(shares.values()), **shares}


_IMPORT = re.compile(r"^import time: +(\d+) \| +\d+ \| +(\S+)$", re.MULTILINE)


def _fresh(contender: str, **options: object) -> Callable[[], Sample]:
    """Return the measure of one round in a process of its own."""

    def measure() -> Sample:
        with Worker(contender, options) as worker:
            return worker.round()

    return measure


def _run(command: list[str]) -> Callable[[], Sample]:
    """Return the measure of one command from start to end, with the CPU of the process."""

    def measure() -> Sample:
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "NO_COLOR": "1"})
        wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        return {"turns": 1, "wall": wall, "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}

    return measure
