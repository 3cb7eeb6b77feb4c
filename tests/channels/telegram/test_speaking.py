"""When the bot speaks in a group it was asked into: to whoever replies to it with a question, in an emergency, and else
not at all. What replies to nobody is not even shown to it (Telegram's privacy mode)."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.dialog.engine import Engine
from bot.dialog.turn import Match, Outcome, Register
from bot.inbox.processor import asks
from tests.channels.telegram.telegram_app import running_app
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_people import Group, Person
from tests.fakes.telegram_rules import Json
from tests.questions.remarks import EMERGENCIES, FOLLOW_UPS, REMARKS

ALA = "what is alpha lipoic acid?"


class Sure:
    """A matcher that is sure of everything."""

    def match(self, text: str, context: str | None, register: Register) -> Match:
        return Match(Outcome.ANSWER, "ala-dose")


@pytest.fixture
def sure(engine: Engine) -> Engine:
    return Engine(engine.library, Sure())


async def asked(telegram: FakeTelegram, who: Person, group: Group) -> Json:
    """Ask in the group and return the answer."""
    who.says(f"@{telegram.username} {ALA}", group)
    return await telegram.next_message(group)


async def count_after(telegram: FakeTelegram, who: Person, group: Group) -> int:
    """Have the bot answer a command and return how many messages it has sent to the group by then."""
    telegram_before = len(telegram.heard("message", group))
    who.says(f"/privacy@{telegram.username}", group)
    await telegram.until(lambda: len(telegram.heard("message", group)) > telegram_before, "the last answer")
    await telegram.confirmed()
    return len(telegram.heard("message", group))


@pytest.mark.parametrize("reads_all", [False, True])
async def test_what_people_say_to_each_other_is_left_alone_however_sure_the_matcher_is(
    telegram: FakeTelegram, sure: Engine, database: Path, reads_all: bool
) -> None:
    ann, bob, group = telegram.person(), telegram.person("Bob"), telegram.group()
    telegram.world.bot["can_read_all_group_messages"] = reads_all
    assert len(REMARKS) >= 150
    async with running_app(telegram, sure, database):
        await asked(telegram, ann, group)
        for number, said in enumerate([*REMARKS, *FOLLOW_UPS]):
            (ann, bob)[number % 2].says(said, group)
        assert await count_after(telegram, ann, group) == 2


async def test_a_remark_below_an_answer_is_left_alone(telegram: FakeTelegram, sure: Engine, database: Path) -> None:
    ann, bob, group = telegram.person(), telegram.person("Bob"), telegram.group()
    remarks = [said for said in REMARKS if not asks(said)]
    assert len(remarks) >= 150
    async with running_app(telegram, sure, database):
        answer = await asked(telegram, ann, group)
        for number, said in enumerate(remarks):
            (ann, bob)[number % 2].says(said, group, reply_to=answer)
        assert await count_after(telegram, ann, group) == 2


async def test_a_question_below_an_answer_is_heard(telegram: FakeTelegram, sure: Engine, database: Path) -> None:
    ann, group = telegram.person(), telegram.group()
    assert len(FOLLOW_UPS) >= 40
    async with running_app(telegram, sure, database):
        answer = await asked(telegram, ann, group)
        for said in FOLLOW_UPS:
            ann.says(said, group, reply_to=answer)
            await telegram.next_message(group)
    assert len(telegram.heard("message", group)) == 1 + len(FOLLOW_UPS)


async def test_an_emergency_below_an_answer_is_answered_whoever_tells_it(
    telegram: FakeTelegram, engine: Engine, database: Path
) -> None:
    assert len(EMERGENCIES) >= 30
    urgent = {engine.title(node, Register.LAYPERSON) for node in engine.library.urgent_nodes}
    async with running_app(telegram, engine, database):
        for said in EMERGENCIES:
            ann, bob, group = telegram.person(), telegram.person("Bob"), telegram.group()
            answer = await asked(telegram, ann, group)
            bob.says(said, group, reply_to=answer)
            card = await telegram.next_message(group)
            assert any(title in card["text"] for title in urgent), (said, card["text"])
