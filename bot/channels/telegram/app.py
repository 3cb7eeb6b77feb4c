"""Telegram, put together: how updates come (polling or a webhook), what becomes of each, and the state of both.

An update is accepted, noted, or quarantined if it is unreadable.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import structlog
from aiohttp import web
from telegram.error import TelegramError

from bot.channels.base import HostServices
from bot.channels.platforms import Unexpected
from bot.channels.telegram.channel import TelegramDelivery
from bot.channels.telegram.client import Backoff, Rates, TelegramBot, asked_of, bot_id, call, explain, make_bot
from bot.channels.telegram.profile import InlineMode, Topic, set_up
from bot.channels.telegram.updates import KINDS, InlineQuery, Parsed, Unreadable, UpdateParser, UserLeft
from bot.inbox.events import InboundEvent

log = structlog.stdlib.get_logger(__name__)

# --- receiving --------------------------------------------------------------------------------------------------------


Search = Callable[[InlineQuery], Coroutine[Any, Any, None]]
"""Answers an inline query."""


class UpdateReceiver:
    """Takes updates; returns once none of them can be lost any more."""

    def __init__(self, parser: UpdateParser, delivery: TelegramDelivery, host: HostServices) -> None:
        self.search: Search | None = None
        self._parser = parser
        self._delivery = delivery
        self._host = host

    async def receive(self, updates: Sequence[Any]) -> None:
        """Accept a batch: in order within a conversation, side by side across them.

        Raises what the host raises; then the batch must be received again, which is harmless.
        """
        conversations: dict[str, list[Parsed]] = {}
        for update in updates:
            parsed = await self.parse(update)
            if parsed is not None:
                key = parsed.conversation if isinstance(parsed, InboundEvent) else ""
                conversations.setdefault(key, []).append(parsed)
        if len(conversations) == 1:  # a webhook brings one update at a time: no task is needed to wait for one
            await self._in_order(*conversations.values())
            return
        done = await asyncio.gather(*map(self._in_order, conversations.values()), return_exceptions=True)
        for fault in filter(None, done):
            raise fault

    async def parse(self, update: Any) -> Parsed:
        """Return what the update means; one that cannot be read is quarantined."""
        try:
            return self._parser.parse(update)
        except Unreadable as fault:
            await self.quarantine_raw(str(fault), _text(update))
            return None

    async def quarantine_raw(self, reason: str, text: str) -> None:
        """Quarantine an update that cannot be read."""
        log.error("update_unreadable", reason=reason, size=len(text))
        await self._host.quarantine(reason, text)

    async def _in_order(self, batch: list[Parsed]) -> None:
        for parsed in batch:
            await self._one(parsed)

    async def _one(self, parsed: Parsed) -> None:
        if isinstance(parsed, InboundEvent):
            if not await self._host.accept(parsed) and "query" in parsed.address:
                self._delivery.acknowledge(parsed.address["query"])  # a double tap: the spinner stops, that is all
        elif isinstance(parsed, UserLeft):
            await self._host.user_left(parsed.person)
        elif parsed is not None and self.search is not None:
            self._delivery.spawn(self.search(parsed))


def _text(update: Any) -> str:
    try:
        return json.dumps(update)
    except RecursionError:
        return "(nested too deeply to be shown)"


PATH = "/telegram/webhook"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  (a header's name)


class Webhook:
    """Receives updates. `ready` turns true when the bot knows its own name, without which it would miss mentions.

    The size of a body is limited by the server (aiohttp's `client_max_size`, 1 MiB unless set): 413.
    """

    def __init__(self, receiver: UpdateReceiver, secret: str) -> None:
        self.ready = False
        self._receiver = receiver
        self._secret = secret.encode()
        self._told: set[str] = set()

    def routes(self) -> list[web.RouteDef]:
        """Return the one route."""
        return [web.post(PATH, self.receive)]

    async def receive(self, request: web.Request) -> web.Response:
        """Answer 403 for a wrong secret, 503 while not ready, 500 if the inbox cannot commit, else 200."""
        given = request.headers.get(SECRET_HEADER, "").encode(errors="surrogateescape")
        if not self._secret or not hmac.compare_digest(given, self._secret):
            return self._refuse("is not TELEGRAM_WEBHOOK_SECRET" if given else "is missing: does the proxy pass it on?")
        if not self.ready:
            return web.Response(status=503)
        return await self._respond(await request.read())

    def _refuse(self, how: str) -> web.Response:
        """Say why once: a proxy that strips the header refuses everything, and a stranger should fill no log."""
        if how not in self._told:
            self._told.add(how)
            log.warning("webhook_refused", reason=f"the header {SECRET_HEADER} {how}")
        return web.Response(status=403)

    async def _respond(self, body: bytes) -> web.Response:
        try:
            await self._accept(body)
        except Exception as fault:
            log.warning("update_not_accepted", reason=type(fault).__name__)
            return web.Response(status=500)
        return web.Response()

    async def _accept(self, body: bytes) -> None:
        try:
            update = json.loads(body)
        except (ValueError, RecursionError):
            await self._receiver.quarantine_raw("no JSON", body.decode(errors="replace"))
            return
        await self._receiver.receive([update])


HOLD = 30
"""Seconds Telegram may hold a request open while nothing happens (its server allows 50)."""

GRACE_SECONDS = 10
"""Seconds a held request may be late before it counts as lost."""

STALE_SECONDS = 3 * HOLD
"""Seconds without a successful request after which the poller counts as stale."""

BATCH = 100
"""Updates fetched at once (Bot API, getUpdates: 1-100)."""


class Poller:
    """Fetches updates for ever."""

    def __init__(
        self,
        bot: TelegramBot,
        receiver: UpdateReceiver,
        kinds: Sequence[str],
        backoff: Backoff,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bot = bot
        self._receiver = receiver
        self._kinds = list(kinds)
        self._backoff = backoff
        self._clock = clock
        self._answered_at = clock()
        self._offset = 0

    @property
    def seconds_since_update(self) -> float:
        """Seconds since Telegram last answered."""
        return self._clock() - self._answered_at

    @property
    def stale(self) -> bool:
        """True when the poller should have heard from Telegram long ago."""
        return self.seconds_since_update > STALE_SECONDS

    async def run(self) -> None:
        """Poll until cancelled; no fault ends it."""
        while True:
            await self._once()

    async def _once(self) -> None:
        try:
            updates = await self._fetch()
            await self._receiver.receive(updates)
        except TelegramError as fault:
            await self._backoff.wait(explain(fault), asked_of(fault))
        except Exception as fault:
            await self._backoff.wait(f"the inbox cannot take updates now ({type(fault).__name__})")
        else:
            await self._confirm(updates)

    async def _fetch(self) -> list[Any]:
        parameters: dict[str, Any] = {"timeout": HOLD, "limit": BATCH, "allowed_updates": self._kinds}
        if self._offset:
            parameters["offset"] = self._offset
        updates = await self._bot.do_api_request("getUpdates", api_kwargs=parameters, read_timeout=HOLD + GRACE_SECONDS)
        self._answered_at = self._clock()
        return list(updates)

    async def _confirm(self, updates: list[Any]) -> None:
        """Have the next request confirm these: all up to the last id received, for ids may begin again lower after a
        week without updates. A batch that names no new id must not be fetched in a hot loop."""
        last = next((number for number in map(_id, reversed(updates)) if number is not None), None)
        if updates and (last is None or last + 1 == self._offset):
            await self._backoff.wait("Telegram repeats updates that were confirmed")
            return
        if last is not None:
            self._offset = last + 1
        self._backoff.reset()


def _id(update: Any) -> int | None:
    """Return the update's id, even of one that is otherwise unreadable; None if it has none."""
    number = update.get("update_id") if isinstance(update, dict) else None
    return number if isinstance(number, int) else None


# --- the channel ------------------------------------------------------------------------------------------------------


CONNECTIONS = 40
"""Webhook requests Telegram may make at once (its default)."""


@dataclass(frozen=True, slots=True)
class Config:
    """How to reach Telegram and be reached by it. `pause` is the first wait after a fault, in seconds.

    Secrets are left out of the representation.
    """

    token: str = field(repr=False)
    base_url: str = "https://api.telegram.org"
    mode: Literal["polling", "webhook"] = "polling"
    webhook_url: str = ""
    webhook_secret: str = field(default="", repr=False)
    inline: bool = False
    rates: Rates = field(default_factory=Rates)
    pause: float = 1.0


class Telegram:
    """The channel as the service sees it. Nothing here raises because Telegram is away: it keeps trying."""

    def __init__(self, config: Config, host: HostServices, topics: Sequence[Topic] = ()) -> None:
        self._config = config
        self._texts = host.texts
        unexpected = Unexpected("telegram", host.unexpected)
        self._bot = make_bot(config.token, config.base_url, unexpected)
        self._parser = UpdateParser(bot_id(config.token), unexpected=unexpected)
        self.delivery = TelegramDelivery(self._bot, host.texts, config.rates, unexpected, host.files)
        self._receiver = UpdateReceiver(self._parser, self.delivery, host)
        self._kinds = (*KINDS, "inline_query") if config.inline else KINDS
        if config.inline:
            self._receiver.search = InlineMode(self._bot, host.texts, topics).answer
        self._backoff = Backoff(config.pause)
        self._webhook = Webhook(self._receiver, config.webhook_secret)
        self._poller = Poller(self._bot, self._receiver, self._kinds, self._backoff)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to connect and to take updates; returns at once."""
        self._tasks.append(asyncio.create_task(self._run(), name="telegram"))

    async def stop(self) -> None:
        """Take no more updates; what is not confirmed stays at Telegram."""
        self._webhook.ready = False
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    async def close(self) -> None:
        """Let go of connections, after the last answer was delivered."""
        await self.delivery.close()
        await self._bot.request.shutdown()

    def routes(self) -> list[web.RouteDef]:
        """Return the webhook's route; none in polling mode."""
        return self._webhook.routes() if self._config.mode == "webhook" else []

    def health(self) -> Mapping[str, Any]:
        """Return `up`, the mode, what is wrong (or an empty text), how long Telegram has been silent, and how often it
        said something that is unknown here."""
        state: dict[str, Any] = {"mode": self._config.mode, "problem": self._backoff.problem}
        state |= {"unknown": dict(self._parser.unexpected.counts)}
        if self._config.mode == "webhook":
            return state | {"up": self._webhook.ready and not state["problem"]}
        stale = self._poller.stale
        return state | {
            "up": not stale and not state["problem"],
            "silent_seconds": round(self._poller.seconds_since_update, 1),
        }

    async def _run(self) -> None:
        await self._retry(self._get_me)
        self._webhook.ready = self._config.mode == "webhook"
        await self._retry(self._subscribe)
        self._tasks.append(asyncio.create_task(set_up(self._bot, self._texts), name="telegram-profile"))
        if self._config.mode == "polling":
            await self._poller.run()

    async def _retry(self, step: Callable[[], Awaitable[object]]) -> None:
        """Do one step of the start, again and again until Telegram lets it."""
        while True:
            try:
                await step()
            except TelegramError as fault:
                await self._backoff.wait(explain(fault), asked_of(fault))
            else:
                self._backoff.reset()
                return

    async def _get_me(self) -> None:
        """Learn the bot's name: without it no mention in a group is recognised."""
        await self._bot.initialize()
        self._parser.username = self._bot.username

    async def _subscribe(self) -> None:
        """Choose how updates come; those that wait are never dropped."""
        if self._config.mode == "polling":
            await call(self._bot, "deleteWebhook", drop_pending_updates=False)
            return
        await call(
            self._bot,
            "setWebhook",
            url=self._config.webhook_url,
            secret_token=self._config.webhook_secret,
            allowed_updates=list(self._kinds),
            max_connections=CONNECTIONS,
            drop_pending_updates=False,
        )
