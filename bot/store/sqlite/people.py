"""What SQLite holds about a person, how it is shown, deleted and pruned; and the counts that are about nobody."""

from __future__ import annotations

import sqlite3
from typing import Any

from bot.dialog.turn import State
from bot.store.common import day_of, exported, net_votes, quiet_in, reported, settings_of, state_from
from bot.store.records import (
    ADD_REPORT,
    CLOSE_REPORT,
    FORGET_REPORTS,
    LIST_REPORTS,
    PUBLISHED,
    SUM_CELLS,
    SUM_WEEKS,
    THEIR_REPORTS,
    NewReport,
    Published,
    StoredReport,
    Summed,
    cells_from,
    first_day,
    left_of,
    published_from,
    report_terms,
)

_THEIRS = "(SELECT conversation FROM conversation WHERE person = ?)"
_FORGET = {
    "messages": f"DELETE FROM message WHERE conversation IN {_THEIRS}",  # noqa: S608 (no value is interpolated)
    "conversations": "DELETE FROM conversation WHERE person = ?",
    "preferences": "DELETE FROM person WHERE person = ?",
    "unmatched": "DELETE FROM unmatched WHERE person = ?",
}
_COUNT = {
    "conversations": "SELECT count(*) FROM conversation WHERE person = ?",
    "messages": f"SELECT count(*) FROM message WHERE conversation IN {_THEIRS}",  # noqa: S608
    "questions": "SELECT count(*) FROM inbox WHERE person = ? AND status = 'quarantined'",
}
_UNMATCHED = "SELECT hex(sealed) FROM unmatched WHERE person = ? ORDER BY id"


def preferences(db: sqlite3.Connection, person: bytes) -> State:
    """Return tone, met and settings of the person."""
    found = db.execute("SELECT tone, met, settings FROM person WHERE person = ?", (person,)).fetchone()
    register, introduced, settings = found or (None, False, "")
    return state_from(register, introduced, None, settings=settings)


def is_known(db: sqlite3.Connection, conversation: bytes, person: bytes | None) -> bool:
    """Return whether the conversation has a row, of that person if one is given."""
    found = db.execute("SELECT person FROM conversation WHERE conversation = ?", (conversation,)).fetchone()
    return found is not None and person in (None, found[0])


def is_quiet(db: sqlite3.Connection, conversation: bytes) -> bool:
    """Return whether the conversation's row says that the bot is to be quiet."""
    found = db.execute("SELECT context FROM conversation WHERE conversation = ?", (conversation,)).fetchone()
    return found is not None and quiet_in(found[0])


def forget(db: sqlite3.Connection, person: bytes) -> dict[str, int]:
    """Delete preferences, conversations, their messages and quarantined questions; return how many of each."""
    counts = {kind: db.execute(statement, (person,)).rowcount for kind, statement in _FORGET.items()}
    pending = db.execute("DELETE FROM inbox WHERE person = ? AND status = 'quarantined'", (person,))
    reported = db.execute(FORGET_REPORTS, numbered(person))
    return {**counts, "questions": pending.rowcount, "reports": reported.rowcount}


def export(db: sqlite3.Connection, person: bytes) -> dict[str, Any]:
    """Return what is stored about the person."""
    state = preferences(db, person)
    conversations = db.execute("SELECT trail, context FROM conversation WHERE person = ?", (person,)).fetchall()
    counts = {kind: db.execute(statement, (person,)).fetchone()[0] for kind, statement in _COUNT.items()}
    return {
        "tone": state.register and str(state.register),
        "met": state.introduced,
        "settings": settings_of(state),
        "reports": [reported(row) for row in db.execute(THEIR_REPORTS, numbered(person))],
        "unmatched": [sealed for (sealed,) in db.execute(_UNMATCHED, (person,))],
        **exported([trail for trail, _ in conversations], [context for _, context in conversations]),
        **counts,
    }


def user_left(db: sqlite3.Connection, person: bytes, at: float) -> None:
    """Note when the person left."""
    db.execute(
        "INSERT INTO person (person, met, day, departed) VALUES (:person, 0, :day, :at)"
        " ON CONFLICT (person) DO UPDATE SET departed = coalesce(departed, excluded.departed)",
        {"person": person, "day": day_of(at), "at": at},
    )


def upload(db: sqlite3.Connection, file: str) -> str | None:
    """Return the name under which a platform holds a file."""
    found = db.execute("SELECT reference FROM upload WHERE file = ?", (file,)).fetchone()
    return str(found[0]) if found else None


def keep_upload(db: sqlite3.Connection, file: str, reference: str, at: float) -> None:
    """Remember the latest name."""
    db.execute(
        "INSERT INTO upload (file, reference, day) VALUES (?, ?, ?)"
        " ON CONFLICT (file) DO UPDATE SET reference = excluded.reference, day = excluded.day",
        (file, reference, day_of(at)),
    )


def votes(db: sqlite3.Connection) -> dict[tuple[str, str], int]:
    """Return the sums of the feedback buttons."""
    rows = db.execute("SELECT node, vote, sum(votes) FROM feedback GROUP BY node, vote")
    return net_votes({(node, vote): total for node, vote, total in rows})


def add_report(db: sqlite3.Connection, report: NewReport) -> None:
    """Keep a report, once."""
    db.execute(ADD_REPORT, numbered(*report_terms(report)))


def list_reports(db: sqlite3.Connection, *, closed: bool) -> list[StoredReport]:
    """Return the open reports, or all of them."""
    return [StoredReport(*row) for row in db.execute(LIST_REPORTS, numbered(closed))]


def close_report(db: sqlite3.Connection, number: int, at: float) -> StoredReport | None:
    """Close an open report."""
    found = db.execute(CLOSE_REPORT, numbered(number, at)).fetchall()
    return StoredReport(*found[0]) if found else None


def numbered(*values: object) -> dict[str, object]:
    """Return parameters by their numbers, as PostgreSQL's statements name them."""
    return {str(at): value for at, value in enumerate(values, 1)}


# --- counts ---------------------------------------------------------------------------------------------------------


def week_salt(db: sqlite3.Connection, week: int, fresh: bytes) -> bytes | None:
    """Return the salt of a week, or None if it is over."""
    db.execute("INSERT OR IGNORE INTO tally_week (week, salt) VALUES (?, ?)", (week, fresh))
    [(salt,)] = db.execute("SELECT salt FROM tally_week WHERE week = ?", (week,)).fetchall()
    return salt if salt is None else bytes(salt)


def end_weeks(db: sqlite3.Connection, before: int) -> None:
    """Pool the counts of each open week before this one, and drop whatever came late."""
    open_weeks = db.execute("SELECT week FROM tally_week WHERE week < ? AND salt IS NOT NULL", (before,)).fetchall()
    for (week,) in open_weeks:
        days = (first_day(week), first_day(week + 1))
        rows = db.execute("SELECT cell, times, people FROM tally WHERE day >= ? AND day < ? AND shard >= 0", days)
        left = [(days[0], PUBLISHED, cell, times, 0) for cell, times in left_of(rows.fetchall())]
        db.executemany("INSERT INTO tally (day, shard, cell, times, people) VALUES (?, ?, ?, ?, ?)", left)
        db.execute("UPDATE tally_week SET salt = NULL WHERE week = ?", (week,))
    db.execute("DELETE FROM tally WHERE day < ? AND shard >= 0", (first_day(before),))


def published(db: sqlite3.Connection) -> list[Published]:
    """Return the counts that may be seen."""
    rows = db.execute("SELECT day, cell, times FROM tally WHERE shard = ? ORDER BY day, cell", (PUBLISHED,))
    return published_from(rows)


def summed(db: sqlite3.Connection, weeks: int) -> Summed:
    """Return the counts of the last weeks, added up."""
    found = sorted(db.execute(SUM_WEEKS, numbered(PUBLISHED, weeks)).fetchall())
    since = found[0][0] if found else 0
    return Summed(found, cells_from(db.execute(SUM_CELLS, numbered(PUBLISHED, since))))


def unmatched(db: sqlite3.Connection) -> list[tuple[int, bytes]]:
    """Return the unanswered questions that were kept."""
    return [(number, bytes(sealed)) for number, sealed in db.execute("SELECT id, sealed FROM unmatched ORDER BY id")]


def drop_unmatched(db: sqlite3.Connection, number: int) -> bool:
    """Delete a question that was kept."""
    return db.execute("DELETE FROM unmatched WHERE id = ?", (number,)).rowcount > 0
