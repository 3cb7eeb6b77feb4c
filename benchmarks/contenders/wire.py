"""The least HTTP that both ends of a benchmark need: the driver must not become what is measured."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections import deque
from collections.abc import Callable

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)

Answer = Callable[[str, bytes], tuple[float, bytes]]
"""Given path and body of a request: after how many seconds to answer, and with which JSON."""


class _Frames(asyncio.Protocol):
    """Cuts a stream into messages: head and body."""

    def __init__(self) -> None:
        self._buffer = b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            found = _LENGTH.search(head)
            whole = end + 4 + (int(found[1]) if found else 0)
            if len(self._buffer) < whole:
                return
            body, self._buffer = self._buffer[end + 4 : whole], self._buffer[whole:]
            self.message(head, body)

    def message(self, head: bytes, body: bytes) -> None:
        raise NotImplementedError


class _Served(_Frames):
    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self._answer = answer

    def message(self, head: bytes, body: bytes) -> None:
        seconds, said = self._answer(head.split(b" ", 2)[1].decode(), body)
        reply = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-OAuth-Scopes: chat:write,im:history\r\n"
        reply += b"Content-Length: %d\r\n\r\n%b" % (len(said), said)
        if seconds:
            asyncio.get_running_loop().call_later(seconds, self.transport.write, reply)
        else:
            self.transport.write(reply)


async def serve(answer: Answer, tls: ssl.SSLContext | None = None) -> int:
    """Serve on a free loopback port and return it."""
    server = await asyncio.get_running_loop().create_server(lambda: _Served(answer), "127.0.0.1", 0, ssl=tls)
    return int(server.sockets[0].getsockname()[1])


class _Calling(_Frames):
    def __init__(self, idle: deque[_Calling], refused: Callable[[bytes], None]) -> None:
        super().__init__()
        self._idle = idle
        self._refused = refused
        self.answered = asyncio.Event()

    def message(self, head: bytes, body: bytes) -> None:  # noqa: ARG002
        if b" 200 " not in head[:16]:
            self._refused(head)
        self.answered.set()
        self._idle.append(self)


class Caller:
    """Posts to one address over as many kept-alive connections as are needed; `refused` counts what was not a 200."""

    def __init__(self, port: int, path: str) -> None:
        self._port = port
        self._start = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n".encode()
        self._idle: deque[_Calling] = deque()
        self.refused: list[bytes] = []

    async def post(self, headers: dict[str, str], body: bytes) -> asyncio.Event:
        """Send one request and return what is set when its response is here."""
        connection = self._idle.popleft() if self._idle else await self._connected()
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()
        connection.answered = asyncio.Event()
        connection.transport.write(b"%b%bContent-Length: %d\r\n\r\n%b" % (self._start, lines, len(body), body))
        return connection.answered

    async def _connected(self) -> _Calling:
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: _Calling(self._idle, self.refused.append), "127.0.0.1", self._port
        )
        return connection
