"""The channel contract in the terminal."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping

import pytest
from rich.console import Console

from bot.channels.base import HostServices
from bot.channels.terminal.plugin import Terminal, plugin
from bot.store.base import StoreUnavailable
from tests import fork_server
from tests.channels.contract import ChannelContract, PluginStandIn, Running, Trouble
from tests.channels.terminal.process import ACCEPTED, HELD
from tests.drivers.terminal import TerminalDriver


class TerminalProcess:
    """The terminal over a database that stays, in a process of its own."""

    port = 0

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.held = False
        self.printed = ""

    async def start(self) -> None:
        environment = {**self._environment, HELD: "yes" if self.held else ""}
        module = "tests.channels.terminal.process"
        self._process = await fork_server.started(module, environment=environment, streams="01")
        self.accepted = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    async def kill(self) -> None:
        self._process.kill()
        await self._process.wait()
        await self._reader

    def type(self, line: str) -> None:
        self._process.stdin.write(line.encode() + b"\n")

    async def _read(self) -> None:
        async for line in self._process.stdout:
            self.printed += line.decode()
            if ACCEPTED in self.printed:
                self.accepted.set()


class TerminalStandIn(PluginStandIn, TerminalDriver):
    """One person, one keyboard, one conversation. Whoever types waits for the answer, which is printed at once."""

    plugin = plugin
    threads = False

    def __init__(self) -> None:
        self._typed: list[asyncio.Task[None]] = []
        self._process: TerminalProcess | None = None
        self._key = 0

    def environment(self, port: int) -> Mapping[str, str]:
        return {}

    def build(self, host: HostServices, environment: Mapping[str, str]) -> Terminal:
        self._screen = io.StringIO()
        self._terminal = Terminal(host, Console(file=self._screen, width=300, highlight=False))
        self._deliver = self._terminal.deliver
        return self._terminal

    def process(self, environment: Mapping[str, str]) -> TerminalProcess:
        self._process = TerminalProcess(environment)
        self._process.held = True
        return self._process

    async def connect(self, port: int, running: Running | None) -> None:
        """Do nothing: the keyboard is there."""

    async def ask(self, words: str) -> None:
        if self._process is not None:
            self._process.type(words)
            return
        self._key += 1
        self._words = words
        self._typed.append(asyncio.create_task(self._terminal.receive(words, str(self._key))))
        await asyncio.wait(self._typed)

    async def acknowledged(self) -> None:
        if self._process is not None:
            await self._process.accepted.wait()
            return
        await asyncio.gather(*self._typed[1:])
        if self._typed and isinstance(self._typed[0].exception(), StoreUnavailable):
            return
        await asyncio.gather(*self._typed)

    async def redeliver(self) -> None:
        if self._typed:
            self._typed.append(asyncio.create_task(self._terminal.receive(self._words, str(self._key))))

    def trouble(self, kind: Trouble) -> None:
        """Nothing stands between the program and the screen."""

    def hold(self) -> None:
        """The process was started so."""

    def heal(self) -> None:
        assert self._process is not None
        self._process.held = False

    def shows(self, title: str) -> int:
        return (self._process.printed if self._process else self._screen.getvalue()).count(title)


class TestTerminal(ChannelContract):
    """There is no platform, so no trouble with one."""

    @pytest.fixture
    def stand_in(self) -> TerminalStandIn:
        return TerminalStandIn()
