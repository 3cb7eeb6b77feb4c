"""The linter: numbered rules over a whole library. Each rule has its page in docs/rules."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from bot.authoring.rules import channels, language, phrases, pictures, registers, sources, tree
from bot.authoring.rules.base import UNKNOWN, CheckContext, Rule, may_run
from bot.authoring.written import inspect
from bot.channels.base import ChannelLimits
from bot.content.diagnostics import Diagnostic, Level
from bot.content.loader import attempt

RULES: tuple[Rule, ...] = (
    tree.unreachable,
    tree.dead_end,
    tree.unshown,
    tree.repeated_button,
    tree.crowded,
    tree.missing_role,
    tree.main_dialog,
    tree.no_emergencies,
    tree.unknown_concept,
    phrases.colliding,
    phrases.overgrown,
    phrases.shared_names,
    registers.one_register,
    registers.parity,
    registers.plain_figures,
    registers.same_values,
    registers.directions,
    registers.certainty,
    registers.names,
    sources.unsourced,
    sources.typed_figures,
    sources.typed_citations,
    sources.unused_sources,
    sources.unused_notes,
    sources.unused_figures,
    language.too_hard,
    language.long_sentences,
    language.unexplained,
    language.no_action,
    language.main_message,
    language.unknown_brief,
    language.long_brief,
    language.unsourced_brief,
    language.idle_brief,
    channels.unshowable,
    channels.lost_signs,
    language.urgent_first,
    language.gaps,
    sources.overdue,
    sources.changed,
    sources.in_the_future,
    channels.long_labels,
    channels.too_long,
    channels.too_many_screens,
    pictures.unbacked,
    pictures.undrawn,
    pictures.typed,
    tree.repeated,
    tree.too_long,
)


@dataclass(frozen=True, slots=True)
class Report:
    """What a check saw and found, in file order."""

    diagnostics: tuple[Diagnostic, ...]
    answers: int

    def count(self, level: Level) -> int:
        """Return how many findings there are of one level."""
        return sum(diagnostic.level == level for diagnostic in self.diagnostics)

    @property
    def clean(self) -> bool:
        """Whether there is no error, and something was looked at."""
        return self.answers > 0 and self.count("error") == 0


def check(dialogs: Path, content: Path, today: date, channel_limits: Sequence[ChannelLimits] = ()) -> Report:
    """Return every finding in both folders: what keeps them from loading, and what the rules find.

    The rules look at every file that can be read, though another cannot; a rule that compares files waits for those.
    """
    tried = attempt(dialogs, content, inspect=inspect)
    if tried.library is None:
        return Report(tried.diagnostics, 0)
    library = replace(tried.library, missing=UNKNOWN)
    broken = tried.broken | {Path(found.path) for found in tried.diagnostics if found.code == "F10"}
    shown = channel_limits if may_run(channels.too_long, broken) else ()
    limit_checks = tuple(limits.answers(library) for limits in shown)
    label_limits = tuple(limit for limits in channel_limits for limit in limits.labels)
    measures = tuple((one.screens, one.screens.measure(library)) for one in shown if one.screens)
    context = CheckContext(
        library, today, limit_checks, label_limits, screen_limits=measures, sound=not tried.diagnostics
    )
    found = {diagnostic for rule in RULES if may_run(rule, broken) for diagnostic in rule(context)}
    answers = sum(len(topic.answers) for topic in library.topics.values())
    return Report(tuple(sorted({*tried.diagnostics, *found})), answers)


# --- changes, all or none: tried on a copy first, written only where they bring no new error -----------------------

Drafts = Mapping[Path, str]
"""New texts of files, by the path they have or are to have."""


def new_errors(
    dialogs: Path, content: Path, drafts: Drafts, today: date, limits: Sequence[ChannelLimits] = ()
) -> list[Diagnostic]:
    """Return the errors that the drafts would bring, at the paths the files will have.

    What is there now is checked only where something is wrong afterwards: each check takes its second.
    """
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
        errors = [one for one in map(back, found) if one.level == "error"]
    now = check(dialogs, content, today, limits).diagnostics if errors else ()
    before = {_known(one) for one in now if one.level == "error"}
    return [one for one in errors if _known(one) not in before]


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
