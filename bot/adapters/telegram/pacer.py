"""About one message a second to one chat, after a short burst: what Telegram asks and the limiter leaves out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

_CROWD = 4096
"""Chats remembered before those that may send at once are forgotten."""


class Pacer:
    """Tells each chat's next message when it may go; chats do not wait for each other.

    `rate` is in messages a second (0: no limit); `burst` of them may go at once after a pause.
    """

    def __init__(
        self,
        rate: float,
        burst: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._interval = 1 / rate if rate else 0.0
        self._ahead = self._interval * (burst - 1)
        self._clock = clock
        self._sleep = sleep
        self._due: dict[int, float] = {}

    async def wait(self, chat: int) -> None:
        """Return when the next message to the chat may be sent."""
        if not self._interval:
            return
        now = self._clock()
        due = max(self._due.get(chat, 0.0), now - self._ahead)
        self._due[chat] = due + self._interval
        if len(self._due) > _CROWD:
            self._due = {chat: due for chat, due in self._due.items() if due > now - self._ahead}
        if due > now:
            await self._sleep(due - now)
