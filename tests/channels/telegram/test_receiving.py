"""Taking updates: by polling and by webhook, confirmed only once they lie in the inbox."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

import aiohttp
import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from telegram import Bot
from telegram.error import Conflict

from bot.channels.telegram import app
from bot.channels.telegram.app import STALE_SECONDS, Config, Poller, Telegram, Webhook
from bot.channels.telegram.client import CONFLICT, REFUSED
from bot.channels.telegram.updates import KINDS
from bot.dialog.turn import Kind
from bot.errors import SettingsError
from tests.channels.telegram.telegram_app import SECRET, Door, Mode, open_door
from tests.fakes.telegram import FakeTelegram

MODES: list[Mode] = ["polling", "webhook"]
TOKEN = "4242:THIS-IS-A-SECRET-TOKEN-0123456789"


def texts(door: Door) -> list[str]:
    return [event.incoming.text for event in door.events]


async def connected(telegram: FakeTelegram, platform: Telegram) -> None:
    await telegram.until(lambda: platform.health()["up"], "the connection")


@pytest.mark.parametrize("mode", MODES)
async def test_hears_messages_presses_and_departures(telegram: FakeTelegram, mode: Mode) -> None:
    ann = telegram.person()
    async with open_door(telegram, mode) as (door, platform, hook):
        ann.says("hello")
        ann.forges("v1:ala")
        ann.blocks()
        await telegram.confirmed()
        await connected(telegram, platform)
        assert [event.incoming.kind for event in door.events] == [Kind.TEXT, Kind.TAP]
        assert door.departures == [f"telegram:{ann.id}"]
        assert telegram.feed.webhook["url"] == hook
        assert telegram.feed.allowed == frozenset(KINDS)
        assert platform.health()["mode"] == mode


@pytest.mark.parametrize("mode", MODES)
async def test_an_update_is_confirmed_only_when_the_inbox_has_it(telegram: FakeTelegram, mode: Mode) -> None:
    ann = telegram.person()
    async with open_door(telegram, mode) as (door, platform, _):
        await connected(telegram, platform)
        door.broken = True
        ann.says("kept")
        await telegram.until(lambda: _refused(telegram, platform), "a refusal")
        assert telegram.feed.pending
        door.broken = False
        await telegram.confirmed()
        assert texts(door) == ["kept"]


def _refused(telegram: FakeTelegram, platform: Telegram) -> bool:
    if platform.health()["mode"] == "polling":
        return "inbox" in platform.health()["problem"]
    return "500" in telegram.feed.webhook.get("last_error_message", "")


@pytest.mark.parametrize("mode", MODES)
async def test_order_is_kept_within_a_chat(telegram: FakeTelegram, mode: Mode) -> None:
    people = [telegram.person(f"P{number}") for number in range(5)]
    said = [(person, person.says(f"{number}")) for number in range(30) for person in people]
    async with open_door(telegram, mode) as (door, _, _):
        await telegram.confirmed()
        assert len(door.events) == len(said)
        for person in people:
            mine = [one.incoming.text for one in door.events if one.person == f"telegram:{person.id}"]
            assert mine == [str(number) for number in range(30)]


@pytest.mark.parametrize("mode", MODES)
async def test_a_repeated_update_is_known(telegram: FakeTelegram, mode: Mode) -> None:
    ann = telegram.person()
    async with open_door(telegram, mode) as (door, _, _):
        ann.says("once")
        await telegram.confirmed()
        telegram.feed.repeat(1000)
        ann.says("twice")
        await telegram.until(lambda: texts(door)[1:], "the next message")
        assert texts(door) == ["once", "twice"]


@pytest.mark.parametrize("mode", MODES)
async def test_what_cannot_be_read_never_blocks_what_follows(telegram: FakeTelegram, mode: Mode) -> None:
    ann = telegram.person()
    async with open_door(telegram, mode) as (door, _, _):
        telegram.feed.put({"message": {"text": 5}})
        telegram.feed.put_text(2000, "[1, 2]" if mode == "webhook" else '{"update_id": 2000, "message": "?"}')
        if mode == "webhook":
            telegram.feed.put_text(2001, "{not json")
            telegram.feed.put_text(2002, "[" * 100_000)
        telegram.feed.put({"update_id": 3000, "message_of_2027": {}})
        ann.says("after all that")
        await telegram.confirmed()
        assert texts(door) == ["after all that"]
        assert len(door.unreadable) == (4 if mode == "webhook" else 2)


async def test_an_outage_at_the_start_is_waited_out(telegram: FakeTelegram) -> None:
    ann = telegram.person()
    ann.says("early")
    telegram.fault("getMe", drop="before", times=2)
    telegram.fault("deleteWebhook", status=502, times=2)
    async with open_door(telegram) as (door, platform, _):
        assert platform.health()["up"] is False
        await telegram.confirmed()
        assert texts(door) == ["early"]
        await connected(telegram, platform)


@pytest.mark.parametrize(
    "fault", [{"status": 502}, {"drop": "before"}, {"drop": "after"}, {"garbage": True}, {"retry_after": 0.01}]
)
async def test_a_fault_while_polling_is_waited_out(telegram: FakeTelegram, fault: dict[str, Any]) -> None:
    ann = telegram.person()
    async with open_door(telegram) as (door, _, _):
        telegram.fault("getUpdates", times=3, **fault)
        ann.says("through the storm")
        await telegram.confirmed()
        assert texts(door) == ["through the storm"]


async def test_a_webhook_that_telegram_refuses_is_explained(telegram: FakeTelegram) -> None:
    telegram.fault("setWebhook", status=400, description="Bad Request: bad webhook: HTTPS url must be provided")
    async with open_door(telegram, "webhook") as (_, platform, _):
        await telegram.until(lambda: "bad webhook" in platform.health()["problem"].lower(), "the explanation")
        assert platform.health()["up"] is False


async def test_a_request_that_never_ends_is_given_up(telegram: FakeTelegram, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "HOLD", 0)
    monkeypatch.setattr(app, "GRACE_SECONDS", 0.05)
    held = telegram.fault("getUpdates", hold=asyncio.Event(), times=1)
    async with open_door(telegram) as (door, platform, _):
        telegram.person().says("is anybody there?")
        await telegram.until(lambda: "TimedOut" in platform.health()["problem"], "the end of patience")
        await telegram.confirmed()
        assert texts(door) == ["is anybody there?"]
    assert held.struck == 1


async def test_a_second_poller_is_explained(telegram: FakeTelegram) -> None:
    async with open_door(telegram) as (door, _, _):
        await telegram.until(lambda: telegram.feed.polled, "a poller")
        with structlog.testing.capture_logs() as logs:
            async with Bot(telegram.token, base_url=f"{telegram.url}/bot") as other:
                with contextlib.suppress(Conflict):  # whichever of the two polls last makes the other fail
                    await other.get_updates(timeout=0)
        assert [one for one in logs if one.get("reason") == CONFLICT]
        telegram.person().says("still here")
        await telegram.confirmed()
        assert texts(door) == ["still here"]


async def test_a_wrong_token_is_explained_and_never_shown(
    telegram: FakeTelegram, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    door = Door()
    platform = Telegram(Config(TOKEN, telegram.url, pause=0.01), door.host())
    with structlog.testing.capture_logs() as logs:
        await platform.start()
        await telegram.until(lambda: platform.health()["problem"] == REFUSED, "the explanation")
        await platform.stop()
        await platform.close()
    assert platform.health()["up"] is False
    for place in (str(logs), caplog.text, repr(Config(TOKEN))):
        assert "SECRET-TOKEN" not in place


def test_what_is_no_token_is_refused_at_once() -> None:
    door = Door()
    with pytest.raises(SettingsError, match="TELEGRAM_BOT_TOKEN"):
        Telegram(Config("not a token"), door.host())


async def test_no_log_holds_what_people_write(telegram: FakeTelegram, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    ann = telegram.person()
    with structlog.testing.capture_logs() as logs:
        async with open_door(telegram) as (door, _, _):
            ann.says("my secret pain")
            telegram.feed.put({"message": {"text": "my secret pain", "chat": None}})
            await telegram.confirmed()
            door.broken = True
            telegram.fault("getUpdates", garbage=True, times=1)
            ann.says("my secret pain again")
            await telegram.until(lambda: telegram.faults[0].struck, "the fault")
    assert "secret pain" not in str(logs) + caplog.text
    assert telegram.token not in str(logs) + caplog.text


async def test_the_platform_can_be_stopped_and_started_again(telegram: FakeTelegram) -> None:
    ann = telegram.person()
    async with open_door(telegram) as (door, platform, _):
        ann.says("one")
        await telegram.confirmed()
        await platform.stop()
        ann.says("two")
        await platform.start()
        await telegram.confirmed()
        assert texts(door) == ["one", "two"]


class Moment:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_poller_that_hears_nothing_is_deaf() -> None:
    clock = Moment()
    listener = Poller(None, None, (), None, clock)  # type: ignore[arg-type]
    assert not listener.stale
    clock.now = STALE_SECONDS + 1
    assert listener.stale


# --- the webhook alone --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", ["", "wrong", SECRET + "x", "é"])
async def test_a_wrong_secret_is_refused(telegram: FakeTelegram, secret: str) -> None:
    async with open_door(telegram, "webhook") as (door, platform, hook), aiohttp.ClientSession() as session:
        await connected(telegram, platform)
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {}
        async with session.post(hook, json={"update_id": 1}, headers=headers) as answer:
            assert answer.status == 403
        async with session.get(hook) as answer:
            assert answer.status == 405
        assert not door.unreadable


async def test_too_large_a_body_is_refused_and_no_utf8_is_set_aside(telegram: FakeTelegram) -> None:
    async with open_door(telegram, "webhook") as (door, platform, hook), aiohttp.ClientSession() as session:
        await connected(telegram, platform)
        headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
        async with session.post(hook, data=b"x" * (1 << 21), headers=headers) as answer:
            assert answer.status == 413
        async with session.post(hook, data=b'{"update_id": "\xff"}', headers=headers) as answer:
            assert answer.status == 200
        assert [reason for reason, _ in door.unreadable] == ["no JSON"]


async def test_updates_wait_until_the_bot_knows_its_name(telegram: FakeTelegram) -> None:
    telegram.fault("getMe", status=502, times=3)
    ann, group = telegram.person(), telegram.group()
    async with open_door(telegram, "webhook") as (door, _, hook):
        async with aiohttp.ClientSession() as session:
            headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
            async with session.post(hook, json={"update_id": 1}, headers=headers) as answer:
                assert answer.status == 503
        ann.says("@footnote_test_bot hello", group)
        await telegram.confirmed()
        assert texts(door) == ["hello"]


async def test_without_a_secret_nothing_is_let_in() -> None:
    app = web.Application()
    app.add_routes(Webhook(None, "").routes())  # type: ignore[arg-type]
    async with TestClient(TestServer(app)) as client:
        for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": ""}):
            assert (await client.post("/telegram/webhook", json={"update_id": 1}, headers=headers)).status == 403
