"""Faults to order: what can go wrong between a bot and Telegram."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass
class Fault:
    """One fault for calls of `method` (`*` for all), optionally of one chat.

    It strikes `times` calls (None: all of them), every `every`-th matching one. `retry_after` is in seconds; Telegram
    sends whole seconds, fractions keep tests fast. `hold` keeps the call waiting until the event is set. `drop` cuts
    the connection before the call is carried out or after it was accepted but before it is answered.
    """

    method: str = "*"
    chat: int | None = None
    status: int | None = None
    retry_after: float | None = None
    drop: Literal["before", "after"] | None = None
    garbage: bool = False
    delay: float = 0.0
    hold: asyncio.Event | None = None
    description: str = ""
    times: int | None = None
    every: int = 1
    seen: int = 0
    struck: int = 0

    def strikes(self, method: str, params: Mapping[str, Any]) -> bool:
        """Count the call and return whether this fault hits it."""
        if self.method not in ("*", method) or (self.chat is not None and str(params.get("chat_id")) != str(self.chat)):
            return False
        self.seen += 1
        if self.seen % self.every or (self.times is not None and self.struck >= self.times):
            return False
        self.struck += 1
        return True

    def refusal(self) -> tuple[int, dict[str, Any]] | None:
        """Return the error answer this fault gives, if it gives one."""
        if self.retry_after is not None:
            text = f"Too Many Requests: retry after {self.retry_after}"
            return 429, {"description": text, "parameters": {"retry_after": self.retry_after}}
        if self.status is not None:
            return self.status, {"description": self.description or _PHRASES.get(self.status, "Error")}
        return None


_PHRASES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden: bot was blocked by the user",
    409: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
}
