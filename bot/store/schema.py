"""The tables, as SQLAlchemy describes them: for Alembic's migrations and nothing else. Turns use plain SQL.

Imported only when a database has to be created or migrated: SQLAlchemy takes a third of a second to import.

Every index costs each turn a page written at a random place, so there are few: old rows are found by scanning, a slice
of the keys at a time.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    false,
    text,
)

metadata = MetaData()

_WAITING = text("status = 'waiting'")
_COUNTED = BigInteger().with_variant(Integer, "sqlite")

seen = Table(
    "seen",
    metadata,
    Column("event", LargeBinary(16), primary_key=True),
    Column("at", Double, nullable=False),
    sqlite_with_rowid=False,
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", _COUNTED, primary_key=True, autoincrement=True),
    Column("conversation", LargeBinary(16), nullable=False),
    Column("person", LargeBinary(16), nullable=False),
    Column("channel", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("question", Text),
    Column("replies_to", Text),
    Column("edited", Boolean, nullable=False, server_default=false()),
    Column("priority", SmallInteger, nullable=False, server_default="1"),
    Column("received", Double, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("sent", Text, nullable=False, server_default="[]"),
    Column("status", Text, nullable=False, server_default="waiting"),
    Column("reason", Text),
    sqlite_autoincrement=True,
)
_IN_TURN = (inbox.c.conversation, inbox.c.priority, inbox.c.id)
Index("inbox_lane", *_IN_TURN, sqlite_where=_WAITING, postgresql_where=_WAITING)

lane = Table(
    "lane",
    metadata,
    Column("conversation", LargeBinary(16), primary_key=True),
    Column("channel", Text, nullable=False),
    Column("waiting", Integer, nullable=False),
    Column("due_at", Double, nullable=False),
    Column("owner", BigInteger),
    Column("until", Double),
    Column("gathering", Boolean, nullable=False, server_default=false()),
    Index("lane_due", "channel", "due_at"),
    sqlite_with_rowid=False,
)

person = Table(
    "person",
    metadata,
    Column("person", LargeBinary(16), primary_key=True),
    Column("tone", Text),
    Column("met", Boolean, nullable=False),
    Column("day", SmallInteger, nullable=False),
    Column("departed", Double),
    Column("settings", Text, nullable=False, server_default=""),
    sqlite_with_rowid=False,
)
_GONE = person.c.departed.is_not(None)
Index("person_departed", person.c.departed, sqlite_where=_GONE, postgresql_where=_GONE)

conversation = Table(
    "conversation",
    metadata,
    Column("conversation", LargeBinary(16), primary_key=True),
    Column("person", LargeBinary(16), nullable=False),
    Column("trail", Text, nullable=False),
    Column("context", Text, nullable=False, server_default=""),
    Column("day", SmallInteger, nullable=False),
    Index("conversation_person", "person"),
    sqlite_with_rowid=False,
)

message = Table(
    "message",
    metadata,
    Column("conversation", LargeBinary(16), primary_key=True),
    Column("message", Text, primary_key=True),
    Column("node", Text, nullable=False),
    Column("question", Text),
    Column("part", SmallInteger, nullable=False),
    Column("at", Double, nullable=False),
    Column("before", Text),
    Column("words", LargeBinary),
    sqlite_with_rowid=False,
)

upload = Table(
    "upload",
    metadata,
    Column("file", Text, primary_key=True),
    Column("reference", Text, nullable=False),
    Column("day", SmallInteger, nullable=False),
    sqlite_with_rowid=False,
)

feedback = Table(
    "feedback",
    metadata,
    Column("node", Text, primary_key=True),
    Column("tone", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("vote", Text, primary_key=True),
    Column("day", SmallInteger, primary_key=True),
    Column("votes", Integer, nullable=False),
    sqlite_with_rowid=False,
)

report = Table(
    "report",
    metadata,
    Column("number", _COUNTED, primary_key=True, autoincrement=True),
    Column("id", LargeBinary(16), nullable=False, unique=True),
    Column("person", LargeBinary(16), nullable=False),
    Column("conversation", LargeBinary(16), nullable=False),
    Column("channel", Text, nullable=False),
    Column("node", Text, nullable=False),
    Column("tone", Text, nullable=False),
    Column("words", LargeBinary, nullable=False),
    Column("address", LargeBinary, nullable=False),
    Column("at", Double, nullable=False),
    Column("closed", Double),
    sqlite_autoincrement=True,
)
