"""The channel contract on Telegram, by polling and by webhook."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import pytest

from bot.channels.base import Channel, HostServices
from bot.channels.telegram.app import Telegram
from bot.channels.telegram.plugin import plugin, telegram_config
from tests.channels.contract import ChannelContract, PluginStandIn, Running, Trouble, settings_from
from tests.channels.telegram.telegram_app import SECRET, UNLIMITED, Mode
from tests.drivers.telegram import TelegramDriver
from tests.fakes.telegram import FakeTelegram

pytestmark = pytest.mark.usefixtures("soon_again")


class TelegramStandIn(PluginStandIn, TelegramDriver):
    """Ann in a private chat, and in the topics of a group."""

    plugin = plugin

    def __init__(self, fake: FakeTelegram, mode: Mode) -> None:
        super().__init__(fake)
        self._mode = mode

    def environment(self, port: int) -> Mapping[str, str]:
        given = {"TELEGRAM_BOT_TOKEN": self._fake.token, "TELEGRAM_API_BASE_URL": self._fake.url}
        if self._mode == "polling":
            return given
        url = f"http://127.0.0.1:{port}/telegram/webhook"
        return given | {"TELEGRAM_MODE": "webhook", "TELEGRAM_WEBHOOK_URL": url, "TELEGRAM_WEBHOOK_SECRET": SECRET}

    def build(self, host: HostServices, environment: Mapping[str, str]) -> Channel:
        """Return the channel without Telegram's pace of one message a second."""
        config = telegram_config(settings_from(plugin, environment))
        return Telegram(replace(config, rates=UNLIMITED, pause=0.01), host)

    async def connect(self, port: int, running: Running | None) -> None:
        if running is not None:
            self.idle = running.idle
        await self._fake.until(lambda: bool(self._fake.feed.webhook["url"]) or self._fake.feed.polled, "the bot")

    async def ask(self, words: str) -> None:
        self._person.says(words)

    async def acknowledged(self) -> None:
        await self._fake.until(lambda: not self._fake.feed.pending and not self._fake.feed._repeats, "the receipt")

    async def redeliver(self) -> None:
        self._fake.feed.repeat(max(self._fake.feed._sent))

    def trouble(self, kind: Trouble) -> None:
        match kind:
            case "busy":
                self._fake.fault("sendMessage", retry_after=0.05, times=1)
            case "slow":
                self._fake.fault("sendMessage", delay=0.3, times=1)
            case "lost":
                self._fake.fault("sendMessage", drop="after", times=1)

    def hold(self) -> None:
        self._fake.fault("sendMessage", hold=asyncio.Event())

    def heal(self) -> None:
        self._fake.faults.clear()

    def shows(self, title: str) -> int:
        return sum(title in message["text"] for message in self._events("main"))


class TestTelegram(ChannelContract):
    """Both ways in which updates come."""

    @pytest.fixture(params=["polling", "webhook"])
    async def stand_in(self, request: pytest.FixtureRequest, telegram: FakeTelegram) -> AsyncIterator[TelegramStandIn]:
        yield TelegramStandIn(telegram, request.param)
        assert not [call for call in telegram.refused if call.method != "getUpdates"], "a killed process polls no more"
