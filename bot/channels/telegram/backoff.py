"""How long to wait before trying again, and what is wrong meanwhile, in words an operator can act on."""

from __future__ import annotations

import asyncio

import structlog
from telegram.error import BadRequest, Conflict, EndPointNotFound, InvalidToken, RetryAfter, TelegramError

from bot.channels.telegram.client import wait_of

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
