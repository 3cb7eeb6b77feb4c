"""What a replay would know while an answer of two parts is being delivered."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.inbox.events import OutboundMessage, Progress
from bot.store.open import open_store, sqlite_path
from tests.inbox.support import IDENTITY, Notebook, at_work, event


@dataclass
class TwoParts(Notebook):
    """Sends two parts and looks into the inbox after each, as a replay would."""

    look: Callable[[], str] = str
    seen: list[str] = field(default_factory=list)

    async def deliver(self, message: OutboundMessage, progress: Progress) -> None:
        for part, last in (("m1", False), ("m2", True)):
            await progress(part, last=last)
            self.seen.append(self.look())
        await super().deliver(OutboundMessage(message.address, message.reply, sent=("m1", "m2")), progress)


async def test_the_last_part_is_written_by_the_end_of_the_turn(sqlite_url: str) -> None:
    store, eye = await open_store(sqlite_url), sqlite3.connect(sqlite_path(sqlite_url))
    notebook = TwoParts(parts=2, look=lambda: str(eye.execute("SELECT sent FROM inbox").fetchone()[0]))
    async with at_work(store, notebook) as inbox:
        await inbox.accept(event("ala"))
        await notebook.wait_for(1)
    assert notebook.seen == ['["m1"]', '["m1"]']
    assert await store.pending() == []
    assert (await store.export(IDENTITY.person("telegram:1")))["messages"] == 2
    await store.close()
