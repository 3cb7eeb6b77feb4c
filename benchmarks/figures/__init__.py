"""The figures, in the order of the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from benchmarks.bench import Bench
from benchmarks.figures import chatsky, engine, insights, load, slack, start, storage, telegram
from benchmarks.result import Result

Figure = Callable[[Bench], list[Result]]

FIGURES: Mapping[str, Figure] = {
    "telegram": telegram.turn,
    "telegram-http": load.telegram,
    "aiogram": telegram.aiogram,
    "in-need": telegram.in_need,
    "slack": slack.press,
    "slack-words": slack.words,
    "slack-https": load.slack,
    "engine": engine.turn,
    "tree-size": engine.tree_size,
    "matching": engine.matching,
    "chatsky-memory": chatsky.memory,
    "chatsky-sqlite": chatsky.sqlite,
    "chatsky-anywhere": chatsky.anywhere,
    "storage": storage.sqlite,
    "postgres": storage.postgres,
    "rest": storage.rest,
    "crowd": storage.crowd,
    "history": storage.history,
    "counting": insights.counting,
    "year": insights.year,
    "load": start.load,
    "cold": start.cold,
}
