"""The other end: a pretended API, and people who press buttons at random moments whether or not the bot keeps up."""

from __future__ import annotations

import asyncio
import json
import random
import re
import ssl
import time
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import trees
from benchmarks.contenders import events, updates
from benchmarks.contenders.wire import Caller, serve

HANGING = 5.0
"""Seconds until a hanging chat's calls are answered."""

_CHAT = re.compile(rb'(?:"chat_id": ?|chat_id=)"?(-?\d+)')
_CHANNEL = re.compile(rb'"channel": ?"([^"]+)"')
_NUMBER = re.compile(rb"answer number (\d+)")


class _World:
    """Posts turns in an open loop (Poisson), and notes when each answer reaches the API.

    The nth answer in a chat belongs to the nth press there; where answers name their node, that is checked, so that a
    bot which mixes up the order voids its round.
    """

    answering: frozenset[str]

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._latency = 0.0
        self._hangs: frozenset[str] = frozenset()
        self._asked: dict[str, deque[tuple[float, int]]] = {}
        self._took: dict[str, list[float]] = {}
        self._mixed = 0
        self._left = 0
        self._done = asyncio.Event()
        self._calls: Counter[str] = Counter()
        self._walk: trees.Walk
        self.greeting: dict[str, Any] = {}

    @classmethod
    async def open(cls, nodes: int, users: int, certificate: str = "") -> _World:
        """Begin to serve the API."""
        tls = None
        if certificate:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(certificate)
        world = cls(tls)
        world._walk = trees.Walk(nodes, users)
        world.greeting = {"port": await serve(world._api, tls)}
        return world

    async def order(
        self, port: int, turns: int, rate: float, latency: float = 0.0, hang: int = 0, backoff: float = 10.0
    ) -> dict[str, Any]:
        """Post so many turns at so many a second; of every `hang` chats one hangs. Return what was seen."""
        presses = self._walk.presses(turns)
        chats = [self.chat(user) for user, _ in presses]
        bodies = [self.request(user, target) for user, target in presses]
        self._latency = latency
        self._hangs = frozenset(chat for chat in chats if hang and int(re.sub(r"\D", "", chat)) % hang == 0)
        self._asked, self._took, self._mixed, self._calls = {}, {}, 0, Counter()
        self._left = turns
        self._done.clear()
        caller = Caller(port, self.path)
        busy = time.process_time()
        took = await self._post(caller, chats, presses, bodies, rate)
        answered = await self._answered(backoff)
        return self._seen(turns, took, answered, caller, time.process_time() - busy)

    async def _post(
        self, caller: Caller, chats: list[str], presses: list[Any], bodies: list[Any], rate: float
    ) -> float:
        begun = due = time.perf_counter()
        taken: dict[str, asyncio.Event] = {}  # a platform sends the next event of a chat when the last was taken
        for chat, (_, target), (body, headers) in zip(chats, presses, bodies, strict=True):
            due += random.expovariate(rate)
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            if chat in taken:
                await taken[chat].wait()
            self._asked.setdefault(chat, deque()).append((time.perf_counter(), target))
            taken[chat] = await caller.post(headers, body)
        return time.perf_counter() - begun

    async def _answered(self, backoff: float) -> bool:
        self._hangs, hung = frozenset(), self._hangs
        self._hung = hung
        try:
            await asyncio.wait_for(self._done.wait(), backoff + (HANGING if hung else 0))
        except TimeoutError:
            return False
        await asyncio.sleep(0.2)  # let the bot finish its turns before its CPU is read
        return True

    def _seen(self, turns: int, took: float, answered: bool, caller: Caller, busy: float) -> dict[str, Any]:
        if caller.refused:
            raise RuntimeError(f"{len(caller.refused)} requests were refused: {caller.refused[0]!r}")
        if self._mixed:
            raise RuntimeError(f"{self._mixed} answers came out of order; the round is void")
        others = sorted(t for chat, took in self._took.items() if chat not in self._hung for t in took)
        return {
            "turns": turns,
            "answered": turns - self._left,
            "complete": answered,
            "wall": took,
            "driver": busy / took,
            "p50": others[len(others) // 2],
            "p99": others[len(others) * 99 // 100],
            "calls": self._calls.total() / turns,
        }

    def _api(self, path: str, body: bytes) -> tuple[float, bytes]:
        method = path.partition("?")[0].rpartition("/")[2]
        self._calls[method] += 1
        chat = self.chat_of(body)
        if method in self.answering and chat:
            self._note(chat, body)
        latency = HANGING if chat in self._hangs else self._latency
        return latency, self.answer(method, chat)

    def _note(self, chat: str, body: bytes) -> None:
        if not self._asked.get(chat):
            return
        posted, target = self._asked[chat].popleft()
        named = _NUMBER.search(body)
        self._mixed += named is not None and int(named[1]) != target
        self._took.setdefault(chat, []).append(time.perf_counter() - posted)
        self._left -= 1
        if self._left == 0:
            self._done.set()

    path = ""
    chat: Callable[[int], str]
    request: Callable[[int, int], tuple[bytes, dict[str, str]]]
    chat_of: Callable[[bytes], str]
    answer: Callable[[str, str], bytes]


class Telegram(_World):
    """The Bot API and people on Telegram."""

    path = "/telegram/webhook"
    answering = frozenset({"sendMessage", "editMessageText"})
    _headers = {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": "benchmark"}  # noqa: RUF012

    def chat(self, user: int) -> str:
        return str(updates.chat(user)["id"])

    def request(self, user: int, target: int) -> tuple[bytes, dict[str, str]]:
        return updates.press(user, f"v1:{trees.node(target)}"), self._headers

    def chat_of(self, body: bytes) -> str:
        found = _CHAT.search(body)
        return found[1].decode() if found else ""

    def answer(self, method: str, chat: str) -> bytes:
        if method in self.answering:
            markup = updates.keyboard("v1:overview")
            return updates.answer(method, {"chat_id": chat, "text": trees.text(1, 1200), "reply_markup": markup})
        return updates.answer(method, {})


class Slack(_World):
    """The Web API and people on Slack."""

    path = "/slack/events"
    answering = frozenset({"chat.postMessage"})

    def chat(self, user: int) -> str:
        return events.direct(user)

    def request(self, user: int, target: int) -> tuple[bytes, dict[str, str]]:
        return events.press(user, f"v1:{trees.node(target)}")

    def chat_of(self, body: bytes) -> str:
        found = _CHANNEL.search(body)
        return found[1].decode() if found else ""

    def answer(self, method: str, chat: str) -> bytes:
        return json.dumps(events.answer(method, chat)).encode()


async def telegram(nodes: int, users: int) -> _World:
    """Return Telegram, serving."""
    return await Telegram.open(nodes, users)


async def slack(nodes: int, users: int, certificate: str) -> _World:
    """Return Slack, serving over TLS."""
    return await Slack.open(nodes, users, certificate)


def certificate(folder: Path) -> Path:
    """Write a certificate for the loopback address with its key into one file and return it."""
    import datetime
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / "loopback.pem"
    file.write_bytes(secret + made.public_bytes(pem))
    return file
