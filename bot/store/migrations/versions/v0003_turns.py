"""Urgent turns first, one turn for several messages, and what an edited question needs to know of its answer."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_WAITING = sa.text("status = 'waiting'")


def upgrade() -> None:
    op.add_column("inbox", sa.Column("priority", sa.SmallInteger, nullable=False, server_default="1"))
    op.add_column("lane", sa.Column("gathering", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("message", sa.Column("before", sa.Text))
    op.add_column("message", sa.Column("words", sa.LargeBinary))
    _index("conversation", "priority", "id")


def downgrade() -> None:
    _index("conversation", "id")
    for table, column in (("message", "words"), ("message", "before"), ("lane", "gathering"), ("inbox", "priority")):
        op.drop_column(table, column)


def _index(*columns: str) -> None:
    op.drop_index("inbox_lane", "inbox")
    op.create_index("inbox_lane", "inbox", list(columns), sqlite_where=_WAITING, postgresql_where=_WAITING)
