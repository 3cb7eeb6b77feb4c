"""`python -m tests.channels.terminal.process`: the terminal over FOOTNOTE_DATABASE_URL, which may hold its answers."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import replace

from rich.console import Console

from bot.app import build_engine, local_inbox
from bot.channels.base import HostServices
from bot.channels.terminal.plugin import Terminal
from bot.inbox.events import InboundEvent, OutboundMessage, Progress
from bot.settings import load_settings

ACCEPTED, HELD = "-- accepted --", "TERMINAL_HELD"


class HeldTerminal(Terminal):
    """Says when a line was accepted, and never prints an answer while it is held."""

    def __init__(self, host: HostServices, console: Console) -> None:
        super().__init__(replace(host, accept=self._accept), console)
        self._inner = host.accept

    async def _accept(self, event: InboundEvent) -> bool:
        fresh = await self._inner(event)
        print(ACCEPTED, flush=True)
        return fresh

    async def deliver(self, message: OutboundMessage, progress: Progress) -> None:
        if os.environ.get(HELD):
            await asyncio.Event().wait()
        await super().deliver(message, progress)
        sys.stdout.flush()


async def main() -> None:
    settings = load_settings()
    console = Console(width=300, highlight=False)
    build = lambda host: HeldTerminal(host, console)  # noqa: E731
    async with local_inbox(settings, build_engine(settings), settings.footnote_database_url, build) as terminal:
        while line := await asyncio.to_thread(sys.stdin.readline):
            await terminal.receive(line)


if __name__ == "__main__":
    asyncio.run(main())
