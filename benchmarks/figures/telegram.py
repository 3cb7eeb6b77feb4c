"""Whole Telegram turns in process, the network stubbed at the same seam for every arm."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.figures.common import LANES, microseconds, per_second, rounds_of
from benchmarks.finding import Finding, Goal
from benchmarks.rounds import Sample, cpu_per_turn, ratio, turns_per_second

OURS = "benchmarks.arms.telegram:Turns"
STOCK = "benchmarks.arms.telegram_stock:"
LACKING = (
    "A sync of the disk and two changes of thread are one turn's alone, and each wait leaves the processor's caches to "
    "others, so that the same code takes twice as long as at 50 at a time. "
    "It would take a commit that does not wait for the disk, which loses accepted questions in a power cut."
)
AT_ONCE = {"one at a time": 1, f"{LANES} at a time": LANES}


def turn(bench: Bench) -> list[Finding]:
    """CPU against the stock bots of python-telegram-bot."""
    turns = bench.scale.of(600, LANES)
    warm = {"turns": bench.scale.of(200, LANES)}
    with bench.crew() as crew:
        workers = {name: crew.arm(OURS, warm, folder=bench.folder, lanes=lanes) for name, lanes in AT_ONCE.items()}
        workers |= {name: crew.arm(STOCK + name, warm) for name in ("Press", "Echo")}
        samples = bench.alternate("telegram turn", {name: rounds_of(w, turns=turns) for name, w in workers.items()})
        for name in AT_ONCE:
            bench.profile(f"whole Telegram turn, {name}", workers[name], turns=turns)
    return [finding for name in AT_ONCE for finding in _turn_findings(name, samples)]


def _turn_findings(name: str, samples: dict[str, list[Sample]]) -> list[Finding]:
    what = f"Whole Telegram turn with SQLite commit, in process, {name}: CPU"
    absolute = {"Footnote": microseconds(samples[name])}
    return [
        Finding(
            what,
            "stock hard-coded PTB press bot, same stub",
            ratio(samples[name], samples["Press"], cpu_per_turn),
            Goal(1.15, 0.9),
            absolute={**absolute, "press bot": microseconds(samples["Press"])},
            note="Two API calls per turn on both sides; durable inbox, de-duplication, order and finish on ours.",
            lacking=LACKING,
        ),
        Finding(
            what,
            "stock PTB echo bot, same stub",
            ratio(samples[name], samples["Echo"], cpu_per_turn),
            absolute={**absolute, "echo bot": microseconds(samples["Echo"])},
            note="No target: one short message, one API call, nothing stored.",
        ),
    ]


def aiogram(bench: Bench) -> list[Finding]:
    """Turns per second against aiogram-dialog with its state in SQLite."""
    what = "Whole Telegram turn with SQLite, turns/s"
    python = bench.environments.python("aiogram")
    if python is None:
        bench.skip(what, "a quick run leaves aiogram out; `make bench` installs it")
        return []
    turns, their_turns = bench.scale.of(500, LANES), bench.scale.of(350, LANES)
    theirs = "benchmarks.peers.aiogram_arms:Turns"
    findings = []
    for name, lanes in AT_ONCE.items():
        with bench.crew() as crew:
            ours = crew.arm(OURS, {"turns": bench.scale.of(200, LANES)}, folder=bench.folder, lanes=lanes)
            peer = crew.arm(theirs, {"turns": bench.scale.of(100, LANES)}, python=python, lanes=lanes)
            measures = {"Footnote": rounds_of(ours, turns=turns), "aiogram-dialog": rounds_of(peer, turns=their_turns)}
            samples = bench.alternate(f"{what}, {name}", measures)
        findings.append(
            Finding(
                f"{what}, {name}",
                "aiogram-dialog 2.6 with SQLite",
                ratio(samples["Footnote"], samples["aiogram-dialog"], turns_per_second),
                Goal(1.5, 2.5, at_least=True),
                absolute={arm: per_second(samples[arm]) for arm in samples},
                note="aiogram has no SQL storage: the smallest one, synchronous NORMAL. Footnote: FULL.",
                lacking="The peer waits for no disk; otherwise as against the press bot.",
            )
        )
    return findings
