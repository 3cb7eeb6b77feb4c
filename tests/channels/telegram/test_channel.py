"""Delivering answers: where they go, what is changed in place, and what each refusal of Telegram's leads to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import structlog

from bot.channels.platforms import Unexpected
from bot.channels.telegram.channel import TelegramDelivery
from bot.channels.telegram.client import KNOWN_STATUSES, make_bot
from bot.channels.telegram.updates import TelegramAddress
from bot.content.markdown import Inline, Paragraph
from bot.dialog.turn import Button, ClaimCard, FootLine, Outcome, Register, Reply
from bot.inbox.events import Busy, Gone, OutboundMessage, Refused
from tests.channels.telegram.telegram_app import UNLIMITED, words
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_people import Person

CARD = ClaimCard(
    node="ala",
    register=Register.LAYPERSON,
    outcome=Outcome.ANSWER,
    title="ALA",
    brief=(Paragraph((Inline("A body."),)),),
    sources=(),
    review=FootLine("Not reviewed.", "Not reviewed by anybody."),
    disclaimer=FootLine("General information.", "This is general information."),
    buttons=(Button("More", "v1:k2"),),
)
LONG = replace(CARD, brief=tuple(Paragraph((Inline(f"{number} " + "word " * 700),)) for number in range(3)))


class Delivery:
    """A channel against the stand-in, and the progress it reports."""

    def __init__(self, fake: FakeTelegram) -> None:
        self.unexpected = Unexpected("telegram")
        self.bot = make_bot(fake.token, fake.url, self.unexpected)
        self.channel = TelegramDelivery(self.bot, words, UNLIMITED, self.unexpected)
        self.sent: list[str] = []

    async def progress(self, message: str, *, last: bool = False) -> None:
        self.sent.append(message)

    async def __call__(self, place: TelegramAddress, reply: Reply | None = None, **message: Any) -> None:
        await self.channel.deliver(OutboundMessage(place.address(), reply or Reply(CARD), **message), self.progress)

    async def close(self) -> None:
        await self.channel.close()
        await self.bot.request.shutdown()


@pytest.fixture
async def deliver(telegram: FakeTelegram) -> AsyncIterator[Delivery]:
    delivery = Delivery(telegram)
    yield delivery
    await delivery.close()


@pytest.fixture
def ann(telegram: FakeTelegram) -> Person:
    return telegram.person()


async def test_sends_a_new_message_and_reports_it(telegram: FakeTelegram, deliver: Delivery, ann: Person) -> None:
    await deliver(TelegramAddress(ann.id))
    (message,) = telegram.heard("message", ann)
    assert message["text"].startswith("ALA\n\nA body.")
    assert "reply_to_message" not in message
    assert message["link_preview_options"] == {"is_disabled": True}
    assert deliver.sent == [str(message["message_id"])]


async def test_a_tap_is_acknowledged_without_being_waited_for(
    telegram: FakeTelegram, deliver: Delivery, ann: Person
) -> None:
    pending = telegram.fault("answerCallbackQuery", hold=asyncio.Event())
    query = ann.forges("v1:ala")
    await deliver(TelegramAddress(ann.id, query=query))
    assert telegram.heard("message", ann)
    assert pending.hold is not None
    pending.hold.set()
    assert (await telegram.until(lambda: [one for one in telegram.calls if one.method == "answerCallbackQuery"]))[0]


async def test_a_press_too_old_is_answered_all_the_same(telegram: FakeTelegram, deliver: Delivery, ann: Person) -> None:
    await deliver(TelegramAddress(ann.id, query="long ago"))
    await telegram.until(lambda: telegram.refused)
    assert telegram.refused[0].method == "answerCallbackQuery"
    assert telegram.heard("message", ann)


async def test_changes_the_tapped_message_in_place(telegram: FakeTelegram, deliver: Delivery, ann: Person) -> None:
    await deliver(TelegramAddress(ann.id))
    number = int(deliver.sent[0])
    await deliver(TelegramAddress(ann.id, tapped=number), Reply(replace(CARD, title="ALA, plainly"), in_place=True))
    (edit,) = telegram.heard("edit", ann)
    assert (edit["message_id"], edit["text"][:12]) == (number, "ALA, plainly")
    assert len(telegram.heard("message", ann)) == 1
    assert deliver.sent == [str(number)] * 2


async def test_a_change_that_changes_nothing_is_a_success(
    telegram: FakeTelegram, deliver: Delivery, ann: Person
) -> None:
    await deliver(TelegramAddress(ann.id))
    await deliver(TelegramAddress(ann.id, tapped=int(deliver.sent[0])), Reply(CARD, in_place=True))
    assert len(telegram.heard("message", ann)) == 1
    assert deliver.sent[0] == deliver.sent[1]


async def test_a_deleted_message_is_replaced_by_a_new_one(
    telegram: FakeTelegram, deliver: Delivery, ann: Person
) -> None:
    await deliver(TelegramAddress(ann.id, tapped=999), Reply(CARD, in_place=True))
    assert len(telegram.heard("message", ann)) == 1


async def test_a_corrected_question_changes_its_answer(telegram: FakeTelegram, deliver: Delivery, ann: Person) -> None:
    await deliver(TelegramAddress(ann.id))
    await deliver(TelegramAddress(ann.id), Reply(replace(CARD, title="K2")), earlier=deliver.sent[0])
    assert [one["text"][:2] for one in telegram.heard("edit", ann)] == ["K2"]


async def test_a_long_answer_goes_on_where_an_attempt_broke_off(
    telegram: FakeTelegram, deliver: Delivery, ann: Person
) -> None:
    await deliver(TelegramAddress(ann.id), Reply(LONG))
    whole = [message["text"] for message in telegram.heard("message", ann)]
    assert len(whole) > 1
    await deliver(TelegramAddress(ann.id), Reply(LONG), sent=deliver.sent[:1])
    assert [message["text"] for message in telegram.heard("message", ann)] == whole + whole[1:]
    assert "reply_markup" in telegram.heard("message", ann)[-1]


async def test_a_long_answer_replaces_no_single_message(telegram: FakeTelegram, deliver: Delivery, ann: Person) -> None:
    await deliver(TelegramAddress(ann.id))
    await deliver(TelegramAddress(ann.id, tapped=int(deliver.sent[0])), Reply(LONG, in_place=True))
    assert not telegram.heard("edit", ann)


async def test_in_a_group_it_replies_in_the_topic_and_offers_privacy(
    telegram: FakeTelegram, deliver: Delivery, ann: Person
) -> None:
    group = telegram.group(forum=True)
    topic = group.topic("Feet")
    question = ann.says("/help", group, topic)
    await deliver(TelegramAddress(group.id, group=True, topic=topic, reply_to=question["message_id"]))
    (message,) = telegram.heard("message", group)
    assert message["message_thread_id"] == topic
    assert message["reply_to_message"]["message_id"] == question["message_id"]
    last = message["reply_markup"]["inline_keyboard"][-1][-1]
    assert last == {"text": "telegram-private", "url": "https://t.me/footnote_test_bot?start=ala"}


async def test_a_bot_that_cannot_learn_its_name_offers_no_way_into_private(
    telegram: FakeTelegram, deliver: Delivery
) -> None:
    group = telegram.group()
    telegram.fault("getMe", status=502)
    await deliver(TelegramAddress(group.id, group=True))
    assert "telegram-private" not in str(telegram.heard("message", group)[0])


async def test_the_numbers_of_a_reply_are_copied_at_a_touch(
    telegram: FakeTelegram, deliver: Delivery, ann: Person
) -> None:
    urgent = replace(CARD, outcome=Outcome.URGENT)
    await deliver(TelegramAddress(ann.id), Reply(urgent, numbers=(("Emergency", "112"),)))
    await deliver(TelegramAddress(ann.id))
    first, second = telegram.heard("message", ann)
    button = {"text": "telegram-copy Emergency 112", "copy_text": {"text": "112"}, "style": "danger"}
    assert first["reply_markup"]["inline_keyboard"][0] == [button]
    assert "copy_text" not in str(second)


async def test_a_deleted_question_is_answered_without_reply(
    telegram: FakeTelegram, deliver: Delivery, ann: Person
) -> None:
    group = telegram.group()
    await deliver(TelegramAddress(group.id, group=True, reply_to=999))
    assert "reply_to_message" not in telegram.heard("message", group)[0]


async def test_a_deleted_topic(telegram: FakeTelegram, deliver: Delivery, ann: Person) -> None:
    group = telegram.group(forum=True)
    with pytest.raises(Gone):
        await deliver(TelegramAddress(group.id, group=True, topic=99))
    await deliver(TelegramAddress(ann.id, topic=99))
    assert "message_thread_id" not in telegram.heard("message", ann)[0]


async def test_a_group_that_moved_is_followed(telegram: FakeTelegram, deliver: Delivery) -> None:
    group = telegram.group(kind="group")
    moved = group.migrates()
    await deliver(TelegramAddress(group.id, group=True, reply_to=1), Reply(LONG))
    assert len(telegram.heard("message", moved)) == len(deliver.sent) > 1


async def test_who_blocked_the_bot_is_gone_and_to_be_forgotten(
    telegram: FakeTelegram, deliver: Delivery, ann: Person
) -> None:
    ann.blocks()
    with pytest.raises(Gone) as gone:
        await deliver(TelegramAddress(ann.id))
    assert gone.value.forget
    group = telegram.group()
    group.kicks_bot(ann)
    with pytest.raises(Gone) as gone:
        await deliver(TelegramAddress(group.id, group=True))
    assert not gone.value.forget


@pytest.mark.parametrize(
    "refusal", ["Bad Request: chat not found", "Bad Request: not enough rights to send text messages"]
)
async def test_a_place_that_takes_nothing_is_gone(
    telegram: FakeTelegram, deliver: Delivery, ann: Person, refusal: str
) -> None:
    telegram.fault("sendMessage", status=400, description=refusal)
    with pytest.raises(Gone):
        await deliver(TelegramAddress(ann.id))


@pytest.mark.parametrize("status", [400, 403])
@pytest.mark.parametrize("words_", ["the moon is full", "NEW_RULE_OF_2027", "", "нельзя", "x" * 300])
async def test_a_refusal_nobody_has_met_fails_the_turn_is_counted_and_named_once(
    telegram: FakeTelegram, deliver: Delivery, ann: Person, status: int, words_: str
) -> None:
    kind = {400: "Bad Request", 403: "Forbidden"}[status]
    telegram.fault("sendMessage", status=status, description=f"{kind}: {words_}", times=50)
    with structlog.testing.capture_logs() as logs:
        for _ in range(2):
            with pytest.raises(Refused):
                await deliver(TelegramAddress(ann.id))
    assert [count for name, count in deliver.unexpected.counts.items() if name.startswith("error:")] == [2]
    assert sum(one["event"] == "unexpected" for one in logs) == 1


@pytest.mark.parametrize("status", [400, 403, 404, 418, 451, 520])
async def test_a_page_that_is_not_telegrams_loses_nobody(
    telegram: FakeTelegram, deliver: Delivery, ann: Person, status: int
) -> None:
    telegram.fault("sendMessage", status=status, garbage=True)
    with pytest.raises(Busy):
        await deliver(TelegramAddress(ann.id))
    strange = {} if status in KNOWN_STATUSES else {f"status:{status}": 1}
    assert deliver.unexpected.counts == strange


@pytest.mark.parametrize(
    ("fault", "after"),
    [
        ({"retry_after": 7}, 7.0),
        ({"status": 500}, 0.5),
        ({"status": 502}, 0.5),
        ({"garbage": True}, 0.5),
        ({"drop": "before"}, 0.5),
        ({"drop": "after"}, 0.5),
        ({"status": 401}, 60.0),
    ],
)
async def test_what_may_pass_is_tried_again_later(
    telegram: FakeTelegram, deliver: Delivery, ann: Person, fault: dict[str, Any], after: float
) -> None:
    telegram.fault("sendMessage", **fault)
    with pytest.raises(Busy) as busy:
        await deliver(TelegramAddress(ann.id))
    assert busy.value.after == after
    assert telegram.token not in str(busy.value)


async def test_when_nobody_listens_it_is_busy(ann: Person) -> None:
    fake = FakeTelegram()
    await fake.start()
    await fake.stop()
    deliver = Delivery(fake)
    with pytest.raises(Busy, match="NetworkError"):
        await deliver(TelegramAddress(ann.id))
    await deliver.close()
    with pytest.raises(Busy):
        await deliver(TelegramAddress(ann.id))


@pytest.mark.parametrize(
    ("refusal", "lost"),
    [
        ("Bad Request: can't parse entities: byte offset 3", "entities"),
        ("Bad Request: BUTTON_DATA_INVALID", "reply_markup"),
    ],
)
async def test_what_is_refused_goes_out_plainer(
    telegram: FakeTelegram, deliver: Delivery, ann: Person, refusal: str, lost: str
) -> None:
    telegram.fault("sendMessage", status=400, description=refusal, times=1 if lost == "entities" else 2)
    await deliver(TelegramAddress(ann.id))
    (message,) = telegram.heard("message", ann)
    assert lost not in message
    assert "A body." in message["text"]


async def test_two_chats_do_not_wait_for_each_other(telegram: FakeTelegram, deliver: Delivery, ann: Person) -> None:
    bob = telegram.person("Bob")
    pending = telegram.fault("sendMessage", chat=ann.id, hold=asyncio.Event())
    slow = asyncio.create_task(deliver(TelegramAddress(ann.id)))
    await telegram.until(lambda: pending.struck)
    await deliver(TelegramAddress(bob.id))
    assert telegram.heard("message", bob)
    assert pending.hold is not None
    pending.hold.set()
    await slow
