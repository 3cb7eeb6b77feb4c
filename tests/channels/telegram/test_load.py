"""A thousand random updates of every kind: no exception, no person unanswered, no call that Telegram refuses."""

from __future__ import annotations

import itertools
import json
import random
from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest
import structlog
from telegram import Update

from bot.dialog.engine import Engine
from tests.channels.telegram.telegram_app import Mode, running_app
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_people import CONTENTS, Group, Person

UNCHANGED = "message is not modified"
"""How Telegram says that the reader sees the answer already."""

UPDATES = 1000
ROUND = 50

WORDS = ("what is ALA?", "does vitamin K2 help", "and the side effects?", "dose", "my foot is black", "hello", "???")
ODD_WORDS = (
    "can I stop pregabalin?",
    "🦶" * 700 + " dose",
    "x" * 3900,
    "ألم في القدم",
    "\0",
    "a\nb",
    "<b>&amp;",
    "*_`[",
)
COMMANDS = ("/start", "/start ala", "/start nothing-like-this", "/help", "/tone", "/sources", "/privacy", "/export")
ODD_COMMANDS = ("/forget", "/nonsense", "/ala_dose", "/help my leg hurts", "/")
SAID_IN_GROUPS = tuple(words for words in WORDS if any(map(str.isalpha, words)))
"""What asks nothing gets no answer where several people talk."""

QUESTIONS = (*WORDS, *ODD_WORDS, *COMMANDS, *ODD_COMMANDS)
FORGED = ("v1:no-such", "v2:ala", "", "x" * 64, "v1:ala:royal", "\0", "v1:privacy!forget", "🦶")
BROKEN = ("5", "[]", '{"message": 1}', '{"callback_query": {"id": []}}', '{"message": {"text": {}}}')


class Storm:
    """Random actions of eight people in private chats, a group and a forum; counts whom an answer is owed."""

    def __init__(self, telegram: FakeTelegram, seed: int) -> None:
        self._telegram = telegram
        self._random = random.Random(seed)
        self._people = [telegram.person(f"P{number} <i>", topics=number % 2 == 0) for number in range(8)]
        forum = telegram.group("Forum", forum=True)
        self._topics: list[tuple[Group, int | None]] = [
            (telegram.group(), None),
            (forum, None),
            (forum, forum.topic("A")),
            (forum, forum.topic("B", by=self._people[0].user)),
        ]
        self._questions: list[tuple[Person, dict[str, Any]]] = []
        self._answered: list[tuple[Person, dict[str, Any]]] = []
        self._pressed: set[tuple[Any, ...]] = set()
        self._kinds = itertools.cycle(self._shuffled([*Update.ALL_TYPES, "from_the_future"]))
        self._contents = itertools.cycle(self._shuffled(CONTENTS))
        self.sent: Counter[str] = Counter()
        self.owed: Counter[int] = Counter()
        self.actions: tuple[Callable[[Person], None], ...] = (
            *[self.asks] * 5,
            *[self.taps] * 6,
            *[self.asks_in_group] * 3,
            self.chats_in_group,
            self.sends_something,
            self.corrects,
            self.forges,
            self.taps_out_of_sight,
            self.repeats,
            self.other_kinds,
            self.breaks,
            self.notices,
        )

    def act(self) -> None:
        """One random thing."""
        self._random.choice(self.actions)(self._random.choice(self._people))

    def asks(self, ann: Person) -> None:
        topic = 7 if ann.chat.topics and self._random.random() < 0.5 else None
        self._questions.append((ann, ann.says(self._random.choice(QUESTIONS), topic=topic)))
        self.owed[ann.id] += 1

    def asks_in_group(self, ann: Person) -> None:
        group, topic = self._random.choice(self._topics)
        ann.says(f"@Footnote_Test_Bot {self._random.choice(SAID_IN_GROUPS)}", group, topic)
        self.owed[group.id] += 1

    def chats_in_group(self, ann: Person) -> None:
        group, topic = self._random.choice(self._topics)
        ann.says(self._random.choice(["good morning", "@somebody_else hi", "/ban@other_bot", "/unknown"]), group, topic)

    def sends_something(self, ann: Person) -> None:
        content = next(self._contents)
        ann.sends(content)
        self.sent[content] += 1
        self.owed[ann.id] += 1

    def corrects(self, _: Person) -> None:
        """Correct a question that was answered; only once, for two corrections that wait together are one."""
        if self._answered:
            ann, question = self._answered.pop(self._random.randrange(len(self._answered)))
            ann.edits(question, self._random.choice([words for words in WORDS if words != question["text"]]))
            self.owed[ann.id] += 1

    def settled(self) -> None:
        """Note that everything so far was answered."""
        self._answered, self._questions = self._answered + self._questions, []

    def taps(self, ann: Person) -> None:
        """Press a button of any message the bot has in a chat where Ann is; each only once."""
        chat = self._random.choice([ann.chat, *{id(one): one.chat for one, _ in self._topics}.values()])
        mine = [one for one in chat.messages.values() if one.get("reply_markup")]
        if not mine:
            return
        message = self._random.choice(mine)
        button = self._random.choice(self._random.choice(message["reply_markup"]["inline_keyboard"]))
        press = (ann.id, chat.id, message["message_id"], message.get("edit_date"), button.get("callback_data"))
        if "callback_data" in button and press not in self._pressed:
            self._pressed.add(press)
            ann.taps(button["callback_data"], message)
            self.owed[chat.id] += 1

    def forges(self, ann: Person) -> None:
        messages = [one for one in ann.chat.messages.values() if one["from"]["is_bot"]]
        message = self._random.choice([None, *messages])
        press = (ann.id, message and message["message_id"], data := self._random.choice(FORGED))
        if press not in self._pressed:
            self._pressed.add(press)
            ann.forges(data, message)
            self.owed[ann.id] += 1

    def taps_out_of_sight(self, ann: Person) -> None:
        """Press a button of an old message, of which Telegram sends no more than its number."""
        mine = [number for number, one in ann.chat.messages.items() if one.get("reply_markup")]
        if mine and (press := (ann.id, self._random.choice(mine))) not in self._pressed:
            self._pressed.add(press)
            ann.taps_inaccessible("v1:overview!gone", ann.chat.messages[press[1]])
            self.owed[ann.id] += 1

    def repeats(self, _: Person) -> None:
        """Telegram delivers a message once more; it must not be answered again."""
        sent = self._telegram.feed.confirmed
        text = self._telegram.feed.text
        known = [number for number in sent if "message_id" in text(number) and "callback" not in text(number)]
        if known:
            self._telegram.feed.repeat(self._random.choice(known))

    def other_kinds(self, ann: Person) -> None:
        kind = next(self._kinds)
        self.sent[kind] += 1
        if kind not in ("message", "edited_message", "callback_query"):
            self._put(
                {kind: {"chat": ann.chat.json, "from": ann.user, "date": 1, "new_chat_member": {"status": "member"}}}
            )

    def breaks(self, _: Person) -> None:
        """Something that is no update at all, or one that nobody can read."""
        broken = json.loads(self._random.choice(BROKEN))
        self._put(broken if isinstance(broken, dict) else {"message": broken})

    def notices(self, ann: Person) -> None:
        notice = self._random.choice(["new_chat_title", "pinned_message", "left_chat_member", "forum_topic_created"])
        ann.sends({notice: {}}, self._topics[0][0])

    def _shuffled(self, some: Collection[str]) -> list[str]:
        return self._random.sample(list(some), len(some))

    def _put(self, update: dict[str, Any]) -> None:
        number = self._telegram.feed.next_id()
        self._telegram.feed.put_text(number, json.dumps({"update_id": number} | update))


@pytest.mark.parametrize("mode", ["polling", "webhook"])
async def test_a_thousand_updates(telegram: FakeTelegram, engine: Engine, database: Path, mode: Mode) -> None:
    storm, shown = Storm(telegram, seed=20261122), Shown(telegram)
    with structlog.testing.capture_logs() as logs:
        async with running_app(telegram, engine, database, mode) as running:
            for _ in range(UPDATES // ROUND):
                for _ in range(ROUND):
                    storm.act()
                await telegram.until(lambda: not storm.owed - shown.now(), "an answer to everybody")
                storm.settled()
            await telegram.confirmed()
            assert running.unreadable
    assert sum(storm.owed.values()) > UPDATES / 2
    assert {*Update.ALL_TYPES, *CONTENTS} <= storm.sent.keys()
    assert shown.now() == storm.owed, "nobody is answered twice"
    assert [one for one in telegram.refused if UNCHANGED not in one.error] == []
    faults = [one for one in logs if one["log_level"] in ("warning", "error", "critical")]
    assert {one["event"] for one in faults} <= {"update_unreadable", "telegram_fault", "unexpected"}, faults


class Shown:
    """Counts what each chat was shown: an answer ends with its buttons; a change to the same is seen already."""

    def __init__(self, telegram: FakeTelegram) -> None:
        self._telegram = telegram
        self._events = self._refusals = 0
        self._counts: Counter[int] = Counter()

    def now(self) -> Counter[int]:
        """Return the counts up to this moment."""
        events, refused = self._telegram.world.events, list(self._telegram.refused)
        for event in events[self._events :]:
            if event.chat is not None and event.kind in ("message", "edit") and "reply_markup" in event.json:
                self._counts[event.chat] += 1
        for call in refused[self._refusals :]:
            if UNCHANGED in call.error:
                self._counts[int(call.params["chat_id"])] += 1
        self._events, self._refusals = len(events), len(refused)
        return self._counts
