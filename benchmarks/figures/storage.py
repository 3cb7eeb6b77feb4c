"""The store: against the usual ways to write one, and as people and their history grow."""

from __future__ import annotations

from contextlib import ExitStack

from benchmarks.bench import Bench
from benchmarks.figures.common import AT_ONCE, microseconds, per_second, rounds_of
from benchmarks.result import Goal, Result, octets
from benchmarks.rounds import cpu_per_turn, of, ratio, spread, turns_per_second

OURS = "benchmarks.contenders.storage:Turns"
NAIVE = "benchmarks.contenders.storage_naive:"


def sqlite(bench: Bench) -> list[Result]:
    """Turns per second at 50 users at a time."""
    turns, naive_turns = bench.scale.of(4000, AT_ONCE), bench.scale.of(500, AT_ONCE)
    with bench.workers() as pool:
        orders = {"FULL": turns, "NORMAL": turns, "SameWork": naive_turns, "Preference": 2 * naive_turns}
        workers = {
            mode: pool.contender(OURS, {"turns": bench.scale.of(500, AT_ONCE)}, folder=bench.folder, synchronous=mode)
            for mode in ("FULL", "NORMAL")
        }
        workers |= {
            n: pool.contender(NAIVE + n, {"turns": bench.scale.of(100, AT_ONCE)}, folder=bench.folder)
            for n in ("SameWork", "Preference")
        }
        samples = bench.alternate("storage", {n: rounds_of(w, turns=orders[n]) for n, w in workers.items()})
    shown = {name: per_second(samples[name]) for name in samples}
    what = f"Storage turns/s, {AT_ONCE} at a time"
    return [
        Result(
            what,
            "naive aiosqlite: the same statements, each awaited",
            ratio(samples["FULL"], samples["SameWork"], turns_per_second),
            Goal(15, 30, at_least=True),
            absolute={"Footnote": shown["FULL"], "naive": shown["SameWork"]},
            note="Both FULL: a durable inbox, de-duplication, order, trail and message.",
            lacking="Half of ours is the commit itself: each turn changes pages at three random places, whether or not "
            "turns share it. It would take fewer rows a turn.",
        ),
        Result(
            what,
            "naive aiosqlite: the smallest turn, four awaits",
            ratio(samples["FULL"], samples["Preference"], turns_per_second),
            absolute={"Footnote": shown["FULL"], "naive": shown["Preference"]},
            note="No target: the naive side reads one row and writes one, and may lose, repeat and mix up turns.",
        ),
        Result(
            f"{what}: synchronous FULL",
            "NORMAL",
            ratio(samples["FULL"], samples["NORMAL"], turns_per_second),
            Goal(0.6, 0.8, at_least=True),
            absolute={name: shown[name] for name in ("FULL", "NORMAL")},
        ),
    ]


def postgres(bench: Bench) -> list[Result]:
    """CPU of the client, against raw asyncpg."""
    from tests.postgres import running_server

    turns = bench.scale.of(1500, AT_ONCE)
    with ExitStack() as stack:
        server = stack.enter_context(running_server())
        pool = stack.enter_context(bench.workers())
        raw = "benchmarks.contenders.storage_postgres:OneRoundTrip"
        contenders = {"Footnote": OURS, "raw asyncpg": raw}
        workers = {
            n: pool.contender(contender, {"turns": bench.scale.of(200, AT_ONCE)}, url=server.url(server.create()))
            for n, contender in contenders.items()
        }
        samples = bench.alternate("postgres", {name: rounds_of(w, turns=turns) for name, w in workers.items()})
    return [
        Result(
            f"PostgreSQL, {AT_ONCE} at a time: client CPU per turn",
            "raw asyncpg, one round trip per turn",
            ratio(samples["Footnote"], samples["raw asyncpg"], cpu_per_turn),
            Goal(1.5, 1.2),
            absolute={name: microseconds(samples[name]) for name in samples},
            note="Footnote: accept and finish, a statement each for all who wait; raw: one a turn, not durable before.",
        )
    ]


def rest(bench: Bench) -> list[Result]:
    """Bytes per person once they have gone."""
    with bench.workers() as pool:
        worker = pool.contender("benchmarks.contenders.growth:Rest", people=bench.scale.of(10_000, 1000), turns=5)
        [sample] = bench.alternate("bytes at rest", {"Footnote": rounds_of(worker)}, rounds=1)["Footnote"]
    return [
        Result(
            "Bytes per person at rest, all in all",
            "–",
            spread([sample], of("later")),
            Goal(400, 250),
            octets,
            note="Register and trail, indexes included, once everything kept for a limited time has gone (180 days).",
        ),
        Result(
            "Bytes per person within those 180 days, five answers each",
            "–",
            spread([sample], of("sooner")),
            None,
            octets,
            note="No target: a person can still reply to each of the five messages.",
        ),
    ]


def crowd(bench: Bench) -> list[Result]:
    """A turn among a million people against one among a thousand."""
    many, turns = bench.scale.of(1_000_000, 20_000), bench.scale.of(600, 30)
    with bench.workers() as pool:
        workers = {
            people: pool.contender(
                OURS, {"turns": bench.scale.of(200, 20)}, folder=bench.folder, users=people, at_once=1, known=True
            )
            for people in (1000, many)
        }
        samples = bench.alternate("people", {f"{n:,}": rounds_of(w, turns=turns) for n, w in workers.items()})
    return [
        Result(
            f"Stored turn at {many:,} people: CPU",
            "at 1,000 people",
            ratio(samples[f"{many:,}"], samples["1,000"], cpu_per_turn),
            Goal(1.3, 1.2),
            absolute={name: microseconds(samples[name]) for name in samples},
            note="One at a time, FULL.",
        )
    ]


def history(bench: Bench) -> list[Result]:
    """A person's thousandth turn against their tenth."""
    long, turns = bench.scale.of(1000, 100), bench.scale.of(120, 20)
    with bench.workers() as pool:
        workers = {
            name: pool.contender(
                "benchmarks.contenders.growth:History", {"turns": bench.scale.of(40, 10)}, turns=before - 1
            )
            for name, before in (("1,000th", long), ("10th", 10))
        }
        samples = bench.alternate("history", {name: rounds_of(w, turns=turns) for name, w in workers.items()})
    return [
        Result(
            f"A person's {long:,}th stored turn: CPU",
            "their 10th",
            ratio(samples["1,000th"], samples["10th"], cpu_per_turn),
            Goal(1.1, 1.05),
            absolute={name: microseconds(samples[name]) for name in samples},
        )
    ]
