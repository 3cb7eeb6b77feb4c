"""What a family does with an answer besides reading it: share it, say it is wrong, set things, look a source up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.content.matching_models import Contact, ContactsFile
from bot.dialog.engine import Engine
from bot.dialog.personal_data import MAX_REPORT
from bot.dialog.turn import Register
from bot.inbox.admin import ReportDesk
from tests.channels.telegram.telegram_app import Mode, TelegramApp, running_app
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_people import Person

pytestmark = pytest.mark.usefixtures("soon_again")

Json = dict[str, Any]
MODES: list[Mode] = ["polling", "webhook"]
ALA = "/start ala-safety"


def text(engine: Engine, key: str, **values: Any) -> str:
    return engine.text(key, Register.LAYPERSON, **values)


def buttons(message: Json) -> list[Json]:
    return [button for row in message.get("reply_markup", {}).get("inline_keyboard", []) for button in row]


def labels(message: Json) -> list[str]:
    return [button["text"] for button in buttons(message)]


async def asked(telegram: FakeTelegram, ann: Person, words: str, **where: Any) -> Json:
    ann.says(words, **where)
    return await telegram.next_message(where.get("where", ann))


def desk(running: TelegramApp) -> ReportDesk:
    return ReportDesk(running.store, running.identity)


@pytest.mark.parametrize("mode", MODES)
async def test_an_answer_is_shared_by_a_button_that_opens_the_list_of_chats(
    telegram: FakeTelegram, engine: Engine, database: Path, mode: Mode
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database, mode):
        answer = await asked(telegram, ann, ALA)
        (share,) = [one for one in buttons(answer) if one["text"] == text(engine, "share-button")]
        address = urlsplit(share["url"])
        carried = parse_qs(address.query)
        assert (address.hostname, address.path) == ("t.me", "/share/url")
        assert carried["url"][0].endswith("?start=ala-safety")
        assert carried["text"] == [engine.title("ala-safety", Register.LAYPERSON)]
        for words in ("share this with my daughter", "/share"):
            brief = await asked(telegram, ann, words)
            assert brief["text"].startswith(text(engine, "share-lead"))
            assert "expandable_blockquote" in str(brief["entities"])
            assert any(one["text"] == text(engine, "share-button") and "url" in one for one in buttons(brief))


async def test_what_is_wrong_is_told_in_the_next_message_and_answered(
    telegram: FakeTelegram, engine: Engine, database: Path
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database) as running:
        await asked(telegram, ann, ALA)
        question = await asked(telegram, ann, "this is wrong")
        assert engine.title("ala-safety", Register.LAYPERSON) in question["text"]
        assert labels(question)[0] == text(engine, "report-cancel")
        thanked = await asked(telegram, ann, "It says 600. My wife Mrs Ann Miller got 1200, call 020 7946 0000")
        assert text(engine, "reported-masked") in thanked["text"]
        (report,) = await desk(running).list()
        assert report.words == "It says 600. My wife […] got 1200, call […]"
        assert "safety" not in (await asked(telegram, ann, "what is alpha lipoic acid"))["text"].splitlines()[0]
        await desk(running).close(report.number, "It is 600 mg, twice a day.")
        answer = await telegram.next_message(ann)
        assert "It is 600 mg, twice a day." in answer["text"]
        assert await desk(running).list() == []


@pytest.mark.parametrize("words", ["/report the dose is wrong", "this is wrong: the dose is wrong"])
async def test_a_report_may_come_with_its_words(
    telegram: FakeTelegram, engine: Engine, database: Path, words: str
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database) as running:
        await asked(telegram, ann, ALA)
        assert text(engine, "reported-title") in (await asked(telegram, ann, words))["text"]
        (report,) = await desk(running).list()
        assert (report.node, report.words) == ("ala-safety", "the dose is wrong")


async def test_a_report_can_be_called_off_and_an_emergency_in_one_comes_first(
    telegram: FakeTelegram, engine: Engine, database: Path
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database) as running:
        await asked(telegram, ann, ALA)
        question = await asked(telegram, ann, "/report")
        ann.taps(text(engine, "report-cancel"), question)
        await telegram.next_message(ann)
        assert engine.title("k2", Register.LAYPERSON) in (await asked(telegram, ann, "what is vitamin k2"))["text"]
        assert await desk(running).list() == []
        await asked(telegram, ann, "/report")
        card = await asked(telegram, ann, "nothing in it about chest pain and i have crushing chest pain now")
        assert engine.title("urgent-chest", Register.LAYPERSON) in card["text"]
        assert len(await desk(running).list()) == 1


async def test_a_long_report_is_cut_and_says_so(telegram: FakeTelegram, engine: Engine, database: Path) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database) as running:
        await asked(telegram, ann, ALA)
        thanked = await asked(telegram, ann, "/report " + "the dose is wrong " * 220)
        assert text(engine, "reported-cut", characters=MAX_REPORT) in thanked["text"]
        (report,) = await desk(running).list()
        assert len(report.words) <= MAX_REPORT + 2


async def test_in_a_group_a_report_is_made_in_private(telegram: FakeTelegram, engine: Engine, database: Path) -> None:
    ann, group = telegram.person(), telegram.group()
    async with running_app(telegram, engine, database) as running:
        await asked(telegram, ann, "@footnote_test_bot what is alpha lipoic acid", where=group)
        shown = await asked(telegram, ann, "/report@footnote_test_bot", where=group)
        (link,) = [one["url"] for one in buttons(shown) if "url" in one]
        assert link.endswith("?start=report-ala")
        assert (await asked(telegram, ann, "/start report-ala"))["text"].startswith(text(engine, "report-title"))
        await asked(telegram, ann, "the title is wrong")
        (report,) = await desk(running).list()
        assert report.node == "ala"


@pytest.mark.parametrize("words", ["/settings", "settings"])
async def test_everything_is_set_by_a_press_and_kept(
    telegram: FakeTelegram, engine: Engine, database: Path, words: str
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database) as running:
        shown = await asked(telegram, ann, words)
        for key in ("settings-unfold-button", "settings-quiet-button", "to-professional"):
            ann.taps(text(engine, key), shown)
            shown = await telegram.next_edit(ann)
        answer = await asked(telegram, ann, ALA)
        kept = await running.inbox.preferences(f"telegram:{ann.id}")
        assert (kept.preferences.open, kept.preferences.quiet, kept.register) == (True, True, Register.PROFESSIONAL)
        quoted = [one for one in answer["entities"] if one["type"] == "expandable_blockquote"]
        assert len(quoted) <= 1, "the sources alone are folded"
        shown = await asked(telegram, ann, "/settings")
        assert engine.text("forget-button", Register.PROFESSIONAL) in labels(shown)


async def test_a_country_brings_its_numbers_to_copy_and_an_unknown_one_keeps_the_words(
    telegram: FakeTelegram, engine: Engine, database: Path
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database):
        told = await asked(telegram, ann, "I live in the UK")
        assert "999 · Samaritans 116 123" in told["text"]
        assert "111.wales.nhs.uk" in told["text"]
        card = await asked(telegram, ann, "i want to die")
        assert [one["copy_text"]["text"] for one in buttons(card) if "copy_text" in one] == ["999", "116 123"]
        assert {text(engine, "urgent-worse"), text(engine, "urgent-over")} <= set(labels(card))
        reminder = await asked(telegram, ann, "it is over")
        ann.taps(text(engine, "urgent-over"), reminder)  # no word ends it
        await telegram.next_message(ann)
        told = await asked(telegram, ann, "my country is Brazil")
        assert text(engine, "country-unknown", country="Brazil") in told["text"]
        card = await asked(telegram, ann, "i have crushing chest pain")
        assert "copy_text" not in str(card)
        assert "112, 999, 911" in card["text"]


async def test_settings_pressed_by_another_person_are_theirs(
    telegram: FakeTelegram, engine: Engine, database: Path
) -> None:
    ann, bob, group = telegram.person(), telegram.person("Bob"), telegram.group()
    async with running_app(telegram, engine, database) as running:
        shown = await asked(telegram, ann, "/settings@footnote_test_bot", where=group)
        bob.taps(text(engine, "settings-unfold-button"), shown)
        await telegram.next_message(group)
        assert not (await running.inbox.preferences(f"telegram:{ann.id}")).preferences.open
        assert (await running.inbox.preferences(f"telegram:{bob.id}")).preferences.open
        assert text(engine, "forget-button") not in labels(shown)


async def test_the_emergency_sentence_comes_in_the_language_that_was_set(
    telegram: FakeTelegram, engine: Engine, database: Path
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database):
        shown = await asked(telegram, ann, "/settings")
        ann.taps(text(engine, "settings-language-button"), shown)
        chosen = await telegram.next_edit(ann)
        ann.taps("Spanish", chosen)
        await telegram.next_edit(ann)
        card = await asked(telegram, ann, "i have crushing chest pain")
        assert card["text"].startswith(engine.library.say_in("es", urgent=True))


async def test_one_source_by_its_number_and_the_list_page_by_page(
    telegram: FakeTelegram, engine: Engine, database: Path
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database):
        record = await asked(telegram, ann, "reference 6")
        (pre,) = [one for one in record["entities"] if one["type"] == "pre"]
        copied = record["text"].encode("utf-16-le")[pre["offset"] * 2 : (pre["offset"] + pre["length"]) * 2]
        assert "doi: 10.1002/14651858.CD012967.pub2" in copied.decode("utf-16-le")
        assert text(engine, "source-open") in labels(record)
        page = await asked(telegram, ann, "/source")
        assert page["text"].startswith(text(engine, "source-page-title", page=1, pages=17)[:14])
        ann.taps(text(engine, "next-page"), page)
        second = await telegram.next_edit(ann)
        assert "[9]" in second["text"]
        assert "[15] SYDNEY 2" in (await asked(telegram, ann, "15"))["text"]
        assert text(engine, "source-no-doi") in (await asked(telegram, ann, "DOI of SYDNEY 2"))["text"]
        assert text(engine, "source-none-title") in (await asked(telegram, ann, "reference 999"))["text"]


async def test_a_person_to_turn_to_is_named_where_an_operator_did(
    telegram: FakeTelegram, engine: Engine, database: Path
) -> None:
    line = Contact(name="Clinic line", how="ring room 4", url="https://clinic.example/")
    other = Contact(name="Library", how="desk 2", channel="slack")
    night = Contact(name="Night line", how="ring room 5", help_with="crisis")
    contacts = ContactsFile(contacts=(line, other, night))
    named = Engine(replace(engine.library, contacts=contacts), engine.matcher)
    ann = telegram.person()
    async with running_app(telegram, named, database):
        for words in ("/person", "can i talk to a person", "what is the capital of France"):
            shown = await asked(telegram, ann, words)
            assert "Clinic line: ring room 4" in shown["text"], words
            assert "Library" not in shown["text"]
            assert "https://clinic.example/" in [one.get("url") for one in buttons(shown)]
        card = await asked(telegram, ann, "i want to die")
        assert "Night line: ring room 5" in card["text"]
        assert "Clinic line" not in card["text"]
