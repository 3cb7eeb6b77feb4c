"""What each kind of update means at the door."""

from __future__ import annotations

from typing import Any

import pytest
from telegram import Message, Update

from bot.channels.telegram.updates import (
    AROUND,
    CONTENT,
    DOUBLE_TAP,
    KINDS,
    SERVICE,
    InlineQuery,
    Unreadable,
    UpdateParser,
    UserLeft,
)
from bot.dialog.turn import Incoming, Kind
from bot.inbox.events import InboundEvent

BOT = {"id": 42, "is_bot": True, "first_name": "Footnote", "username": "footnote_bot"}
ANN = {"id": 7, "is_bot": False, "first_name": "<b>Ann</b>"}
BOB = {"id": 8, "is_bot": False, "first_name": "Bob"}
PRIVATE = {"id": 7, "type": "private", "first_name": "Ann"}
GROUP = {"id": -100, "type": "supergroup", "title": "Feet"}
CHANNEL = {"id": -200, "type": "channel", "title": "News"}
ANSWER = {"message_id": 3, "date": 1, "chat": GROUP, "from": BOT, "text": "an answer"}


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def door(clock: Clock) -> UpdateParser:
    door = UpdateParser(42, clock)
    door.username = "footnote_bot"
    return door


def message(**fields: Any) -> dict[str, Any]:
    return {"message_id": 5, "date": 1, "chat": PRIVATE, "from": ANN} | fields


def read(door: UpdateParser, **update: Any) -> Any:
    return door.parse({"update_id": 900} | update)


def asked(door: UpdateParser, **fields: Any) -> Incoming | None:
    event = read(door, message=message(**fields))
    return event.incoming if event else None


def test_a_private_text(door: UpdateParser) -> None:
    assert read(door, message=message(text="what is ALA?")) == InboundEvent(
        keys=("telegram:42:900",),
        channel="telegram",
        person="telegram:7",
        conversation="telegram:7",
        incoming=Incoming(Kind.TEXT, "what is ALA?", "telegram"),
        address={"chat": 7},
        question="5",
        said=1.0,
    )


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("/start", Kind.COMMAND, "start"),
        ("/start ala-dose", Kind.COMMAND, "start ala-dose"),
        ("/start@footnote_bot K2", Kind.COMMAND, "start k2"),
        ("/start ../../etc", Kind.TEXT, "../../etc"),
        ("/start my foot is black", Kind.TEXT, "my foot is black"),
        ("/help", Kind.COMMAND, "help"),
        ("/Help@Footnote_Bot", Kind.COMMAND, "help"),
        ("/sources", Kind.COMMAND, "sources"),
        ("/ala_dose", Kind.COMMAND, "ala-dose"),
        ("/help I cannot\nbreathe", Kind.TEXT, "I cannot\nbreathe"),
        ("/", Kind.TEXT, "/"),
        ("and/or", Kind.TEXT, "and/or"),
        ("\0", Kind.COMMAND, "start"),
        ("a\0b", Kind.TEXT, "ab"),
        ("مرحبا ‮abc", Kind.TEXT, "مرحبا ‮abc"),
        ("🦶" * 5000, Kind.TEXT, "🦶" * 5000),
        ("half \ud83e", Kind.TEXT, "half \ufffd"),
    ],
)
def test_words_and_commands(door: UpdateParser, text: str, kind: Kind, words: str) -> None:
    assert asked(door, text=text) == Incoming(kind, words, "telegram")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"text": "does it help?"}, None),
        ({"text": "@footnote_bot does it help?"}, "does it help?"),
        ({"text": "does it help, @Footnote_Bot"}, "does it help,"),
        ({"text": "@footnote_bot2 does it help?"}, None),
        ({"text": "mail me at x@footnote_bot"}, None),
        ({"text": "and how much?", "reply_to_message": ANSWER}, "and how much?"),
        ({"text": "and how much?", "reply_to_message": ANSWER | {"from": BOB}}, None),
        ({"text": "good morning", "reply_to_message": ANSWER | {"forum_topic_created": {"name": "Feet"}}}, None),
        ({"text": "/help@other_bot"}, None),
        ({"text": "/ban"}, None),
        ({"text": "@footnote_bot"}, "start"),
        ({"text": "/privacy"}, "privacy"),
    ],
)
def test_in_a_group_only_what_is_meant_for_the_bot(
    door: UpdateParser, fields: dict[str, Any], words: str | None
) -> None:
    incoming = asked(door, chat=GROUP, **fields)
    assert (incoming.text if incoming else None) == words


def test_a_topic_is_a_conversation_and_a_reply_chain_is_not(door: UpdateParser) -> None:
    in_topic = read(door, message=message(text="/help", chat=GROUP, message_thread_id=9, is_topic_message=True))
    assert (in_topic.conversation, in_topic.address) == (
        "telegram:-100:9",
        {"chat": -100, "group": True, "topic": 9, "reply_to": 5},
    )
    in_chain = read(door, message=message(text="/help", chat=GROUP, message_thread_id=9))
    assert in_chain.conversation == "telegram:-100"
    private = read(door, message=message(text="hi", message_thread_id=4, is_topic_message=True))
    assert (private.conversation, private.address) == ("telegram:7:4", {"chat": 7, "topic": 4})


def test_a_reply_to_an_answer_names_it(door: UpdateParser) -> None:
    event = read(door, message=message(text="and?", chat=GROUP, reply_to_message=ANSWER))
    assert (event.replies_to, event.question) == ("3", "5")


@pytest.mark.parametrize(
    "content",
    [
        {"photo": [{}]},
        {"voice": {}},
        {"sticker": {}},
        {"location": {}},
        {"dice": {}},
        {"poll": {}},
        {"contact": {}},
        {"story": {}},
        {"rich_message": {"blocks": []}},
        {"something_of_2027": {}},
    ],
)
def test_what_is_not_text_is_other(door: UpdateParser, content: dict[str, Any]) -> None:
    assert asked(door, **content) == Incoming(Kind.OTHER, "", "telegram")
    assert asked(door, **content, chat=GROUP) is None
    assert asked(door, **content, chat=GROUP, reply_to_message=ANSWER) is None


def test_words_of_captions_and_rich_messages_count(door: UpdateParser) -> None:
    assert asked(door, photo=[{}], caption="my toe is black") == Incoming(Kind.OTHER, "my toe is black", "telegram")
    look = asked(door, photo=[{}], caption="@footnote_bot look", chat=GROUP)
    assert look == Incoming(Kind.OTHER, "look", "telegram", group=True)
    rich = {"blocks": [{"type": "paragraph", "text": {"text": "my toe"}}, {"cells": [[{"text": "is black"}]]}]}
    assert asked(door, rich_message=rich) == Incoming(Kind.OTHER, "my toe\nis black", "telegram")


@pytest.mark.parametrize("notice", sorted(SERVICE))
def test_notices_are_nothing_to_answer(door: UpdateParser, notice: str) -> None:
    assert asked(door, **{notice: {}}) is None


def test_every_field_of_a_message_is_known() -> None:
    """A new version of the library may bring new notices: decide about each, or the bot answers a renamed group."""
    fields = {name for name in (*Message.__slots__, "date", "chat", "message_id") if not name.startswith("_")}
    assert fields - CONTENT - AROUND - {"from_user"} == SERVICE


def test_who_wrote(door: UpdateParser) -> None:
    admin = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
    anonymous = read(door, message=message(text="/help", chat=GROUP, **{"from": admin}, sender_chat=GROUP))
    assert anonymous.person == "telegram:-100"
    assert asked(door, text="/help", chat=GROUP, **{"from": admin}) is None
    assert asked(door, text="/help", chat=GROUP, sender_chat=CHANNEL, is_automatic_forward=True) is None
    assert asked(door, text="a card", via_bot=BOT) is None
    assert asked(door, text="a picture", via_bot={"id": 1, "is_bot": True, "first_name": "gif"}) is not None


def test_a_correction(door: UpdateParser) -> None:
    event = read(door, edited_message=message(text="what is K2?", edit_date=2))
    assert event.incoming == Incoming(Kind.TEXT, "what is K2?", "telegram", edited=True)
    assert event.question == "5"
    assert read(door, edited_message=message(location={}, edit_date=2)) is None
    assert read(door, edited_message=message(text="hello", chat=GROUP, edit_date=2)) is None


def press(**fields: Any) -> dict[str, Any]:
    return {"id": "77", "from": ANN, "chat_instance": "1", "data": "v1:ala"} | fields


def test_a_press_in_private(door: UpdateParser) -> None:
    event = read(door, callback_query=press(message=ANSWER | {"chat": PRIVATE}))
    assert event.incoming == Incoming(Kind.TAP, "v1:ala", "telegram")
    assert (event.person, event.conversation, event.question) == ("telegram:7", "telegram:7", None)
    assert event.address == {"chat": 7, "query": "77", "tapped": 3}


def test_in_a_group_an_answer_is_changed_only_for_who_asked(door: UpdateParser) -> None:
    question = message(text="/help", chat=GROUP)
    mine = read(door, callback_query=press(message=ANSWER | {"reply_to_message": question}))
    assert mine.address == {"chat": -100, "group": True, "query": "77", "tapped": 3, "reply_to": 5}
    theirs = read(door, callback_query=press(message=ANSWER | {"reply_to_message": question}, **{"from": BOB}))
    assert theirs.address == {"chat": -100, "group": True, "query": "77", "reply_to": 3}
    assert theirs.person == "telegram:8"


def test_a_press_on_what_the_bot_cannot_see(door: UpdateParser) -> None:
    old = read(door, callback_query=press(message={"message_id": 3, "date": 0, "chat": PRIVATE}))
    assert old.address == {"chat": 7, "query": "77", "tapped": 3}
    inline = read(door, callback_query=press(inline_message_id="x"))
    assert inline.address == {"chat": 7, "query": "77"}


@pytest.mark.parametrize("data", ["", "v1:ala" * 100, "v9:ala", "v1:ala:royal", "\0", "'; drop table", "🦶", "\ud83e"])
def test_forged_data_is_handed_on_for_the_engine_to_judge(door: UpdateParser, data: str) -> None:
    event = read(door, callback_query=press(message=ANSWER, data=data))
    assert event.incoming.kind is Kind.TAP


def test_a_double_tap_shares_a_key_and_a_later_one_does_not(door: UpdateParser, clock: Clock) -> None:
    def keys(number: int, **more: Any) -> set[str]:
        update = {"update_id": number, "callback_query": press(message=ANSWER | {"chat": PRIVATE} | more)}
        event = door.parse(update)
        assert isinstance(event, InboundEvent)
        return set(event.keys)

    first = keys(1)
    clock.now += DOUBLE_TAP * 0.99
    assert first & keys(2)
    assert not first & keys(3, message_id=4)
    assert not first & keys(4, edit_date=2)
    assert not first & keys(6, chat=GROUP)
    clock.now += 2 * DOUBLE_TAP
    assert not first & keys(5)


def test_who_leaves(door: UpdateParser) -> None:
    def change(chat: dict[str, Any], status: str) -> Any:
        states = {
            "old_chat_member": {"user": BOT, "status": "member"},
            "new_chat_member": {"user": BOT, "status": status},
        }
        return read(door, my_chat_member={"chat": chat, "from": ANN, "date": 1} | states)

    assert change(PRIVATE, "kicked") == UserLeft("telegram:7")
    assert change(GROUP, "left") == UserLeft("telegram:-100")
    assert change(PRIVATE, "member") is None


def test_a_search(door: UpdateParser) -> None:
    query = {"id": "1", "from": ANN, "query": "ala", "offset": ""}
    assert read(door, inline_query=query) == InlineQuery("1", "ala")


@pytest.mark.parametrize("kind", [kind for kind in Update.ALL_TYPES if kind not in (*KINDS, "inline_query")])
def test_other_kinds_are_nothing_to_answer(door: UpdateParser, kind: str) -> None:
    assert read(door, **{kind: message(text="/help")}) is None


def test_unknown_kinds_and_channel_posts_are_nothing_to_answer(door: UpdateParser) -> None:
    assert read(door, message_of_2027={"text": "hello"}) is None
    assert read(door) is None
    assert asked(door, text="/help", chat=CHANNEL, sender_chat=CHANNEL) is None


NESTED: dict[str, Any] = {}
for _ in range(5000):
    NESTED = {"blocks": NESTED}


@pytest.mark.parametrize(
    "update",
    [
        None,
        [],
        "update",
        5,
        {},
        {"update_id": "x", "message": message(text="a")},
        {"update_id": 1, "message": None},
        {"update_id": 1, "message": "hello"},
        {"update_id": 1, "message": {"text": "hello"}},
        {"update_id": 1, "message": message(text=5)},
        {"update_id": 1, "message": message(text="a", chat=7)},
        {"update_id": 1, "message": message(text="a", message_id="x")},
        {"update_id": 1, "message": message(text="a", **{"from": {"is_bot": False}})},
        {"update_id": 1, "message": message(rich_message=NESTED)},
        {"update_id": 1, "callback_query": {"id": "1"}},
        {"update_id": 1, "callback_query": press(message=[1])},
        {"update_id": 1, "my_chat_member": {}},
    ],
)
def test_what_cannot_be_read_says_so_and_quotes_nothing(door: UpdateParser, update: Any) -> None:
    with pytest.raises(Unreadable) as fault:
        door.parse(update)
    assert str(fault.value) in {"KeyError", "TypeError", "ValueError", "AttributeError", "RecursionError"}


def test_a_vote_brings_the_buttons_it_stands_in_so_that_it_can_be_marked(door: UpdateParser) -> None:
    rows = [[{"text": "👍", "callback_data": "v1:ala!up"}]]
    pressed = {"chat": {"id": 7, "type": "private"}, "message_id": 3, "reply_markup": {"inline_keyboard": rows}}
    query = {"id": "9", "from": ANN, "message": pressed}
    vote = read(door, callback_query=query | {"data": "v1:ala!up"})
    assert (vote.address["pressed"], vote.address["keyboard"]) == ("v1:ala!up", rows)
    assert "keyboard" not in read(door, callback_query=query | {"data": "v1:ala"}).address
