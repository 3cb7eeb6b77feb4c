"""The life of a turn in SQLite: accept, claim, progress, finish. Each function is one step inside a transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.dialog.turn import State
from bot.store.base import (
    AcceptResult,
    Earlier,
    Lease,
    NewEvent,
    PendingTurn,
    QueueDepth,
    Turn,
    TurnResult,
    WaitingRow,
    WaitingTurns,
)
from bot.store.common import (
    AT_ONCE,
    LONGEST_WAIT,
    MOST_JOINED,
    context_text,
    day_of,
    earlier_from,
    event_values,
    history_text,
    settings_text,
    state_from,
)

_FIRST = """SELECT id, conversation, channel, person, payload, received, attempts, sent, question, replies_to, edited,
priority = 0 FROM inbox WHERE conversation = ? AND status = 'waiting' ORDER BY priority, id LIMIT 1"""

_OTHERS = "SELECT 1 FROM inbox WHERE conversation = ? AND status = 'waiting' AND id <> ? LIMIT 1"

_THEIRS = """SELECT id, payload, received, question, priority = 0 FROM inbox
WHERE conversation = ? AND person = ? AND status = 'waiting' ORDER BY id LIMIT ?"""

_STATE = """SELECT tone, met, trail, context, settings FROM (SELECT 1)
LEFT JOIN person ON person.person = ? LEFT JOIN conversation ON conversation.conversation = ?"""

_INSERT = """INSERT INTO inbox
(conversation, person, channel, payload, question, replies_to, edited, priority, received)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""

_ENTER_QUEUE = f"""INSERT INTO lane (conversation, channel, waiting, due_at, owner, until)
VALUES (:conversation, :channel, 1, CASE WHEN :urgent THEN {AT_ONCE} ELSE :now END, :owner, :until)
ON CONFLICT (conversation) DO UPDATE SET waiting = waiting + 1,
due_at = CASE WHEN :urgent THEN {AT_ONCE} WHEN gathering THEN min(due_at, :now) ELSE due_at END
RETURNING waiting, owner IS NULL AND due_at <= :now"""  # noqa: S608 (a constant of ours)

_LEASE_QUEUE = "UPDATE lane SET owner = ?, until = ?, gathering = 0 WHERE conversation = ?"

_FREE_QUEUES = """SELECT conversation, owner FROM lane
WHERE channel = :channel AND (due_at <= :now OR due_at > :now + :longest)
AND (owner IS NULL OR until <= :now OR until > :farthest) ORDER BY due_at LIMIT :limit"""

_REMEMBER_PERSON = """INSERT INTO person (person, tone, met, day, settings)
VALUES (:person, :tone, :met, :day, :settings)
ON CONFLICT (person) DO UPDATE SET tone = CASE WHEN :changed THEN excluded.tone ELSE tone END,
settings = CASE WHEN :set THEN excluded.settings ELSE settings END,
met = met OR excluded.met, day = excluded.day, departed = CASE WHEN departed > :received THEN departed END
WHERE :changed OR :set OR met < excluded.met OR day <> excluded.day OR departed IS NOT NULL"""

_MOVE_ON = "UPDATE conversation SET trail = ?, context = ?, day = ? WHERE conversation = ? AND person = ?"

_REMEMBER_TRAIL = """INSERT INTO conversation (trail, context, day, conversation, person) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (conversation) DO UPDATE
SET person = excluded.person, trail = excluded.trail, context = excluded.context, day = excluded.day"""

_REMEMBER_MESSAGE = """INSERT INTO message (conversation, message, node, question, part, at, before, words)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (conversation, message) DO UPDATE SET node = excluded.node,
words = CASE WHEN excluded.question = question THEN excluded.words ELSE words END"""

_EARLIER = """SELECT message, node, before, words, question,
at = (SELECT max(at) FROM message WHERE conversation = :conversation), at
FROM message WHERE conversation = :conversation AND instr(' ' || question || ' ', ' ' || :question || ' ') > 0
ORDER BY at DESC, part LIMIT 1"""

COUNT_TURN = """INSERT INTO tally (day, shard, cell, times, people) VALUES (?, 0, ?, 1, ?)
ON CONFLICT DO UPDATE SET times = times + 1, people = people | excluded.people"""

_COUNTED = "(?, 0, ?, 1, ?)"

_KEEP_UNMATCHED = "INSERT INTO unmatched (person, sealed, day) VALUES (?, ?, ?)"

_COUNT_VOTE = """INSERT INTO feedback (node, tone, channel, vote, day, votes) VALUES (?, ?, ?, ?, ?, 1)
ON CONFLICT DO UPDATE SET votes = votes + 1"""


def accept(db: sqlite3.Connection, new_event: NewEvent, lease: Lease | None) -> AcceptResult:
    """Store the event unless one of its keys is known; lease its conversation if it is the only turn in it."""
    known = [_is_known(db, key, new_event.received) for key in new_event.keys]
    if any(known):
        return AcceptResult(fresh=False)
    row = _insert(db, new_event)
    waiting, due = enter_queue(
        db, new_event.conversation, new_event.channel, new_event.received, lease, urgent=new_event.urgent
    )
    if lease is None or waiting > 1:
        return AcceptResult(fresh=True, due=due)
    return AcceptResult(fresh=True, turn=_turn(db, row, new_event, alone=True))


def claim(db: sqlite3.Connection, channel: str, limit: int, lease: Lease) -> list[Turn]:
    """Lease due conversations and return the first turn of each; it is doubtful where somebody's lease ran out."""
    terms = {"channel": channel, "now": lease.now, "farthest": lease.farthest, "longest": LONGEST_WAIT, "limit": limit}
    queues = db.execute(_FREE_QUEUES, terms).fetchall()
    db.executemany(_LEASE_QUEUE, [(lease.owner, lease.until, queue) for queue, _ in queues])
    return [turn for queue, before in queues if (turn := first_turn(db, queue, doubtful=before is not None))]


def first_turn(db: sqlite3.Connection, conversation: bytes, *, doubtful: bool = False) -> Turn | None:
    """Return the conversation's oldest unfinished turn with all that is needed to answer it."""
    found = db.execute(_FIRST, (conversation,)).fetchone()
    if found is None:
        return None
    row, conversation, channel, person, payload, received, attempts, sent, question, replies_to, edited, urgent = found
    about = (channel, person, conversation, payload, received, question, replies_to, bool(edited), bool(urgent))
    alone = not db.execute(_OTHERS, (conversation, row)).fetchone()
    tried = (attempts, tuple(json.loads(sent)), doubtful or attempts > 0)
    return _turn(db, row, NewEvent((), *about), tried, alone=alone)


_NEVER_TRIED: tuple[int, tuple[str, ...], bool] = (0, (), False)
"""How often a turn was tried, what was sent then, and whether that is doubtful."""


def _turn(
    db: sqlite3.Connection,
    row: int,
    new_event: NewEvent,
    tried: tuple[int, tuple[str, ...], bool] = _NEVER_TRIED,
    *,
    alone: bool,
) -> Turn:
    """Return a turn with what is remembered about its asker, its conversation and the messages it refers to."""
    attempts, sent, doubtful = tried
    remembered = db.execute(_STATE, (new_event.person, new_event.conversation)).fetchone()
    return Turn(
        row=row,
        channel=new_event.channel,
        person=new_event.person,
        conversation=new_event.conversation,
        payload=new_event.payload,
        received=new_event.received,
        attempts=attempts,
        sent=sent,
        question=new_event.question,
        state=state_from(*remembered),
        context=_node_of(db, new_event.conversation, new_event.replies_to) if new_event.replies_to else None,
        earlier=_answer_to(db, new_event.conversation, new_event.question) if new_event.edited else None,
        doubtful=doubtful,
        urgent=new_event.urgent,
        alone=alone,
    )


def waiting(db: sqlite3.Connection, turn: Turn) -> WaitingTurns:
    """Return what the turn's person has waiting in its conversation."""
    rows = db.execute(_THEIRS, (turn.conversation, turn.person, MOST_JOINED)).fetchall()
    [(count,)] = db.execute("SELECT waiting FROM lane WHERE conversation = ?", (turn.conversation,)).fetchall()
    return WaitingTurns(tuple(WaitingRow(*row) for row in rows), count)


def gather(db: sqlite3.Connection, turn: Turn, seen: int, now: float, due_at: float) -> None:
    """Free the conversation until `due_at` or the next arrival; until now if there was one."""
    db.execute(
        "UPDATE lane SET owner = NULL, gathering = 1, due_at = CASE WHEN waiting > ? THEN ? ELSE ? END"
        " WHERE conversation = ?",
        (seen, now, due_at, turn.conversation),
    )


def progress(db: sqlite3.Connection, row: int, sent: Sequence[str]) -> None:
    """Write which messages were sent for this turn so far."""
    db.execute("UPDATE inbox SET sent = ? WHERE id = ?", (json.dumps(sent), row))


@dataclass(frozen=True, slots=True)
class Finished:
    """A turn that was ended: the next one in its conversation, if there is one, and how it is counted."""

    next: Turn | None = None
    counted: tuple[int, str, int] | None = None


def finish(db: sqlite3.Connection, turn: Turn, record: TurnResult, lease: Lease | None) -> Finished:
    """Write what the turn leaves behind, delete its row, and go on in its conversation or leave it. Its count is left
    to `count`."""
    if db.execute("DELETE FROM inbox WHERE id = ?", (turn.row,)).rowcount == 0:
        return Finished()
    rows = (
        db.executemany("DELETE FROM inbox WHERE id = ?", [(row,) for row in record.joined]).rowcount
        if record.joined
        else 0
    )
    _remember(db, turn, record)
    counted = (day_of(record.at), *record.tally) if record.tally else None
    if leave_queue(db, turn.conversation, record.at, 1 + max(rows, 0)) == 0 or lease is None:
        return Finished(None, counted)
    db.execute(_LEASE_QUEUE, (lease.owner, lease.until, turn.conversation))
    return Finished(first_turn(db, turn.conversation), counted)


def count(db: sqlite3.Connection, ended: Iterable[object]) -> None:
    """Count the turns among these results in one statement: each statement hands the interpreter over and back."""
    tallies = [one.counted for one in ended if isinstance(one, Finished) and one.counted]
    if tallies:
        rows = ", ".join([_COUNTED] * len(tallies))
        db.execute(COUNT_TURN.replace(_COUNTED, rows), [term for tally in tallies for term in tally])


def leave_queue(db: sqlite3.Connection, conversation: bytes, now: float, count: int = 1) -> int:
    """Count so many turns fewer in the queue, free it, and return how many are left; an empty queue disappears."""
    if db.execute("DELETE FROM lane WHERE conversation = ? AND waiting <= ?", (conversation, count)).rowcount:
        return 0
    left = "UPDATE lane SET waiting = waiting - ?, owner = NULL, due_at = ? WHERE conversation = ? RETURNING waiting"
    [(waiting,)] = db.execute(left, (count, now, conversation)).fetchall()
    return int(waiting)


def enter_queue(
    db: sqlite3.Connection,
    conversation: bytes,
    channel: str,
    now: float,
    lease: Lease | None = None,
    *,
    urgent: bool = False,
) -> tuple[int, bool]:
    """Count one turn more in the conversation, opening it under the lease if need be; return how many wait, and whether
    it is due and free."""
    queue = {"conversation": conversation, "channel": channel, "now": now, "urgent": urgent}
    queue |= {"owner": lease.owner, "until": lease.until} if lease else {"owner": None, "until": None}
    [(waiting, due)] = db.execute(_ENTER_QUEUE, queue).fetchall()
    return int(waiting), bool(due)


def _is_known(db: sqlite3.Connection, key: bytes, now: float) -> bool:
    return db.execute("INSERT OR IGNORE INTO seen (event, at) VALUES (?, ?)", (key, now)).rowcount == 0


def _insert(db: sqlite3.Connection, new_event: NewEvent) -> int:
    return int(db.execute(_INSERT, event_values(new_event)).lastrowid or 0)


def _node_of(db: sqlite3.Connection, conversation: bytes, message: str) -> str | None:
    found = db.execute(
        "SELECT node FROM message WHERE conversation = ? AND message = ?", (conversation, message)
    ).fetchone()
    return found[0] if found else None


def _answer_to(db: sqlite3.Connection, conversation: bytes, question: str | None) -> Earlier | None:
    found = db.execute(_EARLIER, {"conversation": conversation, "question": question}).fetchone()
    return earlier_from(question, *found) if found and question else None


def _remember(db: sqlite3.Connection, turn: Turn, record: TurnResult) -> None:
    if record.state is not None:
        _remember_state(db, turn, record.state, day_of(record.at))
    about = (" ".join(record.questions) or turn.question, record.at, " ".join(record.history), b"".join(record.words))
    for part, message in enumerate(record.messages):
        question, at, before, words = about
        answer = (turn.conversation, message, record.node, question, part, at, before, words)
        db.execute(_REMEMBER_MESSAGE, answer)
    if record.unmatched is not None:
        db.execute(_KEEP_UNMATCHED, (turn.person, record.unmatched, day_of(record.at)))
    if record.vote is not None:
        vote = record.vote
        db.execute(_COUNT_VOTE, (vote.node, vote.register, vote.channel, vote.vote, vote.day))


def _remember_state(db: sqlite3.Connection, turn: Turn, state: State, day: int) -> None:
    """Write only what this turn changed about the person: another conversation of theirs may be changing the rest."""
    about = {
        "person": turn.person,
        "tone": state.register,
        "met": state.introduced,
        "day": day,
        "changed": state.register != turn.state.register,
        "received": turn.received,
        "settings": settings_text(state.preferences),
        "set": state.preferences != turn.state.preferences,
    }
    db.execute(_REMEMBER_PERSON, about)
    position = (history_text(state), context_text(state), day, turn.conversation, turn.person)
    if db.execute(_MOVE_ON, position).rowcount == 0:  # new, or another person's turn until now
        db.execute(_REMEMBER_TRAIL, position)


_DEPTH = """SELECT channel, coalesce(sum(status = 'waiting'), 0), coalesce(sum(status <> 'waiting'), 0),
min(CASE WHEN status = 'waiting' THEN received END) FROM inbox GROUP BY channel"""

_SET_ASIDE = """UPDATE inbox SET status = 'quarantined', reason = ?, attempts = attempts + 1
WHERE id = ? AND status = 'waiting'"""

_KEEP_UNREADABLE = """INSERT INTO inbox (conversation, person, channel, payload, received, status, reason)
VALUES (x'', x'', :channel, :payload, :now, 'unreadable', :reason)"""

_URGENT = """SELECT 1 FROM inbox WHERE conversation = ? AND status = 'waiting' AND priority = 0
AND priority < (SELECT priority FROM inbox WHERE id = ?) LIMIT 1"""

_HELD = """SELECT id, channel, status, attempts, received, reason FROM inbox
WHERE :status IS NULL OR status = :status ORDER BY id"""


def queue_depth(db: sqlite3.Connection) -> dict[str, QueueDepth]:
    """Return how full the inbox is, by channel."""
    return {channel: QueueDepth(waiting, pending, oldest) for channel, waiting, pending, oldest in db.execute(_DEPTH)}


def pending(db: sqlite3.Connection, status: str | None) -> list[PendingTurn]:
    """Return unfinished turns, oldest first."""
    return [PendingTurn(*row) for row in db.execute(_HELD, {"status": status})]


def quarantine(db: sqlite3.Connection, row: int, conversation: bytes, reason: str, now: float) -> None:
    """Set the turn aside and let its conversation go on."""
    if db.execute(_SET_ASIDE, (reason, row)).rowcount:
        leave_queue(db, conversation, now)


def replay(db: sqlite3.Connection, row: int, now: float) -> bool:
    """Put a quarantined turn back to work."""
    back = (
        "UPDATE inbox SET status = 'waiting', reason = NULL, attempts = 0 WHERE id = ? AND status = 'quarantined'"
        " RETURNING conversation, channel"
    )
    found = db.execute(back, (row,)).fetchall()
    for conversation, channel in found:
        enter_queue(db, conversation, channel, now)
    return bool(found)


def drop(db: sqlite3.Connection, row: int) -> bool:
    """Delete a turn or event that was set aside."""
    return db.execute("DELETE FROM inbox WHERE id = ? AND status <> 'waiting'", (row,)).rowcount > 0


def quarantine_raw(db: sqlite3.Connection, channel: str, event: bytes, payload: bytes, reason: str, now: float) -> bool:
    """Keep an unreadable event, once; it belongs to nobody."""
    if db.execute("INSERT OR IGNORE INTO seen (event, at) VALUES (?, ?)", (event, now)).rowcount == 0:
        return False
    db.execute(_KEEP_UNREADABLE, {"channel": channel, "payload": payload, "reason": reason, "now": now})
    return True


def release(db: sqlite3.Connection, owner: int | None) -> None:
    """End the owner's leases, or everyone's; the owner stays as a sign that turns may have been broken off."""
    db.execute("UPDATE lane SET until = 0 WHERE owner = :owner OR :owner IS NULL", {"owner": owner})


def renew(db: sqlite3.Connection, lease: Lease, conversations: Sequence[bytes]) -> None:
    """Extend the owner's leases on these conversations."""
    renewed = [(lease.until, conversation, lease.owner) for conversation in conversations]
    db.executemany("UPDATE lane SET until = ? WHERE conversation = ? AND owner = ?", renewed)


def postpone(db: sqlite3.Connection, row: int, conversation: bytes, due_at: float, attempts: int) -> None:
    """Free the conversation until `due_at`, or at once if something urgent arrived behind what is not."""
    db.execute("UPDATE inbox SET attempts = ? WHERE id = ?", (attempts, row))
    urgent = db.execute(_URGENT, (conversation, row)).fetchone()
    due_at = AT_ONCE if urgent else due_at
    db.execute("UPDATE lane SET owner = NULL, due_at = ? WHERE conversation = ?", (due_at, conversation))
