"""The HTTP below python-telegram-bot: proxies, the library's own errors, and its parts that an upgrade could move."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError

from bot.channels.telegram.client import TelegramBot, call, make_bot, proxy_for
from tests.fakes.telegram import FakeTelegram

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram() as server:
        yield server


async def closed(bot: TelegramBot, method: str, **parameters: Any) -> Any:
    """Call a method on a bot that ends with the call."""
    try:
        return await call(bot, method, **parameters)
    finally:
        await bot.request.shutdown()


async def test_a_call_by_name_returns_the_bare_result(telegram: FakeTelegram) -> None:
    me = await closed(make_bot(telegram.token, telegram.url), "getMe")
    assert me["username"] == "footnote_test_bot"


async def test_a_call_by_name_raises_the_librarys_own_errors(telegram: FakeTelegram) -> None:
    ann = telegram.person()
    bot = make_bot(telegram.token, telegram.url)
    with pytest.raises(BadRequest, match=r"(?i)text is empty"):
        await call(bot, "sendMessage", chat_id=ann.id, text="")
    ann.blocks()
    with pytest.raises(Forbidden):
        await closed(bot, "sendMessage", chat_id=ann.id, text="Hello")
    with pytest.raises(InvalidToken):
        await closed(make_bot("4242:WRONG", telegram.url), "getMe")


async def test_the_proxy_of_the_environment_is_asked(telegram: FakeTelegram, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in plays the proxy too: a server that is asked for a whole address answers as if it were its own."""
    monkeypatch.setenv("http_proxy", telegram.url)
    me = await closed(make_bot(telegram.token, "http://telegram.invalid"), "getMe")
    assert me["username"] == "footnote_test_bot"
    monkeypatch.setenv("no_proxy", "telegram.invalid")
    with pytest.raises(NetworkError):
        await closed(make_bot(telegram.token, "http://telegram.invalid"), "getMe")


def test_a_proxy_is_for_its_kind_of_address_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert proxy_for("https://api.telegram.org/bot1:A/getMe") is None
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    assert proxy_for("https://api.telegram.org/bot1:A/getMe") == "http://proxy.example:3128"
    assert proxy_for("http://127.0.0.1:8081/bot1:A/getMe") is None
