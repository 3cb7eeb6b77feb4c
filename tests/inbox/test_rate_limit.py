"""One person's share: what is beyond it is told once, nothing is lost, nobody else notices, and urgent stays urgent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.app import add_channels
from bot.channels.rate_limit import UserRateLimit
from bot.channels.registry import Configuration
from bot.channels.slack import render as slack
from bot.channels.telegram import render as telegram
from bot.channels.telegram.plugin import TelegramSettings, plugin
from bot.dialog import payloads
from bot.dialog.engine import Engine
from bot.dialog.turn import Effect, Incoming, Kind, Outcome, Register, Reply, State
from bot.inbox.metrics import Metrics
from bot.service import Service
from bot.settings import Settings
from bot.store.base import Store, StoreUnavailable
from bot.store.common import Identity
from bot.store.open import open_store
from tests.fakes.slack_blocks import validate_blocks
from tests.fakes.telegram import FakeTelegram
from tests.inbox.support import Notebook, event, figures
from tests.test_token_bucket import Clock

ALA, K2, PAIN = "what is alpha lipoic acid", "and vitamin k2?", "chest pain right now"
LIMITED = 'footnote_limited_total{channel="telegram"}'


class Desk(Notebook):
    """A platform that is only a channel."""

    @property
    def delivery(self) -> Desk:
        return self

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def close(self) -> None: ...

    def routes(self) -> list[web.RouteDef]:
        return []

    def health(self) -> Mapping[str, Any]:
        return {"up": True}


@asynccontextmanager
async def serving(
    settings: Settings, engine: Engine, telegram: TelegramSettings | None = None
) -> AsyncIterator[tuple[Service, Store]]:
    """Run a service with Telegram, or with a channel that only remembers."""
    store = await open_store(settings.footnote_database_url)
    service, stop = Service(settings, store, engine, Identity("s" * 32)), asyncio.Event()
    if telegram:
        add_channels(service, Configuration(settings, ((plugin, telegram),)), engine, Identity("s" * 32))
    else:
        service.add(Desk())
    running = asyncio.create_task(service.run(stop))
    await service.listening
    try:
        yield service, store
    finally:
        stop.set()
        await running
        await store.close()


@asynccontextmanager
async def workers(tmp_path: Path, engine: Engine, per_minute: int) -> AsyncIterator[tuple[Service, Desk, Store]]:
    settings = Settings(
        footnote_database_url=f"sqlite:///{tmp_path}/f.sqlite3",
        footnote_port=0,
        footnote_questions_per_minute=per_minute,
    )
    async with serving(settings, engine) as (service, store):
        platform = service.channels["telegram"]
        assert isinstance(platform, Desk)
        yield service, platform, store


async def empty(store: Store) -> None:
    """Return when nothing accepted is left unanswered."""
    async with asyncio.timeout(10):
        while await store.pending():  # noqa: ASYNC110  (the store tells nobody)
            await asyncio.sleep(0.002)


async def test_beyond_the_share_one_sentence_leads_to_the_answer_and_the_rest_is_ended_by_it(
    tmp_path: Path, engine: Engine
) -> None:
    async with workers(tmp_path, engine, 3) as (service, platform, store):
        for _ in range(8):
            assert await service.accept(event(ALA)), "stored, whatever becomes of it"
        await empty(store)
        titles = [message.reply.card.title for message in platform.messages]
        answer, notice = engine.title("ala", Register.LAYPERSON), engine.text("too-many-title", Register.LAYPERSON)
        assert titles == [answer] * 3 + [notice]
        (button,) = platform.messages[3].reply.buttons
        assert button.label == engine.label("ala", Register.LAYPERSON)
        assert platform.messages[3].address == {"chat": 42}, "the mark is ours alone"
        assert figures(service.metrics)[LIMITED] == 5


async def test_what_is_urgent_is_answered_whatever_came_before(tmp_path: Path, engine: Engine) -> None:
    async with workers(tmp_path, engine, 1) as (service, platform, store):
        for words in (ALA, ALA, ALA, PAIN, PAIN):
            await service.accept(event(words))
        await empty(store)
        outcomes = [message.reply.card.outcome for message in platform.messages]
        assert sorted(outcomes) == [Outcome.ANSWER, Outcome.ANSWER, Outcome.URGENT, Outcome.URGENT]


async def test_deleting_ones_data_is_never_limited(tmp_path: Path, engine: Engine) -> None:
    async with workers(tmp_path, engine, 1) as (service, platform, store):
        for _ in range(3):
            await service.accept(event(ALA))
        await service.accept(event(payloads.payload("privacy", word="forget"), kind=Kind.TAP))
        await empty(store)
        assert platform.messages[-1].reply.effect is Effect.FORGET


async def test_nobody_else_is_limited(tmp_path: Path, engine: Engine) -> None:
    async with workers(tmp_path, engine, 1) as (service, platform, store):
        for _ in range(3):
            await service.accept(event(ALA, "telegram:1"))
        await service.accept(event(K2, "telegram:2"))
        await empty(store)
        assert platform.nodes.count("k2") == 1
        assert figures(service.metrics)[LIMITED] == 2


class Door:
    """An inbox that says what it is told to say, and keeps what it got."""

    def __init__(self) -> None:
        self.says: bool | Exception = True
        self.got: list[Any] = []

    async def accept(self, one: Any) -> bool:
        self.got.append(one)
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


def fair(engine: Engine, per_minute: int, clock: Clock) -> tuple[UserRateLimit, Door]:
    door = Door()
    return UserRateLimit(per_minute, door.accept, engine, Metrics(), clock), door


def marks(door: Door) -> list[str | None]:
    return [one.address.get("beyond_share") for one in door.got]


async def test_the_share_comes_back_with_time_and_the_sentence_is_said_once_a_minute(engine: Engine) -> None:
    clock = Clock()
    share, door = fair(engine, 2, clock)
    for _ in range(4):
        await share.accept(event(ALA))
    clock.now += 30.0
    for _ in range(2):
        await share.accept(event(ALA))
    clock.now += 31.0
    for _ in range(3):
        await share.accept(event(ALA))
    assert marks(door) == [None, None, "tell", "told", None, "told", None, "tell", "told"]


@pytest.mark.parametrize("says", [False, StoreUnavailable("locked")], ids=["known", "refused"])
async def test_what_was_not_accepted_costs_nothing(engine: Engine, says: bool | Exception) -> None:
    share, door = fair(engine, 1, Clock())
    door.says = says
    for _ in range(5):
        try:
            assert not await share.accept(event(ALA))
        except StoreUnavailable:
            assert says
    assert marks(door) == [None] * 5


async def test_words_between_people_are_not_counted_and_zero_means_no_limit(engine: Engine) -> None:
    share, door = fair(engine, 1, Clock())
    for _ in range(5):
        await share.accept(event(ALA, unaddressed=True))
    await share.accept(event(ALA))
    endless, everything = fair(engine, 0, Clock())
    for _ in range(100):
        await endless.accept(event(ALA))
    assert set(marks(door) + marks(everything)) == {None}


@pytest.mark.parametrize("register", list(Register))
@pytest.mark.parametrize("words", [ALA, "ala or k2", "the price of bread"])
def test_both_platforms_can_show_the_sentence(engine: Engine, register: Register, words: str) -> None:
    reply: Reply
    reply, _ = engine.respond(State(register, introduced=True), Incoming(Kind.TEXT, words))
    share = UserRateLimit(30, Door().accept, engine, Metrics())
    notice = share._notice(reply)
    (sent,) = telegram.TelegramRenderer(engine.text).render(notice)
    assert "30" in str(sent)
    (part,) = slack.SlackRenderer(engine.text).parts(notice, slack.RenderOptions())
    assert validate_blocks(list(part.blocks), "message") == []
    assert "30" in str(part.blocks)


async def test_a_patient_on_telegram_who_asks_too_much_is_told_so(tmp_path: Path, engine: Engine) -> None:
    async with FakeTelegram() as fake:
        settings = Settings(
            footnote_database_url=f"sqlite:///{tmp_path}/f.sqlite3",
            footnote_port=0,
            footnote_questions_per_minute=1,
        )
        telegram = TelegramSettings(bot_token=SecretStr(fake.token), api_base_url=fake.url)
        async with serving(settings, engine, telegram):
            ann = fake.person("Ann")
            for words in (ALA, ALA, PAIN):
                ann.says(words)

            titles = [
                engine.title("ala", Register.LAYPERSON),
                engine.text("too-many-title", Register.LAYPERSON),
                engine.title("urgent-chest", Register.LAYPERSON),
            ]

            def heard() -> list[str]:
                texts = [e.json["text"] for e in fake.world.events if e.kind == "message" and e.chat == ann.id]
                return [title for text in texts for title in titles if title in text]

            await fake.until(lambda: set(titles) <= set(heard()))
            assert sorted(heard()) == sorted(titles)
