"""The three models the matcher learns from authored phrases, and the file that keeps them until a phrase changes.

`nodes` tells which node a question asks for by itself. `follow` tells what a short question means after an answer: an
intent, or a node whose question stands by itself. `thread` tells which node is asked for after the one last shown.
Training takes minutes, so `content/matcher.json` keeps the result; a digest of everything it was trained from shows
whether it is still true.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from bot.content.matching_models import Matching
from bot.matching.lessons import Lessons
from bot.matching.linear import Linear, packed, unpacked
from bot.matching.tables import Tables
from bot.matching.tables import packed as packed_tables
from bot.matching.tables import unpacked as unpacked_tables
from bot.matching.train import train

FILE = "matcher.json"
_FORM = 5
"""Raise it when reading, features or training change: every stored model and table is then out of date."""
_UNTAUGHT = Linear()


_MODELS = ("nodes", "follow", "thread")


@dataclass(frozen=True, slots=True)
class Learned:
    """The models, and the tables of what they were learned from; without lessons they know nothing."""

    nodes: Linear = _UNTAUGHT
    follow: Linear = _UNTAUGHT
    thread: Linear = _UNTAUGHT
    tables: Tables | None = None


def learn(lessons: Lessons, tables: Tables) -> Learned:
    """Return models trained from the lessons, which were read with these tables; deterministic, takes minutes."""
    first = train(lessons.follow())
    return Learned(train(lessons.nodes()), train(lessons.follow(first)), train(lessons.thread()), tables)


def digest(data: Matching) -> str:
    """Return what changes with anything the models are trained from."""
    parts = data.model_dump(mode="json", exclude={"advice"})
    return hashlib.sha256(json.dumps([_FORM, parts], sort_keys=True).encode()).hexdigest()


def load(path: Path, wanted: str | None = None) -> Learned | None:
    """Return the stored models, or None when there are none or they were trained from something else than `wanted`."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        fits = wanted in (None, stored["digest"])
        if not fits:
            return None
        nodes, follow, thread = (unpacked(stored[name]) for name in _MODELS)
        kept = stored["tables"]
        return Learned(nodes, follow, thread, unpacked_tables(kept) if kept else None)
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None


def dump(learned: Learned, made_from: str) -> str:
    """Return the file's text."""
    models = {name: packed(getattr(learned, name)) for name in _MODELS}
    stored = {"digest": made_from, **models, "tables": packed_tables(learned.tables) if learned.tables else None}
    return json.dumps(stored, separators=(",", ":"), ensure_ascii=False)
