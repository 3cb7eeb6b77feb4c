"""Rate limits: of what a user asks, and of what an address sends to the shared web port. Never for what is urgent.

Nothing accepted is lost: the turn is stored, takes its place in its conversation, and is ended by one message that says
what happened and holds the way to the answer; what else the same person sends within that minute is ended by the same
message. It is not put off instead, because a conversation keeps its order: somebody's "chest pain now" would wait
behind everything they sent before. So each question is still read, and whatever is urgent is answered in full.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import aiohttp
from aiohttp import hdrs, web

from bot.content.markdown import parse
from bot.dialog import payloads
from bot.dialog.engine import Engine
from bot.dialog.turn import Button, Effect, Notice, Outcome, Reply
from bot.inbox.events import Delivery, InboundEvent, OutboundMessage, Progress
from bot.inbox.metrics import Metrics

_CROWD = 10_000
"""Names remembered, about two megabytes. Beyond that full buckets are forgotten, then those first heard of."""


class TokenBuckets:
    """A bucket for each name, in memory only.

    What is kept of a bucket is the moment at which it will be full again (the generic cell rate algorithm): one number
    each, and no timer. `rate` is in tokens a second, `burst` is how many a full bucket holds.
    """

    def __init__(self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = 1 / rate
        self._burst = burst
        self._clock = clock
        self._full_at: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, name: str) -> bool:
        """Take a token and return True, or return False if there is none."""
        now = self._clock()
        full_at = max(self._full_at.get(name, now), now) + self._interval
        if full_at - now > self._burst * self._interval + 1e-9:  # the sum of many intervals is a hair too long
            return False
        self._full_at[name] = full_at
        if len(self._full_at) > _CROWD:
            self._forget(now)
        return True

    def give_back(self, name: str) -> None:
        """Return a token that was not used after all."""
        if name in self._full_at:
            self._full_at[name] -= self._interval

    def seconds(self, name: str) -> float:
        """Return how long it takes until there is a token, 0 if there is one."""
        return max(self._full_at.get(name, 0.0) - self._clock() - (self._burst - 1) * self._interval, 0.0)

    def _forget(self, now: float) -> None:
        """Forget full buckets, which changes nothing, and if those were few, half of the crowd, the oldest first."""
        left = [(name, full_at) for name, full_at in self._full_at.items() if full_at > now]
        self._full_at = dict(left[-_CROWD // 2 :])


# --- of a user --------------------------------------------------------------------------------------------------------

Accept = Callable[[InboundEvent], Awaitable[bool]]

_MARK = "beyond_share"
"""The address carries what was decided on arrival, so that an outage, a restart or another replica decides nothing
anew: what people sent in an hour and is answered in a minute was never too much."""

_NOTIFY, _SILENT = "tell", "told"
_ALWAYS = frozenset({Effect.FORGET, Effect.EXPORT})


class UserRateLimit:
    """Marks on arrival what is beyond a person's limit, and delivers a notice in place of its answer.

    `per_minute` questions may come at once or within a minute (0: any number). The count is in this process's memory
    alone: with several replicas a person has a share at each of them.
    """

    def __init__(
        self,
        per_minute: int,
        accept: Accept,
        engine: Engine,
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_minute = per_minute
        self._accept = accept
        self._engine = engine
        self._metrics = metrics
        self._shares = TokenBuckets(max(per_minute, 1) / 60, max(per_minute, 1), clock)
        self._notices = TokenBuckets(1 / 60, 1, clock)

    async def accept(self, event: InboundEvent) -> bool:
        """Accept the event as the inbox does, counted. Words that were not addressed to the bot are not counted."""
        if not self._per_minute or event.unaddressed:
            return await self._accept(event)
        if self._shares.take(event.person):
            return await self._returning(self._shares, event)
        if self._notices.take(event.person):
            return await self._returning(self._notices, _marked(event, _NOTIFY))
        return await self._accept(_marked(event, _SILENT))

    async def _returning(self, buckets: TokenBuckets, event: InboundEvent) -> bool:
        """Accept the event; what was known already, or could not be stored, costs nothing."""
        fresh = False
        try:
            fresh = await self._accept(event)
        finally:
            if not fresh:
                buckets.give_back(event.person)
        return fresh

    def delivery(self, delivery: Delivery) -> Delivery:
        """Return the delivery, which says so in place of an answer that was marked."""
        return _LimitedDelivery(delivery, self._notice, self._metrics)

    def _notice(self, reply: Reply) -> Reply:
        card, engine = reply.card, self._engine
        title = engine.text("too-many-title", card.register)
        body = parse(engine.text("too-many", card.register, number=self._per_minute))
        button = Button(engine.label(card.node, card.register), payloads.payload(card.node))
        buttons = reply.choices or (button,)
        notice = Notice(
            node=card.node, register=card.register, outcome=card.outcome, title=title, brief=body, buttons=buttons
        )
        return Reply(notice)


class _LimitedDelivery:
    def __init__(self, inner: Delivery, notice: Callable[[Reply], Reply], metrics: Metrics) -> None:
        self.name = inner.name
        self._inner = inner
        self._notice = notice
        self._metrics = metrics

    async def deliver(self, message: OutboundMessage, progress: Progress) -> None:
        if _MARK in message.address:
            message, mark = _unmarked(message)
            if message.reply.card.outcome is not Outcome.URGENT and message.reply.effect not in _ALWAYS:
                self._metrics.limited(self.name)
                if mark == _SILENT:
                    return
                message = replace(message, reply=self._notice(message.reply))
        await self._inner.deliver(message, progress)


def _marked(event: InboundEvent, mark: str) -> InboundEvent:
    return replace(event, address={**event.address, _MARK: mark})


def _unmarked(message: OutboundMessage) -> tuple[OutboundMessage, str]:
    address = dict(message.address)
    mark = str(address.pop(_MARK))
    return replace(message, address=address), mark


# --- of an address on the web port ------------------------------------------------------------------------------------

CLIENT: web.RequestKey[str | None] = web.RequestKey("client")
"""Whose share of requests it is: an address, or the network of one; None where a proxy names none."""

ANYONE: web.RequestKey[bool] = web.RequestKey("anyone", bool)
"""Set by a handler whose POST needs neither secret nor signature: such a request is counted like a GET."""


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
        for hop in hops:
            address = _address(hop)
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
