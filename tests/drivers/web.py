"""A reader of the page: does what bot/channels/web/static/page.js does, and what a person does with it."""

from __future__ import annotations

import asyncio
import contextlib
import html
import json
import re
from itertools import count
from typing import Any

import aiohttp

from bot.dialog.turn import Register
from tests.drivers.driver import Seen, leading_to, nodes_behind

PATIENCE = 20.0
RESEND_SECONDS = 0.5
"""The page waits eight seconds before it asks for an answer that a restart lost; a test need not."""


class Tab:
    """One thread in one tab: its answers by id, its last event, and what it still waits for."""

    def __init__(self, session: aiohttp.ClientSession, thread: str) -> None:
        self.session = session
        self.thread = thread
        self.url = ""
        self.shown: dict[str, str] = {}
        self.pending: dict[str, dict[str, str]] = {}
        self.spoil = ""
        self.looks = True
        self._last = ""
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._sending: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Connect, and connect again after every cut, as an EventSource does."""
        if self._task is None and self.looks:
            self._task = asyncio.create_task(self._listen())

    async def send(self, id_: str, fields: dict[str, str]) -> None:
        """Send a form until it is accepted, always under the same id."""
        fields = {"id": id_, "thread": self.thread, **fields}
        self.pending[id_] = fields
        await self._post(fields)
        self.open()

    async def answer(self, id_: str) -> None:
        """Return when a question is answered."""
        async with asyncio.timeout(PATIENCE):
            while id_ in self.pending:
                self._changed.clear()
                await self._changed.wait()

    async def close(self) -> None:
        """End the stream."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _post(self, fields: dict[str, str]) -> None:
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                headers = {"Accept": "application/json"}
                async with self.session.post(f"{self.url}/ask", data=fields, headers=headers) as response:
                    if response.status != 503:
                        assert response.status == 202, response.status
                        return
            await asyncio.sleep(0.05)

    async def _listen(self) -> None:
        while True:
            with contextlib.suppress(aiohttp.ClientError, ConnectionError):
                headers = {"Last-Event-ID": self._last} if self._last else {}
                url = f"{self.url}/events?thread={self.thread}"
                async with self.session.get(url, headers=headers) as response:
                    if response.status == 200:
                        again = asyncio.get_running_loop().call_later(RESEND_SECONDS, self._send_again)
                        try:
                            await self._read(response)
                        finally:
                            again.cancel()
            await asyncio.sleep(0.05)

    def _send_again(self) -> None:
        for fields in self.pending.values():
            self._sending.add(asyncio.create_task(self._post({**fields, "again": "1"})))

    async def _read(self, response: aiohttp.ClientResponse) -> None:
        id_ = ""
        async for line in response.content:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "id":
                id_ = value
            elif name == "data":
                spoil, self.spoil = self.spoil, ""
                if spoil == "busy":
                    return
                await asyncio.sleep(0.2 if spoil == "slow" else 0)
                self._take(json.loads(value))
                if spoil == "lost":
                    return
                self._last = id_

    def _take(self, event: dict[str, Any]) -> None:
        if event["forgets"]:
            self.shown.clear()
        self.shown[event["id"]] = event["html"]
        self.pending.pop(event["question"], None)
        self._changed.set()


class WebDriver:
    """One reader with one cookie and a tab for each thread."""

    def __init__(self, url: str = "") -> None:
        self.session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self.url = url
        self.tabs: dict[str, Tab] = {}
        self._numbers = count(1)
        self._last: dict[str, str] = {}

    def tab(self, thread: str) -> Tab:
        """Return the tab of a thread."""
        tab = self.tabs.setdefault(thread, Tab(self.session, thread))
        tab.url = self.url
        return tab

    async def close(self) -> None:
        """Close every tab."""
        for tab in self.tabs.values():
            await tab.close()
        await self.session.close()

    async def choose(self, register: Register) -> None:
        """Choose the register as a person does: by the button under a first answer."""
        await self.say("/help", "main")
        if register is Register.PROFESSIONAL:
            await self.switch(register, "main")

    async def say(self, words: str, thread: str) -> Seen:
        return await self._send(thread, {"text": words})

    async def command(self, name: str, thread: str) -> Seen:
        return await self.say(f"/{name}", thread)

    async def tap(self, node: str, thread: str) -> Seen:
        return await self._press(leading_to(node, _payloads(self._newest(thread))), thread)

    async def switch(self, register: Register, thread: str) -> Seen:
        ending = f":{register}"
        return await self._press(next(p for p in _payloads(self._newest(thread)) if p.endswith(ending)), thread)

    async def _press(self, payload: str, thread: str) -> Seen:
        return await self._send(thread, {"tap": payload, "under": self._last[thread]})

    async def _send(self, thread: str, fields: dict[str, str]) -> Seen:
        tab, id_ = self.tab(thread), f"q{next(self._numbers)}"
        before = dict(tab.shown)
        await tab.send(id_, fields)
        await tab.answer(id_)
        changed = [name for name, text in tab.shown.items() if before.get(name) != text]
        self._last[thread] = changed[-1] if changed else fields.get("under", "")
        newest = self._newest(thread)
        return Seen(text_of(newest), nodes_behind(_payloads(newest)))

    def _newest(self, thread: str) -> str:
        return self.tabs[thread].shown[self._last[thread]]


def text_of(page: str) -> str:
    """Return the words of a piece of HTML."""
    return html.unescape(re.sub(r"<[^>]+>", "", page))


def _payloads(page: str) -> list[str]:
    return [html.unescape(found) for found in re.findall(r'name="tap" value="([^"]+)"', page)]
