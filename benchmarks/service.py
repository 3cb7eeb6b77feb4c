"""The child side of a server: one process that serves until its standard input ends, and answers orders meanwhile.

    python -m benchmarks.service module:factory '{"option": 1}' [core]

The order `{"do": "usage"}` is answered with the CPU seconds used so far; every other order is the server's own.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
import time
from typing import Any, Protocol


class Server(Protocol):
    """Something that serves. `greeting` says where."""

    greeting: dict[str, Any]

    async def order(self, **order: Any) -> dict[str, Any]:
        """Carry out an order; raises for one that failed."""


async def serve(contender: str, options: dict[str, Any]) -> None:
    """Serve until standard input ends."""
    with os.fdopen(os.dup(1), "w", buffering=1) as replies:
        os.dup2(2, 1)  # whatever a library prints belongs to the log
        module, _, factory = contender.partition(":")
        server: Server = await getattr(importlib.import_module(module), factory)(**options)
        replies.write(json.dumps(server.greeting) + "\n")
        orders = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
        while line := await orders.readline():
            replies.write(json.dumps(await _answer(server, json.loads(line))) + "\n")
    os._exit(0)  # nothing worth closing; some libraries would wait for their own threads


async def _answer(server: Server, order: dict[str, Any]) -> dict[str, Any]:
    if order == {"do": "usage"}:
        return {"cpu": time.process_time(), "main": time.thread_time()}
    return await server.order(**order)


if __name__ == "__main__":
    if len(sys.argv) > 3 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(sys.argv[3])})
    asyncio.run(serve(sys.argv[1], json.loads(sys.argv[2])))
