"""Under load over loopback HTTP: the bot on one core, the pretended API and the people on the other."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.contenders.world import certificate
from benchmarks.figures.common import median, microseconds
from benchmarks.result import Goal, Result, milliseconds
from benchmarks.rounds import Sample, cpu_per_turn, of, ratio, spread
from benchmarks.workers import Worker

SERVERS = "benchmarks.contenders.servers:"
USERS, RATE, LATENCY, HANGING = 1000, 200, 0.05, 100
SLACK_RATE = 50


def telegram(bench: Bench) -> list[Result]:
    """Two hundred turns a second of a thousand conversations."""
    turns = bench.scale.of(300, 40)
    with bench.workers() as pool:
        world = pool.contender("benchmarks.contenders.world:telegram", kind="service", core=1, nodes=20, users=USERS)
        api = world.greeting["port"]
        stock = pool.contender(SERVERS + "telegram_stock", kind="service", api=api)
        ours = pool.contender(SERVERS + "telegram_footnote", kind="service", api=api, folder=bench.folder, nodes=20)
        for bot in (stock, ours):
            loaded(world, bot, turns=bench.scale.of(100, 20), rate=RATE)()
        samples = bench.alternate(
            "telegram over HTTP",
            {
                "stock": loaded(world, stock, turns=turns, rate=RATE),
                "Footnote": loaded(world, ours, turns=turns, rate=RATE),
                "50 ms": loaded(world, ours, turns=turns, rate=RATE, latency=LATENCY),
                "hanging": loaded(world, ours, turns=turns, rate=RATE, latency=LATENCY, hang=HANGING),
            },
        )
    return _telegram_results(samples)


def _telegram_results(samples: dict[str, list[Sample]]) -> list[Result]:
    rate = f"{RATE} turns/s, {USERS:,} conversations"
    tails = {name: milliseconds(median(samples[name], of("p99"))) for name in samples}
    return [
        Result(
            f"Whole Telegram turn over loopback HTTP, {rate}: CPU per turn",
            "PTB 22.8 default bot at the same rate",
            ratio(samples["Footnote"], samples["stock"], cpu_per_turn),
            Goal(0.70, 0.55),
            absolute={name: microseconds(samples[name]) for name in ("Footnote", "stock")},
            note=f"p99 {tails['Footnote']} against {tails['stock']}. The order in each chat was checked.",
        ),
        Result(
            "The same with 50 ms API latency: p99, update in → answer out",
            "PTB's default saturates at 10/s",
            spread(samples["50 ms"], of("p99")),
            Goal(0.015, 0.008),
            shown=milliseconds,
            absolute={"p50": milliseconds(median(samples["50 ms"], of("p50")))},
            note="Before an answer goes out, its question is synced to the disk.",
            lacking="At this rate half of the core is busy, so that turns which arrive together wait for each other, "
            "and one in a hundred meets a slow sync or a stall of the machine besides. It would take half the CPU a "
            "turn.",
        ),
        Result(
            "One chat in 100 whose API calls hang 5 s: the others' p99",
            "without hanging chats",
            ratio(samples["hanging"], samples["50 ms"], of("p99")),
            Goal(1.5),
            absolute={name: tails[name] for name in ("hanging", "50 ms")},
        ),
    ]


def slack(bench: Bench) -> list[Result]:
    """Presses on Slack, the Web API over TLS."""
    turns = bench.scale.of(120, 20)
    trusted = certificate(Path(bench.folder))
    environment = {**os.environ, "SSL_CERT_FILE": str(trusted)}
    with bench.workers() as pool:
        world = pool.contender(
            "benchmarks.contenders.world:slack", kind="service", core=1, nodes=20, users=USERS, certificate=str(trusted)
        )
        of_api = {"kind": "service", "environment": environment, "api": world.greeting["port"]}
        stock = pool.contender(SERVERS + "slack_stock", **of_api)
        ours = pool.contender(SERVERS + "slack_footnote", **of_api, folder=bench.folder, nodes=20)
        for bot in (stock, ours):
            loaded(world, bot, turns=bench.scale.of(50, 10), rate=SLACK_RATE)()
        contenders = {"Footnote": ours, "stock": stock}
        samples = bench.alternate(
            "slack over HTTPS", {name: loaded(world, w, turns=turns, rate=SLACK_RATE) for name, w in contenders.items()}
        )
    tails = {name: milliseconds(median(samples[name], of("p99"))) for name in samples}
    return [
        Result(
            f"Whole Slack turn with SQLite over HTTPS, {SLACK_RATE}/s: CPU per turn",
            "trivial Bolt 1.30 handler, default settings",
            ratio(samples["Footnote"], samples["stock"], cpu_per_turn),
            Goal(0.70, 0.50),
            absolute={name: microseconds(samples[name]) for name in samples},
            note=f"Pressed buttons. p99 {tails['Footnote']} against {tails['stock']}.",
            lacking="Most of a turn is Bolt, TLS and the web server, which both sides pay for; at this rate nobody "
            "shares its two commits. It would take requests read without Bolt.",
        )
    ]


def loaded(world: Worker, bot: Worker, **order: float) -> Callable[[], Sample]:
    """Return the measure of one round: the world posts, the bot's own CPU clock says what it cost."""

    def measure() -> Sample:
        before = bot.ask(do="usage")
        seen = world.ask(port=bot.greeting["port"], **order)
        after = bot.ask(do="usage")
        if not seen["complete"]:
            raise RuntimeError(f"only {seen['answered']} of {seen['turns']} turns were answered")
        return {**seen, "cpu": after["cpu"] - before["cpu"], "main": after["main"] - before["main"]}

    return measure
