"""One run: its size, its workers, what it has measured so far, and what it could not measure."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.environments import Environments
from benchmarks.rounds import Measure, Sample, alternate
from benchmarks.workers import Worker

RAW = Path(__file__).resolve().parent / "raw"


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured: rounds, and a factor for every count of turns, people and nodes."""

    rounds: int = 7
    size: float = 1.0
    name: str = "full"

    def of(self, full: int, least: int = 1) -> int:
        """Return a count at this scale."""
        return max(int(full * self.size), least)


FULL = Scale()
QUICK = Scale(rounds=1, size=0.05, name="quick")


@dataclass
class Bench:
    """What every figure needs. Used as a context: workers end with it."""

    scale: Scale
    environments: Environments
    raw: dict[str, Any] = field(default_factory=dict)
    took: dict[str, float] = field(default_factory=dict)
    profiles: dict[str, dict[str, float]] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    folder: str = ""

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        self.folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="footnote-bench-"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def alternate(
        self, figure: str, contenders: Mapping[str, Measure], rounds: int | None = None
    ) -> dict[str, list[Sample]]:
        """Measure the contenders alternately and keep the raw samples under the figure's name."""
        samples = alternate(contenders, rounds or self.scale.rounds)
        self.raw[figure] = samples
        return samples

    def workers(self) -> Workers:
        """Return a context in which workers live."""
        return Workers()

    def skip(self, what: str, why: str) -> None:
        """Note what is not measured in this run."""
        self.skipped.append(f"{what}: {why}")

    def profile(self, name: str, worker: Worker, **order: Any) -> None:
        """Keep where the time of one round goes; a quick run writes no report and so asks for none."""
        if self.scale is not QUICK:
            self.profiles[name] = worker.ask(profile=True, **order)

    def keep(self, about: Mapping[str, Any]) -> Path:
        """Write the raw figures with what they were measured on, and return the file."""
        RAW.mkdir(exist_ok=True)
        file = RAW / f"{time.strftime('%Y%m%d-%H%M%S')}-{self.scale.name}.json"
        file.write_text(
            json.dumps({"about": about, "seconds": self.took, "samples": self.raw, "profiles": self.profiles}, indent=1)
        )
        return file


class Workers(ExitStack):
    """Workers of one figure, ended together."""

    def contender(self, name: str, warm: Mapping[str, Any] | None = None, **options: Any) -> Worker:
        """Return a warm worker; `warm` is the order of its first, uncounted round."""
        python, environment = options.pop("python", None), options.pop("environment", None)
        kind, core = options.pop("kind", "contender"), options.pop("core", 0)
        worker = Worker(name, options, kind=kind, core=core, python=python, environment=environment)
        self.enter_context(worker)
        if warm is not None:
            worker.round(**warm)
        return worker
