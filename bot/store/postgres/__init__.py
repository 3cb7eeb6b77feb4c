"""The store on PostgreSQL, for several replicas behind one address."""

from bot.store.postgres.store import PostgresStore

__all__ = ["PostgresStore"]
