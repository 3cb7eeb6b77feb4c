"""`footnote serve` as it is deployed: a process with an environment, that can be killed."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import psutil

from tests import fork_server
from tests.chaos.oracle import ROOT

START_SECONDS = 120.0
"""A start that takes longer has failed."""


@dataclass
class Bot:
    """One replica. `port` is the web port of the process that runs now, 0 while none listens. `clock` is the file
    that tells it the time, if it does not look for itself. `words` start another program than this checkout's."""

    forked: ClassVar[bool] = False
    """Whether a start is a fork (`tests.fork_server`), as in the test suite, and not a new interpreter."""

    environment: Mapping[str, str]
    clock: str = ""
    words: Sequence[str] = ()
    folder: Path = ROOT
    port: int = 0
    peak_megabytes: float = 0.0
    starts: int = 0
    log: list[str] = field(default_factory=list)

    async def start(self) -> None:
        """Return when the process listens."""
        self._process = await self._begun({**os.environ, **self.environment})
        self.starts += 1
        listening: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._reader = asyncio.create_task(self._read(listening))
        async with asyncio.timeout(START_SECONDS):
            self.port = await listening

    async def _begun(self, environment: Mapping[str, str]) -> asyncio.subprocess.Process | fork_server.AsyncChild:
        program = ("tests.chaos.clock", self.clock) if self.clock else ("bot",)
        if self.forked and not self.words:
            return await fork_server.started(*program, "serve", environment=environment, folder=self.folder)
        return await asyncio.create_subprocess_exec(
            *(self.words or (sys.executable, "-m", *program, "serve")),
            env=environment,
            cwd=self.folder,
            stderr=asyncio.subprocess.PIPE,
            limit=1 << 20,
        )

    @property
    def process_id(self) -> int:
        """The process that runs now, or ran last."""
        return self._process.pid

    async def kill(self) -> None:
        """End it as a power cut would: SIGKILL, no last word."""
        self.weigh()
        self.port = 0
        if self._process.returncode is None:
            self._process.kill()
        await self._gone()

    async def stop(self) -> int:
        """End it as an operator would: SIGTERM; return its exit code."""
        self.weigh()
        self._process.terminate()
        await self._gone()
        self.port = 0
        return int(self._process.returncode or 0)

    def may_write(self, may: bool) -> None:
        """Let every write to a file fail from now on, as on a full or read-only disk; or let it succeed again."""
        if self._process.returncode is None:
            _, most = resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (most if may else 0, most))

    async def _gone(self) -> None:
        await self._process.wait()
        await self._reader

    def weigh(self) -> None:
        """Note how much memory it has now."""
        if self._process.returncode is None:
            resident = psutil.Process(self._process.pid).memory_info().rss / 1e6
            self.peak_megabytes = max(self.peak_megabytes, resident)

    async def _read(self, listening: asyncio.Future[int]) -> None:
        assert self._process.stderr is not None
        async for raw in self._process.stderr:
            line = raw.decode(errors="replace").rstrip()
            self.log.append(line)
            port = _port_in(line)
            if port and not listening.done():
                listening.set_result(port)
        if not listening.done():
            listening.set_exception(RuntimeError("footnote serve ended: " + " | ".join(self.log[-5:])))


def _port_in(line: str) -> int:
    try:
        event = json.loads(line)
    except ValueError:
        return 0
    return int(event.get("port", 0)) if event.get("event") == "listening" else 0
