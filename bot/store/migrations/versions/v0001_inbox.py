"""Inbox, lanes, preferences, trails, answers, feedback."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_WAITING = sa.text("status = 'waiting'")
_GONE = sa.text("departed IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "seen",
        sa.Column("event", sa.LargeBinary(16), primary_key=True),
        sa.Column("at", sa.Double, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "inbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("conversation", sa.LargeBinary(16), nullable=False),
        sa.Column("person", sa.LargeBinary(16), nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("question", sa.Text),
        sa.Column("replies_to", sa.Text),
        sa.Column("edited", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("received", sa.Double, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("sent", sa.Text, nullable=False, server_default="[]"),
        sa.Column("status", sa.Text, nullable=False, server_default="waiting"),
        sa.Column("reason", sa.Text),
        sqlite_autoincrement=True,
    )
    op.create_index("inbox_lane", "inbox", ["conversation", "id"], sqlite_where=_WAITING, postgresql_where=_WAITING)
    op.create_table(
        "lane",
        sa.Column("conversation", sa.LargeBinary(16), primary_key=True),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("waiting", sa.Integer, nullable=False),
        sa.Column("due_at", sa.Double, nullable=False),
        sa.Column("owner", sa.BigInteger),
        sa.Column("until", sa.Double),
        sqlite_with_rowid=False,
    )
    op.create_index("lane_due", "lane", ["channel", "due_at"])
    op.create_table(
        "person",
        sa.Column("person", sa.LargeBinary(16), primary_key=True),
        sa.Column("tone", sa.Text),
        sa.Column("met", sa.Boolean, nullable=False),
        sa.Column("day", sa.SmallInteger, nullable=False),
        sa.Column("departed", sa.Double),
        sqlite_with_rowid=False,
    )
    op.create_index("person_departed", "person", ["departed"], sqlite_where=_GONE, postgresql_where=_GONE)
    op.create_table(
        "conversation",
        sa.Column("conversation", sa.LargeBinary(16), primary_key=True),
        sa.Column("person", sa.LargeBinary(16), nullable=False),
        sa.Column("trail", sa.Text, nullable=False),
        sa.Column("day", sa.SmallInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("conversation_person", "conversation", ["person"])
    op.create_table(
        "message",
        sa.Column("conversation", sa.LargeBinary(16), primary_key=True),
        sa.Column("message", sa.Text, primary_key=True),
        sa.Column("node", sa.Text, nullable=False),
        sa.Column("question", sa.Text),
        sa.Column("part", sa.SmallInteger, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "feedback",
        sa.Column("node", sa.Text, primary_key=True),
        sa.Column("tone", sa.Text, primary_key=True),
        sa.Column("channel", sa.Text, primary_key=True),
        sa.Column("vote", sa.Text, primary_key=True),
        sa.Column("day", sa.SmallInteger, primary_key=True),
        sa.Column("votes", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for table in ("feedback", "message", "conversation", "person", "lane", "inbox", "seen"):
        op.drop_table(table)
