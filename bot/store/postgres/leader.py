"""Leader election: what one replica alone may do (Telegram allows one poller). An advisory lock on its own connection.

The lock lives as long as the connection: when the leader dies, PostgreSQL frees it and another replica has it within
`RETRY_SECONDS`. A host that vanishes without a word is noticed by TCP keep-alive in about ten seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
import structlog

from bot.store.postgres.statements import TROUBLE

log = structlog.stdlib.get_logger(__name__)

RETRY_SECONDS = 1.0
"""How often the others campaign, and how often the leader makes sure that it still leads."""

_LEADERSHIP = 0x466F6F74
"""First half of the lock's key: what keeps our locks apart from those of other programs in the same database."""

_TRY = "SELECT pg_try_advisory_lock($1, hashtext($2))"
_KEEP_ALIVE = {"tcp_keepalives_idle": "4", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3"}


@asynccontextmanager
async def lead(dsn: str, name: str) -> AsyncIterator[asyncio.Event]:
    """Wait to become the leader; yield an event that is set when that ends. Leaving the block gives leadership up."""
    connection = await _lead_until_lost(dsn, name)
    lost = asyncio.Event()
    connection.add_termination_listener(lambda _: lost.set())
    watch = asyncio.create_task(_watch(connection, lost))
    try:
        yield lost
    finally:
        watch.cancel()
        await _close(connection)


async def _lead_until_lost(dsn: str, name: str) -> Any:
    """Return a connection that holds the lock, however long that takes and whatever the database goes through."""
    while True:
        try:
            return await _acquire(dsn, name)
        except TROUBLE as fault:
            log.warning("election_interrupted", leadership=name, reason=type(fault).__name__)
            await asyncio.sleep(RETRY_SECONDS)


async def _acquire(dsn: str, name: str) -> Any:
    connection = await asyncpg.connect(
        dsn, timeout=5 * RETRY_SECONDS, command_timeout=5 * RETRY_SECONDS, server_settings=_KEEP_ALIVE
    )
    try:
        while not await connection.fetchval(_TRY, _LEADERSHIP, name):  # noqa: ASYNC110 (what is awaited is elsewhere)
            await asyncio.sleep(RETRY_SECONDS)
    except BaseException:
        await _close(connection)
        raise
    return connection


async def _watch(connection: Any, lost: asyncio.Event) -> None:
    """Notice a connection that died without saying so."""
    with suppress(*TROUBLE):
        while True:
            await connection.execute("SELECT 1")
            await asyncio.sleep(RETRY_SECONDS)
    lost.set()


async def _close(connection: Any) -> None:
    with suppress(*TROUBLE):
        await connection.close(timeout=RETRY_SECONDS)
