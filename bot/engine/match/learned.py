"""The two models the matcher learns from authored phrases, and the file that keeps them until a phrase changes.

`nodes` tells which node a question asks for. `follow` tells what a short question means after an answer: an intent, or
a node whose question stands by itself. Training takes seconds, so `content/matcher.json` keeps the result; a digest of
everything it was trained from shows whether it is still true.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.engine.match.features import Eye
from bot.engine.match.linear import Linear
from bot.engine.match.message import Message
from bot.engine.match.train import Row, train
from bot.engine.match.wording import expand
from bot.library.models_matching import Intents, Matching

FILE = "matcher.json"
_FORM = 1
"""Raise it when features or training change: every stored model is then out of date."""
_MOST_FORMS = 12
"""Wordings one phrase may add; beyond it they are taken evenly from all it stands for."""
_STRIDE = 7
"""Step through the remarks, so that neighbouring phrases get different ones."""


@dataclass(frozen=True, slots=True)
class Learned:
    """Both models."""

    nodes: Linear
    follow: Linear


def learn(data: Matching, read: Callable[[str], Message], eye: Eye) -> Learned:
    """Return models trained from the phrases and intents; deterministic, about half a minute."""
    phrases = [(node, form) for node, lines in data.phrases.phrases.items() for form in forms(lines)]
    asks = [(name, form) for name, intent in data.intents.intents.items() for form in forms(intent.asks)]
    alone = [(node, form) for node, form in phrases if not _has_subject(read(form), data.intents)]
    nodes = [(label, eye.whole(read(form))) for label, form in _in_stories(phrases, data.intents.asides)]
    follow = [(label, eye.aspect(read(form))) for label, form in _in_stories([*asks, *alone], data.intents.openers)]
    return Learned(train(_distinct(nodes)), train(_distinct(follow)))


def _in_stories(phrases: Sequence[tuple[str, str]], asides: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each phrase alone and beside a remark that could stand beside any: people tell stories around questions."""
    for at, (label, form) in enumerate(phrases):
        yield label, form
        if asides:
            aside = asides[at * _STRIDE % len(asides)]
            yield label, f"{aside}. {form}" if at % 3 else f"{form}. {aside}"


def forms(lines: tuple[str, ...]) -> list[str]:
    """Return the wordings the lines stand for, at most `_MOST_FORMS` of each."""
    found: list[str] = []
    for line in lines:
        every = expand(line)
        step = max(1, len(every) // _MOST_FORMS)
        found.extend(every[::step])
    return found


def _has_subject(message: Message, intents: Intents) -> bool:
    return any(concept in intents.subjects for concept in message.concepts)


def _distinct(rows: list[tuple[str, dict[str, float]]]) -> list[Row]:
    return list({(label, *values): (label, values) for label, values in rows}.values())


def digest(data: Matching) -> str:
    """Return what changes with anything the models are trained from."""
    parts = data.model_dump(mode="json", exclude={"advice"})
    return hashlib.sha256(json.dumps([_FORM, parts], sort_keys=True).encode()).hexdigest()


def load(path: Path, wanted: str | None = None) -> Learned | None:
    """Return the stored models, or None when there are none or they were trained from something else than `wanted`."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        fits = wanted in (None, stored["digest"])
        return Learned(_model(stored["nodes"]), _model(stored["follow"])) if fits else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def dump(learned: Learned, made_from: str) -> str:
    """Return the file's text."""
    return json.dumps(
        {"digest": made_from, "nodes": _plain(learned.nodes), "follow": _plain(learned.follow)},
        separators=(",", ":"),
        ensure_ascii=False,
    )


def _plain(model: Linear) -> dict[str, Any]:
    return {
        "labels": model.labels,
        "bias": model.bias,
        "weights": model.weights,
    }


def _model(stored: Mapping[str, Any]) -> Linear:
    return Linear(tuple(stored["labels"]), tuple(stored["bias"]), stored["weights"])
