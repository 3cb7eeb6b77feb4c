"""The life of a turn in PostgreSQL: one statement, hence one round trip, per step.

Where a step leases a lane and then reads what the lane's last turn wrote, it takes a second statement: a statement sees
the database as it was when it began, which may be before the lane was free.
"""

from __future__ import annotations

import json
from typing import Any

from bot.delivery.store import Arrival, Lease, Record, Turn
from bot.delivery.words import LONGEST_WAIT, day_of, state_from, trail_text

ACCEPT = """
WITH unknown AS (
  INSERT INTO seen (event, at) SELECT event, $2 FROM unnest($1::bytea[]) AS event
  ON CONFLICT DO NOTHING RETURNING event
), fresh AS (
  INSERT INTO inbox (conversation, person, channel, payload, question, replies_to, edited, received)
  SELECT $3, $4, $5, $6, $7, $8, $11, $2 WHERE (SELECT count(*) FROM unknown) = cardinality($1::bytea[])
  RETURNING id
)
INSERT INTO lane AS l (conversation, channel, waiting, due_at, owner, until)
SELECT $3, $5, 1, $2, $9, $10 FROM fresh
ON CONFLICT (conversation) DO UPDATE SET waiting = l.waiting + 1,
  due_at = CASE WHEN l.waiting = 0 THEN excluded.due_at ELSE l.due_at END,
  owner = CASE WHEN l.waiting = 0 THEN excluded.owner ELSE l.owner END,
  until = CASE WHEN l.waiting = 0 THEN excluded.until ELSE l.until END
RETURNING l.waiting
"""
"""Returns nothing for a repetition, else how many turns are in the lane now. A lane that is emptied stays with
`waiting = 0` until pruned: deleting it here could miss a turn that is being accepted at the same moment."""

CLAIM = f"""
WITH due AS (
  SELECT conversation, owner IS NOT NULL AS doubtful FROM lane
  WHERE channel = $1 AND waiting > 0 AND (due_at <= $2 OR due_at > $2 + {LONGEST_WAIT})
  AND (owner IS NULL OR until <= $2 OR until > $6)
  ORDER BY due_at LIMIT $5 FOR UPDATE SKIP LOCKED
)
UPDATE lane SET owner = $3, until = $4 FROM due WHERE lane.conversation = due.conversation
RETURNING lane.conversation, due.doubtful
"""  # noqa: S608 (a constant of ours)

FIRST_TURNS = """
SELECT i.*, p.tone, p.met, c.trail,
  (SELECT node FROM message m WHERE m.conversation = i.conversation AND m.message = i.replies_to) AS context,
  (SELECT message FROM message m WHERE i.edited AND m.conversation = i.conversation AND m.question = i.question
   ORDER BY at DESC, part LIMIT 1) AS earlier
FROM (SELECT DISTINCT ON (conversation) * FROM inbox WHERE conversation = ANY($1::bytea[]) AND status = 'waiting'
  ORDER BY conversation, id) AS i
LEFT JOIN person p ON p.person = i.person
LEFT JOIN conversation c ON c.conversation = i.conversation
"""

FINISH = """
WITH done AS (
  DELETE FROM inbox WHERE id = $1 RETURNING conversation, person, question
), about AS (
  INSERT INTO person AS p (person, tone, met, day) SELECT person, $2, $3, $4 FROM done WHERE $5
  ON CONFLICT (person) DO UPDATE SET tone = CASE WHEN $6 THEN excluded.tone ELSE p.tone END,
    met = p.met OR excluded.met, day = excluded.day, departed = NULL
  WHERE $6 OR p.met < excluded.met OR p.day <> excluded.day OR p.departed IS NOT NULL
), position AS (
  INSERT INTO conversation (conversation, person, trail, day) SELECT conversation, person, $7, $4 FROM done WHERE $5
  ON CONFLICT (conversation) DO UPDATE SET person = excluded.person, trail = excluded.trail, day = excluded.day
), answers AS (
  INSERT INTO message (conversation, message, node, question, part, at)
  SELECT conversation, sent.message, $9, question, sent.part, $10
  FROM done, unnest($8::text[]) WITH ORDINALITY AS sent (message, part)
  ON CONFLICT (conversation, message) DO UPDATE SET node = excluded.node, at = excluded.at
), vote AS (
  INSERT INTO feedback AS f (node, tone, channel, vote, day, votes)
  SELECT $11, $12, $13, $14, $4, 1 FROM done WHERE $14::text IS NOT NULL
  ON CONFLICT (node, tone, channel, vote, day) DO UPDATE SET votes = f.votes + 1
)
UPDATE lane SET waiting = waiting - 1, due_at = $10,
  owner = CASE WHEN waiting > 1 THEN $15::bigint END, until = $16
FROM done WHERE lane.conversation = done.conversation
RETURNING lane.waiting
"""
"""Returns nothing if another replica has finished the turn, else how many are left in the lane."""


def accept_terms(arrival: Arrival, lease: Lease | None) -> tuple[Any, ...]:
    """Return the parameters of `ACCEPT`."""
    return (
        list(arrival.keys),
        arrival.received,
        arrival.conversation,
        arrival.person,
        arrival.channel,
        arrival.payload,
        arrival.question,
        arrival.replies_to,
        lease.owner if lease else None,
        lease.until if lease else None,
        arrival.edited,
    )


def finish_terms(turn: Turn, record: Record, lease: Lease | None) -> tuple[Any, ...]:
    """Return the parameters of `FINISH`. Only what this turn changed about the person is written."""
    state = record.state or turn.state
    vote = record.vote
    return (
        turn.row,
        state.tone,
        state.met,
        vote.day if vote else day_of(record.at),
        record.state is not None,
        state.tone != turn.state.tone,
        trail_text(state),
        list(record.messages),
        record.node,
        record.at,
        vote.node if vote else None,
        vote.tone if vote else None,
        vote.channel if vote else None,
        vote.vote if vote else None,
        lease.owner if lease else None,
        lease.until if lease else None,
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
        state=state_from(row["tone"], row["met"], row["trail"]),
        context=row["context"],
        earlier=row["earlier"],
        doubtful=doubtful or row["attempts"] > 0,
    )
