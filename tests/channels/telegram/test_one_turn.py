"""What people send in pieces, under pictures, corrected or to each other: how many answers, and which."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from bot.dialog.composer import Composer
from bot.dialog.engine import Engine
from bot.dialog.turn import Incoming, Kind, Register, State
from tests.channels.telegram.telegram_app import Mode, running_app
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_people import Group, Person
from tests.fakes.telegram_rules import Json

MODES: list[Mode] = ["polling", "webhook"]


@pytest.fixture
def composer(engine: Engine) -> Composer:
    return Composer(engine.library)


def shows(message: Json, composer: Composer, node: str) -> bool:
    return composer.card(node, Register.LAYPERSON).title in message["text"]


def answer_to(engine: Engine, words: str) -> str:
    """Return the title of the answer to words in a conversation of their own."""
    return engine.respond(State(), Incoming(Kind.TEXT, words, "telegram"))[0].card.title


async def last_after(telegram: FakeTelegram, ann: Person, composer: Composer, where: Group | None = None) -> list[Json]:
    """Ask one thing more and return what was answered before it: the answer to it comes last."""
    ann.says(f"/glucose@{telegram.username}" if where else "/glucose", where)
    chat = where or ann

    def answered() -> bool:
        shown = telegram.heard("message", chat)
        return bool(shown) and shows(shown[-1], composer, "glucose")

    await telegram.until(answered, "the last answer")
    return telegram.heard("message edit", chat)[:-1]


# --- pieces ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
async def test_three_messages_are_one_question(
    telegram: FakeTelegram, engine: Engine, composer: Composer, database: Path, mode: Mode
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database, mode):
        for words in ("is", "ala", "safe?"):
            ann.says(words)
        assert answer_to(engine, "is ala safe?") in (await telegram.next_message(ann))["text"]
        assert len(await last_after(telegram, ann, composer)) == 1


async def test_thirty_pieces_at_once_are_a_few_turns_and_none_is_lost(
    telegram: FakeTelegram, engine: Engine, composer: Composer, database: Path
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database):
        for words in (*["and", "or", "the"] * 10, "is ala safe?"):
            ann.says(words)
        shown = await last_after(telegram, ann, composer)
    assert 1 <= len(shown) <= 4
    assert shows(shown[-1], composer, "ala-safety")


async def test_what_the_app_cut_is_one_question(
    telegram: FakeTelegram, engine: Engine, composer: Composer, database: Path
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database):
        ann.says(("My mother is 71 and has had it for years. " * 100)[:4090])
        ann.says("Is alpha lipoic acid safe?")
        shown = await last_after(telegram, ann, composer)
    assert len(shown) == 1


@pytest.mark.parametrize("content", ["photo", "video", "document"])
@pytest.mark.parametrize("caption_at", [None, 0, 2])
async def test_an_album_has_one_answer(
    telegram: FakeTelegram, engine: Engine, composer: Composer, database: Path, content: str, caption_at: int | None
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database):
        for number in range(4):
            if number == caption_at:
                ann.sends(content, media_group_id="77", caption="Is alpha lipoic acid safe?")
            else:
                ann.sends(content, media_group_id="77")
        [answer] = await last_after(telegram, ann, composer)
    only_text = engine.text("only-text", Register.LAYPERSON)
    assert (only_text in answer["text"]) == (caption_at is None)
    assert shows(answer, composer, "ala-safety") == (caption_at is not None)


@pytest.mark.parametrize("content", ["photo", "voice", "document", "video"])
async def test_the_words_under_it_are_the_question(
    telegram: FakeTelegram, engine: Engine, composer: Composer, database: Path, content: str
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database):
        ann.sends(content, caption="does vitamin k2 help?")
        assert shows(await telegram.next_message(ann), composer, "k2")


# --- corrections ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("between", ["tell me about vitamin K2", "i have chest pain"])
async def test_a_correction_changes_its_own_answer_and_a_reaction_nothing(
    telegram: FakeTelegram, engine: Engine, composer: Composer, database: Path, between: str
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database):
        ann.says("what is alpha lipoic acid")
        await telegram.next_message(ann)
        question = ann.says("waht dose was studied?")
        dose = await telegram.next_message(ann)
        ann.says(between)
        await telegram.next_message(ann)
        ann.edits(question, "waht dose was studied?")
        ann.edits(question, "what dose was studied?")
        await telegram.confirmed()
        ann.says("and the side effects?" if "K2" in between else "does vitamin K2 help?")
        await telegram.next_message(ann)
        changed = [one for one in telegram.heard("edit", ann) if one["message_id"] == dose["message_id"]]
        assert all(shows(one, composer, "ala-dose") for one in changed)
        assert all(one["message_id"] == dose["message_id"] for one in telegram.heard("edit", ann))
        assert len(telegram.heard("message", ann)) == 4


async def test_a_correction_while_its_answer_is_on_the_way_changes_it_when_it_is_there(
    telegram: FakeTelegram, engine: Engine, composer: Composer, database: Path
) -> None:
    ann, released = telegram.person(), asyncio.Event()
    async with running_app(telegram, engine, database):
        held = telegram.fault("sendMessage", hold=released, times=1)
        asked = ann.says("does vitamin k2 help neuropathy")
        await telegram.until(lambda: held.struck == 1, "the answer on its way")
        ann.edits(asked, "what is alpha lipoic acid")
        released.set()
        await telegram.until(lambda: bool(telegram.heard("edit", ann)), "the change")
        shown = await last_after(telegram, ann, composer)
    assert [shows(one, composer, node) for one, node in zip(shown, ("k2", "ala"), strict=True)] == [True, True]


async def test_an_emergency_edited_into_a_question_is_a_new_message_and_edited_out_changes_its_card(
    telegram: FakeTelegram, engine: Engine, composer: Composer, database: Path
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database):
        asked = ann.says("what is alpha lipoic acid")
        assert shows(await telegram.next_message(ann), composer, "ala")
        ann.edits(asked, "what is alpha lipoic acid, i have chest pain right now")
        card = await telegram.next_message(ann)
        assert shows(card, composer, "urgent-chest")
        bob = telegram.person("Bob")
        slip = bob.says("i have chest pain right now")
        assert shows(await telegram.next_message(bob), composer, "urgent-chest")
        bob.edits(slip, "what is alpha lipoic acid")
        await telegram.until(lambda: bool(telegram.heard("edit", bob)), "the change")
        assert shows(telegram.heard("edit", bob)[-1], composer, "ala")
        bob.says("what should i do")
        assert not shows(await telegram.next_message(bob), composer, "urgent-chest")


async def test_what_is_called_an_edit_after_the_time_for_edits_is_a_reaction(
    telegram: FakeTelegram, engine: Engine, composer: Composer, database: Path
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database):
        question = ann.says("what is ala?")
        await telegram.next_message(ann)
        telegram.feed.put({"edited_message": question | {"text": "k2", "edit_date": question["date"] + 49 * 3600}})
        assert len(await last_after(telegram, ann, composer)) == 1


# --- the poller -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
async def test_ids_that_begin_again_lower_change_nothing(
    telegram: FakeTelegram, engine: Engine, composer: Composer, database: Path, seed: int
) -> None:
    chance, ann = random.Random(seed), telegram.person()
    begins = sorted(chance.sample(range(10_000_000, 900_000_000, 2_000_000), 4), reverse=True)
    async with running_app(telegram, engine, database) as running:
        for begin in begins:
            telegram.feed.begin_again(begin)
            for words in ("what is ala?", "does vitamin k2 help?", "/privacy"):
                ann.says(words)
            await telegram.confirmed()
            for _ in range(3):
                await telegram.next_message(ann)
            assert running.platform.health()["problem"] == ""
    assert len(telegram.heard("message", ann)) == 12


# --- links and commands ---------------------------------------------------------------------------------------------

FOREIGN = ("tgme", "utm-leaflet-2026", "ref_AbC123", "aGVsbG8gd29ybGQ", "123456", "_", "-", "A" * 64, "start_now")


@pytest.mark.parametrize("payload", FOREIGN)
async def test_a_foreign_link_leads_to_the_greeting(
    telegram: FakeTelegram, engine: Engine, database: Path, payload: str
) -> None:
    ann = telegram.person()
    greeting = engine.text("greeting-title", Register.LAYPERSON)
    async with running_app(telegram, engine, database):
        ann.says(f"/start {payload}")
        assert greeting in (await telegram.next_message(ann))["text"]


async def test_a_link_to_a_node_leads_there_however_it_is_written(
    telegram: FakeTelegram, engine: Engine, composer: Composer, database: Path
) -> None:
    nodes = sorted({"ala-dose", *engine.library.renamed})
    async with running_app(telegram, engine, database):
        for written in [form for node in nodes for form in (node, node.upper(), node.replace("-", "_"))]:
            ann, target = telegram.person(), engine.library.resolve(written.lower().replace("_", "-"))
            ann.says(f"/start {written}")
            message = await telegram.next_message(ann)
            assert target is not None
            assert shows(message, composer, target), (written, message["text"])


@pytest.mark.parametrize(
    "command", ["settings", "stop", "menu", "about", "language", "lang", "foo", "unsubscribe", "cancel"]
)
async def test_commands_of_other_bots_get_a_sensible_answer(
    telegram: FakeTelegram, engine: Engine, database: Path, command: str
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database):
        ann.says(f"/{command}")
        message = await telegram.next_message(ann)
    assert engine.text("old-button", Register.LAYPERSON) not in message["text"]
    unknown = engine.text("unknown-command", Register.LAYPERSON, help="/help") in message["text"]
    assert unknown is (command in ("foo", "unsubscribe", "cancel"))


@pytest.mark.parametrize("command", ["export", "forget"])
async def test_what_is_private_is_not_shown_in_a_group(
    telegram: FakeTelegram, engine: Engine, composer: Composer, database: Path, command: str
) -> None:
    ann, group = telegram.person(), telegram.group()
    async with running_app(telegram, engine, database):
        ann.says("i want to die")
        await telegram.next_message(ann)
        ann.says(f"/{command}@{telegram.username}", group)
        message = await telegram.next_message(group)
        assert engine.text("private-only", Register.LAYPERSON) in message["text"]
        assert "urgent" not in message["text"]
        buttons = [one for row in message["reply_markup"]["inline_keyboard"] for one in row]
        [link] = [one["url"] for one in buttons if "url" in one]
        ann.says("/start " + link.partition("start=")[2])
        private = await telegram.next_message(ann)
    assert shows(private, composer, "privacy")


# --- groups ---------------------------------------------------------------------------------------------------------

REMARKS = (
    "thanks!",
    "thank you so much",
    "ok",
    "okay",
    "lol",
    "haha no",
    "👍",
    "❤️",
    "nice",
    "😂😂",
    "wow",
    "good to know",
)
CONTENT = ("sticker", "photo", "dice", "voice", "video", "document", "location", "poll")


async def test_remarks_to_an_answer_in_a_group_are_left_alone_and_questions_are_not(
    telegram: FakeTelegram, engine: Engine, composer: Composer, database: Path
) -> None:
    ann, bob, group = telegram.person(), telegram.person("Bob"), telegram.group()
    async with running_app(telegram, engine, database):
        ann.says(f"@{telegram.username} what is alpha lipoic acid?", group)
        answer = await telegram.next_message(group)
        for remark in REMARKS:
            bob.says(remark, group, reply_to=answer)
        for content in CONTENT:
            bob.sends(content, group, reply_to=answer)
        bob.sends({"animation": {"file_id": "g"}, "document": {"file_id": "g"}}, group, reply_to=answer)
        assert len(await last_after(telegram, ann, composer, group)) == 1
        bob.says("and does vitamin K2 help?", group, reply_to=answer)
        await telegram.until(lambda: len(telegram.heard("message", group)) == 3, "the answer to a question")
        assert shows(telegram.heard("message", group)[-1], composer, "k2")
        ann.says("i have chest pain right now", group, reply_to=answer)
        await telegram.until(lambda: len(telegram.heard("message", group)) == 4, "the emergency")


async def test_fragments_of_two_people_in_a_group_are_never_mixed(
    telegram: FakeTelegram, engine: Engine, composer: Composer, database: Path
) -> None:
    people, group = [telegram.person(name) for name in ("Ann", "Bob")], telegram.group()
    async with running_app(telegram, engine, database):
        for one, words in zip(people * 3, ("is", "can", "ala", "k2", "safe?", "help?"), strict=True):
            one.says(f"@{telegram.username} {words}", group)
        await telegram.until(lambda: len(telegram.heard("message", group)) == 2, "both answers")
        answers = await last_after(telegram, people[0], composer, group)
    titles = [answer_to(engine, words) for words in ("is ala safe?", "can k2 help?")]
    assert [title in one["text"] for one, title in zip(answers, titles, strict=True)] == [True] * 2
