"""What an operator sees and does in SQLite: depth, the quarantine, leases of dead processes."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from bot.delivery.sqlite import turns
from bot.delivery.store import Depth, Held, Lease

_DEPTH = """SELECT channel, coalesce(sum(status = 'waiting'), 0), coalesce(sum(status <> 'waiting'), 0),
min(CASE WHEN status = 'waiting' THEN received END) FROM inbox GROUP BY channel"""

_SET_ASIDE = """UPDATE inbox SET status = 'quarantined', reason = ?, attempts = attempts + 1
WHERE id = ? AND status = 'waiting'"""

_KEEP_UNREADABLE = """INSERT INTO inbox (conversation, person, channel, payload, received, status, reason)
VALUES (x'', x'', :channel, :payload, :now, 'unreadable', :reason)"""

_HELD = """SELECT id, channel, status, attempts, received, reason FROM inbox
WHERE :status IS NULL OR status = :status ORDER BY id"""


def depth(db: sqlite3.Connection) -> dict[str, Depth]:
    """Return how full the inbox is, by channel."""
    return {channel: Depth(waiting, held, oldest) for channel, waiting, held, oldest in db.execute(_DEPTH)}


def held(db: sqlite3.Connection, status: str | None) -> list[Held]:
    """Return unfinished turns, oldest first."""
    return [Held(*row) for row in db.execute(_HELD, {"status": status})]


def votes(db: sqlite3.Connection) -> dict[tuple[str, str], int]:
    """Return the sums of the feedback buttons."""
    rows = db.execute("SELECT node, vote, sum(votes) FROM feedback GROUP BY node, vote")
    return {(node, vote): total for node, vote, total in rows}


def quarantine(db: sqlite3.Connection, row: int, conversation: bytes, reason: str, now: float) -> None:
    """Set the turn aside and let its conversation go on."""
    if db.execute(_SET_ASIDE, (reason, row)).rowcount:
        turns.leave_lane(db, conversation, now)


def replay(db: sqlite3.Connection, row: int, now: float) -> bool:
    """Put a quarantined turn back to work."""
    back = (
        "UPDATE inbox SET status = 'waiting', reason = NULL, attempts = 0 WHERE id = ? AND status = 'quarantined'"
        " RETURNING conversation, channel"
    )
    found = db.execute(back, (row,)).fetchall()
    for conversation, channel in found:
        turns.enter_lane(db, conversation, channel, now)
    return bool(found)


def drop(db: sqlite3.Connection, row: int) -> bool:
    """Delete a turn or event that was set aside."""
    return db.execute("DELETE FROM inbox WHERE id = ? AND status <> 'waiting'", (row,)).rowcount > 0


def set_aside(db: sqlite3.Connection, channel: str, event: bytes, payload: bytes, reason: str, now: float) -> bool:
    """Keep an unreadable event, once; it belongs to nobody."""
    if db.execute("INSERT OR IGNORE INTO seen (event, at) VALUES (?, ?)", (event, now)).rowcount == 0:
        return False
    db.execute(_KEEP_UNREADABLE, {"channel": channel, "payload": payload, "reason": reason, "now": now})
    return True


def release(db: sqlite3.Connection, owner: int | None) -> None:
    """End the owner's leases, or everyone's; the owner stays as a sign that turns may have been broken off."""
    db.execute("UPDATE lane SET until = 0 WHERE owner = :owner OR :owner IS NULL", {"owner": owner})


def renew(db: sqlite3.Connection, lease: Lease, conversations: Sequence[bytes]) -> None:
    """Extend the owner's leases on these lanes."""
    renewed = [(lease.until, lane, lease.owner) for lane in conversations]
    db.executemany("UPDATE lane SET until = ? WHERE conversation = ? AND owner = ?", renewed)


def postpone(db: sqlite3.Connection, row: int, conversation: bytes, due_at: float, attempts: int) -> None:
    """Free the lane until `due_at`."""
    db.execute("UPDATE inbox SET attempts = ? WHERE id = ?", (attempts, row))
    db.execute("UPDATE lane SET owner = NULL, due_at = ? WHERE conversation = ?", (due_at, conversation))
