"""The stand-in refuses what Telegram refuses, seen through the real python-telegram-bot."""

from __future__ import annotations

import asyncio
import logging
import re
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from telegram import Bot, BotCommand, BotCommandScopeAllPrivateChats, MenuButtonCommands, MessageEntity
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from tests.fakes.telegram import FakeTelegram

pytestmark = pytest.mark.filterwarnings("ignore:Please use 'Bot", "ignore:.*retry_after")


def said(words: str) -> str:
    """Return a pattern for a refusal: python-telegram-bot capitalises what Telegram says."""
    return f"(?i){re.escape(words)}"


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram() as server:
        yield server


@pytest.fixture
async def bot(telegram: FakeTelegram) -> AsyncIterator[Bot]:
    async with Bot(telegram.token, base_url=f"{telegram.url}/bot") as client:
        yield client


async def test_knows_itself_and_refuses_other_tokens(telegram: FakeTelegram, bot: Bot) -> None:
    me = await bot.get_me()
    assert (me.username, me.can_read_all_group_messages) == ("footnote_test_bot", False)
    with pytest.raises(InvalidToken):
        await Bot("4242:WRONG", base_url=f"{telegram.url}/bot").get_me()
    with pytest.raises(EndPointNotFound):
        await bot.do_api_request("sendCarrierPigeon")


async def test_updates_wait_are_batched_and_confirmed_by_the_next_offset(telegram: FakeTelegram, bot: Bot) -> None:
    ann = telegram.person()
    waiting = asyncio.create_task(bot.get_updates(timeout=5))
    await telegram.until(lambda: telegram.feed.polled, "a poller waiting")
    ann.says("one")
    (first,) = await waiting
    ann.says("two")
    both = await bot.get_updates(limit=5)
    assert [update.message and update.message.text for update in both] == ["one", "two"]
    assert await bot.get_updates(offset=both[-1].update_id + 1) == ()
    assert first.update_id in telegram.feed.confirmed
    assert not telegram.feed.pending


async def test_two_pollers_conflict(telegram: FakeTelegram, bot: Bot) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=5))
    await telegram.until(lambda: telegram.feed.polled, "a poller waiting")
    async with Bot(telegram.token, base_url=f"{telegram.url}/bot") as other:
        second = asyncio.create_task(other.get_updates(timeout=5))
        with pytest.raises(Conflict, match=said("terminated by other getUpdates")):
            await first
        telegram.person().says("hello")
        assert len(await second) == 1


async def test_a_webhook_is_pushed_with_its_secret_and_retried(telegram: FakeTelegram, bot: Bot) -> None:
    seen: list[tuple[str | None, dict[str, Any]]] = []

    async def receive(request: web.Request) -> web.Response:
        seen.append((request.headers.get("X-Telegram-Bot-Api-Secret-Token"), await request.json()))
        return web.Response(status=500 if len(seen) == 1 else 200)

    app = web.Application()
    app.router.add_post("/hook", receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    telegram.feed.retry_unit = 0.01
    await bot.set_webhook(f"http://127.0.0.1:{runner.addresses[0][1]}/hook", secret_token="s3cret")
    with pytest.raises(Conflict, match=said("webhook is active")):
        await bot.get_updates()
    telegram.person().says("hello")
    await telegram.confirmed()
    assert [secret for secret, _ in seen] == ["s3cret", "s3cret"]
    assert seen[0] == seen[1]
    info = await bot.get_webhook_info()
    assert info.last_error_message == "Wrong response from the webhook: 500"
    await bot.delete_webhook()
    assert await bot.get_updates() == ()
    await runner.cleanup()


BAD_MESSAGES: list[tuple[str, dict[str, Any]]] = [
    ("message text is empty", {"text": " \n"}),
    ("message is too long", {"text": "🦶" * 2049}),
    ("ends after the end", {"text": "ab", "entities": [MessageEntity("bold", 1, 2)]}),
    ("in a middle of a UTF-16 symbol", {"text": "🦶", "entities": [MessageEntity("bold", 0, 1)]}),
    ("entities overlap", {"text": "abc", "entities": [MessageEntity("bold", 0, 2), MessageEntity("italic", 1, 2)]}),
    (
        "can't be nested",
        {"text": "abc", "entities": [MessageEntity("blockquote", 0, 3), MessageEntity("blockquote", 1, 1)]},
    ),
    ("code can't", {"text": "abc", "entities": [MessageEntity("bold", 0, 3), MessageEntity("code", 1, 1)]}),
    ("too many entities", {"text": "a" * 101, "entities": [MessageEntity("bold", n, 1) for n in range(101)]}),
    ("entity URL 'nowhere' is invalid", {"text": "a", "entities": [MessageEntity("text_link", 0, 1, url="nowhere")]}),
    ("unsupported start tag", {"text": "<h1>a</h1>", "parse_mode": "HTML"}),
    ("can't find end tag", {"text": "<b>a", "parse_mode": "HTML"}),
    ("BUTTON_DATA_INVALID", {"rows": [[{"text": "a", "callback_data": "é" * 33}]]}),
    ("BUTTON_DATA_INVALID", {"rows": [[{"text": "a", "callback_data": ""}]]}),
    ("too many inline keyboard buttons", {"rows": [[{"text": "a", "callback_data": "a"}]] * 101}),
    ("too many inline keyboard buttons", {"rows": [[{"text": "a", "callback_data": "a"}] * 9]}),
    ("exactly one action", {"rows": [[{"text": "a"}]]}),
    ("text must be non-empty", {"rows": [[{"text": " ", "callback_data": "a"}]]}),
    ("button URL 'tel:112' is invalid", {"rows": [[{"text": "a", "url": "tel:112"}]]}),
    ("invalid button style", {"rows": [[{"text": "a", "callback_data": "a", "style": "red"}]]}),
    ("message thread not found", {"message_thread_id": 3}),
    ("message to be replied not found", {"reply_parameters": {"message_id": 999}}),
]


@pytest.mark.parametrize(("refusal", "call"), BAD_MESSAGES)
async def test_refuses_a_bad_message(telegram: FakeTelegram, bot: Bot, refusal: str, call: dict[str, Any]) -> None:
    ann = telegram.person()
    keyboard = {"reply_markup": {"inline_keyboard": call.pop("rows")}} if "rows" in call else {}
    with pytest.raises(BadRequest, match=said(refusal)):
        await bot.do_api_request("send_message", {"chat_id": ann.id, "text": "ok"} | call | keyboard)
    assert telegram.heard("message", ann) == []
    assert len(telegram.refused) == 1


async def test_refuses_chats_it_cannot_reach(telegram: FakeTelegram, bot: Bot) -> None:
    ann, stranger = telegram.person(), telegram.person(started=False)
    group = telegram.group(kind="group")
    with pytest.raises(BadRequest, match=said("chat not found")):
        await bot.send_message(1, "hello")
    with pytest.raises(Forbidden, match=said("can't initiate")):
        await bot.send_message(stranger.id, "hello")
    ann.blocks()
    with pytest.raises(Forbidden, match=said("blocked by the user")):
        await bot.send_message(ann.id, "hello")
    moved = group.migrates()
    with pytest.raises(ChatMigrated) as migrated:
        await bot.send_message(group.id, "hello")
    assert migrated.value.new_chat_id == moved.id


async def test_edits_only_its_own_existing_and_changed_messages(telegram: FakeTelegram, bot: Bot) -> None:
    ann = telegram.person()
    mine = await bot.send_message(ann.id, "one")
    theirs = ann.says("two")
    await bot.edit_message_text("three", ann.id, mine.message_id)
    assert (await telegram.next_edit(ann))["text"] == "three"
    for refusal, number in (
        ("not modified", mine.message_id),
        ("can't be edited", theirs["message_id"]),
        ("not found", 99),
    ):
        with pytest.raises(BadRequest, match=said(refusal)):
            await bot.edit_message_text("three", ann.id, number)
    await bot.delete_message(ann.id, mine.message_id)
    with pytest.raises(BadRequest, match=said("message to edit not found")):
        await bot.edit_message_text("four", ann.id, mine.message_id)


async def test_a_callback_query_is_answered_once(telegram: FakeTelegram, bot: Bot) -> None:
    ann = telegram.person()
    query = ann.forges("v1:ala")
    assert await bot.answer_callback_query(query)
    for number in (query, "unknown"):
        with pytest.raises(BadRequest, match=said("query is too old")):
            await bot.answer_callback_query(number)


async def test_parses_html_into_entities(telegram: FakeTelegram, bot: Bot) -> None:
    ann = telegram.person()
    await bot.send_message(ann.id, "🦶 <b>a<i>b</i></b> &lt;c&gt;", parse_mode="HTML")
    message = await telegram.next_message(ann)
    assert message["text"] == "🦶 ab <c>"
    assert [(one["type"], one["offset"], one["length"]) for one in message["entities"]] == [
        ("bold", 3, 2),
        ("italic", 4, 1),
    ]


async def test_keeps_the_profile(telegram: FakeTelegram, bot: Bot) -> None:
    await bot.set_my_description("what this is")
    await bot.set_my_short_description("short")
    await bot.set_my_commands([BotCommand("help", "How to use it")], BotCommandScopeAllPrivateChats())
    await bot.set_chat_menu_button(menu_button=MenuButtonCommands())
    assert (await bot.get_my_description()).description == "what this is"
    assert (await bot.get_my_short_description()).short_description == "short"
    assert [command.command for command in await bot.get_my_commands(BotCommandScopeAllPrivateChats())] == ["help"]
    assert await bot.get_my_commands() == ()
    assert isinstance(await bot.get_chat_menu_button(), MenuButtonCommands)
    with pytest.raises(BadRequest, match=said("too long")):
        await bot.set_my_short_description("x" * 121)
    with pytest.raises(BadRequest, match=said("BOT_COMMAND_INVALID")):
        await bot.set_my_commands([BotCommand("No", "upper case")])


async def test_ordered_faults_strike(telegram: FakeTelegram, bot: Bot) -> None:
    ann = telegram.person()
    telegram.fault("sendMessage", retry_after=7, times=1)
    with pytest.raises(RetryAfter):
        await bot.send_message(ann.id, "a")
    telegram.fault("sendMessage", status=502, times=1)
    with pytest.raises(NetworkError, match=said("Bad Gateway")):
        await bot.send_message(ann.id, "b")
    telegram.fault("sendMessage", garbage=True, times=1)
    with pytest.raises(TelegramError, match=said("Invalid server response")):
        await bot.send_message(ann.id, "c")
    telegram.fault("sendMessage", drop="before", times=1)
    with pytest.raises(NetworkError):
        await bot.send_message(ann.id, "d")
    assert telegram.heard("message", ann) == []
    telegram.fault("sendMessage", drop="after", times=1)
    with pytest.raises(NetworkError):
        await bot.send_message(ann.id, "e")
    assert [message["text"] for message in telegram.heard("message", ann)] == ["e"]
    await bot.send_message(ann.id, "f")


async def test_privacy_mode_hides_what_is_not_for_the_bot(telegram: FakeTelegram, bot: Bot) -> None:
    ann, group = telegram.person(), telegram.group(forum=True)
    topic = group.topic("Feet")
    mine = (await bot.send_message(group.id, "hello", message_thread_id=topic)).to_dict()
    ann.says("between us", group, topic)
    for text, reply in (("/help", None), ("@Footnote_Test_Bot hi", None), ("and?", mine)):
        ann.says(text, group, topic, reply_to=reply)
    texts = [update.message.text for update in await bot.get_updates() if update.message]
    # a topic the bot opened itself makes every message in it look like a reply to the bot
    assert texts == ["between us", "/help", "@Footnote_Test_Bot hi", "and?"]


async def test_updates_can_be_repeated_and_broken(
    telegram: FakeTelegram, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = logging.getLogger("telegram.request.BaseRequest")
    monkeypatch.setattr(library, "disabled", True)  # left to itself it logs what it cannot read; the bot's does not
    ann = telegram.person()
    ann.says("once")
    (update,) = await bot.get_updates()
    telegram.feed.repeat(update.update_id)
    (again,) = await bot.get_updates(offset=update.update_id + 1)
    assert again.update_id == update.update_id
    telegram.feed.put_text(5000, '{"update_id": 5000, "message":')
    with pytest.raises(TelegramError, match=said("Invalid server response")):
        await bot.get_updates()


async def test_runs_as_a_process_with_a_control_endpoint() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.fakes.telegram", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().strip()
    try:
        async with aiohttp.ClientSession() as session, Bot(FakeTelegram.token, base_url=f"{url}/bot") as bot:

            async def command(order: str, **what: Any) -> dict[str, Any]:
                async with session.post(f"{url}/control/{order}", json=what) as answer:
                    body: dict[str, Any] = await answer.json()
                    return body

            ann = (await command("person", name="Ann"))["id"]
            await command("says", person=ann, text="hello")
            (update,) = await bot.get_updates(timeout=5)
            assert update.message is not None
            assert update.message.text == "hello"
            await command("fault", method="sendMessage", retry_after=3, times=1)
            with pytest.raises(RetryAfter):
                await bot.send_message(ann, "answer")
            await bot.send_message(ann, "answer")
            assert (await command("wait", events=1)) == {"events": 1}
            (event,) = (await command("events", since=0))["events"]
            assert event["json"]["text"] == "answer"
            assert (await command("state"))["calls"]["sendMessage"] == 1
    finally:
        process.terminate()
        await process.wait()
