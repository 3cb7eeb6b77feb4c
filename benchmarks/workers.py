"""The parent side: contenders as processes, kept alive so that rounds are warm and never share memory."""

from __future__ import annotations

import json
import select
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.rounds import Sample

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / "benchmarks" / "raw" / "logs"
PATIENCE = 900.0
"""Seconds for one round; an contender that takes longer hangs, and is ended."""

MODULES = {"contender": "benchmarks.worker", "service": "benchmarks.service"}


class ContenderFailed(Exception):
    """An contender died or could not prove that it did its work; its figure would be worth nothing."""


class Worker:
    """One contender (with `kind="service"`, one server) in its own process, pinned to `core` where the system can."""

    def __init__(
        self,
        contender: str,
        options: Mapping[str, Any] | None = None,
        *,
        kind: str = "contender",
        core: int = 0,
        python: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        LOGS.mkdir(parents=True, exist_ok=True)
        self._name = contender
        self._log = LOGS / (contender.replace(":", ".") + ".log")
        words = (MODULES[kind], contender, json.dumps(options or {}), str(core))
        self._process = self._begun(str(python or sys.executable), words, environment)
        self.greeting = self._answer()

    def _begun(self, python: str, words: Sequence[str], environment: Mapping[str, str] | None) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [python, "-m", *words],
            cwd=ROOT,
            env=dict(environment) if environment is not None else None,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log.open("w"),
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def ask(self, **order: Any) -> dict[str, Any]:
        """Send one order and return its answer; raises `ContenderFailed` if there is none."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise ContenderFailed(self._obituary()) from None
        return self._answer()

    def round(self, **order: Any) -> Sample:
        """Measure one round."""
        return self.ask(**order)

    def close(self) -> None:
        """End the process and wait for it."""
        if self._process.poll() is None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], PATIENCE)
        if not ready:
            self._process.kill()
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            raise ContenderFailed(self._obituary())
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _obituary(self) -> str:
        last = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-12:]
        return "\n    ".join([f"{self._name} failed:", *last])
