"""The store on PostgreSQL, for several replicas behind one address."""

from bot.delivery.postgres.store import PostgresStore

__all__ = ["PostgresStore"]
