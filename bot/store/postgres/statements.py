"""What PostgreSQL is asked: one statement, hence one round trip, per step of a turn, for all who wait for that step.

Every statement locks rows in the order of their keys, so that groups of several replicas cannot wait for each other.

Where a step leases a queue and then reads what the queue's last turn wrote, it takes a second statement, unless that
turn ended before the first began: a statement sees the database as it was when it began.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

import asyncpg

from bot.store.base import Earlier, Lease, NewEvent, Turn, TurnResult
from bot.store.common import (
    AT_ONCE,
    LONGEST_WAIT,
    context_text,
    day_of,
    earlier_from,
    event_values,
    history_text,
    settings_text,
    state_from,
)
from bot.store.records import (
    FORGET_REPORTS,
    SHARDS,
)

# --- turns ------------------------------------------------------------------------------------------------------------

Acceptance = tuple[NewEvent, Lease | None]
Finish = tuple[Turn, TurnResult, Lease | None]

_REMEMBERED = """p.tone, p.met, p.settings, c.trail, c.context AS about,
  (SELECT node FROM message m WHERE m.conversation = a.conversation AND m.message = a.replies_to) AS context,
  e.message AS earlier, e.node AS earlier_node, e.before AS earlier_before, e.words AS earlier_words,
  e.question AS earlier_question, e.newest AS earlier_newest, e.at AS earlier_at"""

_MEMORY = """LEFT JOIN person p ON p.person = a.person
LEFT JOIN conversation c ON c.conversation = a.conversation
LEFT JOIN LATERAL (
  SELECT m.*, m.at = (SELECT max(at) FROM message n WHERE n.conversation = a.conversation) AS newest FROM message m
  WHERE a.edited AND m.conversation = a.conversation
  AND strpos(' ' || m.question || ' ', ' ' || a.question || ' ') > 0 ORDER BY m.at DESC, m.part LIMIT 1
) e ON TRUE"""

ACCEPT = f"""
WITH arrival AS (
  SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::text[], $4::bytea[], $5::text[], $6::text[], $7::boolean[],
    $8::smallint[], $9::float8[], $10::bigint[], $11::float8[])
  AS a (conversation, person, channel, payload, question, replies_to, edited, priority, received, owner, until)
), key AS (
  SELECT * FROM unnest($12::bytea[], $13::bytea[], $14::float8[]) AS k (event, conversation, at)
), unknown AS (
  INSERT INTO seen (event, at) SELECT event, at FROM key ORDER BY event ON CONFLICT DO NOTHING RETURNING event
), fresh AS (
  INSERT INTO inbox (conversation, person, channel, payload, question, replies_to, edited, priority, received)
  SELECT conversation, person, channel, payload, question, replies_to, edited, priority, received FROM arrival
  WHERE conversation NOT IN (SELECT conversation FROM key WHERE event NOT IN (SELECT event FROM unknown))
  RETURNING id, conversation
), entered AS (
  INSERT INTO lane AS l (conversation, channel, waiting, due_at, owner, until)
  SELECT conversation, channel, 1, CASE WHEN priority = 0 AND owner IS NULL THEN {AT_ONCE} ELSE received END, owner,
    until
  FROM arrival JOIN fresh USING (conversation) ORDER BY conversation
  ON CONFLICT (conversation) DO UPDATE SET waiting = l.waiting + 1,
    due_at = CASE WHEN l.waiting > 0 AND excluded.conversation = ANY($15) THEN {AT_ONCE}
             WHEN l.waiting > 0 AND l.gathering THEN least(l.due_at, excluded.due_at)
             WHEN l.waiting > 0 OR excluded.owner IS NOT NULL AND l.due_at < excluded.due_at
             THEN l.due_at ELSE excluded.due_at END,
    owner = CASE WHEN l.waiting = 0 THEN excluded.owner ELSE l.owner END,
    until = CASE WHEN l.waiting = 0 THEN excluded.until ELSE l.until END
  RETURNING conversation, waiting, due_at, owner
)
SELECT fresh.id, entered.conversation, entered.waiting = 1 AND a.owner IS NOT NULL AS leased,
  entered.owner IS NULL AND entered.due_at <= a.received AS due,
  coalesce(before.waiting, 0) = 0 AND entered.due_at = coalesce(before.due_at, a.received) AS unmoved, {_REMEMBERED}
FROM entered JOIN fresh USING (conversation) JOIN arrival a USING (conversation)
LEFT JOIN lane before ON before.conversation = a.conversation {_MEMORY}
"""  # noqa: S608 (constants of ours)
"""Returns nothing for a repetition, else the new turn, and whether its queue is leased. A queue that is emptied stays
with `waiting = 0` until pruned: deleting it here could miss a turn that is being accepted at the same moment.

What is remembered is as it was when the statement began. If the queue was idle then, and its `due_at`, which every turn
that ends sets anew and a lease taken here leaves alone, is the same once the queue is ours, then no turn ended in
between: the queue is `unmoved`, and what was read is what that turn would have left."""

CLAIM = f"""
WITH due AS (
  SELECT conversation, owner IS NOT NULL AS doubtful FROM lane
  WHERE channel = $1 AND waiting > 0 AND (due_at <= $2 OR due_at > $2 + {LONGEST_WAIT})
  AND (owner IS NULL OR until <= $2 OR until > $6)
  ORDER BY due_at LIMIT $5 FOR UPDATE SKIP LOCKED
)
UPDATE lane SET owner = $3, until = $4, gathering = FALSE FROM due WHERE lane.conversation = due.conversation
RETURNING lane.conversation, due.doubtful
"""  # noqa: S608 (a constant of ours)

FIRST_TURNS = f"""
SELECT a.*, {_REMEMBERED},
  NOT EXISTS (SELECT 1 FROM inbox i WHERE i.conversation = a.conversation AND i.status = 'waiting' AND i.id <> a.id)
  AS alone
FROM (SELECT DISTINCT ON (conversation) * FROM inbox WHERE conversation = ANY($1::bytea[]) AND status = 'waiting'
  ORDER BY conversation, priority, id) AS a
{_MEMORY}
"""  # noqa: S608

WAITING = """SELECT id, payload, received, question, priority = 0 FROM inbox
WHERE conversation = $1 AND person = $2 AND status = 'waiting' ORDER BY id LIMIT $3"""

WAITING_IN_ALL = "SELECT waiting FROM lane WHERE conversation = $1"

GATHER = """UPDATE lane SET owner = NULL, gathering = TRUE, due_at = CASE WHEN waiting > $2 THEN $3 ELSE $4::float8 END
WHERE conversation = $1"""

FINISH = """
WITH turn AS (
  SELECT * FROM unnest($1::bigint[], $2::text[], $3::boolean[], $4::smallint[], $5::boolean[], $6::text[], $7::text[],
    $8::float8[], $9::text[], $10::text[], $11::text[], $12::text[], $13::bigint[], $14::float8[], $15::text[],
    $21::text[], $22::text[], $23::bytea[], $26::text[], $28::smallint[], $29::smallint[], $30::text[], $31::bigint[],
    $32::bytea[])
  AS t (id, tone, met, day, remembered, trail, node, at, voted, vote_tone, vote_channel, vote, owner, until, context,
    question, before, words, settings, counted, shard, cell, bit, unmatched)
), done AS (
  DELETE FROM inbox USING turn WHERE inbox.id = turn.id
  RETURNING inbox.conversation, inbox.person, inbox.received, turn.*
), along AS (
  DELETE FROM inbox USING done JOIN unnest($24::bigint[], $25::bigint[]) AS j (id, row) USING (id)
  WHERE inbox.id = j.row RETURNING inbox.conversation
), about AS (
  INSERT INTO person AS p (person, tone, met, day, settings)
  SELECT person, tone, met, day, settings FROM done WHERE remembered ORDER BY person
  ON CONFLICT (person) DO UPDATE SET tone = CASE WHEN p.person = ANY($16) THEN excluded.tone ELSE p.tone END,
    settings = CASE WHEN p.person = ANY($27) THEN excluded.settings ELSE p.settings END,
    met = p.met OR excluded.met, day = excluded.day,
    departed = CASE WHEN p.departed > (SELECT max(received) FROM done WHERE done.person = p.person) THEN p.departed END
  WHERE p.person = ANY($16) OR p.person = ANY($27) OR p.met < excluded.met OR p.day <> excluded.day
    OR p.departed IS NOT NULL
), position AS (
  INSERT INTO conversation (conversation, person, trail, context, day)
  SELECT conversation, person, trail, context, day FROM done WHERE remembered ORDER BY conversation
  ON CONFLICT (conversation) DO UPDATE
  SET person = excluded.person, trail = excluded.trail, context = excluded.context, day = excluded.day
), answers AS (
  INSERT INTO message AS m (conversation, message, node, question, part, at, before, words)
  SELECT conversation, message, node, question, part, at, before, words
  FROM done JOIN unnest($17::bigint[], $18::text[], $19::smallint[]) AS sent (id, message, part) USING (id)
  ORDER BY conversation, message
  ON CONFLICT (conversation, message) DO UPDATE SET node = excluded.node,
    words = CASE WHEN excluded.question = m.question THEN excluded.words ELSE m.words END
), votes AS (
  INSERT INTO feedback AS f (node, tone, channel, vote, day, votes)
  SELECT voted, vote_tone, vote_channel, vote, day, count(*) FROM done WHERE vote IS NOT NULL
  GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
  ON CONFLICT (node, tone, channel, vote, day) DO UPDATE SET votes = f.votes + excluded.votes
), tallied AS (
  INSERT INTO tally AS l (day, shard, cell, times, people)
  SELECT counted, shard, cell, count(*), bit_or(bit) FROM done WHERE cell IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
  ON CONFLICT (day, shard, cell) DO UPDATE SET times = l.times + excluded.times, people = l.people | excluded.people
), unanswered AS (
  INSERT INTO unmatched (person, sealed, day) SELECT person, unmatched, counted FROM done WHERE unmatched IS NOT NULL
), held AS (
  SELECT conversation FROM lane WHERE conversation = ANY($20) ORDER BY conversation FOR UPDATE
)
UPDATE lane SET waiting = waiting - ended.count, due_at = done.at, gathering = FALSE,
  owner = CASE WHEN waiting > ended.count THEN done.owner END, until = done.until
FROM done JOIN held USING (conversation) CROSS JOIN LATERAL (
  SELECT 1 + count(*)::int AS count FROM along WHERE along.conversation = done.conversation
) ended
WHERE lane.conversation = done.conversation AND lane.conversation = ANY($20)
RETURNING lane.conversation, lane.waiting
"""
"""Returns nothing for a turn that another replica has finished, else how many are left in its conversation."""


def accept_names(call: Acceptance) -> Collection[bytes]:
    """Return what two arrivals of one `ACCEPT` must not share."""
    new_event, _ = call
    return (new_event.conversation, *new_event.keys)


def accept_terms(calls: Sequence[Acceptance]) -> list[Sequence[Any]]:
    """Return the parameters of `ACCEPT`, a column each."""
    keys = [(key, new_event.conversation, new_event.received) for new_event, _ in calls for key in new_event.keys]
    urgent = [new_event.conversation for new_event, _ in calls if new_event.urgent]
    return [*_columns([_accepted(*call) for call in calls], 11), *_columns(keys, 3), urgent]


def finish_names(call: Finish) -> Collection[bytes]:
    """Return what two turns of one `FINISH` must not share."""
    turn, _, _ = call
    return (turn.conversation, turn.person)


def finish_terms(calls: Sequence[Finish]) -> list[Sequence[Any]]:
    """Return the parameters of `FINISH`, a column each. Only what a turn changed about its person is written."""
    changed = [
        turn.person for turn, record, _ in calls if record.state and record.state.register != turn.state.register
    ]
    sent = [(turn.row, text, part) for turn, record, _ in calls for part, text in enumerate(record.messages)]
    queues = [turn.conversation for turn, _, _ in calls]
    joined = [(turn.row, row) for turn, record, _ in calls for row in record.joined]
    columns = _columns([_finished(*call) for call in calls], 18)
    states = [(turn, record.state or turn.state) for turn, record, _ in calls]
    settings = [settings_text(state.preferences) for _, state in states]
    set_anew = [turn.person for turn, state in states if state.preferences != turn.state.preferences]
    counted = _columns([_counted(record, lease) for _, record, lease in calls], 5)
    found = [*columns[:15], changed, *_columns(sent, 3), queues, *columns[15:], *_columns(joined, 2)]
    return [*found, settings, set_anew, *counted]


def _accepted(new_event: NewEvent, lease: Lease | None) -> tuple[Any, ...]:
    return (*event_values(new_event), *((lease.owner, lease.until) if lease else (None, None)))


def _finished(turn: Turn, record: TurnResult, lease: Lease | None) -> tuple[Any, ...]:
    state, vote = record.state or turn.state, record.vote
    voted = (vote.node, vote.register, vote.channel, vote.vote) if vote else (None, None, None, None)
    return (
        turn.row,
        state.register,
        state.introduced,
        vote.day if vote else day_of(record.at),
        record.state is not None,
        history_text(state),
        record.node,
        record.at,
        *voted,
        lease.owner if lease else None,
        lease.until if lease else None,
        context_text(state),
        " ".join(record.questions) or turn.question,
        " ".join(record.history),
        b"".join(record.words),
    )


def _counted(record: TurnResult, lease: Lease | None) -> tuple[Any, ...]:
    shard = lease.owner % SHARDS if lease else 0
    return (day_of(record.at), shard, *(record.tally or (None, None)), record.unmatched)


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> Sequence[Sequence[Any]]:
    return list(zip(*rows, strict=True)) or [()] * width


def new_turn(row: Any, new_event: NewEvent) -> Turn:
    """Return the turn one row of `ACCEPT` makes of an arrival."""
    return Turn(
        row=row["id"],
        channel=new_event.channel,
        person=new_event.person,
        conversation=new_event.conversation,
        payload=new_event.payload,
        received=new_event.received,
        attempts=0,
        sent=(),
        question=new_event.question,
        state=state_from(row["tone"], row["met"], row["trail"], row["about"], row["settings"]),
        context=row["context"],
        earlier=_earlier(new_event.question, row),
        urgent=new_event.urgent,
        alone=True,
    )


def turn_from(row: Any, *, doubtful: bool = False) -> Turn:
    """Return the turn one row of `FIRST_TURNS` describes; a turn that failed before is doubtful anyway."""
    return Turn(
        row=row["id"],
        channel=row["channel"],
        person=row["person"],
        conversation=row["conversation"],
        payload=row["payload"],
        received=row["received"],
        attempts=row["attempts"],
        sent=tuple(json.loads(row["sent"])),
        question=row["question"],
        state=state_from(row["tone"], row["met"], row["trail"], row["about"], row["settings"]),
        context=row["context"],
        earlier=_earlier(row["question"], row),
        doubtful=doubtful or row["attempts"] > 0,
        urgent=row["priority"] == 0,
        alone=row["alone"],
    )


def _earlier(question: str | None, row: Any) -> Earlier | None:
    if row["earlier"] is None or question is None:
        return None
    about = ("node", "before", "words", "question", "newest", "at")
    return earlier_from(question, row["earlier"], *(row[f"earlier_{name}"] for name in about))


# --- people, the operator, counts -------------------------------------------------------------------------------------

TROUBLE: tuple[type[Exception], ...] = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.TransactionRollbackError,
    asyncpg.ReadOnlySQLTransactionError,
    OSError,
    TimeoutError,
)


UPLOAD = "SELECT reference FROM upload WHERE file = $1"

KEEP_UPLOAD = """INSERT INTO upload (file, reference, day) VALUES ($1, $2, $3)
ON CONFLICT (file) DO UPDATE SET reference = excluded.reference, day = excluded.day"""

PRUNE_UPLOADS = "DELETE FROM upload WHERE day < $1"

PREFERENCES = "SELECT tone, met, settings FROM person WHERE person = $1"

CONVERSATIONS = "SELECT trail, context FROM conversation WHERE person = $1"

_THEIRS = "(SELECT conversation FROM conversation WHERE person = $1)"

COUNTS = f"""SELECT (SELECT count(*) FROM conversation WHERE person = $1) AS conversations,
(SELECT count(*) FROM message WHERE conversation IN {_THEIRS}) AS messages,
(SELECT count(*) FROM inbox WHERE person = $1 AND status = 'quarantined') AS questions"""  # noqa: S608

CONVERSATION = "SELECT person, context FROM conversation WHERE conversation = $1"

FORGET = {
    "preferences": "DELETE FROM person WHERE person = $1",
    "messages": f"DELETE FROM message WHERE conversation IN {_THEIRS}",  # noqa: S608
    "conversations": "DELETE FROM conversation WHERE person = $1",
    "questions": "DELETE FROM inbox WHERE person = $1 AND status = 'quarantined'",
    "reports": FORGET_REPORTS,
    "unmatched": "DELETE FROM unmatched WHERE person = $1",
}
"""In the order in which `FINISH` locks its rows, so that the two cannot wait for each other."""

USER_LEFT = """INSERT INTO person AS p (person, met, day, departed) VALUES ($1, FALSE, $2, $3)
ON CONFLICT (person) DO UPDATE SET departed = coalesce(p.departed, excluded.departed)"""

LEFT_BEFORE = "SELECT person FROM person WHERE departed < $1"

PRUNE_EVENTS = "DELETE FROM seen WHERE at < $1"
PRUNE_MESSAGES = "DELETE FROM message WHERE at < $1"
PRUNE_QUARANTINE = "DELETE FROM inbox WHERE status <> 'waiting' AND received < $1"
PRUNE_CONVERSATIONS = "DELETE FROM conversation WHERE day < $1"
PRUNE_PEOPLE = "DELETE FROM person WHERE day < $1"
PRUNE_LANES = "DELETE FROM lane WHERE waiting = 0"

QUEUE_DEPTH = """SELECT channel, count(*) FILTER (WHERE status = 'waiting') AS waiting,
count(*) FILTER (WHERE status <> 'waiting') AS quarantined,
min(received) FILTER (WHERE status = 'waiting') AS oldest FROM inbox GROUP BY channel"""

PENDING = """SELECT id, channel, status, attempts, received, reason FROM inbox
WHERE $1::text IS NULL OR status = $1 ORDER BY id"""

VOTES = "SELECT node, vote, sum(votes)::bigint AS votes FROM feedback GROUP BY node, vote"

PROGRESS = "UPDATE inbox SET sent = $2 WHERE id = $1"

RENEW = "UPDATE lane SET until = $1 WHERE owner = $2 AND conversation = ANY($3::bytea[])"

RELEASE = "UPDATE lane SET until = 0 WHERE owner = $1"

POSTPONE = f"""WITH tried AS (UPDATE inbox SET attempts = $2 WHERE id = $1 RETURNING conversation, priority)
UPDATE lane SET owner = NULL, due_at = CASE WHEN EXISTS (
  SELECT 1 FROM inbox i WHERE i.conversation = tried.conversation AND i.status = 'waiting' AND i.priority = 0
  AND i.priority < tried.priority
) THEN {AT_ONCE} ELSE $3::float8 END FROM tried WHERE lane.conversation = tried.conversation"""  # noqa: S608
"""Urgent turns that arrived meanwhile wait for nobody's next attempt."""

QUARANTINE = """WITH aside AS (
  UPDATE inbox SET status = 'quarantined', reason = $2, attempts = attempts + 1
  WHERE id = $1 AND status = 'waiting' RETURNING conversation
)
UPDATE lane SET waiting = waiting - 1, owner = NULL, due_at = $3 FROM aside
WHERE lane.conversation = aside.conversation"""

REPLAY = """WITH back AS (
  UPDATE inbox SET status = 'waiting', reason = NULL, attempts = 0
  WHERE id = $1 AND status = 'quarantined' RETURNING conversation, channel
)
INSERT INTO lane AS l (conversation, channel, waiting, due_at) SELECT conversation, channel, 1, $2 FROM back
ON CONFLICT (conversation) DO UPDATE SET waiting = l.waiting + 1 RETURNING waiting"""

DROP = "DELETE FROM inbox WHERE id = $1 AND status <> 'waiting' RETURNING id"

UNREADABLE = """WITH unknown AS (INSERT INTO seen (event, at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING event)
INSERT INTO inbox (conversation, person, channel, payload, received, status, reason)
SELECT ''::bytea, ''::bytea, $3, $4, $2, 'unreadable', $5 FROM unknown RETURNING id"""

WEEK_SALT = """INSERT INTO tally_week (week, salt) VALUES ($1, $2)
ON CONFLICT (week) DO UPDATE SET week = excluded.week RETURNING salt"""
"""Writes the row in any case: a reader would not see a week that another replica begins at the same moment."""

OPEN_WEEKS = "SELECT week FROM tally_week WHERE week < $1 AND salt IS NOT NULL ORDER BY week FOR UPDATE"

TALLIES = "SELECT cell, times, people FROM tally WHERE day >= $1 AND day < $2 AND shard >= 0"

KEEP_TALLY = "INSERT INTO tally (day, shard, cell, times, people) VALUES ($1, $2, $3, $4, 0)"

END_WEEK = "UPDATE tally_week SET salt = NULL WHERE week = $1"

DROP_TALLIES = "DELETE FROM tally WHERE day < $1 AND shard >= 0"

PUBLISHED_TALLIES = "SELECT day, cell, times FROM tally WHERE shard = $1 ORDER BY day, cell"

THEIR_UNMATCHED = "SELECT encode(sealed, 'hex') FROM unmatched WHERE person = $1 ORDER BY id"
UNMATCHED = "SELECT id, sealed FROM unmatched ORDER BY id"
DROP_UNMATCHED = "DELETE FROM unmatched WHERE id = $1 RETURNING id"
PRUNE_UNMATCHED = "DELETE FROM unmatched WHERE day < $1"

PRUNE_WEEKS = "DELETE FROM tally_week WHERE week < $1"
PRUNE_TALLIES = "DELETE FROM tally WHERE day < $1"

PING = "UPDATE lane SET waiting = waiting WHERE FALSE"
