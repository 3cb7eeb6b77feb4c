"""The running bot: one process, one port, every configured channel, a health that tells an operator the truth."""

from __future__ import annotations

import asyncio
import errno
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import aiohttp
import structlog
from aiohttp import hdrs, web

from bot.channels.base import Channel
from bot.channels.web_port import ANYONE, CLIENT
from bot.dialog.engine import Engine
from bot.errors import SettingsError
from bot.inbox.events import InboundEvent
from bot.inbox.identity import Identity
from bot.inbox.inbox import Inbox
from bot.inbox.metrics import Metrics
from bot.inbox.rate_limit import TokenBuckets, UserRateLimit
from bot.settings import Settings
from bot.store.base import Store, StoreUnavailable

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MAX_BODY = 2**20
"""Bytes of one request. Telegram's and Slack's events stay far below a mebibyte; anything larger gets a 413."""

BODY_SECONDS = 10.0
"""How long a body may take to arrive. Slack itself gives up after three seconds."""

RATE, BURST = 10.0, 50
"""Requests a second, and at once, from one address. A platform's accepted events do not count."""

_NEIGHBOURS = 64
"""Bits of an IPv6 address that stand for one customer (RFC 6177): who has one address has them all."""

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


async def secure_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Give an answer the headers every answer has, and take away the one that names versions.

    A handler that shows pages sets a policy of its own, which says by itself who may frame them.
    """
    given = _HEADERS
    if "Content-Security-Policy" in response.headers:
        given = {name: value for name, value in _HEADERS.items() if name != "X-Frame-Options"}
    for name, value in given.items():
        response.headers.setdefault(name, value)
    response.headers.pop(hdrs.SERVER, None)


class RateLimitMiddleware:
    """Refuses requests that are too many (429), too large (413) or too slow (408).

    Each address has a bucket of requests. What it gets a 2xx for by POST costs nothing, because only a platform can
    earn that (it needs the secret or the signature); neither does our own failure (5xx). So a platform is never
    limited, however busy it is, and who only guesses or scans soon is. `proxies` are the networks whose
    X-Forwarded-For is believed; a request that comes from a proxy itself has no address to count.

    A handler finds whose bucket it is in `request[CLIENT]`, and sets `request[ANYONE]` where a POST needs no secret:
    that one is counted.
    """

    def __init__(self, proxies: Sequence[Network], clock: Callable[[], float] = time.monotonic) -> None:
        self._proxies = proxies
        self._buckets = TokenBuckets(RATE, BURST, clock)

    @web.middleware
    async def watch(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let the request through, or refuse it before anything of it is looked at."""
        name = request[CLIENT] = self._who(request)
        if name is None:
            return await _handled(request, handler)
        if not self._buckets.take(name):
            wait = math.ceil(self._buckets.seconds(name))
            return web.Response(status=429, headers={hdrs.RETRY_AFTER: str(max(wait, 1))})
        return await self._counted(name, request, handler)

    async def _counted(self, name: str, request: web.Request, handler: Handler) -> web.StreamResponse:
        status = 500
        try:
            response = await _handled(request, handler)
            status = response.status
        except web.HTTPException as refused:
            status = refused.status
            raise
        finally:
            earned = request.method == hdrs.METH_POST and status < 300 and ANYONE not in request
            if status >= 500 or earned:
                self._buckets.give_back(name)
        return response

    def _who(self, request: web.Request) -> str | None:
        """Return whose bucket it is: the last address that is not a proxy's, read from where proxies add to it."""
        hops = [request.remote or ""]
        hops += reversed(",".join(request.headers.getall("X-Forwarded-For", [])).split(","))
        for run_in_thread in hops:
            address = _address(run_in_thread)
            if address is None:
                return None
            if not any(address in network for network in self._proxies):
                return _household(address)
        return None


async def _handled(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Read the whole body first, so that no handler waits for one; aiohttp keeps it for the handler."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except (aiohttp.ClientError, web.RequestPayloadError):
        raise web.HTTPBadRequest from None
    return await handler(request)


@lru_cache(maxsize=1024)
def _address(text: str) -> Address | None:
    """Return the address; a platform's few are read again and again."""
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _household(address: Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((address, _NEIGHBOURS), strict=False))


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
        self.channels: dict[str, Channel] = {}
        self.listening: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._draining = False

    def add(self, channel: Channel) -> None:
        """Serve one more channel; to be called before `run`."""
        delivery = channel.delivery
        self.channels[delivery.name] = channel
        self.metrics.begin(delivery.name, self._cards)
        self.inbox.add(self._user_limit.delivery(delivery))

    async def accept(self, event: InboundEvent) -> bool:
        """Write an event to the inbox as `Inbox.accept` does, counted against its sender's rate limit."""
        return await self._user_limit.accept(event)

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
