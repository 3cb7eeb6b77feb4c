"""A clock that can be set: `python -m tests.chaos.clock FILE serve` is `footnote serve` whose time others decide.

The file holds two numbers: by how many seconds the wall clock is wrong, and how many seconds have passed that nobody
waited for (both clocks show those). The process is otherwise the real one: only `time.time` and `time.monotonic`
differ, and its event loop looks at the time every few milliseconds, as time may pass while it sleeps.
"""

from __future__ import annotations

import asyncio
import mmap
import selectors
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

GLANCE = 0.02
"""Seconds after which the event loop looks at the clock again."""

_NUMBERS = struct.Struct("dd")


class Clock:
    """The harness's hand on the clock. Inside `with`, this process's wall clock shows the time that passed, too:
    the platforms live in the same world as the bot."""

    def __init__(self) -> None:
        self._file = tempfile.NamedTemporaryFile(prefix="footnote-clock-")  # noqa: SIM115 (closed on exit)
        self.path = self._file.name
        self.passed = 0.0
        self._wrong = 0.0
        self._real = time.time
        self._write()

    def __enter__(self) -> Self:
        time.time = lambda: self._real() + self.passed
        return self

    def __exit__(self, *_: object) -> None:
        time.time = self._real
        self._file.close()

    def jump(self, seconds: float) -> None:
        """Set the bot's wall clock wrong by so many seconds; 0 sets it right."""
        self._wrong = seconds
        self._write()

    def skip(self, seconds: float) -> None:
        """Let so many seconds pass at once, for everybody."""
        self.passed += seconds
        self._write()

    def _write(self) -> None:
        self._file.seek(0)
        self._file.write(_NUMBERS.pack(self._wrong, self.passed))
        self._file.flush()


class Glancing(selectors.DefaultSelector):
    """Never sleeps longer than a glance."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(GLANCE if timeout is None else min(timeout, GLANCE))


class GlancingPolicy(asyncio.DefaultEventLoopPolicy):
    """Makes event loops that glance."""

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        return asyncio.SelectorEventLoop(Glancing())


def obey(path: str) -> None:
    """Make this process show the time in the file; to be called before anything keeps `time.time` for itself."""
    with Path(path).open("rb") as file:
        shared = mmap.mmap(file.fileno(), _NUMBERS.size, prot=mmap.PROT_READ)
    time.time = _shifted(time.time, lambda: sum(_NUMBERS.unpack(shared)))
    time.monotonic = _shifted(time.monotonic, lambda: float(_NUMBERS.unpack(shared)[1]))
    asyncio.set_event_loop_policy(GlancingPolicy())


def _shifted(real: Callable[[], float], by: Callable[[], float]) -> Any:
    return lambda: real() + by()


if __name__ == "__main__":
    obey(sys.argv.pop(1))
    from bot.cli.main import main

    main()
