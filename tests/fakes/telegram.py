"""A strict stand-in of the Telegram Bot API on loopback, to be driven by the real python-telegram-bot.

In a test:

    async with FakeTelegram() as telegram:
        ann = telegram.person("Ann")
        ann.says("hello")
        answer = await telegram.next_message(ann)

In a process of its own, for the chaos harness and the benchmarks: `python -m tests.fakes.telegram --port 0` prints its
address; tests/fakes/telegram_control.py describes the control endpoint.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

from aiohttp import web

from tests.fakes.telegram_faults import Fault
from tests.fakes.telegram_feed import Feed
from tests.fakes.telegram_media import Media, received
from tests.fakes.telegram_people import Group, PeopleFactory, Person
from tests.fakes.telegram_profile import Profile
from tests.fakes.telegram_rules import Json, Refused, decoded
from tests.fakes.telegram_world import World

Found = TypeVar("Found")

GLANCE = 0.05
"""Seconds after which a condition is looked at again although nothing changed here: it may be about the bot's side."""

PATIENCE = 10.0
"""Seconds after which waiting for something that never happens fails the test."""


@dataclass(frozen=True)
class Call:
    """One call of the bot: `error` is empty when it was accepted."""

    method: str
    params: Json
    result: Any = None
    error: str = ""


@dataclass
class FakeTelegram:
    """The server. `flags` override what getMe says; `keep` bounds the calls remembered in a long run."""

    token: str = "4242:STAND-IN"
    username: str = "footnote_test_bot"
    flags: Json = field(default_factory=dict)
    keep: int | None = None

    def __post_init__(self) -> None:
        number = int(self.token.split(":")[0])
        bot: Json = {"id": number, "is_bot": True, "first_name": "Footnote", "username": self.username}
        bot |= {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}
        self.bot = bot | self.flags
        self._waiters: set[asyncio.Event] = set()
        self.world = World(self.bot, self.changed)
        self.feed = Feed(self.changed)
        self.profile = Profile(self.bot)
        self.factory = PeopleFactory(self.world, self.feed)
        self.faults: list[Fault] = []
        self.calls: deque[Call] = deque(maxlen=self.keep)
        self.refused: deque[Call] = deque(maxlen=self.keep)
        self.counts: Counter[str] = Counter()
        self.url = ""
        self._read: dict[tuple[str, int], int] = {}
        self.media = Media(self.world)
        self._methods = {**self.media.methods, **self.profile.methods, **self._feed_methods()}
        self._names = {name.lower(): name for name in (*self._methods, "getUpdates")}

    # --- running ----------------------------------------------------------------------------------------------------

    async def start(self, port: int = 0, routes: list[web.RouteDef] | None = None) -> Self:
        """Listen on loopback; `url` is what TELEGRAM_API_BASE_URL is set to."""
        app = web.Application(client_max_size=1 << 22)
        app.add_routes([web.route("*", "/bot{token}/{method}", self._serve), *(routes or [])])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def stop(self) -> None:
        """Close every connection."""
        for fault in self.faults:
            if fault.hold is not None:
                fault.hold.set()
        await self.feed.close()
        await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    # --- people and faults ------------------------------------------------------------------------------------------

    def person(self, name: str = "Ann", *, started: bool = True, topics: bool = False) -> Person:
        """Return a new person with a private chat (see PeopleFactory.person)."""
        return self.factory.person(name, started=started, topics=topics)

    def group(self, name: str = "Feet", *, forum: bool = False, kind: str = "supergroup") -> Group:
        """Return a new group the bot is a member of."""
        return self.factory.group(name, forum=forum, kind=kind)

    def fault(self, method: str = "*", **details: Any) -> Fault:
        """Order a fault (see Fault); remove it from `faults` to heal."""
        fault = Fault(method, **details)
        self.faults.append(fault)
        return fault

    # --- waiting by condition ---------------------------------------------------------------------------------------

    def changed(self) -> None:
        """Wake everybody who waits for a condition."""
        for waiter in self._waiters:
            waiter.set()

    async def until(
        self, check: Callable[[], Found | None], what: str = "the condition", backoff: float = PATIENCE
    ) -> Found:
        """Return the first truthy result of `check`, looked at after every change; fails after `patience` seconds."""
        waiter = asyncio.Event()
        self._waiters.add(waiter)
        try:
            async with asyncio.timeout(backoff):
                while not (found := check()):
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(waiter.wait(), GLANCE)
                    waiter.clear()
                return found
        except TimeoutError:
            raise AssertionError(
                f"{what} did not happen; refused: {[call.error for call in self.refused][-5:]}"
            ) from None
        finally:
            self._waiters.discard(waiter)

    async def next_message(self, chat: Person | Group | int) -> Json:
        """Return the bot's next new message in a chat that was not returned before."""
        return await self._next("message", chat)

    async def next_edit(self, chat: Person | Group | int) -> Json:
        """Return the bot's next edit in a chat."""
        return await self._next("edit", chat)

    async def next_shown(self, chat: Person | Group | int) -> Json:
        """Return the bot's next message or edit in a chat, whichever comes first."""
        return await self._next("message edit", chat)

    async def next_answer(self, chat: Person | Group | int) -> Json:
        """Return the bot's next answer to a callback query from a chat."""
        return await self._next("answer", chat)

    async def confirmed(self) -> None:
        """Wait until the bot has confirmed every update."""
        await self.until(lambda: not self.feed.pending, "confirmation of every update")

    def heard(self, kind: str, chat: Person | Group | int) -> list[Json]:
        """Return everything of a kind (or of several, separated by spaces) that happened in a chat so far."""
        number = chat if isinstance(chat, int) else chat.id
        return [event.json for event in self.world.events if event.kind in kind.split() and event.chat == number]

    async def _next(self, kind: str, chat: Person | Group | int) -> Json:
        key = (kind, chat if isinstance(chat, int) else chat.id)
        seen = self._read.get(key, 0)
        found = await self.until(lambda: self.heard(kind, key[1])[seen : seen + 1], f"{kind} number {seen + 1}")
        self._read[key] = seen + 1
        return found[0]

    # --- serving ----------------------------------------------------------------------------------------------------

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["token"] != self.token:
            self.changed()
            well_formed = ":" in request.match_info["token"]
            return _failure(401 if well_formed else 404, "Unauthorized" if well_formed else "Not Found")
        method = self._names.get(request.match_info["method"].lower())
        if method is None:
            return _failure(404, "Not Found")
        params = await _params(request)
        fault = next((fault for fault in self.faults if fault.strikes(method, params)), None)
        if fault is None:
            return await self._carry_out(method, params)
        return await self._spoil(fault, request, method, params)

    async def _spoil(self, fault: Fault, request: web.Request, method: str, params: Json) -> web.StreamResponse:
        """Answer with a fault: late, not at all, with an error, or with something that is no JSON."""
        self.changed()
        await asyncio.sleep(fault.delay)
        if fault.hold is not None:
            await fault.hold.wait()
        refusal = fault.refusal()
        if refusal is not None:
            return _failure(refusal[0], **refusal[1])
        if fault.garbage:
            return web.Response(text="<html>gateway</html>")
        if fault.drop == "before":
            return _cut(request)
        answer = await self._carry_out(method, params)
        return _cut(request) if fault.drop == "after" else answer

    async def _carry_out(self, method: str, params: Json) -> web.Response:
        try:
            if method == "getUpdates":
                return _updates(await self.feed.poll({name: decoded(value) for name, value in params.items()}))
            result = self._methods[method](params)
        except Refused as refusal:
            self.refused.append(Call(method, params, error=refusal.description))
            self.changed()
            return _failure(refusal.code, refusal.description, refusal.parameters or None)
        self.counts[method] += 1
        self.calls.append(Call(method, params, result))
        self.changed()
        return web.json_response({"ok": True, "result": result})

    def _feed_methods(self) -> dict[str, Callable[[Json], Any]]:
        return {
            "setWebhook": self._set_webhook,
            "deleteWebhook": lambda params: self._set_webhook({**params, "url": ""}),
            "getWebhookInfo": lambda _: self.feed.info(),
        }

    def _set_webhook(self, params: Json) -> bool:
        secret = str(params.get("secret_token") or "")
        if not all(char.isalnum() or char in "_-" for char in secret) or len(secret) > 256:
            raise Refused("Bad Request: secret token contains unallowed characters")
        url = str(params.get("url") or "")
        if url and not url.startswith(("https://", "http://127.0.0.1")):
            raise Refused("Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        self.feed.set_webhook(params | {"allowed_updates": decoded(params.get("allowed_updates"))})
        return True


async def _params(request: web.Request) -> Json:
    """Return the parameters, however they were sent: as JSON, as a form, or in the query."""
    params: Json = dict(request.query)
    if request.content_type == "application/json":
        params |= await request.json()
    elif request.body_exists:
        params |= {name: received(value) for name, value in (await request.post()).items()}
    return params


def _failure(code: int, description: str, parameters: Json | None = None) -> web.Response:
    body: Json = {"ok": False, "error_code": code, "description": description}
    return web.json_response(body | ({"parameters": parameters} if parameters else {}), status=code)


def _updates(texts: list[str]) -> web.Response:
    return web.Response(text='{"ok":true,"result":[' + ",".join(texts) + "]}", content_type="application/json")


def _cut(request: web.Request) -> web.Response:
    """Drop the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


if __name__ == "__main__":
    from tests.fakes.telegram_control import main

    main()
