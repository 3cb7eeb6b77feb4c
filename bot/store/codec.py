"""How state and votes stand in the database, the same in both: trails as words, contexts as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.dialog.turn import Emergency, Register, State
from bot.store.base import HASH_BYTES, Earlier


def history_text(state: State) -> str:
    """Return the history as it is stored: node ids, oldest first, separated by spaces."""
    return " ".join(state.history)


def context_text(state: State) -> str:
    """Return what a conversation is about beyond its trail, as JSON with short names; empty for nearly all."""
    found: dict[str, Any] = {}
    if state.emergency is not None:
        found["emergency"] = [state.emergency.node, state.emergency.at]
    if state.question is not None:
        found["question"] = list(state.question)
    if state.quiet:
        found["quiet"] = True
    return json.dumps(found, separators=(",", ":")) if found else ""


def earlier_from(
    question: str, message: str, node: str, before: str | None, words: bytes | None, asked: str, newest: bool, at: float
) -> Earlier:
    """Return the earlier answer to `question` from its stored row; `asked` names every message it answered."""
    names = asked.split()
    start = names.index(question) * HASH_BYTES
    hashed = (words or b"")[start : start + HASH_BYTES]
    return Earlier(message, node, tuple((before or "").split()), hashed, bool(newest), len(names) == 1, at)


def state_from(register: str | None, introduced: bool | None, history: str | None, context: str | None = None) -> State:
    """Return the state that a person's row (tone, met) and a conversation's (trail, context) hold, where they exist."""
    person, trail = Register(register) if register else None, tuple(history.split()) if history else ()
    if not context:
        return State(person, bool(introduced), trail)
    found = json.loads(context)
    emergency, question = found.get("emergency"), found.get("question")
    return State(
        person,
        bool(introduced),
        trail,
        Emergency(*emergency) if emergency else None,
        (question[0], question[1]) if question else None,
        found.get("quiet", False),
    )


def quiet_in(context: str | None) -> bool:
    """Return whether a conversation's context says that the bot is to be quiet."""
    return bool(context) and bool(json.loads(context or "{}").get("quiet", False))


def exported(trails: Sequence[str], contexts: Sequence[str]) -> dict[str, Any]:
    """Return what conversations hold as plain JSON values: the trails, and the contexts of those that have any."""
    return {
        "trails": [trail.split() for trail in trails],
        "contexts": [json.loads(context) for context in contexts if context],
    }


def net_votes(found: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """Return the sums with changes of mind counted in: `toup` is one `up` more and one `down` fewer."""
    net = {key: votes for key, votes in found.items() if key[1] not in _CHANGES}
    for (node, vote), votes in found.items():
        if vote in _CHANGES:
            more, less = _CHANGES[vote]
            net[node, more] = net.get((node, more), 0) + votes
            net[node, less] = net.get((node, less), 0) - votes
    return net


_CHANGES = {"toup": ("up", "down"), "todown": ("down", "up")}
