"""The store on SQLite, the default: nothing to install, one process."""

from bot.store.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
