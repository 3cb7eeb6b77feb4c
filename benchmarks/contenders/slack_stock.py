"""The trivial Bolt handlers of the tutorial, default settings: 1,200 characters, five buttons, nothing remembered."""

from __future__ import annotations

import asyncio
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

from benchmarks import trees
from benchmarks.contenders import events, slack_canned
from benchmarks.contenders.concurrency import side_by_side

TEXT = trees.text(1, events.CHARACTERS)


def stock_app(**more: Any) -> AsyncApp:
    """Return an app with one handler for messages and one for presses."""
    app = AsyncApp(token="xoxb-benchmark", signing_secret=events.SIGNING_SECRET, **more)

    @app.event("message")
    async def on_message(event: dict[str, Any], client: Any) -> None:
        await client.chat_postMessage(channel=event["channel"], text=TEXT, blocks=events.blocks("v1:node-1"))

    @app.action("tap:0:0")
    async def on_press(ack: Any, body: dict[str, Any], client: Any) -> None:
        await ack()
        await client.chat_postMessage(channel=body["channel"]["id"], text=TEXT, blocks=events.blocks("v1:node-1"))

    return app


class Stock:
    """`turn` is words or press; so many requests at a time (Bolt idles up to 10 ms per press otherwise)."""

    def __init__(self, turn: str, at_once: int = 20) -> None:
        self._at_once = at_once
        self._make = getattr(events, turn)
        slack_canned.install()
        self._runner = asyncio.Runner()
        self._runner.run(self._open())

    def prepare(self, turns: int) -> None:
        self._requests = [self._make(number % 1000, "v1:node-1") for number in range(turns)]
        slack_canned.calls.clear()

    def run(self) -> None:
        self._runner.run(self._work())

    def result(self) -> dict[str, float]:
        if slack_canned.calls["chat.postMessage"] != len(self._requests):
            raise RuntimeError(f"unexpected calls: {slack_canned.calls}")
        return {"turns": len(self._requests)}

    async def _open(self) -> None:
        self._app = stock_app()

    async def _work(self) -> None:
        await side_by_side(self._turn, len(self._requests), self._at_once)
        # a listener goes on after its acknowledgement
        while slack_canned.calls["chat.postMessage"] < len(self._requests):  # noqa: ASYNC110
            await asyncio.sleep(0)

    async def _turn(self, number: int) -> None:
        body, headers = self._requests[number]
        answer = await self._app.async_dispatch(AsyncBoltRequest(body=body.decode(), headers={**headers}))
        if answer.status != 200:
            raise RuntimeError(f"status {answer.status}")
