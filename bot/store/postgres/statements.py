"""What PostgreSQL holds about a person, and what an operator may see and do there: the statements."""

from __future__ import annotations

import asyncpg

from bot.store import reports
from bot.store.base import AT_ONCE

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
    "reports": reports.FORGET,
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

PING = "UPDATE lane SET waiting = waiting WHERE FALSE"
