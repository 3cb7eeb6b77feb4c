"""When an answer may be sent: Telegram's rates, urgent ones first; how long to wait before trying again, and why."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass

import structlog
from telegram.error import BadRequest, Conflict, EndPointNotFound, InvalidToken, RetryAfter, TelegramError

from bot.channels.telegram.client import wait_of
from bot.inbox.events import Paced

NAP = 0.25
"""Seconds that are waited here. Whoever has to wait for longer is sent away with its place in the queue, so that it
takes no worker's place, and what is urgent in its conversation can go before it."""

_CROWD = 4096
"""Chats remembered before those that may send at once are forgotten."""

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Rates:
    """What a bot may send (core.telegram.org/bots/faq#broadcasting-to-users); 0 means no limit.

    `overall` messages a second, `group` messages a minute to one group, `chat` messages a second to one chat after a
    `burst` of so many. Overall no more than `overall_burst` leave at the same instant, and no more than `unwritten` are
    on their way or not yet written down: those are what a death may have said twice.
    """

    overall: float = 30.0
    group: float = 20.0
    chat: float = 1.0
    burst: int = 3
    overall_burst: int = 3
    unwritten: int = 4


class Meter:
    """Spaces what bears the same name by `interval` seconds; `burst` of it may go at once after a pause."""

    def __init__(self, interval: float, burst: float) -> None:
        self._interval = interval
        self._ahead = interval * (burst - 1)
        self._next: dict[Hashable, float] = {}

    def due(self, name: Hashable, now: float) -> float:
        """Return when the next may go; in the past if it may go at once."""
        return max(self._next.get(name, 0.0), now - self._ahead)

    def take(self, name: Hashable, at: float) -> None:
        """Let one go at a moment."""
        if not self._interval:
            return
        self._next[name] = self.due(name, at) + self._interval
        if len(self._next) > _CROWD:
            self._next = {one: due for one, due in self._next.items() if due > at - self._ahead}


class Pacer:
    """Tells each chat's next message when it may go; chats wait for each other only where all are too many."""

    def __init__(
        self,
        rates: Rates,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._overall = _meter(rates.overall, rates.overall_burst)
        self._chat = _meter(rates.chat, rates.burst)
        self._group = _meter(rates.group / MINUTE, rates.group)
        self._clock = clock
        self._sleep = sleep
        self._booked: dict[int, float] = {}

    async def wait(self, chat: int, *, urgent: bool = False) -> None:
        """Return when the next message to the chat may be sent: at once if it is urgent.

        Raises `Paced` if that is further away than a moment; the place is kept for whoever comes back for it.
        """
        now = self._clock()
        if urgent:
            self._take(chat, now)
            return
        due = self._booked.pop(chat, None)
        if due is None:
            due = max(now, *(meter.due(name, now) for meter, name in self._meters(chat)))
            self._take(chat, due)
        if due - now > NAP:
            self._booked[chat] = due
            raise Paced(due - now)
        if due > now:
            await self._sleep(due - now)

    def _take(self, chat: int, at: float) -> None:
        for meter, name in self._meters(chat):
            meter.take(name, at)

    def _meters(self, chat: int) -> list[tuple[Meter, Hashable]]:
        """Return what a message counts against; the ids of groups are negative."""
        own: list[tuple[Meter, Hashable]] = [(self._overall, "all"), (self._chat, chat)]
        return [*own, (self._group, chat)] if chat < 0 else own


def _meter(rate: float, burst: float) -> Meter:
    """Return a meter for so many a second; 0 means no limit."""
    return Meter(1 / rate if rate else 0.0, burst if rate else 1)


HANGING = 0.25
"""Seconds after which a call that is not answered holds back nobody else any more."""


class Window:
    """Lets `most` messages be under way at once; one that hangs makes room, one that is urgent needs none."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._begun: dict[object, float] = {}
        self._changed = asyncio.Event()

    async def enter(self, *, urgent: bool = False) -> Callable[[], None]:
        """Wait for room; return what gives it back, once, however often it is called."""
        while not urgent and self._most and (wait := self._until_room()) > 0:
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), wait)
        place = object()
        self._begun[place] = self._clock()

        def leave() -> None:
            self._begun.pop(place, None)
            self._changed.set()

        return leave

    def _until_room(self) -> float:
        """Return for how many seconds there is certainly no room if nobody leaves."""
        now = self._clock()
        lively = sorted(at for at in self._begun.values() if now - at < HANGING)
        return HANGING - (now - lively[-self._most]) if len(lively) >= self._most else 0.0


log = structlog.stdlib.get_logger(__name__)

LONGEST = 30.0
"""Seconds between two attempts at most."""

CONFLICT = (
    "another process polls with this token, or a webhook was set: stop the other one; "
    "several replicas need TELEGRAM_MODE=webhook"
)
REFUSED = "Telegram refuses the token: copy it again from @BotFather (/mybots, API Token) into TELEGRAM_BOT_TOKEN"


class Backoff:
    """Waits `first` seconds after a fault, then twice as long each time; `problem` is empty while all is well."""

    def __init__(self, first: float) -> None:
        self.problem = "not connected yet"
        self._first = first
        self._faults = 0

    async def wait(self, problem: str, asked: float = 0.0) -> None:
        """Wait after a fault, at least as long as Telegram asks; the same problem is logged once."""
        seconds = max(asked, min(self._first * 2**self._faults, LONGEST))
        self._faults = min(self._faults + 1, 16)
        if problem != self.problem:
            log.warning("telegram_fault", reason=problem, retry_in=seconds)
        self.problem = problem
        await asyncio.sleep(seconds)

    def reset(self) -> None:
        """Note that all is well."""
        if self.problem:
            log.info("telegram_connected", faults=self._faults)
        self.problem, self._faults = "", 0


def explain(fault: TelegramError) -> str:
    """Return what an operator can do about a fault. The text of most faults may hold the token and is never shown."""
    if isinstance(fault, Conflict):
        return CONFLICT
    if isinstance(fault, InvalidToken | EndPointNotFound):
        return REFUSED
    if isinstance(fault, BadRequest):
        return f"Telegram refuses the request: {fault}"
    return f"Telegram cannot be reached ({type(fault).__name__})"


def asked_of(fault: TelegramError) -> float:
    """Return the seconds Telegram asks to wait, if it does."""
    return wait_of(fault) if isinstance(fault, RetryAfter) else 0.0
