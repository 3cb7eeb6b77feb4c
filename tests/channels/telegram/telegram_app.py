"""The whole bot in a test: real store, inbox, engine and Telegram channel, against the stand-in over real HTTP."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from aiohttp import web

from bot.channels.base import HostServices
from bot.channels.telegram.app import Config, Telegram
from bot.channels.telegram.client import Rates
from bot.content.models import Register
from bot.dialog.engine import Engine
from bot.inbox.events import InboundEvent
from bot.inbox.inbox import Inbox
from bot.pictures.shelf import Files
from bot.store.base import Store
from bot.store.common import Identity
from bot.store.open import open_store
from tests.channels.host import host_of, lone_host
from tests.fakes.telegram import FakeTelegram

Mode = Literal["polling", "webhook"]
SECRET = "webhook-secret-0123456789abcdef"
UNLIMITED = Rates(overall=0, group=0, chat=0)


@dataclass
class Door:
    """What came through the door, for tests that need no engine. `broken` makes the inbox refuse."""

    events: list[InboundEvent] = field(default_factory=list)
    departures: list[str] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    broken: bool = False

    async def accept(self, event: InboundEvent) -> bool:
        if self.broken:
            raise OSError("the disk is full")
        known = {key for one in self.events for key in one.keys}
        if known.intersection(event.keys):
            return False
        self.events.append(event)
        return True

    async def user_left(self, person: str) -> None:
        self.departures.append(person)

    async def quarantine(self, reason: str, text: str) -> None:
        self.unreadable.append((reason, text))

    def host(self) -> HostServices:
        return lone_host(self.accept, words, user_left=self.user_left, quarantine=self.quarantine)


@dataclass
class TelegramApp:
    """A running bot."""

    platform: Telegram
    inbox: Inbox
    store: Store
    identity: Identity
    unreadable: list[tuple[str, str]]
    hook: str = ""


def words(key: str, register: Register, **values: object) -> str:
    """Sentences for tests without a library."""
    return f"{key} {' '.join(map(str, values.values()))}".strip()


@asynccontextmanager
async def listening(platform_mode: Mode) -> AsyncIterator[tuple[socket.socket | None, str]]:
    """Yield a bound socket and the webhook address on it, or nothing for polling."""
    if platform_mode == "polling":
        yield None, ""
        return
    with socket.create_server(("127.0.0.1", 0)) as bound:
        yield bound, f"http://127.0.0.1:{bound.getsockname()[1]}/telegram/webhook"


@asynccontextmanager
async def served(platform: Telegram, bound: socket.socket | None) -> AsyncIterator[None]:
    """Run a platform, with its web port if it has one."""
    runner = web.AppRunner(_app(platform), access_log=None)
    await runner.setup()
    if bound is not None:
        await web.SockSite(runner, bound).start()
    await platform.start()
    try:
        yield
    finally:
        await platform.stop()
        await runner.cleanup()


@asynccontextmanager
async def open_door(
    fake: FakeTelegram, mode: Mode = "polling", **more: Any
) -> AsyncIterator[tuple[Door, Telegram, str]]:
    """Run the adapter alone; what it hears stays in the door."""
    door = Door()
    async with listening(mode) as (bound, hook):
        platform = Telegram(_config(fake, mode, hook, more), door.host(), more.get("topics", ()))
        async with served(platform, bound):
            yield door, platform, hook
        await platform.close()


@asynccontextmanager
async def running_app(
    fake: FakeTelegram, engine: Engine, database: Path, mode: Mode = "polling", **more: Any
) -> AsyncIterator[TelegramApp]:
    """Run the whole bot; leaving drains it."""
    unreadable: list[tuple[str, str]] = []

    async def quarantine(reason: str, text: str) -> None:
        unreadable.append((reason, text))

    async with listening(mode) as (bound, hook), AsyncExitStack() as after:
        store = await open_store(f"sqlite:///{database}")
        after.push_async_callback(store.close)
        identity = Identity("a secret of thirty-two characters")
        inbox = Inbox(store, engine, identity, urgent=engine.is_urgent)
        shelf = more.pop("shelf", None)
        files = Files(shelf, store) if shelf else None
        host = host_of("telegram", inbox, engine, identity, quarantine=quarantine, files=files)
        platform = Telegram(_config(fake, mode, hook, more), host, more.get("topics", ()))
        after.push_async_callback(platform.close)
        inbox.add(platform.delivery)
        await inbox.start()
        after.push_async_callback(inbox.drain, 5)
        async with served(platform, bound):
            yield TelegramApp(platform, inbox, store, identity, unreadable, hook)


def _config(fake: FakeTelegram, mode: Mode, hook: str, more: dict[str, Any]) -> Config:
    settings: dict[str, Any] = {"rates": UNLIMITED, "pause": 0.01} | {
        name: value for name, value in more.items() if name != "topics"
    }
    return Config(fake.token, fake.url, mode, hook, SECRET if mode == "webhook" else "", **settings)


def _app(platform: Telegram) -> web.Application:
    app = web.Application()
    app.add_routes(platform.routes())
    return app
