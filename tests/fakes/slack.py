"""A strict stand-in of Slack on loopback, for the real Bolt and slack_sdk to talk to.

It speaks the Web API, Socket Mode and signed HTTP events, refuses what Slack refuses, retries what Slack retries and
can be told to fail. Inside tests it is a context manager; `python -m tests.fakes.slack --port 0` runs it as a process
that prints one JSON line with its address and credentials and is driven through `/control` (see `slack_control`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.fakes.slack_blocks import validate_blocks
from tests.fakes.slack_clock import Clock, ManualClock, RealClock
from tests.fakes.slack_control import Control
from tests.fakes.slack_delivery import Delivery
from tests.fakes.slack_faults import Fault, Faults
from tests.fakes.slack_people import People
from tests.fakes.slack_responses import Responses
from tests.fakes.slack_web import WebApi
from tests.fakes.slack_world import World

__all__ = ["FakeSlack", "Fault", "ManualClock", "RealClock", "validate_blocks"]

TEAM, CHANNEL = "T0WARD", "C0ROUNDS"


class FakeSlack:
    """One pretended Slack with a workspace, a channel and an installed app; more can be added through `world`."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or ManualClock()
        self.address = ""
        self.world = World(self.clock)
        self.faults = Faults()
        self.delivery = Delivery(self.world)
        self.web = WebApi(self.world, self.faults, lambda: self.address)
        self.people = People(self.world, self.delivery, lambda: self.address)
        self.bot_token = self.world.install(TEAM)
        self.world.channel(CHANNEL, "U0ADA", "U0BEN", "U0CLEO")
        self._responses = Responses(self.world, self.faults)
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> None:
        """Listen on loopback."""
        app = web.Application()
        app.router.add_post("/api/{method}", self.web.answer)
        app.router.add_get("/api/{method}", self.web.answer)
        app.router.add_get("/link/", self._link)
        app.router.add_post("/upload/{file}", self.web.files.receive)
        app.router.add_post("/response/{id}", self._responses.answer)
        Control(self).add_to(app.router)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.address = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Close every connection and the server."""
        cancel = getattr(self.clock, "cancel", None)
        if cancel is not None:
            cancel()
        await self.delivery.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def api(self) -> str:
        """The base url of the Web API."""
        return f"{self.address}/api/"

    @property
    def credentials(self) -> dict[str, str]:
        """What an operator would copy from Slack's settings pages."""
        return {
            "api": self.api,
            "bot_token": self.bot_token,
            "app_token": self.world.app_token,
            "signing_secret": self.world.signing_secret,
            "client_id": self.world.client_id,
            "client_secret": self.world.client_secret,
        }

    async def _link(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self.web.tickets:
            return web.Response(status=403)
        self.web.tickets.discard(ticket)
        return await self.delivery.serve_socket(request)


async def _serve(port: int) -> None:
    fake = FakeSlack(RealClock())
    await fake.start(port)
    print(json.dumps({"address": fake.address, **fake.credentials}), flush=True)
    await asyncio.Event().wait()


def main(arguments: list[str] | None = None) -> Any:
    """Run the stand-in until it is stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    asyncio.run(_serve(parser.parse_args(arguments).port))


if __name__ == "__main__":
    main()
