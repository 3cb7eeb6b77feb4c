"""An emergency over real HTTP: before the same person's questions, albums, pacing and everybody else's backlog."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from bot.channels.telegram.client import Rates
from bot.dialog.composer import Composer
from bot.dialog.engine import Engine
from bot.dialog.turn import Incoming, Kind, Register, State
from tests.channels.telegram.telegram_app import running_app
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_people import Person

QUESTIONS = ("what is ALA?", "does vitamin K2 help?", "what dose was studied?", "is ALA safe?")
BEHIND = 60
OWN, ALL = 2, 45
"""Messages that may go out to the person, and to everybody, between the words and their urgent answer: what Telegram's
rates allow in a second and a half. Counted, not timed: a slow machine delays all alike."""


@pytest.fixture
def urgent(engine: Engine) -> str:
    """How an urgent answer begins."""
    return engine.respond(State(), Incoming(Kind.TEXT, "i have chest pain", "telegram"))[0].card.title


def answered(telegram: FakeTelegram, ann: Person, urgent: str) -> int | None:
    """Return after how many other messages the emergency was answered."""
    texts = [one["text"] for one in telegram.heard("message", ann)]
    return next((number for number, text in enumerate(texts) if urgent in text), None)


async def in_need(telegram: FakeTelegram, ann: Person, urgent: str, after: float) -> int:
    """Ask a lot at once, then speak of an emergency; return how many other answers came between."""
    for number in range(BEHIND):
        ann.says(QUESTIONS[number % len(QUESTIONS)])
    await asyncio.sleep(after)
    before = len(telegram.heard("message", ann))
    ann.says("i have chest pain")
    await telegram.until(lambda: answered(telegram, ann, urgent) is not None, "the urgent answer")
    return (answered(telegram, ann, urgent) or 0) - before


async def test_behind_sixty_questions_of_ones_own_at_telegrams_pace(
    telegram: FakeTelegram, engine: Engine, database: Path, urgent: str
) -> None:
    chance = random.Random(7)
    async with running_app(telegram, engine, database, rates=Rates()):
        waits = [await in_need(telegram, telegram.person(), urgent, chance.uniform(0, 1)) for _ in range(4)]
        assert max(waits) <= OWN, sorted(waits)


async def test_the_other_questions_are_answered_in_order_and_once(
    telegram: FakeTelegram, engine: Engine, database: Path, urgent: str
) -> None:
    ann, composer = telegram.person(), Composer(engine.library)
    async with running_app(telegram, engine, database):
        ann.says("/start")
        await telegram.next_message(ann)
    asked = ["/start ala", "/start k2", "/start ala-dose", "/start caveats", "/start glucose"]
    hold = telegram.fault("sendMessage", hold=asyncio.Event(), times=1)
    async with running_app(telegram, engine, database):
        for text in asked:
            ann.says(text)
        await telegram.until(lambda: hold.struck, "the first answer on its way")
        ann.says("i have chest pain")
        await telegram.confirmed()
        assert hold.hold is not None
        hold.hold.set()
        await telegram.until(lambda: len(telegram.heard("message", ann)) >= len(asked) + 2, "every answer")
    texts = [one["text"] for one in telegram.heard("message", ann)][1:]
    titles = [composer.card(text.split()[1], Register.LAYPERSON).title for text in asked]
    titles.insert(1, urgent)
    assert [title in text for title, text in zip(titles, texts, strict=True)] == [True] * len(titles)


async def test_an_album_of_ten_holds_up_nothing_and_is_answered_once(
    telegram: FakeTelegram, engine: Engine, database: Path, urgent: str
) -> None:
    ann = telegram.person()
    async with running_app(telegram, engine, database, rates=Rates()):
        for _ in range(10):
            ann.sends_photo(media_group_id="77")
        ann.says("i have chest pain")
        await telegram.until(lambda: answered(telegram, ann, urgent) is not None, "the urgent answer")
        assert answered(telegram, ann, urgent) == 0
        await telegram.until(lambda: len(telegram.heard("message", ann)) == 2, "the answer to the album")
        ann.says("/start k2")
        await telegram.until(lambda: len(telegram.heard("message", ann)) == 3, "the last answer")
    assert answered(telegram, ann, urgent) == 0


async def test_when_everybody_asks_more_than_telegram_takes(
    telegram: FakeTelegram, engine: Engine, database: Path, urgent: str
) -> None:
    """Sixty chats, three questions each: six seconds' worth. Whoever is in need waits for none of it."""
    crowd = [telegram.person(f"P{number}") for number in range(60)]
    ann = telegram.person()
    async with running_app(telegram, engine, database, rates=Rates()):
        for one in crowd:
            for text in QUESTIONS[:3]:
                one.says(text)
        await telegram.until(lambda: len(telegram.world.events) > 20, "the first answers")
        before = len(telegram.world.events)
        ann.says("i have chest pain")
        crowd[-1].says("i have chest pain")
        await telegram.until(
            lambda: all(answered(telegram, one, urgent) is not None for one in (ann, crowd[-1])), "the urgent answers"
        )
        assert len(telegram.world.events) - before <= ALL
