"""Content that is served while it is written: each save is parsed, taken over as a whole if it loads, then checked.

A save that does not load changes nothing for readers: the last good content goes on, and every finding is kept for
whoever looks (the workbench of the page).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import structlog
from watchfiles import Change, DefaultFilter, awatch

from bot.authoring.check import check
from bot.channels.base import ChannelLimits, ContentState
from bot.content.library import Library
from bot.content.loader import attempt
from bot.dialog.engine import Engine

log = structlog.stdlib.get_logger(__name__)

DEBOUNCE_MILLISECONDS = 100
"""An editor that writes a file in several steps has finished by then."""

Rebuild = Callable[[Library], tuple[Engine, bool]]
"""Returns an engine over changed content, and whether all is learned that it could learn."""

Learn = Callable[[], Awaitable[None]]
"""Learns from the content on disk, beside the answers."""


class _Authored(DefaultFilter):
    def __call__(self, change: Change, path: str) -> bool:
        return path.endswith((".yaml", ".j2")) and super().__call__(change, path)


class ContentWatcher:
    """Holds what is known of the content on disk, and has `engine` speak it whenever it loads."""

    def __init__(
        self,
        dialogs: Path,
        content: Path,
        engine: Engine,
        rebuild: Rebuild,
        learn: Learn,
        limits: Sequence[ChannelLimits] = (),
    ) -> None:
        self._folders = (dialogs, content)
        self._engine = engine
        self._rebuild = rebuild
        self._learn = learn
        self._limits = limits
        self._aside: dict[str, asyncio.Task[None]] = {}
        self._changed = asyncio.Event()
        self.now = ContentState(0, served=True)

    async def run(self) -> None:
        """Follow the folders until cancelled; the first thing is to check what is there."""
        self._beside("check", self._check(0))
        async for _ in awatch(*self._folders, watch_filter=_Authored(), debounce=DEBOUNCE_MILLISECONDS, step=20):
            await self.reload()

    async def reload(self) -> None:
        """Take over what the folders hold now, if it loads."""
        try:
            tried = await asyncio.to_thread(attempt, *self._folders)
            if tried.library is None or any(found.level == "error" for found in tried.diagnostics):
                self._publish(ContentState(self.now.number + 1, served=False, diagnostics=tried.diagnostics))
                return
            engine, learned = await asyncio.to_thread(self._rebuild, tried.library)
            self._engine.adopt(engine)
        except Exception as fault:  # files that load one by one and do not fit together: the next save may mend it
            log.error("content_not_taken_over", kind=type(fault).__name__, reason=str(fault))
            self._publish(ContentState(self.now.number + 1, served=False, diagnostics=self.now.diagnostics))
            return
        self._publish(ContentState(self.now.number + 1, served=True, diagnostics=tried.diagnostics))
        self._beside("check", self._check(self.now.number))
        if not learned:
            self._beside("learn", self._learn_then_reload())

    async def next(self, number: int) -> ContentState:
        """Return the state that follows, once there is one."""
        while self.now.number <= number:
            changed = self._changed
            await changed.wait()
        return self.now

    def _beside(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Do what takes longer than a save may; what was begun for an earlier save is given up."""
        if (before := self._aside.get(name)) is not None:
            before.cancel()
        self._aside[name] = asyncio.create_task(work)

    async def _learn_then_reload(self) -> None:
        await self._learn()
        self._aside.pop("learn")  # this task goes on as a save of its own
        await self.reload()

    async def _check(self, number: int) -> None:
        """Add what the rules find."""
        report = await asyncio.to_thread(check, *self._folders, date.today(), self._limits)  # noqa: DTZ011
        if self.now.number == number:  # otherwise something was saved meanwhile, and is checked by itself
            self._publish(ContentState(number + 1, self.now.served, report.diagnostics, checked=True))

    def _publish(self, state: ContentState) -> None:
        self.now = state
        log.info("content", served=state.served, checked=state.checked, findings=len(state.diagnostics))
        self._changed.set()
        self._changed = asyncio.Event()
