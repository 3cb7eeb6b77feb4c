"""A third channel in one file: a plain line protocol over TCP. A package like this one needs no change of the bot.

The server sends `event ID THREAD text|tap WORDS`; the channel answers `got ID` once the event is in the inbox. The
channel sends `say THREAD JSON`; the server answers `said NUMBER` or `busy SECONDS`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic_settings import SettingsConfigDict

from bot.channels.base import Channel, ChannelPlugin, ChannelSettings, HostServices
from bot.channels.layout import reply_text
from bot.dialog.turn import Incoming, Kind
from bot.inbox.events import Busy, InboundEvent, OutboundMessage, Progress


class LineSettings(ChannelSettings):
    """LINE_PORT switches the channel on."""

    model_config = SettingsConfigDict(env_prefix="line_")

    port: int = 0

    @property
    def configured(self) -> bool:
        return self.port > 0


class LineChannel:
    """Channel and delivery in one; reconnects for ever."""

    name = "line"

    def __init__(self, host: HostServices, settings: LineSettings) -> None:
        self._host, self._port = host, settings.port
        self._writer: asyncio.StreamWriter | None = None
        self._results: asyncio.Queue[str] = asyncio.Queue()
        self._sending = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    @property
    def delivery(self) -> LineChannel:
        return self

    async def start(self) -> None:
        self._task = asyncio.create_task(self._connect())

    async def stop(self) -> None:
        """Keep the connection: answers may still be sent."""

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def routes(self) -> list[Any]:
        return []

    def health(self) -> Mapping[str, Any]:
        return {"up": self._writer is not None}

    async def deliver(self, message: OutboundMessage, progress: Progress) -> None:
        if message.sent:
            return
        heading = self._host.texts("sources-heading", message.reply.card.register)
        buttons = [button.payload for button in message.reply.buttons]
        shown = json.dumps({"text": reply_text(message.reply, heading), "buttons": buttons})
        async with self._sending:
            word, value = (await self._asked(f"say {message.address['thread']} {shown}")).split()
        if word == "busy":
            raise Busy(float(value), "the server asks to wait")
        await progress(value, last=True)

    async def _asked(self, line: str) -> str:
        if self._writer is None:
            raise Busy(0.05, "not connected")
        self._writer.write(line.encode() + b"\n")
        if not (result := await self._results.get()):
            raise Busy(0.05, "the connection broke")
        return result

    async def _connect(self) -> None:
        while True:
            with contextlib.suppress(OSError):
                reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
                await self._read(reader)
            self._writer = None
            self._results.put_nowait("")
            await asyncio.sleep(0.02)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        self._results = asyncio.Queue()
        while line := (await reader.readline()).decode().rstrip("\n"):
            if line.startswith("event "):
                await self._received(*line.split(" ", 4)[1:])
            else:
                self._results.put_nowait(line)

    async def _received(self, key: str, thread: str, kind: str, words: str) -> None:
        incoming, conversation = Incoming(Kind(kind), words, self.name), f"line:{thread}"
        event = InboundEvent((key,), self.name, "line:someone", conversation, incoming, {"thread": thread})
        with contextlib.suppress(Exception):  # not written: not acknowledged, so the server sends it again
            await self._host.accept(event)
            if self._writer is not None:
                self._writer.write(f"got {key}\n".encode())


def _build(host: HostServices, settings: LineSettings) -> Channel:
    return LineChannel(host, settings)


plugin = ChannelPlugin(name="line", settings=LineSettings, build=_build, set_up="Lines: set LINE_PORT.")
