"""Pictures and pages on Telegram, over real HTTP: what is sent, what is sent only once, and what is sent instead."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.dialog import payloads
from bot.dialog.engine import Engine
from bot.dialog.turn import Register
from bot.pictures.shelf import Shelf
from tests.channels.telegram.telegram_app import Mode, running_app
from tests.channels.telegram.test_turns import asked, buttons
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_people import Person

pytestmark = pytest.mark.usefixtures("soon_again")

Json = dict[str, Any]


async def pressed(telegram: FakeTelegram, ann: Person, message: Json, word: str) -> Json:
    """Press the button that carries this word and return the new message."""
    found = (button["callback_data"] for button in buttons(message) if "callback_data" in button)
    data = next(data for data in found if (tap := payloads.parse(data)) and tap.word == word)
    ann.taps(data, message)
    return await telegram.next_message(ann)


def names(telegram: FakeTelegram) -> list[str]:
    """Return the calls that showed something, in order."""
    return [call.method for call in telegram.calls if call.method.startswith(("send", "edit"))]


@pytest.mark.parametrize("mode", ["polling", "webhook"])
async def test_the_first_answer_is_a_picture_with_its_brief_and_more_is_a_press_away(
    telegram: FakeTelegram, engine: Engine, shelf: Shelf, database: Path, mode: Mode
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database, mode, shelf=shelf):
        answer = await asked(telegram, ann, "how do i look after my feet every day")
        assert answer["photo"][-1]["width"] == 960
        assert answer["caption"].startswith("How do you look after your feet every day?\n\nLook at both feet")
        assert "Not yet checked by a health expert." in answer["caption"]
        more = await pressed(telegram, ann, answer, "more")
    assert "1. Take off shoes and socks." in more["text"]
    assert not telegram.refused


async def test_a_picture_is_uploaded_once_however_many_are_shown_it(
    telegram: FakeTelegram, engine: Engine, shelf: Shelf, database: Path
) -> None:
    people = [telegram.person(name) for name in ("Ann", "Bob", "Cleo")]
    async with running_app(telegram, engine, database, shelf=shelf):
        shown = [await asked(telegram, one, "/feet_daily") for one in people]
    async with running_app(telegram, engine, database, shelf=shelf):  # remembered over a restart
        shown.append(await asked(telegram, telegram.person("Dora"), "/feet_daily"))
    assert len({message["photo"][-1]["file_id"] for message in shown}) == 1
    assert len(telegram.media.files) == 1


async def test_two_who_ask_at_once_both_get_it(
    telegram: FakeTelegram, engine: Engine, shelf: Shelf, database: Path
) -> None:
    ann, bob = telegram.person("Ann"), telegram.person("Bob")
    async with running_app(telegram, engine, database, shelf=shelf):
        ann.says("/feet_daily")
        bob.says("/feet_daily")
        found = await asyncio.gather(telegram.next_message(ann), telegram.next_message(bob))
    assert all("photo" in message for message in found)


async def test_the_same_answer_again_is_words_alone_and_the_picture_comes_when_asked_for(
    telegram: FakeTelegram, engine: Engine, shelf: Shelf, database: Path
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database, shelf=shelf):
        assert "photo" in await asked(telegram, ann, "/feet_daily")
        assert "text" in await asked(telegram, ann, "/feet_daily")
        assert "photo" in await asked(telegram, ann, "show me a picture")
        assert "photo" in await asked(telegram, ann, "/picture")


async def test_without_an_answer_the_pictures_are_offered_as_buttons(
    telegram: FakeTelegram, engine: Engine, shelf: Shelf, database: Path
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database, shelf=shelf):
        offered = await asked(telegram, ann, "/pictures")
        assert "I have these pictures" in offered["text"]
        assert "photo" in await pressed(telegram, ann, offered, "picture")


async def test_the_register_is_switched_within_the_message_with_its_own_picture(
    telegram: FakeTelegram, engine: Engine, shelf: Shelf, database: Path
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database, shelf=shelf):
        first = await asked(telegram, ann, "/feet_daily")
        ann.taps(payloads.payload("feet-daily", Register.PROFESSIONAL), first)
        changed = await telegram.next_edit(ann)
    assert changed["message_id"] == first["message_id"]
    assert changed["caption"].startswith("What should patients do for their feet every day?")
    assert changed["photo"][-1]["file_id"] != first["photo"][-1]["file_id"]


@pytest.mark.parametrize(
    "refusal",
    ["Bad Request: not enough rights to send photos to the chat", "Bad Request: IMAGE_PROCESS_FAILED"],
)
async def test_where_pictures_are_refused_the_whole_answer_comes_as_text(
    telegram: FakeTelegram, engine: Engine, shelf: Shelf, database: Path, refusal: str
) -> None:
    ann = telegram.person()
    telegram.fault("sendPhoto", status=400, description=refusal)
    async with running_app(telegram, engine, database, shelf=shelf):
        answer = await asked(telegram, ann, "/feet_daily")
    assert "1. Take off shoes and socks." in answer["text"]


async def test_a_name_that_telegram_has_forgotten_is_replaced_by_another_upload(
    telegram: FakeTelegram, engine: Engine, shelf: Shelf, database: Path
) -> None:
    ann, bob = telegram.person("Ann"), telegram.person("Bob")
    async with running_app(telegram, engine, database, shelf=shelf):
        await asked(telegram, ann, "/feet_daily")
        telegram.media.files.clear()
        assert "photo" in await asked(telegram, bob, "/feet_daily")


async def test_an_upload_that_breaks_off_ends_in_words_at_the_second_attempt(
    telegram: FakeTelegram, engine: Engine, shelf: Shelf, database: Path
) -> None:
    ann = telegram.person()
    telegram.fault("sendPhoto", drop="before")
    async with running_app(telegram, engine, database, shelf=shelf):
        answer = await asked(telegram, ann, "/feet_daily")
    assert "1. Take off shoes and socks." in answer["text"]


async def test_an_emergency_is_words_alone(
    telegram: FakeTelegram, engine: Engine, shelf: Shelf, database: Path
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database, shelf=shelf):
        assert "text" in await asked(telegram, ann, "my sugar is 40 and he does not wake up")
        assert "text" in await asked(telegram, ann, "/urgent_foot")


@pytest.mark.parametrize("wish", ["print this", "something for my doctor", "/handout"])
async def test_a_page_follows_at_once_and_holds_what_was_asked(
    telegram: FakeTelegram, engine: Engine, shelf: Shelf, database: Path, wish: str
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database, shelf=shelf):
        await asked(telegram, ann, "/k2_blood_thinners")
        said = await asked(telegram, ann, wish)
        page = await telegram.next_message(ann)
    assert said["text"].startswith("Here is a page to print.")
    assert page["document"]["file_name"] == "footnote-for-my-doctor.pdf"
    assert telegram.media.files[page["document"]["file_id"]].startswith(b"%PDF")


async def test_a_button_under_the_picture_makes_the_page(
    telegram: FakeTelegram, engine: Engine, shelf: Shelf, database: Path
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database, shelf=shelf):
        answer = await asked(telegram, ann, "/feet_daily")
        await pressed(telegram, ann, answer, "handout")
        assert "document" in await telegram.next_message(ann)


async def test_a_page_that_telegram_refuses_is_said_to_be_missing(
    telegram: FakeTelegram, engine: Engine, shelf: Shelf, database: Path
) -> None:
    ann = telegram.person()
    telegram.fault("sendDocument", status=400, description="Bad Request: not enough rights to send documents")
    async with running_app(telegram, engine, database, shelf=shelf):
        await asked(telegram, ann, "/handout")
        assert "I could not send the page here." in (await telegram.next_message(ann))["text"]


async def test_a_page_is_sent_after_a_crash_between_the_two_messages_and_nothing_is_said_twice(
    telegram: FakeTelegram, engine: Engine, shelf: Shelf, database: Path
) -> None:
    ann = telegram.person()
    held = telegram.fault("sendDocument", drop="before")
    async with running_app(telegram, engine, database, shelf=shelf):
        await asked(telegram, ann, "/handout")
    telegram.faults.remove(held)
    async with running_app(telegram, engine, database, shelf=shelf):
        page = await telegram.next_message(ann)
    assert "document" in page
    assert names(telegram) == ["sendMessage", "sendDocument"]
