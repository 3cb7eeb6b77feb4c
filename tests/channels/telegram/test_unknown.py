"""What a newer Telegram may say: survived, counted, named once; what is known among it is still understood."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
import structlog
from telegram import Chat, ChatMember, Message, Update, User

from bot.channels.platforms import MAX_NAMES, Unexpected
from bot.channels.telegram.updates import IGNORED, KINDS, Parsed, Unreadable, UpdateParser
from bot.dialog.turn import Kind
from bot.inbox.events import InboundEvent
from tests.channels.telegram.telegram_app import Mode, open_door
from tests.fakes.telegram import FakeTelegram

Json = dict[str, Any]
FUTURE = ("aura", "message_of_2027", "hologram", "x" * 64, "mood_changed")


def slots(kind: type) -> list[str]:
    """Return the fields the library knows of a type."""
    return sorted({name for one in kind.__mro__ for name in getattr(one, "__slots__", ()) if not name.startswith("_")})


FIELDS = {"message": slots(Message), "chat": slots(Chat), "from": slots(User)}


class Fuzz:
    """Random JSON, and random updates made of the library's own names and of unknown ones."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._makers: tuple[Callable[[int], Any], ...] = (
            lambda _: None,
            lambda _: self._random.choice([True, 0, -1, 7, 2**70, 1.5]),
            lambda _: self._random.choice(["", "hello", "\ud83e", "\0", "x" * 5000, "/start ala", "@footnote_bot hi"]),
            lambda depth: [self.value(depth + 1) for _ in range(self._random.randint(0, 3))],
            lambda depth: {self.name(): self.value(depth + 1) for _ in range(self._random.randint(0, 4))},
        )

    def name(self) -> str:
        names = self._random.choice([*FIELDS.values(), Update.ALL_TYPES, FUTURE])
        return self._random.choice(list(names))

    def value(self, depth: int = 0) -> Any:
        return self._random.choice(self._makers[: 3 if depth > 3 else 5])(depth)

    def message(self) -> Json:
        chat = {"id": 7, "type": self._random.choice(["private", "group", "supergroup", "channel", "holo"])}
        message = {"message_id": 5, "date": 1, "chat": chat, "from": {"id": 7, "is_bot": False}, "text": "what is ALA?"}
        for _ in range(self._random.randint(0, 6)):
            message[self.name()] = self.value()
        return message

    def update(self) -> Json:
        kind = self._random.choice([*Update.ALL_TYPES, *FUTURE])
        body = self.message() if self._random.random() < 0.7 else self.value()
        return {"update_id": self._random.randrange(10**9), kind: body}


@pytest.fixture
def parser() -> UpdateParser:
    parser = UpdateParser(42)
    parser.username = "footnote_bot"
    return parser


@pytest.mark.parametrize("seed", range(20))
def test_any_update_is_read_or_set_aside(parser: UpdateParser, seed: int) -> None:
    fuzz, faults = Fuzz(seed), set[str]()
    for _ in range(300):
        try:
            parser.parse(fuzz.update())
        except Unreadable as fault:
            faults.add(str(fault))
    assert faults <= {"KeyError", "TypeError", "ValueError", "AttributeError", "RecursionError"}
    assert len(parser.unexpected.counts) <= 2 * MAX_NAMES


@pytest.mark.parametrize("seed", range(20))
def test_fields_that_are_newer_than_this_program_change_nothing(parser: UpdateParser, seed: int) -> None:
    fuzz = Fuzz(seed)
    plain: Json = {"message_id": 5, "date": 1, "chat": {"id": 7, "type": "private"}, "from": {"id": 7, "is_bot": False}}
    for text in ("what is ALA?", "/start ala", "i have chest pain"):
        message = plain | {"text": text}
        newer = {**message, **{name: fuzz.value() for name in FUTURE}}
        newer["chat"] = {**newer["chat"], "aura": fuzz.value()}
        newer["from"] = {**newer["from"], "aura": fuzz.value()}
        assert parser.parse({"update_id": 1, "message": newer, "aura": fuzz.value()}) == parser.parse(
            {"update_id": 1, "message": message}
        )
    assert parser.unexpected.counts == {"update:aura": 3, **{f"field:{name}": 3 for name in FUTURE}}


@pytest.mark.parametrize("place", ["holo", "forum", "community_2027"])
def test_a_chat_of_an_unknown_kind_is_read_as_one_of_several_people(parser: UpdateParser, place: str) -> None:
    for words in ("what is ALA?", "@footnote_bot what is ALA?"):
        message = {"message_id": 5, "date": 1, "chat": {"id": -7, "type": place}, "from": {"id": 7}, "text": words}
        event = parser.parse({"update_id": 1, "message": message})
        assert (event is None) == (words[0] != "@")
    assert parser.unexpected.counts == {f"chat:{place}": 2}


@pytest.mark.parametrize("kind", sorted({*Update.ALL_TYPES} - {*KINDS}))
def test_kinds_the_library_knows_are_known_here_too(parser: UpdateParser, kind: str) -> None:
    read: Parsed = parser.parse({"update_id": 1, kind: {"id": "1", "from": {"id": 7}, "query": ""}})
    assert not isinstance(read, InboundEvent)
    assert kind in IGNORED
    assert parser.unexpected.counts == {}


def test_statuses_the_library_knows_are_known_here_too(parser: UpdateParser) -> None:
    known = (ChatMember.OWNER, ChatMember.ADMINISTRATOR, ChatMember.MEMBER, ChatMember.RESTRICTED)
    for status in (*known, ChatMember.LEFT, ChatMember.BANNED, "hovering", {"a": "word"}):
        parser.parse(
            {"update_id": 1, "my_chat_member": {"chat": {"id": 7}, "new_chat_member": {"status": str(status)}}}
        )
    assert parser.unexpected.counts == {"status:hovering": 1, "status:?": 1}


def test_names_are_logged_once_bounded_and_never_somebodys_words() -> None:
    with structlog.testing.capture_logs() as logs:
        unknown = Unexpected("telegram")
        for _ in range(3):
            unknown.note("update", "my secret pain, told to nobody")
            for number in range(200):
                unknown.note("update", f"kind_{number}")
    assert "secret" not in str(logs)
    assert len(logs) == len(unknown.counts) <= MAX_NAMES + 1
    assert sum(unknown.counts.values()) == 603


@pytest.mark.parametrize("mode", ["polling", "webhook"])
async def test_questions_among_it_are_heard_and_an_operator_sees_what_was_unknown(
    telegram: FakeTelegram, mode: Mode
) -> None:
    ann, fuzz = telegram.person(), Fuzz(7)
    with structlog.testing.capture_logs() as logs:
        async with open_door(telegram, mode) as (door, platform, _):
            for number in range(100):
                update = {"message_of_2027": fuzz.value()} if number % 2 else fuzz.update()
                telegram.feed.put_text(
                    identity := telegram.feed.next_id(), json.dumps(update | {"update_id": identity})
                )
                if number % 10 == 0:
                    ann.says(f"question {number}", hologram={"deep": True})
            await telegram.confirmed()
            health = platform.health()
    asked = [one.incoming.text for one in door.events if one.incoming.kind is Kind.TEXT]
    assert [text for text in asked if text.startswith("question")] == [
        f"question {number}" for number in range(0, 100, 10)
    ]
    assert health["unknown"]["update:message_of_2027"] >= 50
    assert health["unknown"]["field:hologram"] >= 10
    assert sum(one.get("name") == "message_of_2027" for one in logs) == 1
