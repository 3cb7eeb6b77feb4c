"""The terminal as a person at a keyboard meets it: lines in, a screen out, and the inbox between."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rich.console import Console

from bot.app import local_inbox
from bot.channels.terminal.plugin import Terminal
from bot.channels.terminal.render import menu
from bot.dialog import payloads
from bot.dialog.engine import Engine
from bot.dialog.turn import Register, Reply
from bot.settings import Settings
from tests.drivers.driver import Seen, leading_to, nodes_behind
from tests.drivers.engine import shown


class TerminalDriver:
    """A person who types questions and the numbers of buttons; there is one thread."""

    def __init__(self, terminal: Terminal, screen: io.StringIO) -> None:
        self._terminal = terminal
        self._screen = screen

    async def choose(self, register: Register) -> None:
        """Choose the register as a person does: by the button under a first answer."""
        await self.say("/help", "main")
        if register is Register.PROFESSIONAL:
            await self.switch(register, "main")

    async def say(self, words: str, thread: str) -> Seen:
        return await self.type(words)

    async def command(self, name: str, thread: str) -> Seen:
        return await self.type(f"/{name}")

    async def tap(self, node: str, thread: str) -> Seen:
        return await self._press(leading_to(node, shown(self._last)))

    async def switch(self, register: Register, thread: str) -> Seen:
        return await self._press(payloads.payload(self._last.card.node, register))

    async def type(self, line: str) -> Seen:
        """Type a line; what is printed until it is answered is seen."""
        before = self._screen.tell()
        await self._terminal.receive(line)
        return Seen(self._screen.getvalue()[before:], nodes_behind(shown(self._last)))

    async def _press(self, payload: str) -> Seen:
        numbers = [button.payload for button in menu(self._last, self._terminal.texts)]
        return await self.type(str(numbers.index(payload) + 1))

    @property
    def _last(self) -> Reply:
        assert self._terminal._last is not None, "nothing was answered yet"
        return self._terminal._last


@asynccontextmanager
async def at_the_keyboard(engine: Engine, database_url: str, width: int = 100) -> AsyncIterator[TerminalDriver]:
    """Run the terminal over a migrated database; the register is the channel's own until one is chosen."""
    screen = io.StringIO()
    console = Console(file=screen, width=width, highlight=False)
    async with local_inbox(Settings(), engine, database_url, lambda host: Terminal(host, console)) as terminal:
        yield TerminalDriver(terminal, screen)
