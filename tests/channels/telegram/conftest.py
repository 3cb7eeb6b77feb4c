"""A stand-in per test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.fakes.telegram import FakeTelegram


@pytest.fixture
def soon_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What did not reach Telegram is sent again without the pause of half a second, which test_channel.py holds."""
    for module in ("client", "channel"):
        monkeypatch.setattr(f"bot.channels.telegram.{module}.UNREACHABLE", 0.02)


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    """The stand-in, quick to repeat what a webhook refused."""
    async with FakeTelegram() as server:
        server.feed.retry_unit = 0.01
        yield server
