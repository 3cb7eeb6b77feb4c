"""Counts of turns, without anybody's name; and unanswered questions, where an operator keeps them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tally",
        sa.Column("day", sa.SmallInteger, primary_key=True),
        sa.Column("shard", sa.SmallInteger, primary_key=True),
        sa.Column("cell", sa.Text, primary_key=True),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("people", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tally_week",
        sa.Column("week", sa.SmallInteger, primary_key=True),
        sa.Column("salt", sa.LargeBinary),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "unmatched",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("person", sa.LargeBinary(16), nullable=False, index=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("day", sa.SmallInteger, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("unmatched")
    op.drop_table("tally_week")
    op.drop_table("tally")
