"""What the bot sets at Telegram at its start, what the doctor finds, inline cards and links."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr

from bot.channels.registry import Configuration
from bot.channels.telegram.app import Config
from bot.channels.telegram.client import TelegramBot, make_bot
from bot.channels.telegram.plugin import TelegramSettings, answer_links, plugin
from bot.channels.telegram.profile import doctor, general, links, set_up, settings
from bot.cli.main import examine
from bot.content.library import Library
from bot.dialog.engine import Engine
from bot.errors import PlatformError
from bot.settings import Settings
from tests.channels.telegram.telegram_app import SECRET, Mode, open_door, words
from tests.fakes.telegram import FakeTelegram


@pytest.fixture
async def bot(telegram: FakeTelegram) -> AsyncIterator[TelegramBot]:
    async with make_bot(telegram.token, telegram.url) as client:
        yield client


def config(telegram: FakeTelegram, mode: Mode = "polling", hook: str = "", *, inline: bool = False) -> Config:
    return Config(telegram.token, telegram.url, mode, hook, SECRET, inline)


async def test_sets_what_a_newcomer_sees_and_only_what_changed(
    telegram: FakeTelegram, bot: TelegramBot, engine: Engine
) -> None:
    await set_up(bot, engine.text)
    description = telegram.profile.texts["description", ""]
    assert "does not replace your doctor" in description
    assert "emergency" in description.lower()
    assert "mergency" in telegram.profile.texts["short_description", ""]
    assert len(telegram.profile.commands) == 2
    assert telegram.profile.menu == {"type": "commands"}
    changes = telegram.counts.total()
    telegram.profile.texts["short_description", ""] = "something else"
    await set_up(bot, engine.text)
    sets = [call.method for call in list(telegram.calls)[changes:] if call.method.startswith("set")]
    assert sets == ["setMyShortDescription"]


async def test_a_refusal_of_the_profile_harms_nothing(telegram: FakeTelegram, bot: TelegramBot) -> None:
    telegram.fault("setMyDescription", retry_after=3600)
    await set_up(bot, words)
    assert ("description", "") not in telegram.profile.texts


def test_every_text_fits_whatever_an_operator_writes(engine: Engine) -> None:
    def verbose(key: str, register: object, **values: object) -> str:
        return "Emergency first. " + "word " * 200

    for one in (*settings(engine.text), *settings(verbose)):
        for text, limit in (("description", 512), ("short_description", 120)):
            assert len(one.value.get(text, "")) <= limit
        assert all(len(command["description"]) <= 256 for command in one.value.get("commands", []))


async def test_the_doctor_finds_nothing_wrong_after_a_start(telegram: FakeTelegram, bot: TelegramBot) -> None:
    await set_up(bot, words)
    findings = await doctor(config(telegram), words)
    assert all(finding.ok and not finding.fix for finding in findings), findings
    assert findings[0].what == "the token is that of @footnote_test_bot"


async def test_the_doctor_names_every_switch_that_is_wrong(telegram: FakeTelegram) -> None:
    telegram.bot.update(
        can_read_all_group_messages=True,
        supports_guest_queries=True,
        has_topics_enabled=True,
        can_connect_to_business=True,
        has_main_web_app=True,
        supports_inline_queries=True,
    )
    telegram.feed.webhook["url"] = "https://elsewhere.example/hook"
    for _ in range(120):
        telegram.person().says("hello")
    wrong = [finding for finding in await doctor(config(telegram), words) if not finding.ok]
    assert len(wrong) == 9
    assert all(finding.fix for finding in wrong)
    assert "/setprivacy" in wrong[0].fix
    assert [finding.ok for finding in await doctor(config(telegram, inline=True), words)].count(False) == 8


async def test_the_doctor_looks_at_the_webhook(telegram: FakeTelegram, bot: TelegramBot) -> None:
    hook = "https://footnote.example/telegram/webhook"
    telegram.feed.webhook |= {"url": hook, "allowed_updates": ["message"], "last_error_message": "Connection refused"}
    found = {finding.what: finding for finding in await doctor(config(telegram, "webhook", hook), words)}
    assert found[f"webhook set to {hook}"].ok
    assert not found["all updates it needs are sent"].ok
    assert "Connection refused" in found["Telegram reaches the webhook"].fix


async def test_the_doctor_says_when_the_token_is_refused_or_nobody_answers(telegram: FakeTelegram) -> None:
    wrong = Config("4242:WRONG", telegram.url)
    (finding,) = await doctor(wrong, words)
    assert not finding.ok
    assert "@BotFather" in finding.fix
    telegram.fault("getMe", status=502)
    (finding,) = await doctor(config(telegram), words)
    assert "cannot be reached" in finding.fix


async def test_inline_mode_offers_titles_that_link_to_the_bot(telegram: FakeTelegram, library: Library) -> None:
    ann = telegram.person()
    async with open_door(telegram, inline=True, topics=general(library)):
        ann.searches("")
        ann.searches("vitamin k2")
        await telegram.until(lambda: len(_results(telegram)) == 2, "two answers")
    everything, k2 = sorted(_results(telegram), key=len, reverse=True)
    assert {"urgent", "personal-advice", "not-covered", "privacy"}.isdisjoint(one["id"] for one in everything)
    card = next(one for one in k2 if one["id"] == "k2")
    assert len(k2) < len(everything)
    (button,) = card["reply_markup"]["inline_keyboard"][0]
    assert button["url"] == "https://t.me/footnote_test_bot?start=k2"
    assert not telegram.refused


async def test_a_search_too_old_to_be_answered_harms_nothing(telegram: FakeTelegram) -> None:
    ann = telegram.person()
    telegram.fault("answerInlineQuery", status=400, description="Bad Request: query is too old")
    async with open_door(telegram, inline=True) as (door, _, _):
        ann.searches("k2")
        ann.says("hello")
        await telegram.confirmed()
        assert door.events


async def test_inline_mode_is_off_unless_switched_on(telegram: FakeTelegram) -> None:
    async with open_door(telegram):
        await telegram.until(lambda: telegram.feed.polled, "the connection")
        telegram.person().searches("k2")
        assert "inline_query" not in telegram.feed.allowed
        assert not telegram.feed.pending


def _results(telegram: FakeTelegram) -> list[list[dict[str, Any]]]:
    return [event.json["results"] for event in telegram.world.events if "results" in event.json]


def test_links_name_the_topic_and_nothing_else() -> None:
    assert links("footnote_bot", ["ala", "k2"]) == [
        ("ala", "https://t.me/footnote_bot?start=ala"),
        ("k2", "https://t.me/footnote_bot?start=k2"),
    ]


async def test_the_commands_print_a_link_per_answer_and_the_findings(telegram: FakeTelegram, engine: Engine) -> None:
    own = TelegramSettings(bot_token=SecretStr(telegram.token), api_base_url=telegram.url)
    printed = dict(line.split() for line in (await answer_links(own, engine.library.nodes)).splitlines())
    assert printed.keys() == engine.library.nodes.keys()
    assert printed["k2"] == "https://t.me/footnote_test_bot?start=k2"
    healthy, report = await examine(Configuration(Settings(), ((plugin, own),)), engine.text, "telegram")
    assert not healthy
    assert "ok   the token is that of @footnote_test_bot" in report
    assert "-> other or missing: description, short description" in report
    assert not telegram.refused


@pytest.mark.parametrize("fault", [{"drop": "before"}, {"status": 502}, {"garbage": True}, {"status": 401}])
async def test_links_without_telegram_are_refused_in_one_sentence(
    telegram: FakeTelegram, fault: dict[str, Any]
) -> None:
    telegram.fault("getMe", **fault)
    own = TelegramSettings(bot_token=SecretStr(telegram.token), api_base_url=telegram.url)
    with pytest.raises(PlatformError, match="the links carry the name of your bot") as refusal:
        await answer_links(own, ["ala"])
    assert "\n" not in str(refusal.value)
    assert telegram.token not in str(refusal.value)
