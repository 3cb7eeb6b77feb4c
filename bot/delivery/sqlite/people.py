"""What SQLite holds about a person, and how it is shown, deleted and pruned."""

from __future__ import annotations

import sqlite3
from typing import Any

from bot.delivery.identity import DIGEST_BYTES
from bot.delivery.store import Horizon
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
_OLD = {
    "events": "DELETE FROM seen WHERE event BETWEEN :first AND :last AND at < :events",
    "messages": "DELETE FROM message WHERE conversation BETWEEN :first AND :last AND at < :messages",
    "conversations": "DELETE FROM conversation WHERE conversation BETWEEN :first AND :last AND day < :idle_day",
    "people": "DELETE FROM person WHERE person BETWEEN :first AND :last AND day < :idle_day",
}
SLICES = 256
"""Keys are hashes, so their first byte cuts every table into equal slices: a million people are pruned four thousand
at a time, and no turn waits for more than one slice."""


def preferences(db: sqlite3.Connection, person: bytes) -> State:
    """Return tone and met of the person."""
    tone, met = db.execute("SELECT tone, met FROM person WHERE person = ?", (person,)).fetchone() or (None, False)
    return state_from(tone, met, None)


def remembers(db: sqlite3.Connection, conversation: bytes) -> bool:
    """Return whether the conversation has a row."""
    return db.execute("SELECT 1 FROM conversation WHERE conversation = ?", (conversation,)).fetchone() is not None


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


def prune_slice(db: sqlite3.Connection, number: int, horizon: Horizon) -> dict[str, int]:
    """Remove what is older than the horizon from one slice of the keys, 0 to 255; return how many rows of each kind."""
    terms = {
        "first": bytes([number]),
        "last": bytes([number]) + b"\xff" * DIGEST_BYTES,
        "events": horizon.events,
        "messages": horizon.messages,
        "idle_day": day_of(horizon.idle),
    }
    return {kind: db.execute(statement, terms).rowcount for kind, statement in _OLD.items()}


def prune_rest(db: sqlite3.Connection, horizon: Horizon) -> dict[str, int]:
    """Forget who left long ago, and drop what nobody looked at in the quarantine."""
    gone = db.execute("SELECT person FROM person WHERE departed < ?", (horizon.departed,)).fetchall()
    for (person,) in gone:
        forget(db, person)
    dropped = db.execute("DELETE FROM inbox WHERE status <> 'waiting' AND received < ?", (horizon.quarantine,))
    return {"departed": len(gone), "quarantine": dropped.rowcount}
