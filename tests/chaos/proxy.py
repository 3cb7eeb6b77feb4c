"""One address in front of the replicas: what comes in goes to one that lives, or is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import count
from typing import Self

from tests.chaos.processes import Bot


class Proxy:
    """A TCP proxy on loopback that takes the replicas in turn."""

    def __init__(self, bots: Sequence[Bot]) -> None:
        self._bots = bots
        self._turn = count()
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        alive = [bot.port for bot in self._bots if bot.port]
        try:
            if alive:
                port = alive[next(self._turn) % len(alive)]
                there = await asyncio.open_connection("127.0.0.1", port)
                await asyncio.gather(_pipe(reader, there[1]), _pipe(there[0], writer))
        except OSError:
            pass  # a replica that died takes its connections with it
        finally:
            writer.transport.abort()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
