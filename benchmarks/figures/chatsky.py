"""Turns per second against Chatsky on the same trees."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.figures.common import AT_ONCE, per_second, rounds_of
from benchmarks.result import Goal, Result
from benchmarks.rounds import ratio, turns_per_second

OURS = "benchmarks.contenders.engine:Presses"
STORED = "benchmarks.contenders.inbox:Turns"
THEIRS = "benchmarks.peers.chatsky_contenders:Presses"


def memory(bench: Bench) -> list[Result]:
    """The 20-node tree, everything in memory."""
    return _against(
        bench,
        "Turns/s, 20-node tree, in memory",
        Goal(20, 35, at_least=True),
        (OURS, {"folder": bench.folder, "nodes": 20}, {"turns": bench.scale.of(20_000)}),
        ({"nodes": 20}, {"turns": bench.scale.of(800)}),
    )


def sqlite(bench: Bench) -> list[Result]:
    """The 20-node tree, everything in SQLite."""
    note = "Footnote: inbox, engine, finish, each durable (FULL). Chatsky: its own SQL storage, WAL."
    return _against(
        bench,
        f"Turns/s, 20-node tree, SQLite, {AT_ONCE} users at a time",
        Goal(60, 120, at_least=True),
        (STORED, {"folder": bench.folder, "nodes": 20, "at_once": AT_ONCE}, {"turns": bench.scale.of(4000, AT_ONCE)}),
        ({"nodes": 20, "storage": "sqlite", "at_once": AT_ONCE}, {"turns": bench.scale.of(100, AT_ONCE)}),
        note,
        "Half of the time is the commit: the pages of 50 people are written at random places and synced. It would take "
        "fewer rows a turn, or a log beside the tables.",
    )


def anywhere(bench: Bench) -> list[Result]:
    """A large tree in which every node can be reached from every other."""
    nodes = bench.scale.of(2000, 200)
    return _against(
        bench,
        f"Turns/s, any node to any node, {nodes:,} nodes, in memory",
        Goal(400, 1000, at_least=True),
        (OURS, {"folder": bench.folder, "nodes": nodes}, {"turns": bench.scale.of(20_000), "anywhere": True}),
        ({"nodes": nodes, "anywhere": True}, {"turns": bench.scale.of(15, 4)}),
        "Old buttons stay pressable, so every node must be reachable.",
    )


def _against(
    bench: Bench,
    what: str,
    goal: Goal,
    ours: tuple[str, dict[str, object], dict[str, object]],
    theirs: tuple[dict[str, object], dict[str, object]],
    note: str = "",
    lacking: str = "",
) -> list[Result]:
    python = bench.environments.python("chatsky")
    if python is None:
        bench.skip(what, "a quick run leaves Chatsky out; `make bench` installs it")
        return []
    contender, options, order = ours
    their_options, their_order = theirs
    with bench.workers() as pool:
        workers = {
            "Footnote": (pool.contender(contender, order, **options), order),
            "Chatsky": (pool.contender(THEIRS, their_order, python=python, **their_options), their_order),
        }
        samples = bench.alternate(what, {name: rounds_of(w, **order) for name, (w, order) in workers.items()})
    value = ratio(samples["Footnote"], samples["Chatsky"], turns_per_second)
    absolute = {name: per_second(samples[name]) for name in samples}
    return [Result(what, "Chatsky 0.10", value, goal, absolute=absolute, note=note, lacking=lacking)]
