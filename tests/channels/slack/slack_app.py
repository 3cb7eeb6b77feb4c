"""The bot on the pretended Slack: the real channel, store, inbox and engine, in Socket Mode or over HTTP."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from aiohttp import web

from bot.channels.layout import document_text
from bot.channels.slack.app import Credentials, OAuth, Slack
from bot.channels.slack.manifest import EVENTS_PATH
from bot.dialog.engine import Engine
from bot.dialog.turn import Incoming, Kind, Register, State
from bot.inbox.events import InboundEvent
from bot.inbox.inbox import Inbox
from bot.inbox.processor import RetryPolicy
from bot.pictures.shelf import Files, Shelf
from bot.store.base import Store
from bot.store.common import Identity
from tests.channels.host import host_of
from tests.database_fixtures import opened
from tests.fakes.slack import CHANNEL, FakeSlack
from tests.fakes.slack_blocks import validate_blocks, validate_view
from tests.fakes.slack_rich_text import pings, walk
from tests.fakes.slack_world import Post
from tests.inbox.support import figures

Mode = Literal["socket", "http"]
SECRET = "a secret for tests"
ADA, BEN, CLEO = "U0ADA", "U0BEN", "U0CLEO"
QUICK = RetryPolicy(tick=0.02, store_pause=0.01)
GLANCE = 0.002
"""Seconds between two looks at what rings no bell: who looks without a pause takes the processor from others."""


class SlackApp:
    """Everything that runs; `people` do things, `answers` waits for what became visible."""

    def __init__(self, fake: FakeSlack, slack: Slack, inbox: Inbox, store: Store, engine: Engine) -> None:
        self.fake = fake
        self.slack = slack
        self.inbox = inbox
        self.store = store
        self.engine = engine
        self.people = fake.people
        self.world = fake.world
        self.quarantined: list[str] = []
        self.unexpected: Counter[str] = Counter()
        self.registers: dict[str, Register] = {}
        self.url = ""
        self._seen = 0

    async def answers(self, count: int = 1) -> list[Post]:
        """Return the next `count` things the bot made visible."""
        await self.world.until(lambda: len(self.world.posts) >= self._seen + count)
        found = self.world.posts[self._seen : self._seen + count]
        self._seen += count
        return found

    async def answer(self) -> Post:
        """Return the next thing the bot made visible."""
        return (await self.answers(1))[0]

    async def unaddressed(self) -> None:
        """Return once nothing is under way; fails if something became visible that nobody looked at."""
        await self.idle()
        assert self.world.posts[self._seen :] == []

    async def idle(self) -> None:
        """Return once the inbox is empty."""
        async with asyncio.timeout(10):
            while await self._waiting():  # noqa: ASYNC110  (the store tells nobody)
                await asyncio.sleep(GLANCE)

    async def up(self) -> None:
        """Return once events can be taken."""
        await until(lambda: self.slack.health()["up"])

    @property
    def kept_silent(self) -> float:
        """How often words not addressed to the bot were read and left alone."""
        return sum(
            value for name, value in figures(self.inbox.metrics).items() if name.startswith("footnote_silent_total")
        )

    async def _waiting(self) -> int:
        queue_depth = (await self.store.queue_depth()).get("slack")
        return queue_depth.waiting if queue_depth else 0

    def register(self, user: str) -> Register:
        """Return the register a test has a person choose; clinicians' until then."""
        return self.registers.get(user, Register.PROFESSIONAL)

    def title(self, node: str, register: Register = Register.PROFESSIONAL) -> str:
        """Return the title of an answer."""
        return self.engine.library.text(self.engine.library.answer(node).title, register)

    def brief(self, node: str, register: Register = Register.PROFESSIONAL) -> str:
        """Return the first paragraph of an answer."""
        reply, _ = self.engine.respond(State(register), Incoming(Kind.COMMAND, node, "slack"))
        return document_text(reply.card.brief[:1])

    def label(self, node: str, register: Register = Register.PROFESSIONAL) -> str:
        """Return the button text of an answer."""
        return self.engine.library.text(self.engine.library.answer(node).label, register)

    def text(self, key: str, register: Register = Register.PROFESSIONAL, **values: Any) -> str:
        """Return one of the bot's own sentences."""
        return self.engine.text(key, register, **values)


async def until(check: Callable[[], object]) -> None:
    """Return when `check` is true; raises TimeoutError when it is not for long."""
    async with asyncio.timeout(10):
        while not check():  # noqa: ASYNC110  (health rings no bell)
            await asyncio.sleep(GLANCE)


@asynccontextmanager
async def running_app(
    fake: FakeSlack,
    engine: Engine,
    mode: Mode,
    folder: Path,
    *,
    oauth: OAuth | None = None,
    credentials: Mapping[str, str] | None = None,
    ping: float = 10.0,
    connected: bool = True,
    mention_only: frozenset[str] = frozenset(),
    shelf: Shelf | None = None,
) -> AsyncIterator[SlackApp]:
    """Run the bot on a pretended Slack; the database is a file in `folder`, so that a second bot goes on there."""
    store = await opened(folder / "slack.sqlite3")
    inbox = Inbox(store, engine, Identity(SECRET), policy=QUICK)
    quarantined: list[str] = []

    async def quarantine(_reason: str, raw: str) -> None:
        quarantined.append(raw)

    async def accept(event: InboundEvent) -> bool:
        return await slack_app.inbox.accept(event)

    def count(kind: str) -> None:
        slack_app.unexpected[kind] += 1

    given = {"bot_token": fake.bot_token, "app_token": fake.world.app_token, **(credentials or {})}
    given.setdefault("signing_secret", fake.world.signing_secret)
    host = host_of("slack", inbox, engine, Identity(SECRET), accept=accept, quarantine=quarantine, unexpected=count)
    host = replace(host, files=Files(shelf, store) if shelf else None)
    slack = Slack(Credentials(mode, fake.api, **given, mention_only=mention_only), host, oauth, ping)
    slack_app = SlackApp(fake, slack, inbox, store, engine)
    slack_app.quarantined = quarantined
    slack_app._seen = len(fake.world.posts)
    inbox.add(slack.delivery)
    runner = await _serve(slack, fake, mode)
    slack_app.url = fake.delivery.url.removesuffix(EVENTS_PATH)
    await inbox.start()
    await slack.start()
    try:
        if connected:
            await _connected(slack_app, mode)
        yield slack_app
    finally:
        await slack.stop()
        await inbox.drain(5)
        await slack.close()
        await runner.cleanup()
        await store.close()


async def _serve(slack: Slack, fake: FakeSlack, mode: Mode) -> web.AppRunner:
    app = web.Application()
    app.add_routes(slack.routes())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    fake.delivery.mode = mode
    fake.delivery.url = f"http://127.0.0.1:{runner.addresses[0][1]}{EVENTS_PATH}"
    return runner


async def _connected(slack_app: SlackApp, mode: Mode) -> None:
    """Wait until events can be taken: the socket is greeted, or the token is known."""
    if mode == "socket":
        await slack_app.world.until(lambda: bool(slack_app.fake.delivery.sockets))
    await slack_app.up()


def words_of(post: Post) -> str:
    """Return every word a reader sees in the blocks."""
    return " ".join(node["text"] for node in walk(post.blocks) if isinstance(node.get("text"), str))


def labels_of(post: Post) -> list[str]:
    """Return the texts of all buttons, and of what is in the menu behind the dots."""
    pressed = (node for node in walk(post.blocks) if node.get("type") == "button" or "value" in node)
    return [str(node["text"]["text"]) for node in pressed if isinstance(node.get("text"), dict)]


def check_everything_shown(fake: FakeSlack) -> None:
    """Every send of a test keeps every limit, pings nobody and carries complete text; nothing was refused unasked. The
    first line may name the one person who shared an answer or asked for it."""
    for post in fake.world.posts:
        if post.view is not None:
            assert validate_view(post.args["view"]) == []
            continue
        assert validate_blocks(post.blocks, "message") == [], post
        assert pings(post.text, post.blocks[1:]) == [], post
        assert len(pings("", post.blocks[:1])) <= 1, post
        assert post.text.strip() or post.method == "chat.update"


__all__ = [
    "ADA",
    "BEN",
    "CHANNEL",
    "CLEO",
    "SECRET",
    "Mode",
    "SlackApp",
    "check_everything_shown",
    "labels_of",
    "running_app",
]
