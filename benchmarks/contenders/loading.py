"""Loading a large tree from a cold process, against PyYAML's C loader alone with the garbage collector off."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import psutil
import yaml

from benchmarks import trees
from bot.content.loader import load


class _Loading:
    """One load per process; `grown` is by how many times the files' size the process has grown."""

    def __init__(self, folder: str, nodes: int) -> None:
        self._dialogs, self._content = trees.write(Path(folder), nodes)
        self._size = trees.size(self._dialogs.parent)
        self._made: Any = None

    def prepare(self) -> None:
        gc.collect()
        self._before = psutil.Process().memory_info().rss

    def run(self) -> None:
        self._made = self._load()

    def result(self) -> dict[str, float]:
        grown = psutil.Process().memory_info().rss - self._before
        return {"turns": 1, "grown": grown / self._size, "megabytes": self._size / 1e6}

    def _load(self) -> Any:
        raise NotImplementedError


class Footnote(_Loading):
    """Files read, parsed, validated, every name checked: all checks but rendering each template once."""

    def _load(self) -> Any:
        return load(self._dialogs, self._content, templates=False)


class BareLoader(_Loading):
    """The same files through `yaml.load(..., CSafeLoader)`, nothing checked, nothing built."""

    def _load(self) -> Any:
        gc.disable()
        files = sorted(self._dialogs.parent.rglob("*.yaml"))
        made = [yaml.load(path.read_bytes(), yaml.CSafeLoader) for path in files]
        gc.enable()
        return made
