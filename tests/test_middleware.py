"""The web port as a stranger meets it: limits per address, bodies that are too large or never end, headers."""

from __future__ import annotations

import asyncio
import gzip
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.channels import rate_limit
from bot.channels.rate_limit import BURST, MAX_BODY, RateLimitMiddleware, secure_headers
from bot.settings import Settings, load_settings
from tests.test_token_bucket import Clock

LOOPBACK = Settings().proxies
STRANGER, OTHER, NEIGHBOUR = "203.0.113.7", "203.0.113.8", "2001:db8:1:2::1"


async def hook(request: web.Request) -> web.Response:
    """A platform's hook: whoever knows the word is the platform."""
    if not hmac.compare_digest(request.headers.get("X-Word", ""), "right"):
        raise web.HTTPForbidden
    return web.Response(status=int(request.headers.get("X-Status", "200")), body=await request.read())


async def page(_request: web.Request) -> web.Response:
    return web.Response(text="ok")


@asynccontextmanager
async def guarded(clock: Clock, proxies: Any = LOOPBACK) -> AsyncIterator[aiohttp.ClientSession]:
    """Serve a hook and a page behind the guard; the client connects from loopback, as a proxy does."""
    app = web.Application(client_max_size=MAX_BODY, middlewares=[RateLimitMiddleware(proxies, clock).watch])
    app.on_response_prepare.append(secure_headers)
    app.add_routes([web.post("/hook", hook), web.get("/page", page)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}") as session:
        yield session
    await runner.cleanup()


async def statuses(client: aiohttp.ClientSession, count: int, forwarded: str = STRANGER, **headers: str) -> list[int]:
    """Return the statuses of so many requests for the hook, passed on by a proxy."""
    given = {"X-Forwarded-For": forwarded, **{name.replace("_", "-"): value for name, value in headers.items()}}
    found = []
    for _ in range(count):
        async with client.post("/hook", headers=given) as response:
            found.append(response.status)
    return found


async def test_who_guesses_is_soon_refused_and_told_when_to_come_back() -> None:
    clock = Clock()
    async with guarded(clock) as client:
        assert await statuses(client, BURST + 5) == [403] * BURST + [429] * 5
        refused = await client.post("/hook", headers={"X-Forwarded-For": STRANGER})
        assert refused.headers["Retry-After"] == "1"
        assert await statuses(client, 1, OTHER) == [403], "one address does not limit another"
        clock.now += 1.0
        assert await statuses(client, 11) == [403] * 10 + [429]


async def test_a_platform_is_never_limited_whatever_its_pace() -> None:
    async with guarded(Clock()) as client:
        assert set(await statuses(client, 3 * BURST, X_Word="right")) == {200}
        assert set(await statuses(client, 3 * BURST, X_Word="right", X_Status="503")) == {503}, (
            "our fault costs nothing"
        )
        assert await statuses(client, 1) == [403]


async def test_pages_are_limited_too() -> None:
    async with guarded(Clock()) as client:
        found = [(await client.get("/page", headers={"X-Forwarded-For": STRANGER})).status for _ in range(BURST + 1)]
        assert found == [200] * BURST + [429]


async def test_only_a_proxy_is_believed_about_addresses() -> None:
    async with guarded(Clock(), proxies=()) as client:
        found = [(await statuses(client, 1, f"198.51.100.{number}"))[0] for number in range(BURST + 1)]
        assert found == [403] * BURST + [429], "a forged header must not buy a new bucket"


async def test_the_address_a_proxy_added_counts_not_what_the_stranger_wrote_before_it() -> None:
    async with guarded(Clock()) as client:
        found = [(await statuses(client, 1, f"198.51.100.{n}, {STRANGER}, 127.0.0.1"))[0] for n in range(BURST + 1)]
        assert found[-1] == 429


async def test_one_customers_many_addresses_share_a_bucket() -> None:
    async with guarded(Clock()) as client:
        assert await statuses(client, BURST, NEIGHBOUR) == [403] * BURST
        assert await statuses(client, 1, "2001:db8:1:2:ffff::9") == [429]
        assert await statuses(client, 1, "2001:db8:1:3::1") == [403]


async def test_a_proxy_itself_has_no_bucket() -> None:
    async with guarded(Clock()) as client:
        found = {(await client.post("/hook")).status for _ in range(BURST + 5)}
        assert found == {403}
        assert await statuses(client, 1, "no address") == [403]


async def test_a_body_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "BODY_SECONDS", 0.05)
    never = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"{"
        await never.wait()

    async with guarded(Clock()) as client:
        assert (await client.post("/hook", data=body(), headers={"X-Word": "right"})).status == 408


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
async def test_too_large_a_body_is_refused_packed_or_not(packed: bool) -> None:
    large = b"x" * (MAX_BODY + 1)
    headers = {"X-Word": "right"} | ({"Content-Encoding": "gzip"} if packed else {})
    async with guarded(Clock()) as client:
        response = await client.post("/hook", data=gzip.compress(large) if packed else large, headers=headers)
        assert response.status == 413
        fits = await client.post("/hook", data=large[:-1], headers={"X-Word": "right"})
        assert fits.status == 200


async def test_a_body_that_is_not_what_it_says_is_refused() -> None:
    async with guarded(Clock()) as client:
        response = await client.post("/hook", data=b"no gzip", headers={"X-Word": "right", "Content-Encoding": "gzip"})
        assert response.status == 400


async def test_every_answer_carries_the_headers_and_names_no_version() -> None:
    wanted = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
    async with guarded(Clock()) as client:
        answers = [
            await client.get("/page"),
            await client.get("/nothing-here"),
            await client.put("/page"),
            await client.post("/hook"),
            await client.post("/hook", data=b"x" * (MAX_BODY + 1)),
        ]
        await statuses(client, BURST)
        answers.append(await client.post("/hook", headers={"X-Forwarded-For": STRANGER}))
        assert [answer.status for answer in answers] == [200, 404, 405, 403, 413, 429]
        for answer in answers:
            assert wanted.items() <= dict(answer.headers).items(), answer
            assert "Server" not in answer.headers


def test_proxies_are_networks_and_a_wrong_one_is_named() -> None:
    assert load_settings({}).proxies == (ip_network("127.0.0.0/8"), ip_network("::1/128"))
    assert Settings(footnote_proxies="10.0.0.0/8,192.0.2.1").proxies == (
        ip_network("10.0.0.0/8"),
        ip_network("192.0.2.1/32"),
    )
    with pytest.raises(ValueError, match="FOOTNOTE_PROXIES"):
        Settings(footnote_proxies="everywhere")
