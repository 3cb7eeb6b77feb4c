"""A stand-in per test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.fakes.telegram import FakeTelegram


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    """The stand-in, quick to repeat what a webhook refused."""
    async with FakeTelegram() as server:
        server.feed.retry_unit = 0.01
        yield server
