"""What every channel promises, as tests: subclass `ChannelContract` and bring a stand-in of the platform.

    class TestMyChannel(ChannelContract):
        @pytest.fixture
        async def stand_in(self) -> AsyncIterator[StandIn]:
            async with MyStandIn() as platform:
                yield platform

A stand-in pretends to be the platform for one person, and can be told to make trouble.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Literal, Protocol

import pytest

from bot.app import host_services
from bot.channels.base import Channel, ChannelPlugin, HostServices
from bot.content.models import Answer, Claim, Registers
from bot.dialog.composer import Composer
from bot.dialog.engine import Engine
from bot.dialog.turn import Register
from bot.inbox.events import InboundEvent
from bot.service import Service
from bot.settings import Settings
from bot.store.base import Store, StoreUnavailable
from bot.store.common import Identity
from bot.store.open import open_store
from tests.chaos.processes import Bot
from tests.drivers.driver import Driver, play
from tests.drivers.script import Script, plays

QUESTION, NODE = "what is alpha lipoic acid", "ala"
SECRET = "a secret of thirty-two characters"
PATIENCE = 20.0
"""Seconds after which something that should happen has not."""

Trouble = Literal["busy", "slow", "lost"]
"""What becomes of the next send: refused for a moment (429), answered late, or carried out with its answer lost."""


class Process(Protocol):
    """The bot as a process of its own."""

    port: int

    async def start(self) -> None:
        """Return when it serves."""

    async def kill(self) -> None:
        """End it with SIGKILL."""


class StandIn(Driver, Protocol):
    """A platform that only pretends, with one person on it."""

    plugin: ChannelPlugin[Any]
    threads: bool
    """Whether the person can hold several conversations at once."""
    shared: bool
    """Whether others read along."""
    commands: bool
    """Whether commands are named, and answered, in the conversation itself."""

    def environment(self, port: int) -> Mapping[str, str]:
        """Return what an operator sets to serve this channel; `port` is the bot's own."""

    def build(self, host: HostServices, environment: Mapping[str, str]) -> Channel:
        """Return the channel, without the platform's pace if it has one."""

    def process(self, environment: Mapping[str, str]) -> Process:
        """Return a process, not started, that serves this channel."""

    async def connect(self, port: int, running: Running | None) -> None:
        """Return when events can be brought to the bot; `running` is None where it is a process of its own."""

    async def choose(self, register: Register) -> None:
        """Choose the register as a person does."""

    async def ask(self, words: str) -> None:
        """Send words in the thread `main` and wait for nothing."""

    async def acknowledged(self) -> None:
        """Return when the platform was told that the newest event arrived."""

    async def redeliver(self) -> None:
        """Bring the newest event once more."""

    def trouble(self, kind: Trouble) -> None:
        """Spoil the next send."""

    def hold(self) -> None:
        """Keep every send waiting, without carrying it out."""

    def heal(self) -> None:
        """Carry out what is sent from now on; what was held stays undone."""

    def shows(self, title: str) -> int:
        """Return how many messages of the thread `main` show this title."""


class Running:
    """The bot in this process. `unconfirmed` makes the next event fail after it was written, as a broken
    connection to the database does."""

    def __init__(self, service: Service, store: Store) -> None:
        self.service = service
        self.channel: Channel
        self.unconfirmed = False
        self._store = store

    async def accept(self, event: InboundEvent) -> bool:
        fresh = await self.service.accept(event)
        if self.unconfirmed:
            self.unconfirmed = False
            raise StoreUnavailable("written, but the confirmation was lost")
        return fresh

    async def idle(self) -> None:
        """Return when nothing accepted is left unanswered."""
        async with asyncio.timeout(PATIENCE):
            while await self._store.pending("waiting"):  # noqa: ASYNC110  (the store tells nobody)
                await asyncio.sleep(0.005)


@asynccontextmanager
async def running(stand_in: StandIn, engine: Engine, database_url: str) -> AsyncIterator[Running]:
    """Serve one channel, as `footnote serve` does."""
    port = free_port()
    settings = Settings(
        footnote_database_url=database_url,
        footnote_port=port,
        footnote_questions_per_minute=0,
        footnote_drain_seconds=1,
    )
    store, identity, stop = await open_store(database_url), Identity(SECRET), asyncio.Event()
    bot = Running(Service(settings, store, engine, identity), store)
    host = host_services(stand_in.plugin.name, settings, bot.service.inbox, engine, identity, bot.accept)
    bot.channel = stand_in.build(host, stand_in.environment(port))
    bot.service.add(bot.channel)
    task = asyncio.create_task(bot.service.run(stop))
    try:
        await bot.service.listening
        await stand_in.connect(port, bot)
        yield bot
    finally:
        stop.set()
        await task
        await store.close()


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return int(bound.getsockname()[1])


def settings_from(plugin: ChannelPlugin[Any], environment: Mapping[str, str]) -> Any:
    """Return the plugin's settings, from these variables alone."""
    fields = {name: environment.get(plugin.settings.variable(name)) for name in plugin.settings.model_fields}
    return plugin.settings(**{name: value for name, value in fields.items() if value})


class PluginStandIn:
    """What most stand-ins have in common."""

    plugin: ChannelPlugin[Any]
    threads = True
    shared = False
    commands = True

    def build(self, host: HostServices, environment: Mapping[str, str]) -> Channel:
        return self.plugin.build(host, settings_from(self.plugin, environment))

    def process(self, environment: Mapping[str, str]) -> Process:
        return Bot(environment)


async def until(check: Callable[[], object]) -> None:
    """Return when `check` is true; raises TimeoutError when it is not for long."""
    async with asyncio.timeout(PATIENCE):
        while not check():  # noqa: ASYNC110  (it may depend on another process)
            await asyncio.sleep(0.005)


async def shown(stand_in: StandIn, title: str) -> None:
    """Return when a message shows this title."""
    await until(lambda: stand_in.shows(title))


def title_of(stand_in: StandIn, engine: Engine) -> str:
    """Return the title of the expected answer in the channel's own register."""
    return engine.title(NODE, stand_in.plugin.default_register)


def over_long(engine: Engine, title: str, brief: str) -> Engine:
    """Return an engine whose answer to the question has this title and this brief, in both registers."""
    claim = Claim(id="all", kind="editorial", professional=brief, layperson=brief)
    words = Registers(professional=title, layperson=title)
    topic = engine.library.topic_of(NODE)
    label = topic.answers[NODE].label
    answers = {**topic.answers, NODE: Answer(answer=NODE, label=label, title=words, claims=(claim,))}
    topics = {**engine.library.topics, topic.id: replace(topic, answers=answers)}
    return Engine(replace(engine.library, topics=topics, _rendered={}), engine.matcher)


class ChannelContract:
    """The tests. A subclass provides the fixture `stand_in`."""

    @pytest.mark.parametrize(("name", "script", "register"), plays(), ids=lambda value: str(value)[:60])
    async def test_every_conversation_reads_as_written(
        self,
        stand_in: StandIn,
        engine: Engine,
        composer: Composer,
        sqlite_url: str,
        name: str,
        script: Script,
        register: Register,
    ) -> None:
        if (script.threads and not stand_in.threads) or (script.commands and not stand_in.commands) or script.waits:
            pytest.skip("this channel has no threads, no commands, or no clock of its own")
        silent = {kind for kind, talk in engine.library.small_talk.items() if talk.group == "silent"}
        if stand_in.shared and silent & {turn.expect.node for turn in script.turns}:
            pytest.skip("where others read along, thanks and the like are left unanswered")
        async with running(stand_in, engine, sqlite_url):
            await stand_in.choose(register)
            await play(stand_in, script, register, composer)

    async def test_a_title_of_200_characters_and_a_brief_beyond_a_screen_arrive_whole(
        self, stand_in: StandIn, engine: Engine, sqlite_url: str
    ) -> None:
        title, words = ("Alpha " * 34)[:199] + "?", [f"word{number}" for number in range(900)]
        async with running(stand_in, over_long(engine, title, " ".join(words)), sqlite_url):
            seen = await stand_in.say(QUESTION, "main")
        assert title in " ".join(seen.text.split())
        assert [word for word in words if word not in seen.text] == []

    @pytest.mark.parametrize(
        "name", ["\u05d3\u05e0\u05d4", "\u0644\u064a\u0644\u0649", "\u202edrawkcab", "x\u2069\u202ey"]
    )
    async def test_a_name_from_right_to_left_turns_nothing_around_it(
        self, stand_in: StandIn, engine: Engine, sqlite_url: str, name: str
    ) -> None:
        async with running(stand_in, engine, sqlite_url):
            seen = await stand_in.say(f"what is the doi of {name}", "main")
        assert f"\u2068{name.replace(chr(0x2069), '')}\u2069" in seen.text

    async def test_an_event_that_comes_twice_is_answered_once(
        self, stand_in: StandIn, engine: Engine, sqlite_url: str
    ) -> None:
        async with running(stand_in, engine, sqlite_url) as bot:
            await stand_in.say(QUESTION, "main")
            await stand_in.redeliver()
            await stand_in.acknowledged()
            await bot.idle()
            assert stand_in.shows(title_of(stand_in, engine)) == 1

    async def test_an_event_whose_acknowledgement_was_lost_is_answered_once(
        self, stand_in: StandIn, engine: Engine, sqlite_url: str
    ) -> None:
        async with running(stand_in, engine, sqlite_url) as bot:
            bot.unconfirmed = True
            await stand_in.ask(QUESTION)
            await shown(stand_in, title_of(stand_in, engine))
            await stand_in.redeliver()
            await stand_in.acknowledged()
            await bot.idle()
            assert stand_in.shows(title_of(stand_in, engine)) == 1

    @pytest.mark.parametrize("trouble", ["busy", "slow"])
    async def test_an_answer_that_is_refused_or_slow_arrives_once(
        self, stand_in: StandIn, engine: Engine, sqlite_url: str, trouble: Trouble
    ) -> None:
        async with running(stand_in, engine, sqlite_url) as bot:
            stand_in.trouble(trouble)
            await stand_in.ask(QUESTION)
            await shown(stand_in, title_of(stand_in, engine))
            await bot.idle()
            assert stand_in.shows(title_of(stand_in, engine)) == 1

    async def test_an_answer_whose_receipt_was_lost_arrives_and_is_settled(
        self, stand_in: StandIn, engine: Engine, sqlite_url: str
    ) -> None:
        """Nobody can tell whether it arrived: a second message is allowed, silence and a turn that stays are not."""
        async with running(stand_in, engine, sqlite_url) as bot:
            stand_in.trouble("lost")
            await stand_in.ask(QUESTION)
            await shown(stand_in, title_of(stand_in, engine))
            await bot.idle()
            assert stand_in.shows(title_of(stand_in, engine)) in (1, 2)

    async def test_what_was_accepted_before_kill_9_is_answered_after_it(
        self, stand_in: StandIn, engine: Engine, sqlite_url: str
    ) -> None:
        port = free_port()
        environment = {"FOOTNOTE_DATABASE_URL": sqlite_url, "FOOTNOTE_SECRET": SECRET, "FOOTNOTE_PORT": str(port)}
        bot = stand_in.process({**environment, **stand_in.environment(port)})
        await bot.start()
        await stand_in.connect(port, None)
        stand_in.hold()
        await stand_in.ask(QUESTION)
        await stand_in.acknowledged()
        await bot.kill()
        assert stand_in.shows(title_of(stand_in, engine)) == 0, "the send was held"
        stand_in.heal()
        await bot.start()
        try:
            await shown(stand_in, title_of(stand_in, engine))
        finally:
            await bot.kill()
        assert stand_in.shows(title_of(stand_in, engine)) == 1
