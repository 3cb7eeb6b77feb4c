"""Trouble on order: what the stand-in does wrong, to which call, how often."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Literal

Kind = Literal["ratelimited", "server_error", "drop", "drop_after", "error", "hold", "page"]


@dataclass(slots=True)
class Fault:
    """One kind of trouble for the calls whose method matches `method` (shell pattern), `times` times.

    `drop` closes the connection before the call is taken, `drop_after` after it was carried out; `error` answers with
    Slack's error `name`; `hold` keeps the answer back until `release` is set; `page` answers 200 with a `body` of the
    content type `name`, as a proxy does, `carried_out` or not.
    """

    kind: Kind
    method: str = "*"
    times: int = 1
    retry_after: int = 1
    status: int = 503
    name: str = "internal_error"
    body: str = ""
    carried_out: bool = False
    release: asyncio.Event = field(default_factory=asyncio.Event)
    introduced: asyncio.Event = field(default_factory=asyncio.Event)


class Faults:
    """The list of troubles still to come."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self.latency = 0.0

    def add(self, fault: Fault) -> Fault:
        """Order a fault and return it."""
        self._waiting.append(fault)
        return fault

    def clear(self) -> None:
        """Forget every fault that has not happened yet."""
        self._waiting.clear()
        self.latency = 0.0

    def take(self, method: str) -> Fault | None:
        """Return the fault this call meets, counting it."""
        for fault in self._waiting:
            if fnmatch(method, fault.method):
                fault.times -= 1
                if fault.times == 0:
                    self._waiting.remove(fault)
                fault.introduced.set()
                return fault
        return None
