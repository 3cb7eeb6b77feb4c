"""The channel contract on the page. There is no platform between: trouble is a stream that is cut or slow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest

from bot.channels.web.plugin import plugin
from tests.channels.contract import ChannelContract, PluginStandIn, Running, Trouble
from tests.drivers.web import WebDriver, text_of


class WebStandIn(PluginStandIn, WebDriver):
    """A reader with a tab for each thread."""

    plugin = plugin

    def __init__(self) -> None:
        super().__init__()
        self._asked: list[asyncio.Task[None]] = []

    def environment(self, port: int) -> Mapping[str, str]:
        return {"WEB_LOCAL": "1"}

    async def connect(self, port: int, running: Running | None) -> None:
        self.url = f"http://127.0.0.1:{port}"

    async def ask(self, words: str) -> None:
        self._fields = ("asked", {"text": words})
        await self._deliver()

    async def acknowledged(self) -> None:
        await asyncio.gather(*self._asked)

    async def redeliver(self) -> None:
        if not self._asked:
            tab = self.tab("main")
            await tab._post({"id": "q1", "thread": "main", "text": "what is alpha lipoic acid"})
            return
        await self._deliver()

    def trouble(self, kind: Trouble) -> None:
        self.tab("main").spoil = kind

    def hold(self) -> None:
        self.tab("main").looks = False

    def heal(self) -> None:
        tab = self.tab("main")
        tab.looks = True
        tab.open()

    def shows(self, title: str) -> int:
        return sum(title in text_of(answer) for answer in self.tab("main").shown.values())

    async def _deliver(self) -> None:
        id_, fields = self._fields
        self._asked.append(asyncio.create_task(self.tab("main").send(id_, dict(fields))))


class TestWeb(ChannelContract):
    """The page as a script reads it; without one the same forms lead to the same inbox."""

    @pytest.fixture
    async def stand_in(self) -> AsyncIterator[WebStandIn]:
        reader = WebStandIn()
        yield reader
        await reader.close()
