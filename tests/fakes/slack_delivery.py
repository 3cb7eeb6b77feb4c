"""How the stand-in brings events to the app: WebSocket envelopes or signed HTTP requests, with Slack's retries.

Events are repeated at once, after one minute and after five; interactions and slash commands are tried once.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlencode

from aiohttp import ClientError, ClientSession, WSMsgType, web

from tests.fakes.slack_world import APP_ID, Json, World

Kind = Literal["events_api", "interactive", "slash_commands"]
ACK_SECONDS = 3.0
RETRIES = (0.0, 60.0, 300.0)
"""Seconds before each repetition of an event."""


@dataclass(slots=True)
class Emission:
    """One thing Slack tells the app, however often it must. `status` is the last HTTP status (200 for an ack frame)."""

    kind: Kind
    payload: Json
    attempts: int = 0
    status: int | None = None
    answer: Any = None
    done: asyncio.Event = field(default_factory=asyncio.Event)
    tried: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def acknowledged(self) -> bool:
        """True when the app said 200."""
        return self.status == 200

    async def acked(self, seconds: float = 10.0) -> Emission:
        """Return when the app has acknowledged; raises TimeoutError after `seconds` of real time."""
        await asyncio.wait_for(self.done.wait(), seconds)
        return self

    async def refused(self, seconds: float = 10.0) -> Emission:
        """Return when an attempt has failed; raises TimeoutError after `seconds` of real time."""
        await asyncio.wait_for(self.tried.wait(), seconds)
        return self


class Delivery:
    """Sends emissions over every open socket in turn, or to the app's address."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.url = ""
        self.mode: Literal["socket", "http"] = "socket"
        self.sockets: list[web.WebSocketResponse] = []
        self.silent = False  # new sockets neither greet nor answer pings
        self.deaf = False  # new sockets answer pings, and that is all
        self.emissions: list[Emission] = []
        self._pending: dict[str, Emission] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: ClientSession | None = None
        self._turn = 0

    async def emit(self, kind: Kind, payload: Json) -> Emission:
        """Tell the app something; returns once the first attempt is on its way."""
        emission = Emission(kind, payload)
        self.emissions.append(emission)
        await self.attempt(emission)
        return emission

    async def attempt(self, emission: Emission) -> None:
        """Try once (more); schedules Slack's next retry in case nobody acknowledges."""
        if emission.done.is_set():
            return
        emission.attempts += 1
        if self.mode == "http":
            self._spawn(self._post(emission))
        else:
            await self._frame(emission)

    def _again(self, emission: Emission) -> None:
        retry = emission.attempts - 1
        if emission.kind != "events_api" or retry >= len(RETRIES):
            return
        self._world.clock.later(RETRIES[retry], lambda: self.attempt(emission))

    def _finish(self, emission: Emission, status: int, answer: Any) -> None:
        emission.status, emission.answer = status, answer
        if status == 200:
            emission.done.set()
        else:
            emission.tried.set()
            self._again(emission)

    # --- sockets ----------------------------------------------------------------------------------------------------

    async def serve_socket(self, request: web.Request) -> web.WebSocketResponse:
        """Run one WebSocket connection of the app."""
        socket = web.WebSocketResponse(autoping=not self.silent)
        await socket.prepare(request)
        if not self.silent and not self.deaf:
            await socket.send_json(self._hello())
        self.sockets.append(socket)
        await self._world.note()
        try:
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    self._acknowledge(json.loads(message.data))
        finally:
            self.sockets.remove(socket)
            await self._world.note()
        return socket

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.sockets) + 1,
            "connection_info": {"app_id": APP_ID},
            "debug_info": {"host": "applink-1", "approximate_connection_time": 18_060},
        }

    async def _frame(self, emission: Emission) -> None:
        event = self._world.identifier("envelope-")
        self._pending[event] = emission
        self._world.clock.later(ACK_SECONDS, lambda: self._overdue(emission, emission.attempts))
        if not self.sockets:
            return
        self._turn += 1
        frame: Json = {
            "envelope_id": event,
            "type": emission.kind,
            "payload": emission.payload,
            "accepts_response_payload": emission.kind != "events_api",
        }
        if emission.kind == "events_api":
            frame |= {
                "retry_attempt": emission.attempts - 1,
                "retry_reason": "timeout" if emission.attempts > 1 else "",
            }
        with contextlib.suppress(ConnectionError):  # the app died a moment ago: the frame is lost, Slack notices later
            await self.sockets[self._turn % len(self.sockets)].send_json(frame)

    def _acknowledge(self, frame: Json) -> None:
        emission = self._pending.pop(frame.get("envelope_id", ""), None)
        if emission is not None:
            self._finish(emission, 200, frame.get("payload"))

    async def _overdue(self, emission: Emission, attempt: int) -> None:
        if not emission.done.is_set() and emission.attempts == attempt:
            emission.tried.set()
            self._again(emission)

    async def disconnect(self, reason: str = "refresh_requested", *, close: bool = True) -> None:
        """Ask every connection to come back on a new one, as Slack does every few hours."""
        for socket in list(self.sockets):
            await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-1"}})
            if close:
                await socket.close()

    async def cut(self) -> None:
        """Drop every connection without a word."""
        for socket in list(self.sockets):
            if socket._req is not None and socket._req.transport is not None:
                socket._req.transport.abort()

    # --- HTTP -------------------------------------------------------------------------------------------------------

    async def _post(self, emission: Emission) -> None:
        body, content_type = _encoded(emission)
        headers = {"Content-Type": content_type, **self.signed(body)}
        if emission.attempts > 1:
            headers |= {"X-Slack-Retry-Num": str(emission.attempts - 1), "X-Slack-Retry-Reason": "http_error"}
        try:
            async with (
                asyncio.timeout(ACK_SECONDS * 4),
                self._client().post(self.url, data=body, headers=headers) as got,
            ):
                text = await got.text()
                self._finish(emission, got.status, _decoded(text))
        except (ClientError, TimeoutError, OSError) as error:
            self._finish(emission, 0, type(error).__name__)

    def signed(self, body: bytes, at: float | None = None, secret: str | None = None) -> dict[str, str]:
        """Return the headers that prove a body comes from Slack (signing secret, version 0)."""
        stamp = str(int(time.time() if at is None else at))
        key = (secret or self._world.signing_secret).encode()
        digest = hmac.new(key, b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}

    def _client(self) -> ClientSession:
        if self._session is None:
            self._session = ClientSession()
        return self._session

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Let go of every connection."""
        for task in list(self._tasks):
            task.cancel()
        for socket in list(self.sockets):
            await socket.close()
        if self._session is not None:
            await self._session.close()


def _encoded(emission: Emission) -> tuple[bytes, str]:
    if emission.kind == "events_api":
        return json.dumps(emission.payload).encode(), "application/json"
    form = emission.payload if emission.kind == "slash_commands" else {"payload": json.dumps(emission.payload)}
    return urlencode(form).encode(), "application/x-www-form-urlencoded"


def _decoded(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text
