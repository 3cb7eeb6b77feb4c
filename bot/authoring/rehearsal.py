"""Changes to content, all or none: tried on a copy first, written only where they bring no new error."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from bot.authoring.check import check
from bot.channels.base import ChannelLimits
from bot.content.diagnostics import Diagnostic

Drafts = Mapping[Path, str]
"""New texts of files, by the path they have or are to have."""


def new_errors(
    dialogs: Path, content: Path, drafts: Drafts, today: date, limits: Sequence[ChannelLimits] = ()
) -> list[Diagnostic]:
    """Return the errors that the drafts would bring, at the paths the files will have."""
    before = {_known(one) for one in check(dialogs, content, today, limits).diagnostics if one.level == "error"}
    with tempfile.TemporaryDirectory() as folder:
        homes = {dialogs: Path(folder, "dialogs"), content: Path(folder, "content")}
        for home, copy in homes.items():
            shutil.copytree(home, copy, ignore=shutil.ignore_patterns("matcher.json", ".*"))
        for path, text in drafts.items():
            moved = _moved(path, homes)
            moved.parent.mkdir(parents=True, exist_ok=True)
            moved.write_text(text, encoding="utf-8", newline="")
        found = check(homes[dialogs], homes[content], today, limits).diagnostics
        back = _back({copy: home for home, copy in homes.items()})
        return [one for one in map(back, found) if one.level == "error" and _known(one) not in before]


def write_all(drafts: Drafts) -> None:
    """Put every draft in its file's place, each in one step."""
    for path, text in drafts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.draft")
        draft.write_text(text, encoding="utf-8", newline="")
        os.replace(draft, path)


def _moved(path: Path, homes: Mapping[Path, Path]) -> Path:
    home = next(home for home in homes if path.is_relative_to(home))
    return homes[home] / path.relative_to(home)


def _back(homes: Mapping[Path, Path]) -> Callable[[Diagnostic], Diagnostic]:
    def back(found: Diagnostic) -> Diagnostic:
        path = Path(found.path)
        home = next((home for home in homes if path.is_relative_to(home)), None)
        return replace(found, path=(homes[home] / path.relative_to(home)).as_posix()) if home else found

    return back


def _known(found: Diagnostic) -> tuple[str, str, str]:
    return found.path, found.code, found.message
