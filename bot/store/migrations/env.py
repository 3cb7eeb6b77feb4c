"""How Alembic reaches the database: on the connection `bot.store.open` hands over."""

from alembic import context
from sqlalchemy import Connection

from bot.store.schema import metadata


def _run() -> None:
    connection: Connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


_run()
