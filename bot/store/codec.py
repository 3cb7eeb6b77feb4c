"""How state and votes stand in the database, the same in both: trails as words, contexts as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from bot.dialog.turn import AwaitedReport, Emergency, Preferences, Register, State
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
    if state.offered:
        found["offered"] = list(state.offered)
    if state.about:
        found["about"] = state.about
    if state.report is not None:
        found["report"] = [state.report.node, state.report.at]
    return json.dumps(found, separators=(",", ":")) if found else ""


def settings_text(preferences: Preferences) -> str:
    """Return what a person set, as JSON of what differs from how all begin; empty for nearly all."""
    found = {name: value for name, value in asdict(preferences).items() if value}
    return json.dumps(found, separators=(",", ":")) if found else ""


def earlier_from(
    question: str, message: str, node: str, before: str | None, words: bytes | None, asked: str, newest: bool, at: float
) -> Earlier:
    """Return the earlier answer to `question` from its stored row; `asked` names every message it answered."""
    names = asked.split()
    start = names.index(question) * HASH_BYTES
    hashed = (words or b"")[start : start + HASH_BYTES]
    return Earlier(message, node, tuple((before or "").split()), hashed, bool(newest), len(names) == 1, at)


def state_from(
    register: str | None,
    introduced: bool | None,
    history: str | None,
    context: str | None = None,
    settings: str | None = None,
) -> State:
    """Return the state that a person's row (tone, met, settings) and a conversation's (trail, context) hold, where they
    exist."""
    person, trail = Register(register) if register else None, tuple(history.split()) if history else ()
    preferences = Preferences(**json.loads(settings)) if settings else Preferences()
    if not context:
        return State(person, bool(introduced), trail, preferences=preferences)
    found = json.loads(context)
    emergency, question, report = (found.get(name) for name in ("emergency", "question", "report"))
    return State(
        person,
        bool(introduced),
        trail,
        Emergency(*emergency) if emergency else None,
        (question[0], question[1]) if question else None,
        found.get("quiet", False),
        preferences,
        AwaitedReport(*report) if report else None,
        tuple(found.get("offered", ())),
        found.get("about", ""),
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


def settings_of(state: State) -> dict[str, Any]:
    """Return what a person set, as plain JSON values."""
    return {name: value for name, value in asdict(state.preferences).items() if value}


def reported(row: Sequence[Any]) -> dict[str, Any]:
    """Return one of a person's reports (node, at, words, closed) as plain JSON values; its words are sealed still."""
    node, at, words, closed = row
    return {"answer": node, "at": at, "words": words.hex(), "closed": closed is not None}


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
