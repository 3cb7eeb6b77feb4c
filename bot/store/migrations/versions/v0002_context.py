"""What a conversation is about beyond its trail: an emergency, the bot's own question, whether it is to be quiet."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversation", sa.Column("context", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("conversation", "context")
