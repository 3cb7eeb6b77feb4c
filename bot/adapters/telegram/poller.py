"""Long polling that confirms an update to Telegram only after it lies in the inbox.

python-telegram-bot's own polling confirms a batch milliseconds after fetching it, stops for ever at an update it
cannot parse, and can go deaf without saying so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from telegram.error import TelegramError

from bot.adapters.telegram.client import TelegramBot
from bot.adapters.telegram.intake import Intake
from bot.adapters.telegram.patience import Patience, asked_of, explain

HOLD = 30
"""Seconds Telegram may hold a request open while nothing happens (its server allows 50)."""

SLACK = 10
"""Seconds a held request may be late before it counts as lost."""

DEAF = 3 * HOLD
"""Seconds without a successful request after which the poller counts as deaf."""

BATCH = 100
"""Updates fetched at once (Bot API, getUpdates: 1-100)."""


class Poller:
    """Fetches updates for ever."""

    def __init__(
        self,
        bot: TelegramBot,
        intake: Intake,
        kinds: Sequence[str],
        patience: Patience,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bot = bot
        self._intake = intake
        self._kinds = list(kinds)
        self._patience = patience
        self._clock = clock
        self._heard = clock()
        self._offset = 0

    @property
    def silence(self) -> float:
        """Seconds since Telegram last answered."""
        return self._clock() - self._heard

    @property
    def deaf(self) -> bool:
        """True when the poller should have heard from Telegram long ago."""
        return self.silence > DEAF

    async def run(self) -> None:
        """Poll until cancelled; no fault ends it."""
        while True:
            await self._once()

    async def _once(self) -> None:
        try:
            updates = await self._fetch()
            await self._intake.take(updates)
        except TelegramError as fault:
            await self._patience.rest(explain(fault), asked_of(fault))
        except Exception as fault:
            await self._patience.rest(f"the inbox cannot take updates now ({type(fault).__name__})")
        else:
            await self._confirm(updates)

    async def _fetch(self) -> list[Any]:
        parameters: dict[str, Any] = {"timeout": HOLD, "limit": BATCH, "allowed_updates": self._kinds}
        if self._offset:
            parameters["offset"] = self._offset
        updates = await self._bot.do_api_request("getUpdates", api_kwargs=parameters, read_timeout=HOLD + SLACK)
        self._heard = self._clock()
        return list(updates)

    async def _confirm(self, updates: list[Any]) -> None:
        """Have the next request confirm these; a batch that names no new id must not be fetched in a hot loop."""
        offset = max([self._offset, *(number + 1 for number in map(_id, updates))])
        if updates and offset == self._offset:
            await self._patience.rest("Telegram repeats updates that were confirmed")
        else:
            self._offset = offset
            self._patience.restore()


def _id(update: Any) -> int:
    """Return the update's id, even of one that is otherwise unreadable; -1 if it has none."""
    number = update.get("update_id") if isinstance(update, dict) else None
    return number if isinstance(number, int) else -1
