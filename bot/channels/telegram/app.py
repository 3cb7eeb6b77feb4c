"""Telegram, put together: what takes updates (polling or a webhook), what delivers answers, and the state of both."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import structlog
from aiohttp import web
from telegram.error import TelegramError

from bot.channels.base import HostServices
from bot.channels.telegram.channel import TelegramDelivery
from bot.channels.telegram.client import bot_id, call, make_bot
from bot.channels.telegram.pacing import Backoff, Rates, asked_of, explain
from bot.channels.telegram.profile import InlineMode, Topic, set_up
from bot.channels.telegram.receiver import Poller, UpdateReceiver, Webhook
from bot.channels.telegram.updates import KINDS, UpdateParser
from bot.channels.unexpected import Unexpected

log = structlog.stdlib.get_logger(__name__)

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
        self._bot = make_bot(config.token, config.base_url)
        self._parser = UpdateParser(bot_id(config.token), unexpected=Unexpected("telegram", host.unexpected))
        self.delivery = TelegramDelivery(self._bot, host.texts, config.rates, host.files)
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
