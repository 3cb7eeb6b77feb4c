"""The engine alone: a turn against a render, a large tree against a small one, and a typed question."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.figures.common import median, microseconds, rounds_of
from benchmarks.result import Goal, Result, milliseconds
from benchmarks.rounds import cpu_per_turn, of, ratio, spread

PRESSES = "benchmarks.contenders.engine:Presses"


def turn(bench: Bench) -> list[Result]:
    """An engine turn against one render of the words it shows."""
    turns = bench.scale.of(20_000)
    contenders = {"Footnote": PRESSES, "one render": "benchmarks.contenders.engine:Rendered"}
    with bench.workers() as pool:
        workers = {
            name: pool.contender(contender, {"turns": turns}, folder=bench.folder, nodes=20)
            for name, contender in contenders.items()
        }
        samples = bench.alternate("engine turn", {name: rounds_of(w, turns=turns) for name, w in workers.items()})
    return [
        Result(
            "Engine turn without store: CPU",
            "one render of the same template in the strict sandbox",
            ratio(samples["Footnote"], samples["one render"], cpu_per_turn),
            Goal(3.0, 2.0),
            absolute={name: microseconds(samples[name]) for name in samples},
            note="A press, 20 nodes. Answers are composed once per content version, so a turn renders no answer.",
        )
    ]


def tree_size(bench: Bench) -> list[Result]:
    """A turn in a large tree against one in a small tree."""
    turns, large = bench.scale.of(10_000), bench.scale.of(2000, 200)
    warm = {"turns": turns, "anywhere": True}
    with bench.workers() as pool:
        workers = {nodes: pool.contender(PRESSES, warm, folder=bench.folder, nodes=nodes) for nodes in (20, large)}
        samples = bench.alternate(
            "tree size", {f"{nodes} nodes": rounds_of(w, turns=turns, anywhere=True) for nodes, w in workers.items()}
        )
    return [
        Result(
            f"Engine turn at {large:,} nodes: CPU",
            "at 20 nodes",
            ratio(samples[f"{large} nodes"], samples["20 nodes"], cpu_per_turn),
            Goal(1.15, 1.10),
            absolute={name: microseconds(samples[name]) for name in samples},
            note="Presses from any node to any node.",
            lacking="The same steps in both: what is added are a few looks at memory that no cache holds any more.",
        )
    ]


def matching(bench: Bench) -> list[Result]:
    """How long it takes to understand a typed question."""
    texts = bench.scale.of(1500, 300)
    with bench.workers() as pool:
        typed = pool.contender("benchmarks.contenders.engine:Typed", {"turns": 50})
        samples = bench.alternate("matching", {"Footnote": rounds_of(typed, turns=texts)})["Footnote"]
    return [
        Result(
            "Matcher, p99, one core",
            "–",
            spread(samples, of("p99")),
            Goal(0.005),
            shown=milliseconds,
            absolute={name: milliseconds(median(samples, of(name))) for name in ("p50", "worst")},
            note="The shipped phrases, each also mistyped; one message in 200 is 4,096 characters long.",
        )
    ]
