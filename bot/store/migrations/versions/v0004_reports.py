"""What people set for good, and what they report as wrong."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("person", sa.Column("settings", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "report",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("id", sa.LargeBinary(16), nullable=False, unique=True),
        sa.Column("person", sa.LargeBinary(16), nullable=False),
        sa.Column("conversation", sa.LargeBinary(16), nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("node", sa.Text, nullable=False),
        sa.Column("tone", sa.Text, nullable=False),
        sa.Column("words", sa.LargeBinary, nullable=False),
        sa.Column("address", sa.LargeBinary, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("closed", sa.Double),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("report")
    op.drop_column("person", "settings")
