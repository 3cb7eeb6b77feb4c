"""slack_sdk's installation store with its tokens encrypted at rest.

The tables are slack_sdk's own; only the columns that hold tokens change their type, to sealed text of any length.
"""

from __future__ import annotations

import base64
from typing import Any

from slack_sdk.oauth.installation_store.sqlalchemy import AsyncSQLAlchemyInstallationStore
from sqlalchemy import Dialect, Table, Text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.types import TypeDecorator

from bot.adapters.slack.quiet import library_log
from bot.delivery.identity import Identity

_SECRET_COLUMNS = ("bot_token", "bot_refresh_token", "user_token", "user_refresh_token", "incoming_webhook_url")


class Sealed(TypeDecorator[str]):
    """Text that is encrypted on its way to the database and decrypted on its way back."""

    impl = Text
    cache_ok = True

    def __init__(self, identity: Identity) -> None:
        super().__init__()
        self.identity = identity

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        """Return what the database keeps."""
        return None if value is None else base64.b64encode(self.identity.seal(value.encode())).decode()

    def process_result_value(self, value: Any | None, _dialect: Dialect) -> str | None:
        """Return what was sealed; raises Unsealable when it was sealed with another secret."""
        return None if value is None else self.identity.unseal(base64.b64decode(value)).decode()


class SealedInstallations(AsyncSQLAlchemyInstallationStore):
    """Installations whose tokens nobody can read without the secret."""

    def __init__(self, client_id: str, engine: AsyncEngine, identity: Identity) -> None:
        super().__init__(client_id, engine, logger=library_log())
        for table in (self.bots, self.installations):
            _seal(table, identity)


def _seal(table: Table, identity: Identity) -> None:
    for name in _SECRET_COLUMNS:
        if name in table.c:
            table.c[name].type = Sealed(identity)
