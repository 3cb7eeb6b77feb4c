"""The running bot: one process, one port, every configured channel, a health that tells an operator the truth."""

from __future__ import annotations

import asyncio
import errno
from contextlib import AsyncExitStack

import structlog
from aiohttp import web

from bot.channels.base import Channel
from bot.channels.rate_limit import (
    MAX_BODY,
    Accept,
    RateLimitMiddleware,
    UserRateLimit,
    secure_headers,
)
from bot.dialog.engine import Engine
from bot.errors import SettingsError
from bot.inbox.inbox import Inbox
from bot.inbox.metrics import Metrics
from bot.settings import Settings
from bot.store.base import Store, StoreUnavailable
from bot.store.common import Identity

log = structlog.stdlib.get_logger(__name__)


class Service:
    """The running bot: a store, an inbox, the channels, and one web port for health, metrics and webhooks."""

    def __init__(self, settings: Settings, store: Store, engine: Engine, identity: Identity) -> None:
        self._settings = settings
        self._store = store
        self.metrics = Metrics()
        self._cards = sorted(engine.library.urgent_nodes)
        self.inbox = Inbox(store, engine, identity, metrics=self.metrics, urgent=engine.is_urgent)
        self._user_limit = UserRateLimit(
            settings.footnote_questions_per_minute, self.inbox.accept, engine, self.metrics
        )
        self.accept: Accept = self._user_limit.accept  # as `Inbox.accept` does, counted against the sender's rate limit
        self.channels: dict[str, Channel] = {}
        self.listening: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._draining = False

    def add(self, channel: Channel) -> None:
        """Serve one more channel; to be called before `run`."""
        delivery = channel.delivery
        self.channels[delivery.name] = channel
        self.metrics.begin(delivery.name, self._cards)
        self.inbox.add(self._user_limit.delivery(delivery))

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set, then drain: readiness goes false, intake ends, accepted turns are answered."""
        async with AsyncExitStack() as stack:
            await self.inbox.start()
            runner = web.AppRunner(self._web(), access_log=None, handle_signals=False)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await self._listen(runner)
            for channel in self.channels.values():
                await channel.start()
            log.info("serving", channels=sorted(self.channels))
            await stop.wait()
            await self._drain()

    async def _listen(self, runner: web.AppRunner) -> None:
        site = web.TCPSite(runner, self._settings.footnote_host, self._settings.footnote_port)
        try:
            await site.start()
        except (OSError, ValueError) as fault:
            raise SettingsError(self._unusable(fault)) from None
        port = int(runner.addresses[0][1])
        self.listening.set_result(port)
        log.info("listening", host=self._settings.footnote_host, port=port)

    def _unusable(self, fault: OSError | ValueError) -> str:
        """Say which of the two settings the system refuses to listen on, and what to do."""
        host, port = self._settings.footnote_host, self._settings.footnote_port
        code = fault.errno if isinstance(fault, OSError) else None
        if code == errno.EACCES:
            return f"FOOTNOTE_PORT {port} may not be used by this account: choose a port from 1024 on"
        if code != errno.EADDRINUSE:
            why = fault.strerror if isinstance(fault, OSError) else "it is no name of a host"
            return f"FOOTNOTE_HOST {host} cannot be used ({why}): take 127.0.0.1, or 0.0.0.0 for every address"
        return f"FOOTNOTE_PORT {port} is in use: stop what uses it, or choose another port"

    async def _drain(self) -> None:
        self._draining = True
        log.info("draining", seconds=self._settings.footnote_drain_seconds)
        await asyncio.gather(*(channel.stop() for channel in self.channels.values()))
        await self.inbox.drain(self._settings.footnote_drain_seconds)
        await asyncio.gather(*(channel.close() for channel in self.channels.values()))

    # --- the web port -------------------------------------------------------------------------------------------

    def _web(self) -> web.Application:
        guard = RateLimitMiddleware(self._settings.proxies)
        app = web.Application(client_max_size=MAX_BODY, middlewares=[guard.watch])
        app.on_response_prepare.append(secure_headers)
        app.add_routes([web.get("/healthz", self._healthz), web.get("/readyz", self._readyz)])
        app.add_routes([web.get("/metrics", self._metrics)])
        for channel in self.channels.values():
            app.add_routes(channel.routes())
        return app

    async def _healthz(self, _request: web.Request) -> web.Response:
        """The process lives."""
        return web.json_response({"status": "ok"})

    async def _readyz(self, _request: web.Request) -> web.Response:
        """Whether new events can be accepted: the database decides; a platform's outage is shown, not fatal."""
        database = await self._database()
        platforms = {name: dict(channel.health()) for name, channel in self.channels.items()}
        ready = database == "ok" and not self._draining
        state = {"ready": ready, "draining": self._draining, "database": database, "platforms": platforms}
        return web.json_response(state, status=200 if ready else 503)

    async def _database(self) -> str:
        try:
            await self._store.ping()
        except StoreUnavailable as fault:
            return str(fault)
        return "ok"

    async def _metrics(self, _request: web.Request) -> web.Response:
        for name, channel in self.channels.items():
            self.metrics.platform(name, up=bool(channel.health().get("up")))
        return web.Response(body=self.metrics.page(), headers={"Content-Type": self.metrics.content_type})
