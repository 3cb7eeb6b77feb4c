"""Driving the stand-in from another process: chaos runs and benchmarks play people over plain HTTP.

POST /control  {"do": "mention", "with": {"user": "U0ADA", "channel": "C0ROUNDS", "text": "…"}}   play a person
POST /control  {"do": "channel" | "fault" | "mode" | "clear", "with": {…}}                         change the world
GET  /control/posts?since=N                                                                        what became visible
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.fakes.slack_delivery import Emission
from tests.fakes.slack_faults import Fault
from tests.fakes.slack_people import Said
from tests.fakes.slack_world import Json

if TYPE_CHECKING:
    from tests.fakes.slack import FakeSlack

_PEOPLE = {"say", "mention", "dm", "edit", "delete", "press", "press_home", "command", "open_home"}


class Control:
    """The remote control."""

    def __init__(self, fake: FakeSlack) -> None:
        self._fake = fake
        self._changes: dict[str, Callable[..., Awaitable[Any]]] = {
            "channel": self._channel,
            "fault": self._fault,
            "mode": self._mode,
            "clear": self._clear,
            "disconnect": fake.delivery.disconnect,
            "cut": fake.delivery.cut,
        }

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Add the control paths to a router."""
        router.add_post("/control", self._do)
        router.add_get("/control/posts", self._posts)

    async def _do(self, request: web.Request) -> web.Response:
        order = await request.json()
        name, given = order["do"], order.get("with", {})
        act = getattr(self._fake.people, name) if name in _PEOPLE else self._changes[name]
        return web.json_response(_plain(await act(**given)))

    async def _posts(self, request: web.Request) -> web.Response:
        since = int(request.query.get("since", "0"))
        return web.json_response([asdict(post) for post in self._fake.world.posts[since:]])

    async def _channel(self, id: str, members: list[str], kind: str = "channel") -> None:
        self._fake.world.channel(id, *members, kind=kind)  # type: ignore[arg-type]

    async def _fault(self, **given: Any) -> None:
        self._fake.faults.add(Fault(**given))

    async def _mode(self, mode: str, url: str = "") -> None:
        self._fake.delivery.mode = mode  # type: ignore[assignment]
        self._fake.delivery.url = url

    async def _clear(self) -> None:
        self._fake.faults.clear()
        self._fake.world.posts.clear()
        self._fake.world.calls.clear()


def _plain(result: Any) -> Json:
    if isinstance(result, Said):
        return {"channel": result.channel, "ts": result.ts}
    if isinstance(result, Emission):
        return {"attempts": result.attempts, "acknowledged": result.acknowledged}
    return {}
