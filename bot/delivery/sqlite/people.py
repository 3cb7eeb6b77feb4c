"""What SQLite holds about a person, and how it is shown, deleted and pruned."""

from __future__ import annotations

import sqlite3
from typing import Any

from bot.delivery.store import Horizon, Pruned
from bot.delivery.words import day_of, state_from
from bot.engine.turn import State

_THEIRS = "(SELECT conversation FROM conversation WHERE person = ?)"
_FORGET = {
    "messages": f"DELETE FROM message WHERE conversation IN {_THEIRS}",  # noqa: S608 (no value is interpolated)
    "conversations": "DELETE FROM conversation WHERE person = ?",
    "preferences": "DELETE FROM person WHERE person = ?",
}
_COUNT = {
    "conversations": "SELECT count(*) FROM conversation WHERE person = ?",
    "messages": f"SELECT count(*) FROM message WHERE conversation IN {_THEIRS}",  # noqa: S608
    "questions": "SELECT count(*) FROM inbox WHERE person = ? AND status = 'quarantined'",
}
_PRUNE = {
    "events": "DELETE FROM seen WHERE at < :events",
    "messages": "DELETE FROM message WHERE at < :messages",
    "quarantine": "DELETE FROM inbox WHERE status = 'quarantined' AND received < :quarantine",
    "conversations": "DELETE FROM conversation WHERE day < :idle_day",
    "people": "DELETE FROM person WHERE day < :idle_day",
}


def preferences(db: sqlite3.Connection, person: bytes) -> State:
    """Return tone and met of the person."""
    return state_from(db.execute("SELECT tone, met FROM person WHERE person = ?", (person,)).fetchone(), None)


def forget(db: sqlite3.Connection, person: bytes) -> dict[str, int]:
    """Delete preferences, conversations, their messages and quarantined questions; return how many of each."""
    counts = {kind: db.execute(statement, (person,)).rowcount for kind, statement in _FORGET.items()}
    held = db.execute("DELETE FROM inbox WHERE person = ? AND status = 'quarantined'", (person,))
    return {**counts, "questions": held.rowcount}


def export(db: sqlite3.Connection, person: bytes) -> dict[str, Any]:
    """Return what is stored about the person."""
    state = preferences(db, person)
    trails = db.execute("SELECT trail FROM conversation WHERE person = ?", (person,)).fetchall()
    counts = {kind: db.execute(statement, (person,)).fetchone()[0] for kind, statement in _COUNT.items()}
    return {
        "tone": state.tone and str(state.tone),
        "met": state.met,
        "trails": [trail.split() for (trail,) in trails],
        **counts,
    }


def departed(db: sqlite3.Connection, person: bytes, at: float) -> None:
    """Note when the person left."""
    db.execute(
        "INSERT INTO person (person, met, day, departed) VALUES (:person, 0, :day, :at)"
        " ON CONFLICT (person) DO UPDATE SET departed = coalesce(departed, excluded.departed)",
        {"person": person, "day": day_of(at), "at": at},
    )


def prune(db: sqlite3.Connection, horizon: Horizon) -> Pruned:
    """Forget who left long ago and remove whatever is older than the horizon."""
    gone = db.execute("SELECT person FROM person WHERE departed < ?", (horizon.departed,)).fetchall()
    for (person,) in gone:
        forget(db, person)
    terms = {
        "events": horizon.events,
        "messages": horizon.messages,
        "quarantine": horizon.quarantine,
        "idle_day": day_of(horizon.idle),
    }
    counts = {kind: db.execute(statement, terms).rowcount for kind, statement in _PRUNE.items()}
    return Pruned({**counts, "departed": len(gone)})
