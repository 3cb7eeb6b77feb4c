"""The web port and the order of starting and stopping."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.app import installation_secret
from bot.dialog.engine import Engine
from bot.errors import SettingsError
from bot.inbox.events import OutboundMessage, Progress
from bot.service import Service
from bot.settings import Settings
from bot.store.common import Identity
from tests.database_fixtures import opened


class Quiet:
    """A platform that is down, to see that nothing else minds."""

    name = "quiet"

    def __init__(self) -> None:
        self.delivery = self
        self.steps: list[str] = []
        self.stopping = asyncio.Event()
        self.go_on = asyncio.Event()

    async def deliver(self, message: OutboundMessage, progress: Progress) -> None:
        raise NotImplementedError

    async def start(self) -> None:
        self.steps.append("start")

    async def stop(self) -> None:
        self.steps.append("stop")
        self.stopping.set()
        await self.go_on.wait()

    async def close(self) -> None:
        self.steps.append("close")

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/quiet", self._hook)]

    async def _hook(self, request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    def health(self) -> Mapping[str, Any]:
        return {"up": False, "reason": "cannot be reached"}


@asynccontextmanager
async def serving(tmp_path: Path, engine: Engine) -> AsyncIterator[tuple[Quiet, str, asyncio.Event]]:
    settings = Settings(footnote_database_url=f"sqlite:///{tmp_path}/f.sqlite3", footnote_port=0)
    store = await opened(tmp_path / "f.sqlite3")
    service, quiet, stop = Service(settings, store, engine, Identity("s" * 32)), Quiet(), asyncio.Event()
    service.add(quiet)
    running = asyncio.create_task(service.run(stop))
    try:
        yield quiet, f"http://127.0.0.1:{await service.listening}", stop
    finally:
        stop.set()
        quiet.go_on.set()
        await running
        await store.close()


@pytest.mark.parametrize("host", ["no.such.host.invalid", "999.1.1.1", "192.0.2.1", "a..b", "x" * 70])
async def test_a_host_that_is_not_ours_is_named_in_one_sentence(host: str, tmp_path: Path, engine: Engine) -> None:
    settings, store = Settings(footnote_host=host), await opened(tmp_path / "f.sqlite3")
    with pytest.raises(SettingsError, match=rf"^FOOTNOTE_HOST {re.escape(host)} cannot be used [^\n]+$"):
        await Service(settings, store, engine, Identity("s" * 32)).run(asyncio.Event())
    await store.close()


async def test_health_readiness_and_metrics_tell_the_truth(tmp_path: Path, engine: Engine) -> None:
    async with serving(tmp_path, engine) as (_, url, _), aiohttp.ClientSession(url) as web_client:
        health = await web_client.get("/healthz")
        assert (health.status, await health.json()) == (200, {"status": "ok"})
        ready = await web_client.get("/readyz")
        assert ready.status == 200, "one platform's outage must not take the others out of service"
        assert (await ready.json())["platforms"] == {"quiet": {"up": False, "reason": "cannot be reached"}}
        metrics = await (await web_client.get("/metrics")).text()
        assert 'footnote_platform_up{channel="quiet"} 0.0' in metrics


async def test_answers_carry_security_headers_and_large_bodies_are_refused(tmp_path: Path, engine: Engine) -> None:
    async with serving(tmp_path, engine) as (_, url, _), aiohttp.ClientSession(url) as web_client:
        for path, status in (("/healthz", 200), ("/nothing-here", 404)):
            response = await web_client.get(path)
            assert response.status == status
            assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert (await web_client.post("/healthz")).status == 405
        assert (await web_client.post("/quiet", data=b"x" * (2**20 + 1))).status == 413


async def test_readiness_goes_false_before_anything_stops(tmp_path: Path, engine: Engine) -> None:
    async with serving(tmp_path, engine) as (quiet, url, stop), aiohttp.ClientSession(url) as web_client:
        stop.set()
        await quiet.stopping.wait()
        ready = await web_client.get("/readyz")
        assert ready.status == 503
        assert (await ready.json())["draining"] is True
    assert quiet.steps == ["start", "stop", "close"]


def test_the_secret_is_made_once_beside_sqlite_and_kept(tmp_path: Path) -> None:
    settings = Settings(footnote_database_url=f"sqlite:///{tmp_path}/f.sqlite3")
    first = installation_secret(settings)
    assert len(first) >= 32
    assert installation_secret(settings) == first
    assert (tmp_path / "f.secret").stat().st_mode & 0o077 == 0


def test_postgres_needs_the_same_secret_everywhere() -> None:
    with pytest.raises(SettingsError, match="FOOTNOTE_SECRET"):
        installation_secret(Settings(footnote_database_url="postgresql://u@h/d"))
