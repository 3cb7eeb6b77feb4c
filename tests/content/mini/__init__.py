"""Libraries to break: the tiny one or the shipped one, copied afresh, with some files replaced."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parents[3]
MINI = Path(__file__).parent
TODAY = date(2026, 11, 22)


def written(folder: Path, files: Mapping[str, str] | None = None) -> Path:
    """Return `folder` holding the tiny library with `files` (path to text) in place of its own.

    Files of the shipped topic are put into a copy of the shipped library instead.
    """
    replaced = files or {}
    base = ROOT if any("neuropathy" in path for path in replaced) else MINI
    for part in ("dialogs", "content"):
        shutil.copytree(base / part, folder / part, dirs_exist_ok=True)
    for path, text in replaced.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def shipped(folder: Path) -> Path:
    """Return `folder` holding a copy of the shipped library, and nothing else of the project."""
    for part in ("dialogs", "content"):
        shutil.copytree(ROOT / part, folder / part)
    return folder
