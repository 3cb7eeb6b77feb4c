"""Everything logged during every test is looked through for what people wrote, who they are, and secrets.

Each test's log lines are those of production at its most talkative level, the chaos harness's processes included. What
must not be in them is gathered where it comes in: at the stand-ins for the platforms, and where an envelope is packed.
A test during which something leaks fails, and the message names the line.
"""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import structlog

from bot import logs
from bot.dialog.turn import Kind
from bot.inbox.events import InboundEvent
from bot.inbox.processor import pack
from tests.chaos.processes import Bot
from tests.fakes.slack_delivery import Delivery
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_feed import Feed

SHORTEST_TEXT = 12
"""Characters. Shorter words (`help`, `ala`) are also words of the log itself."""

SHORTEST_NAME = 6
"""Characters, for the same reason."""

_TEXTS = frozenset({"text", "caption", "value"})
_IDS = frozenset({"id", "user", "user_id", "channel", "channel_id", "team", "team_id"})
_AN_ID = re.compile(r"-?\d{6,}|[UWCDGT][A-Z0-9]{3,}")
_NAMES = frozenset({"username", "first_name", "last_name", "user_name", "channel_name"})
_WORD = re.compile(r"-?[A-Za-z0-9_]+")
_ADDRESSED = re.compile(r"<[@!][^>]*>|@\w+")


class LeakDetector:
    """Hears all logs and knows what must not be in them."""

    def __init__(self) -> None:
        self.captured = io.StringIO()
        self.texts: set[str] = set()
        self.ids: set[str] = set()
        self._bots: dict[int, int] = {}

    @property
    def lines(self) -> list[str]:
        """What was logged."""
        return self.captured.getvalue().splitlines()

    def watch(self, text: object) -> None:
        """Remember a text or a secret that must not be logged; too short ones are left out."""
        for words in (str(text), _ADDRESSED.sub("", str(text)).strip()):
            if len(words) >= SHORTEST_TEXT:
                self.texts.add(json.dumps(words, ensure_ascii=False)[1:-1])

    def watch_id(self, id_: object) -> None:
        """Remember who or where somebody is."""
        if _AN_ID.fullmatch(str(id_)):
            self.ids.add(str(id_))

    def watch_event(self, event: Any) -> None:
        """Remember every text and id within what a platform says."""
        if isinstance(event, list):
            for inner in event:
                self.watch_event(inner)
        elif isinstance(event, dict):
            for name, inner in event.items():
                if name in _TEXTS and isinstance(inner, str):
                    self.watch(inner)
                elif name in _IDS and isinstance(inner, int | str):
                    self.watch_id(inner)
                elif name in _NAMES and isinstance(inner, str) and len(inner) >= SHORTEST_NAME:
                    self.ids.add(inner)
                else:
                    self.watch_event(inner)

    def watch_inbound(self, envelope: InboundEvent) -> None:
        """Remember what somebody wrote, and who and where they are."""
        if envelope.incoming.kind in (Kind.TEXT, Kind.OTHER):
            self.watch(envelope.incoming.text)
        for part in (*envelope.person.split(":"), *envelope.conversation.split(":")):
            self.watch_id(part)

    def capture_process(self, bot: Bot) -> None:
        """Hear what a process has logged since it was last asked."""
        new = bot.log[self._bots.get(id(bot), 0) :]
        self._bots[id(bot)] = len(bot.log)
        self.captured.writelines(f"{line}\n" for line in new)

    def leaks(self) -> list[str]:
        """Return a sentence for each thing that should not have been logged."""
        everything = self.captured.getvalue()
        found = [text for text in self.texts if text in everything]
        found += sorted(self.ids & set(_WORD.findall(everything)))
        return [f"{leak!r} was logged: {next(line for line in self.lines if leak in line)}" for leak in found]


@contextmanager
def listening(leak_detector: LeakDetector) -> Iterator[None]:
    """Show the detector all logs, and all that the stand-ins and channels bring in."""
    handler, root = logs.json_handler(leak_detector.captured), logging.getLogger()
    level = root.level
    with pytest.MonkeyPatch.context() as patch:
        _gather(leak_detector, patch)
        logs.route("DEBUG")
        root.addHandler(handler)
        try:
            yield
        finally:
            root.removeHandler(handler)
            root.setLevel(level)
            structlog.reset_defaults()


def _gather(leak_detector: LeakDetector, patch: pytest.MonkeyPatch) -> None:
    put_text, emit, gone, prepared = Feed.put_text, Delivery.emit, Bot._gone, FakeTelegram.__post_init__

    def telegram_says(self: Feed, number: int, text: str) -> int:
        try:
            leak_detector.watch_event(json.loads(text))
        except (ValueError, RecursionError):
            leak_detector.watch(text)
        return put_text(self, number, text)

    async def slack_says(self: Delivery, kind: Any, payload: Any) -> Any:
        world = self._world
        for secret in (world.app_token, world.signing_secret, world.client_secret, *world.installs):
            leak_detector.watch(secret)
        leak_detector.watch_event(payload)
        return await emit(self, kind, payload)

    async def ended(self: Bot) -> None:
        await gone(self)
        leak_detector.capture_process(self)

    def packed(envelope: InboundEvent, *more: Any, **named: Any) -> Any:
        leak_detector.watch_inbound(envelope)
        return pack(envelope, *more, **named)

    def telegram_begins(self: FakeTelegram) -> None:
        leak_detector.watch(self.token)
        prepared(self)

    patch.setattr(Feed, "put_text", telegram_says)
    patch.setattr(Delivery, "emit", slack_says)
    patch.setattr(Bot, "_gone", ended)
    patch.setattr("bot.inbox.inbox.pack", packed)
    patch.setattr(FakeTelegram, "__post_init__", telegram_begins)


@pytest.fixture(autouse=True)
def leak_detector() -> Iterator[LeakDetector]:
    """Fail a test during which something leaks into the logs."""
    found = LeakDetector()
    with listening(found):
        yield found
    leaks = found.leaks()
    assert not leaks, "\n".join(leaks)
