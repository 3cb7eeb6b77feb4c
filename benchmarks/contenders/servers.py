"""Bots that listen: Footnote as it is served, and the stock bots of both libraries with their default settings."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

from aiohttp import web
from telegram import Update
from telegram.ext import Application, CallbackQueryHandler

from benchmarks.contenders import updates
from benchmarks.contenders.footnote import SECRET, host, settled
from benchmarks.contenders.slack import slack_over
from benchmarks.contenders.slack_stock import stock_app
from benchmarks.contenders.telegram import UNLIMITED
from benchmarks.contenders.telegram_stock import press
from benchmarks.trees import write
from bot.channels.telegram.app import Config, Telegram
from bot.content.loader import load
from bot.dialog.engine import Engine
from bot.matching import build_matcher
from bot.service import Service
from bot.settings import Settings
from bot.store.common import Identity
from bot.store.open import open_store


class Listening:
    """A bot that only listens."""

    def __init__(self, port: int) -> None:
        self.greeting = {"port": port}

    async def order(self, **order: Any) -> dict[str, Any]:
        """Take no orders."""
        raise ValueError(f"unknown order {order}")


async def telegram_footnote(api: int, folder: str, nodes: int) -> Listening:
    """Footnote with Telegram's webhook, put together as `footnote serve` does; only Telegram's rates are lifted."""
    service, engine = await _service(folder, nodes)
    config = Config(
        token=updates.TOKEN,
        base_url=f"http://127.0.0.1:{api}",
        mode="webhook",
        webhook_url="https://example.invalid/telegram/webhook",
        webhook_secret="benchmark",
        rates=UNLIMITED,
    )
    service.add(Telegram(config, host(service.inbox, engine)))
    return await _run(service)


async def slack_footnote(api: int, folder: str, nodes: int) -> Listening:
    """Footnote with Slack's HTTP mode, put together as `footnote serve` does."""
    service, engine = await _service(folder, nodes)
    service.add(slack_over(host(service.inbox, engine), f"https://127.0.0.1:{api}/api/"))
    return await _run(service)


async def telegram_stock(api: int) -> Listening:
    """The hard-coded bot with everything python-telegram-bot does by default; updates reach it by its queue."""
    app = Application.builder().token(updates.TOKEN).base_url(f"http://127.0.0.1:{api}/bot").updater(None).build()
    app.add_handler(CallbackQueryHandler(press))

    async def receive(request: web.Request) -> web.Response:
        await app.update_queue.put(Update.de_json(json.loads(await request.read()), app.bot))
        return web.Response()

    await app.initialize()
    await app.start()
    return await _listen([web.post("/telegram/webhook", receive)])


async def slack_stock(api: int) -> Listening:
    """The trivial handler with everything Bolt does by default, on Bolt's own web application."""
    from slack_sdk.web.async_client import AsyncWebClient

    client = AsyncWebClient(token="xoxb-benchmark", base_url=f"https://127.0.0.1:{api}/api/")
    app = stock_app(client=client)
    return await _serve(app.web_app("/slack/events"))


async def _service(folder: str, nodes: int) -> tuple[Service, Engine]:
    library = load(*write(Path(folder), nodes, updates.CHARACTERS), templates=False)
    engine = Engine(library, build_matcher(library))
    store = await open_store(f"sqlite:///{Path(tempfile.mkdtemp(dir=folder)) / 'footnote.sqlite3'}")
    settings = Settings(footnote_port=0, footnote_host="127.0.0.1")
    return Service(settings, store, engine, Identity(SECRET)), engine


async def _run(service: Service) -> Listening:
    settled()
    running = asyncio.create_task(service.run(asyncio.Event()))
    port = await service.listening
    for platform in service.channels.values():
        while not platform.health().get("up"):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    _KEPT.append(running)
    return Listening(port)


async def _listen(routes: list[web.RouteDef]) -> Listening:
    app = web.Application()
    app.add_routes(routes)
    return await _serve(app)


async def _serve(app: web.Application) -> Listening:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return Listening(int(runner.addresses[0][1]))


_KEPT: list[asyncio.Task[None]] = []
