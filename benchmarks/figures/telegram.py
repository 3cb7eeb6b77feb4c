"""Whole Telegram turns in process, the network stubbed at the same seam for every contender."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.figures.common import AT_ONCE, median, microseconds, per_second, rounds_of
from benchmarks.result import Goal, Result, milliseconds
from benchmarks.rounds import Sample, cpu_per_turn, of, ratio, spread, turns_per_second

OURS = "benchmarks.contenders.telegram:Turns"
STOCK = "benchmarks.contenders.telegram_stock:"
LACKING = (
    "A sync of the disk and two changes of thread are one turn's alone, and each wait leaves the processor's caches to "
    "others, so that the same code takes twice as long as at 50 at a time. "
    "It would take a commit that does not wait for the disk, which loses accepted questions in a power cut."
)
MODES = {"one at a time": 1, f"{AT_ONCE} at a time": AT_ONCE}


def turn(bench: Bench) -> list[Result]:
    """CPU against the stock bots of python-telegram-bot."""
    turns = bench.scale.of(600, AT_ONCE)
    warm = {"turns": bench.scale.of(200, AT_ONCE)}
    with bench.workers() as pool:
        workers = {
            name: pool.contender(OURS, warm, folder=bench.folder, at_once=at_once) for name, at_once in MODES.items()
        }
        workers |= {name: pool.contender(STOCK + name, warm) for name in ("Press", "Echo")}
        samples = bench.alternate("telegram turn", {name: rounds_of(w, turns=turns) for name, w in workers.items()})
        for name in MODES:
            bench.profile(f"whole Telegram turn, {name}", workers[name], turns=turns)
    return [result for name in MODES for result in _turn_results(name, samples)]


def _turn_results(name: str, samples: dict[str, list[Sample]]) -> list[Result]:
    what = f"Whole Telegram turn with SQLite commit, in process, {name}: CPU"
    absolute = {"Footnote": microseconds(samples[name])}
    return [
        Result(
            what,
            "stock hard-coded PTB press bot, same stub",
            ratio(samples[name], samples["Press"], cpu_per_turn),
            Goal(1.15, 0.9),
            absolute={**absolute, "press bot": microseconds(samples["Press"])},
            note="Two API calls per turn on both sides; durable inbox, de-duplication, order and finish on ours.",
            lacking=LACKING,
        ),
        Result(
            what,
            "stock PTB echo bot, same stub",
            ratio(samples[name], samples["Echo"], cpu_per_turn),
            absolute={**absolute, "echo bot": microseconds(samples["Echo"])},
            note="No target: one short message, one API call, nothing stored.",
        ),
    ]


def aiogram(bench: Bench) -> list[Result]:
    """Turns per second against aiogram-dialog with its state in SQLite."""
    what = "Whole Telegram turn with SQLite, turns/s"
    python = bench.environments.python("aiogram")
    if python is None:
        bench.skip(what, "a quick run leaves aiogram out; `make bench` installs it")
        return []
    turns, their_turns = bench.scale.of(500, AT_ONCE), bench.scale.of(350, AT_ONCE)
    theirs = "benchmarks.peers.aiogram_contenders:Turns"
    results = []
    for name, at_once in MODES.items():
        with bench.workers() as pool:
            ours = pool.contender(OURS, {"turns": bench.scale.of(200, AT_ONCE)}, folder=bench.folder, at_once=at_once)
            peer = pool.contender(theirs, {"turns": bench.scale.of(100, AT_ONCE)}, python=python, at_once=at_once)
            measures = {"Footnote": rounds_of(ours, turns=turns), "aiogram-dialog": rounds_of(peer, turns=their_turns)}
            samples = bench.alternate(f"{what}, {name}", measures)
        results.append(
            Result(
                f"{what}, {name}",
                "aiogram-dialog 2.6 with SQLite",
                ratio(samples["Footnote"], samples["aiogram-dialog"], turns_per_second),
                Goal(1.5, 2.5, at_least=True),
                absolute={contender: per_second(samples[contender]) for contender in samples},
                note="aiogram has no SQL storage: the smallest one, synchronous NORMAL. Footnote: FULL.",
                lacking="The peer waits for no disk; otherwise as against the press bot.",
            )
        )
    return results


def in_need(bench: Bench) -> list[Result]:
    """How long somebody in need waits behind sixty questions of their own."""
    people = bench.scale.of(100, 10)
    with bench.workers() as pool:
        worker = pool.contender("benchmarks.contenders.telegram:InNeed", {"turns": 10}, folder=bench.folder)
        samples = bench.alternate("in need", {"Footnote": rounds_of(worker, turns=people)})["Footnote"]
    return [
        Result(
            "Urgent answer behind 60 questions of one's own, p99",
            "–",
            spread(samples, of("p99")),
            Goal(1.5),
            shown=milliseconds,
            absolute={name: milliseconds(median(samples, of(name))) for name in ("p50", "worst")},
            note="From the update to the call of the API, at Telegram's pace of a message a second to one chat.",
        )
    ]
