"""Whole turns over real HTTP: what a person does on the phone, and what they then see."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from bot.channels.telegram.layout import text_lines
from bot.dialog import payloads
from bot.dialog.composer import Composer
from bot.dialog.engine import Engine
from bot.dialog.turn import Register
from bot.inbox.processor import RetryPolicy
from bot.store.common import DAY
from tests.channels.telegram.telegram_app import Mode, TelegramApp, running_app
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_people import Group, Person

pytestmark = pytest.mark.usefixtures("soon_again")

MODES: list[Mode] = ["polling", "webhook"]
Json = dict[str, Any]


def buttons(message: Json) -> list[Json]:
    return [button for row in message["reply_markup"]["inline_keyboard"] for button in row]


def payload_of(message: Json, node: str, word: str = "") -> str:
    """Return what the button of a node carries; by default the follow-up, not the feedback."""
    carried = [str(button["callback_data"]) for button in buttons(message) if "callback_data" in button]
    found = [(data, tap) for data in carried if (tap := payloads.parse(data))]
    return next(data for data, tap in found if (tap.node, tap.register, tap.word) == (node, None, word))


async def asked(telegram: FakeTelegram, ann: Person, text: str, **where: Any) -> Json:
    """Texts something and return the answer."""
    ann.says(text, **where)
    return await telegram.next_message(where.get("where", ann))


async def listed(telegram: FakeTelegram, ann: Person) -> list[Json]:
    """Ask for all sources: the one answer that may take several messages."""
    found = [await asked(telegram, ann, "/sources")]
    while "reply_markup" not in found[-1]:
        found.append(await telegram.next_message(ann))
    return found


async def tapped(telegram: FakeTelegram, ann: Person, data: str, message: Json) -> Json:
    """Press a button and return the new message."""
    ann.taps(data, message)
    return await telegram.next_message(message["chat"]["id"])


def shows(message: Json, composer: Composer, node: str, register: Register = Register.LAYPERSON) -> bool:
    return composer.card(node, register).title in message["text"]


@pytest.mark.parametrize("mode", MODES)
async def test_walks_the_main_path_switches_asks_for_sources_and_goes_on_after_a_restart(
    telegram: FakeTelegram, engine: Engine, composer: Composer, database: Path, mode: Mode
) -> None:
    ann = telegram.person("<b>Ann</b>")
    async with running_app(telegram, engine, database, mode):
        message = await asked(telegram, ann, "/start overview")
        assert shows(message, composer, "overview")
        for node in ("ala", "k2"):
            message = await tapped(telegram, ann, payload_of(message, node), message)
            assert shows(message, composer, node)
        ann.taps(payloads.payload("k2", Register.PROFESSIONAL), message)
        edit = await telegram.next_edit(ann)
        assert edit["message_id"] == message["message_id"]
        assert shows(edit, composer, "k2", Register.PROFESSIONAL)
        await listed(telegram, ann)
    async with running_app(telegram, engine, database, mode):
        message = await tapped(telegram, ann, payload_of(edit, "algorithm"), edit)
        assert shows(message, composer, "algorithm", Register.PROFESSIONAL)
        message = await tapped(telegram, ann, payload_of(message, "caveats"), message)
        assert shows(message, composer, "caveats", Register.PROFESSIONAL)
        assert "[1]" in "".join(message["text"] for message in await listed(telegram, ann))
    assert not telegram.refused
    assert len(telegram.heard("answer", ann)) == 5


async def test_a_double_tap_is_answered_once_and_both_spinners_stop(
    telegram: FakeTelegram, engine: Engine, composer: Composer, database: Path
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database):
        message = await asked(telegram, ann, "/start overview")
        for _ in range(2):
            ann.taps(payload_of(message, "ala"), message)
        await telegram.until(lambda: len(telegram.heard("answer", ann)) == 2, "both acknowledgements")
        last = await asked(telegram, ann, "/privacy")
        assert shows(last, composer, "ala")
        assert shows(await telegram.next_message(ann), composer, "privacy")
    assert len(telegram.heard("message", ann)) == 3


@pytest.mark.parametrize("mode", MODES)
async def test_every_second_call_refused_with_429_loses_and_doubles_nothing(
    telegram: FakeTelegram, engine: Engine, database: Path, mode: Mode
) -> None:
    people = [telegram.person(f"P{number}") for number in range(5)]
    telegram.fault("sendMessage", retry_after=0.05, every=2)
    async with running_app(telegram, engine, database, mode):
        for person in people:
            for text in ("/start", "what is ALA?", "/privacy"):
                person.says(text)
        await telegram.until(lambda: all(len(telegram.heard("message", one)) == 3 for one in people), "every answer")
    assert all(len(telegram.heard("message", one)) == 3 for one in people)


async def test_a_message_whose_fate_is_unknown_is_sent_again_word_for_word(
    telegram: FakeTelegram, engine: Engine, database: Path
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database):
        await asked(telegram, ann, "/start")
        telegram.fault("sendMessage", drop="after", times=1)
        ann.says("what is ALA?")
        first, second = await telegram.next_message(ann), await telegram.next_message(ann)
    assert first["text"] == second["text"]
    assert len(telegram.heard("message", ann)) == 3


async def test_a_broken_edit_is_repeated_and_doubles_nothing(
    telegram: FakeTelegram, engine: Engine, database: Path
) -> None:
    ann = telegram.person()
    telegram.fault("editMessageText", drop="after", times=1)
    async with running_app(telegram, engine, database):
        await asked(telegram, ann, "/start")
        message = await asked(telegram, ann, "what is ALA?")
        ann.taps(payloads.payload("ala", Register.PROFESSIONAL), message)
        await telegram.until(lambda: [one for one in telegram.refused if "not modified" in one.error], "the repetition")
    assert len(telegram.heard("message", ann)) == 2


async def test_what_was_accepted_is_answered_after_a_restart(
    telegram: FakeTelegram, engine: Engine, composer: Composer, database: Path
) -> None:
    ann = telegram.person()
    telegram.fault("sendMessage", status=502)
    async with running_app(telegram, engine, database):
        ann.says("what is ALA?")
        await telegram.until(lambda: telegram.faults[0].struck and not telegram.feed.pending, "the acceptance")
    telegram.faults.clear()
    async with running_app(telegram, engine, database):
        assert shows(await telegram.next_message(ann), composer, "ala")


async def test_a_correction_changes_the_answer(
    telegram: FakeTelegram, engine: Engine, composer: Composer, database: Path
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database):
        question = ann.says("what is ALA?")
        answer = await telegram.next_message(ann)
        await asked(telegram, ann, "/privacy")
        ann.edits(question, "does vitamin k2 help?")
        edit = await telegram.next_edit(ann)
        assert edit["message_id"] == answer["message_id"]
        assert shows(edit, composer, "k2")


async def test_a_reply_to_an_older_answer_means_that_answer(
    telegram: FakeTelegram, engine: Engine, composer: Composer, database: Path
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database):
        await asked(telegram, ann, "/start")
        ala = await asked(telegram, ann, "what is ALA?")
        await asked(telegram, ann, "does vitamin k2 help?")
        answer = await asked(telegram, ann, "and the side effects?", reply_to=ala)
        assert shows(answer, composer, "ala-safety")


async def test_topics_are_conversations_of_their_own(
    telegram: FakeTelegram, engine: Engine, composer: Composer, database: Path
) -> None:
    ann, group = telegram.person(), telegram.group(forum=True)
    ala, k2 = group.topic("ALA"), group.topic("K2", by=ann.user)
    async with running_app(telegram, engine, database):
        await asked(telegram, ann, "/start@footnote_test_bot", where=group, topic=ala)
        await asked(telegram, ann, "@footnote_test_bot what is ALA?", where=group, topic=ala)
        await asked(telegram, ann, "/start k2", where=group, topic=k2)
        answer = await asked(telegram, ann, "@footnote_test_bot and the side effects?", where=group, topic=ala)
        assert shows(answer, composer, "ala-safety")
        assert answer["message_thread_id"] == ala
        answer = await asked(telegram, ann, "@footnote_test_bot and the side effects?", where=group, topic=k2)
        assert shows(answer, composer, "k2")
        assert answer["message_thread_id"] == k2
    assert not telegram.refused


async def test_in_a_group_each_reads_their_own_register(
    telegram: FakeTelegram, engine: Engine, composer: Composer, database: Path
) -> None:
    ann, bob, group = telegram.person("Ann"), telegram.person("Bob"), telegram.group()
    async with running_app(telegram, engine, database):
        answer = await asked(telegram, ann, "@footnote_test_bot does vitamin k2 help?", where=group)
        assert answer["reply_to_message"]["from"]["id"] == ann.id
        bob.taps(payloads.payload("k2", Register.PROFESSIONAL), answer)
        his = await telegram.next_message(group)
        assert shows(his, composer, "k2", Register.PROFESSIONAL)
        assert his["reply_to_message"]["message_id"] == answer["message_id"]
        ann.taps(payloads.payload("k2", Register.PROFESSIONAL), answer)
        assert (await telegram.next_edit(group))["message_id"] == answer["message_id"]
        assert shows(
            await asked(telegram, bob, "what is ALA?", where=group, reply_to=his),
            composer,
            "ala",
            Register.PROFESSIONAL,
        )
        ann.says("talking among ourselves", group)
        after = await asked(telegram, bob, "/help@footnote_test_bot", where=group)
        assert shows(after, composer, "help", Register.PROFESSIONAL)
    assert not telegram.refused


async def test_a_choice_changes_the_message_in_place_and_says_so(
    telegram: FakeTelegram, engine: Engine, database: Path
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database) as running:
        answer = await asked(telegram, ann, "/start ala")
        ann.forges(payloads.payload("k2", word="choice"), answer)
        assert (await telegram.next_edit(ann))["message_id"] == answer["message_id"]
        await _settled(running)
        title = engine.title("k2", Register.LAYPERSON)
        await telegram.until(lambda: telegram.heard("answer", ann))
    assert [one["text"] for one in telegram.heard("answer", ann)] == [
        engine.text("now-shown", Register.LAYPERSON, title=title)
    ]
    assert len(telegram.heard("message", ann)) == 1


async def test_a_vote_is_thanked_for_beside_the_finger_and_can_be_changed(
    telegram: FakeTelegram, engine: Engine, database: Path
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database) as running:
        first = await asked(telegram, ann, "/start ala-safety")
        ann.forges(payloads.payload("ala-safety", word="more"), first)
        answer = await telegram.next_message(ann)
        ann.taps(payload_of(answer, "ala-safety", "up"), answer)
        edit = await telegram.next_edit(ann)
        assert edit["text"] == answer["text"]
        assert f"✓ {engine.text('helpful', Register.LAYPERSON)}" in [one["text"] for one in buttons(edit)]
        ann.taps(payload_of(edit, "ala-safety", "todown"), edit)
        await telegram.next_edit(ann)
        await _settled(running)
        votes = await running.store.votes()
        await telegram.until(lambda: len(telegram.heard("answer", ann)) == 3)
    assert votes == {("ala-safety", "up"): 0, ("ala-safety", "down"): 1}
    said = [engine.text(key, Register.LAYPERSON) for key in ("vote-counted", "vote-changed")]
    assert [one["text"] for one in telegram.heard("answer", ann)][1:] == said
    assert len(telegram.heard("message", ann)) == 2


async def test_forget_asks_once_and_deletes(
    telegram: FakeTelegram, engine: Engine, composer: Composer, database: Path
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database):
        answer = await asked(telegram, ann, "/start k2")
        ann.taps(payloads.payload("k2", Register.PROFESSIONAL), answer)
        await telegram.next_edit(ann)
        question = await asked(telegram, ann, "/forget")
        confirm, keep = buttons(question)[:2]
        assert (confirm["style"], confirm["text"]) == ("danger", "Delete my data")
        assert keep["text"] == "Keep it"
        done = await tapped(telegram, ann, confirm["callback_data"], question)
        assert "preferences (1), places in conversations (1), links to answers (2)" in done["text"]
        again = await asked(telegram, ann, "/start k2")
        assert shows(again, composer, "k2", Register.LAYPERSON)
        assert again["text"].startswith(engine.text("hello-line", Register.LAYPERSON))


async def test_an_export_is_json_once_in_a_block_of_code(
    telegram: FakeTelegram, engine: Engine, database: Path
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database) as running:
        answer = await asked(telegram, ann, "/start k2")
        ann.taps(payloads.payload("k2", Register.PROFESSIONAL), answer)
        await telegram.next_edit(ann)
        shown = code_in(await asked(telegram, ann, "/export"))
        person = running.identity.person(f"telegram:{ann.id}")
        await _settled(running)
        stored = await running.store.export(person)
    told = json.loads(shown)
    assert shown == json.dumps(told, indent=2)
    assert told | {"trails": [["k2", "privacy"]], "messages": 2} == stored  # /export itself is an answer
    assert (told["tone"], told["met"], told["trails"], told["messages"]) == ("professional", True, [["k2"]], 1)


def code_in(message: Json) -> str:
    """Return the text of the only block of code."""
    (block,) = (entity for entity in message["entities"] if entity["type"] == "pre")
    units = message["text"].encode("utf-16-le")[block["offset"] * 2 : (block["offset"] + block["length"]) * 2]
    return str(units.decode("utf-16-le"))


FULL = "I cannot replace your doctor"


async def test_a_greeting_says_what_it_is_and_offers_questions_and_the_disclaimer(
    telegram: FakeTelegram, engine: Engine, database: Path
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database):
        first, second = await asked(telegram, ann, "/start"), await asked(telegram, ann, "/start")
    for message in (first, second):
        assert text_lines(message["text"], message.get("entities", ())) <= 14
        carried = [button["callback_data"] for button in buttons(message)]
        questions = [payloads.payload(node) for node in ("overview", *engine.library.nodes["overview"].next[:3])]
        assert sorted(carried) == sorted([*questions, "v1:overview:professional!start", "v1:disclaimer"])
        assert FULL not in message["text"]
    assert first["text"].endswith(engine.text("welcome-offer", Register.LAYPERSON))
    assert not second["text"].endswith(engine.text("welcome-offer", Register.LAYPERSON))


async def test_a_link_is_one_message_with_one_line_of_greeting(
    telegram: FakeTelegram, engine: Engine, composer: Composer, database: Path
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database):
        answer = await asked(telegram, ann, "/start ala")
        ann.taps("v1:ala:professional", answer)
        assert shows(await telegram.next_edit(ann), composer, "ala", Register.PROFESSIONAL)
    assert answer["text"].startswith(engine.text("hello-line", Register.LAYPERSON))
    assert shows(answer, composer, "ala")
    assert FULL not in answer["text"]
    assert len(telegram.heard("message", ann)) == 1


async def test_what_claims_nothing_carries_no_small_print(
    telegram: FakeTelegram, engine: Engine, database: Path
) -> None:
    ann, foot = telegram.person(), engine.text("foot-disclaimer", Register.LAYPERSON)
    async with running_app(telegram, engine, database):
        for text in ("/start", "/help", "/privacy", "/tone", "/settings", "/forget", "/export", "/nonsense"):
            assert foot not in (await asked(telegram, ann, text))["text"], text
        assert foot in (await asked(telegram, ann, "/start ala"))["text"]


async def test_what_is_stored_about_a_person_is_not_shown_to_a_group(
    telegram: FakeTelegram, engine: Engine, database: Path
) -> None:
    ann, group = telegram.person(), telegram.group()
    async with running_app(telegram, engine, database):
        for command in ("export", "forget"):
            ann.says(f"/{command}@{telegram.username}", group)
            answer = await telegram.next_message(group)
            assert engine.text("private-only", Register.LAYPERSON) in answer["text"]
            assert [button["url"] for button in buttons(answer) if "url" in button]


async def test_a_refused_fold_is_sent_unfolded_with_nothing_lost(
    telegram: FakeTelegram, engine: Engine, database: Path
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database):
        await asked(telegram, ann, "/start")
        folded = await asked(telegram, ann, "/ala_safety")
        telegram.fault("sendMessage", status=400, description="Bad Request: can't parse entities", times=1)
        unfolded = await asked(telegram, ann, "/ala_safety")
    kinds = {entity["type"] for entity in folded["entities"]} - {entity["type"] for entity in unfolded["entities"]}
    assert kinds == {"expandable_blockquote"}
    assert folded["text"] == unfolded["text"]


async def test_urgent_words_under_a_picture_count(
    telegram: FakeTelegram, engine: Engine, composer: Composer, database: Path
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database):
        ann.sends_photo("my toe turned black and I have a fever")
        assert shows(await telegram.next_message(ann), composer, "urgent-foot-severe")
        for content in ("photo", "voice", "sticker", "document", "location", "contact", "dice", "poll", "video"):
            ann.sends(content)
            answer = await telegram.next_message(ann)
            assert engine.text("only-text", Register.LAYPERSON)[:20] in answer["text"]
        ann.sends("rich")
        assert (await telegram.next_message(ann))["text"]
    assert not telegram.refused


@pytest.mark.parametrize(
    "data", ["v1:no-such-node", "v2:ala", "x", "", "v1:ala:royal", "v1:" + "a" * 60, "v1:ala" * 99, "\0", "../.."]
)
async def test_a_forged_button_gets_an_honest_answer(
    telegram: FakeTelegram, engine: Engine, database: Path, data: str
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database):
        await asked(telegram, ann, "/start")
        message = await asked(telegram, ann, "what is ALA?")
        ann.forges(data, message)
        answer = await telegram.next_message(ann)
        assert engine.text("old-button", Register.LAYPERSON) in answer["text"]


async def test_a_tap_on_a_message_that_is_gone_or_out_of_sight_is_answered(
    telegram: FakeTelegram, engine: Engine, composer: Composer, database: Path
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database):
        await asked(telegram, ann, "/start")
        message = await asked(telegram, ann, "what is ALA?")
        ann.deletes(message)
        ann.forges(payloads.payload("ala", Register.PROFESSIONAL), message)
        assert shows(await telegram.next_message(ann), composer, "ala", Register.PROFESSIONAL)
        ann.taps_inaccessible(payloads.payload("k2"), message)
        assert shows(await telegram.next_message(ann), composer, "k2", Register.PROFESSIONAL)
        ann.forges(payloads.payload("caveats"))
        assert shows(await telegram.next_message(ann), composer, "caveats", Register.PROFESSIONAL)


async def test_who_blocks_the_bot_stops_nothing(
    telegram: FakeTelegram, engine: Engine, composer: Composer, database: Path
) -> None:
    ann, bob, group = telegram.person("Ann"), telegram.person("Bob"), telegram.group(kind="group")
    async with running_app(telegram, engine, database):
        ann.says("what is ALA?")
        ann.blocks()
        bob.says("/help", group)
        await telegram.next_message(group)
        moved = group.migrates()
        bob.says("/privacy", group)
        assert shows(await telegram.next_message(moved), composer, "privacy")
        group.kicks_bot(bob)
        bob.says("what is ALA?")
        assert shows(await telegram.next_message(bob), composer, "ala")
        ann.unblocks()
        assert shows(await asked(telegram, ann, "what is ALA?"), composer, "ala")


async def test_who_blocked_the_bot_is_forgotten_after_the_grace_period(
    telegram: FakeTelegram, engine: Engine, database: Path
) -> None:
    ann, bob = telegram.person("Ann"), telegram.person("Bob")
    async with running_app(telegram, engine, database) as running:
        for person in (ann, bob):
            await asked(telegram, person, "/start k2")
            person.blocks()
        bob.unblocks()
        await asked(telegram, bob, "/help")
        await telegram.confirmed()
        await _settled(running)
        left = time.time()
        for day, kept in ((29, [1, 1]), (31, [0, 1])):
            await running.store.prune(RetryPolicy().cutoffs(left + day * DAY))
            assert [await places(running, person) for person in (ann, bob)] == kept


async def places(running: TelegramApp, person: Person) -> int:
    """Return in how many conversations a person's place is known."""
    stored = await running.store.export(running.identity.person(f"telegram:{person.id}"))
    return int(stored["conversations"])


@pytest.mark.parametrize(
    "text",
    ["🦶" * 2048, "x" * 4096, "ألم في القدم", "‮evil", "a\0b", "<script>alert(1)</script>", "{{ 7*7 }}", "*_`[", "?"],
)
async def test_anything_written_is_answered(
    telegram: FakeTelegram, engine: Engine, database: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.inbox.events.PATIENCE", 0.05)  # two are as long as one message may be
    ann = telegram.person()
    async with running_app(telegram, engine, database):
        assert (await asked(telegram, ann, text))["text"]
    assert not telegram.refused


async def test_a_topic_deleted_before_the_answer_keeps_nobody_waiting(
    telegram: FakeTelegram, engine: Engine, composer: Composer, database: Path
) -> None:
    ann, group = telegram.person(topics=True), telegram.group(forum=True)
    async with running_app(telegram, engine, database):
        topic = group.topic("Feet")
        ann.says("/help", group, topic)
        group.deletes_topic(topic)
        ann.says("what is ALA?", topic=7)
        del ann.chat.topics[7]
        assert shows(await telegram.next_message(ann), composer, "ala")


async def test_nothing_about_people_is_readable_in_the_database(
    telegram: FakeTelegram, engine: Engine, database: Path
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database) as running:
        await asked(telegram, ann, "my very private question about ALA")
        await _settled(running)
    raw = b"".join(path.read_bytes() for path in database.parent.glob(f"{database.name}*"))
    assert b"private question" not in raw
    assert str(ann.id).encode() not in raw
    assert json.dumps(ann.id).encode() not in raw


async def _settled(running: TelegramApp) -> None:
    """Return when no accepted turn is left."""
    await running.inbox.drain(5)


async def test_the_group_of_a_person_hears_no_answer_to_what_was_private(
    telegram: FakeTelegram, engine: Engine, database: Path
) -> None:
    ann, group = telegram.person(), telegram.group()
    async with running_app(telegram, engine, database):
        answer = await asked(telegram, ann, "/help", where=group)
        link = next(button["url"] for button in buttons(answer) if "url" in button)
        assert link == "https://t.me/footnote_test_bot?start=help"
        await asked(telegram, ann, "/start help")
    _only(telegram, group, 1)


def _only(telegram: FakeTelegram, group: Group, count: int) -> None:
    assert len(telegram.heard("message", group)) == count


async def test_an_unknown_refusal_that_passes_loses_no_question_and_one_that_stays_is_set_aside(
    telegram: FakeTelegram, engine: Engine, composer: Composer, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.inbox.inbox.after_failure", lambda _attempts: 0.01)
    ann, bob = telegram.person("Ann"), telegram.person("Bob")
    refusal: Json = {"status": 403, "description": "Forbidden: the moon is full"}
    async with running_app(telegram, engine, database) as app:
        telegram.fault("sendMessage", times=1, **refusal)
        assert shows(await asked(telegram, ann, "what is ALA?"), composer, "ala")
        stays = telegram.fault("sendMessage", chat=ann.id, times=RetryPolicy().attempts, **refusal)
        ann.says("is ALA safe?")
        await telegram.until(lambda: stays.struck == stays.times, "every attempt")
        while not (held := await app.store.pending("quarantined")):  # noqa: ASYNC110  (the store tells nobody)
            await asyncio.sleep(0.002)
        assert [one.reason for one in held] == ["refused: forbidden-the-moon-is-full"]
        assert shows(await asked(telegram, bob, "what is ALA?"), composer, "ala")
        assert app.platform.health()["unknown"] == {"error:forbidden-the-moon-is-full": 1 + stays.struck}
