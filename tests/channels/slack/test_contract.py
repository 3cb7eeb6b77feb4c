"""The channel contract on Slack, in Socket Mode and over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from bot.channels.slack.manifest import EVENTS_PATH
from bot.channels.slack.plugin import plugin
from tests.channels.contract import ChannelContract, PluginStandIn, Running, Trouble, until
from tests.channels.slack.slack_app import ADA, Mode, words_of
from tests.drivers.slack import SlackDriver
from tests.fakes.slack import CHANNEL, FakeSlack
from tests.fakes.slack_faults import Fault


class SlackStandIn(PluginStandIn, SlackDriver):
    """Ada in the threads of a channel."""

    shared = True

    plugin = plugin
    commands = False  # they are answered in private

    def __init__(self, fake: FakeSlack, mode: Mode) -> None:
        super().__init__(fake)
        self._mode = fake.delivery.mode = mode

    def environment(self, port: int) -> Mapping[str, str]:
        return {
            "SLACK_BOT_TOKEN": self._fake.bot_token,
            "SLACK_APP_TOKEN": self._fake.world.app_token,
            "SLACK_SIGNING_SECRET": self._fake.world.signing_secret,
            "SLACK_API_BASE_URL": self._fake.api,
            "SLACK_MODE": self._mode,
        }

    async def connect(self, port: int, running: Running | None) -> None:
        self._fake.delivery.url = f"http://127.0.0.1:{port}{EVENTS_PATH}"
        if running is not None:
            self.idle = running.idle
        if self._mode == "socket":
            await self._fake.world.until(lambda: bool(self._fake.delivery.sockets))
        await self._fake.world.until(lambda: any(call.method == "auth.test" for call in self._fake.world.calls))
        await until(lambda: running is None or running.channel.health()["up"])

    async def ask(self, words: str) -> None:
        await self._fake.people.mention(ADA, CHANNEL, words)

    async def acknowledged(self) -> None:
        for emission in self._fake.delivery.emissions:
            await emission.acked()

    async def redeliver(self) -> None:
        """Bring the newest event again in both its forms (a message, and a mention), acknowledged or not."""
        for emission in self._fake.delivery.emissions[-2:]:
            emission.done.clear()
            await self._fake.delivery.attempt(emission)

    def trouble(self, kind: Trouble) -> None:
        match kind:
            case "busy":
                self._fake.faults.add(Fault("ratelimited", "chat.postMessage", retry_after=0))
            case "slow":
                fault = self._fake.faults.add(Fault("hold", "chat.postMessage"))
                asyncio.get_running_loop().call_later(0.3, fault.release.set)
            case "lost":
                self._fake.faults.add(Fault("drop_after", "chat.postMessage"))

    def hold(self) -> None:
        self._fake.faults.add(Fault("hold", "chat.postMessage", times=1000))

    def heal(self) -> None:
        self._fake.faults.clear()

    def shows(self, title: str) -> int:
        return sum(title in words_of(post) for post in self._fake.world.posts)


class TestSlack(ChannelContract):
    """Both ways in which events come."""

    @pytest.fixture
    def stand_in(self, fake: FakeSlack, mode: Mode) -> SlackStandIn:
        return SlackStandIn(fake, mode)
