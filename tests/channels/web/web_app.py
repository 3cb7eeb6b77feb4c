"""The page as it is served: a real inbox, a real database, a real port."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

from bot.app import host_services
from bot.channels.web.app import Web
from bot.channels.web.plugin import WebSettings
from bot.dialog.engine import Engine
from bot.pictures.shelf import Files
from bot.service import Service
from bot.settings import Settings
from bot.store.common import Identity
from tests.database_fixtures import opened

SECRET = "s" * 32


@dataclass
class WebApp:
    """A served page and its parts."""

    url: str
    web: Web
    service: Service


@asynccontextmanager
async def web_app(folder: Path, engine: Engine, **settings: Any) -> AsyncIterator[WebApp]:
    """Serve the page; leaving it answers what was accepted."""
    shared = Settings(
        footnote_database_url=f"sqlite:///{folder}/web.sqlite3",
        footnote_port=0,
        footnote_questions_per_minute=settings.pop("per_minute", 0),
        footnote_proxies=settings.pop("proxies", "127.0.0.0/8, ::1"),
    )
    shelf = settings.pop("shelf", None)
    own = WebSettings(**settings)
    store = await opened(folder / "web.sqlite3")
    identity, stop = Identity(SECRET), asyncio.Event()
    service = Service(shared, store, engine, identity)
    files = Files(shelf, store, settings.get("public_url") or "") if shelf else None
    host = host_services("web", shared, service.inbox, engine, identity, service.accept, files=files)
    channel = Web(host, own)
    service.add(channel)
    running = asyncio.create_task(service.run(stop))
    try:
        yield WebApp(f"http://127.0.0.1:{await service.listening}", channel, service)
    finally:
        stop.set()
        await running
        await store.close()


@dataclass
class Browser:
    """A reader without scripts, or the script itself: a cookie jar, forms and the stream."""

    session: aiohttp.ClientSession
    base: str = ""
    _ids: count[int] = field(default_factory=lambda: count(1))

    async def page(self, query: str = "") -> str:
        """Return the chat page."""
        response = await self.session.get(f"{self.base or '/'}{query}")
        assert response.status == 200
        return await response.text()

    async def ask(self, text: str, **fields: str) -> str:
        """Send the form and return the page that comes after it."""
        response = await self.post(text=text, **fields)
        assert response.status == 200, await response.text()
        return await response.text()

    async def tap(self, payload: str, under: str = "", **fields: str) -> str:
        """Press a button and return the page that comes after it."""
        response = await self.post(tap=payload, under=under, **fields)
        return await response.text()

    async def post(self, headers: Mapping[str, str] | None = None, /, **fields: str) -> aiohttp.ClientResponse:
        """Send a form as a browser does."""
        form = {"id": f"q{next(self._ids)}", "thread": "", **fields}
        return await self.session.post(f"{self.base}/ask", data=form, headers=headers or {})

    async def tell(self, **fields: str) -> int:
        """Send a form as the script does; return the status."""
        return (await self.post({"Accept": "application/json"}, **fields)).status

    @asynccontextmanager
    async def events(self, last: str = "", thread: str = "") -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        """Open the stream; what it yields has the event's id as `event`."""
        headers = {"Last-Event-ID": last} if last else {}
        async with self.session.get(f"{self.base}/events?thread={thread}", headers=headers) as response:
            assert response.status == 200, response.status
            yield _events(response)


async def _events(response: aiohttp.ClientResponse) -> AsyncIterator[dict[str, Any]]:
    id_ = ""
    async for line in response.content:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name == "id":
            id_ = value
        elif name == "data":
            yield {"event": id_, **json.loads(value)}


@asynccontextmanager
async def browser(app: WebApp, base: str = "", **headers: str) -> AsyncIterator[Browser]:
    """A reader with a cookie jar of their own."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(app.url, cookie_jar=jar, headers=headers) as session:
        yield Browser(session, base)


def answers(html: str) -> list[str]:
    """Return the titles of the answers in a page, the greeting left out."""
    return re.findall(r'<h2 id="(?!a-greeting)[^"]+-t">(.*?)</h2>', html)


def ids(html: str) -> list[str]:
    """Return the ids of the answers in a page, the greeting left out."""
    return re.findall(r'<article class="[^"]+" id="(?!a-greeting)([^"]+)"', html)
