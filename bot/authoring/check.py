"""The linter: numbered rules over a whole library. Each rule has its page in docs/rules.

How a file is written is looked at beside what it says: comments that cut a text off, signs nobody can see, braces left
over.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from yaml import MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent, SequenceStartEvent, YAMLError
from yaml._yaml import CParser

from bot.authoring.rules import channels, language, registers, sources, tree
from bot.authoring.rules.base import UNKNOWN, CheckContext, Rule, may_run
from bot.channels.base import ChannelLimits
from bot.content import models
from bot.content.diagnostics import Diagnostic, Level, Place, suspicious
from bot.content.loader import attempt
from bot.content.templates import without_values
from bot.content.validation import SchemaPart, known_names, shape_of
from bot.content.yaml_reader import YamlFile
from bot.dialog.composer import Composer

# --- the rules, run ---------------------------------------------------------------------------------------------------

RULES: tuple[Rule, ...] = (
    tree.unreachable,
    tree.dead_end,
    tree.unshown,
    tree.repeated_button,
    tree.crowded,
    tree.missing_role,
    tree.main_dialog,
    language.no_emergencies,
    language.unknown_concept,
    tree.colliding,
    tree.overgrown,
    tree.shared_names,
    tree.swallowing,
    tree.left_behind,
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
    sources.unnamed_sources,
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
    channels.unbacked,
    channels.undrawn,
    channels.typed,
    tree.repeated,
    channels.long_talk,
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
    composer = Composer(library)  # one for all channels: it composes each card once
    limit_checks = tuple(limits.answers(composer) for limits in shown)
    label_limits = tuple(limit for limits in channel_limits for limit in limits.labels)
    measures = tuple((one.screens, one.screens.measure(composer)) for one in shown if one.screens)
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
        path, message = found.path, found.message  # which may name a second place: `already leads to ... (there)`
        for copy, home in homes.items():
            path, message = (text.replace(copy.as_posix(), home.as_posix()) for text in (path, message))
        return replace(found, path=path, message=message)

    return back


def _known(found: Diagnostic) -> tuple[str, str, str]:
    return found.path, found.code, found.message


# --- how a file is written --------------------------------------------------------------------------------------------

_COMMENT = re.compile(r"[ \t]+(#.*)")
_LEFT_OVER = re.compile(r"[{}]|\b(?:facts|emergency)\.(?=[a-z])|\{#")
_HTML = re.compile(
    r"</?(?:b|i|u|em|strong|br|p|div|span|sup|sub|a|ul|ol|li|h[1-6]|font|small|table|tr|td)\b[^<>]*>", re.I
)
_QUOTED = re.compile(r"[“„”«‚‘][^“„”«»‚‘’]+[”“»‘’]")
"""A whole text in the quotation marks of a word processor, which YAML does not take for quotes."""
_OUR_OWN = frozenset(name for name in vars(models) if name.endswith("File")) | {
    "Answer",
    "EmergencyFile",
    "ContactsFile",
}

_REPEATED = 60
"""Characters of a comment that a finding repeats."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """One name or value as it stands in the file; `text` tells free text from ids, numbers and set words."""

    value: str
    start: Place
    end: Place
    plain: bool
    text: bool


def inspect(page: YamlFile, model: Any) -> Iterator[Diagnostic]:
    """Yield what is wrong with how a file is written: F12, F13 and, in what readers are shown, F15 and C30."""
    shown = getattr(model, "__name__", "") in _OUR_OWN and model not in (models.PhrasesFile, models.MessagesFile)
    if not shown and page.text.isascii() and not _COMMENT.search(page.text):
        return
    for scalar in _scalars(page, model):
        yield from _unseen(page, scalar)
        if scalar.text:
            yield from _cut_off(page, scalar, "readers are not shown" if shown else "nobody reads")
        if shown and scalar.text:
            yield from _swallowed(page, scalar, model)
            yield from _left_over(page, scalar)
            yield from _typed_elsewhere(page, scalar)


# --- the scalars of a file -------------------------------------------------------------------------------------------


def _scalars(page: YamlFile, model: Any) -> Iterator[Scalar]:
    """Yield the scalars in reading order, up to where the file is no YAML."""
    parser = CParser(page.text)
    try:
        parser.get_event()
        parser.get_event()
        yield from _inside(parser, parser.get_event(), shape_of(model))
    except (YAMLError, RecursionError, AttributeError):
        return


def _inside(parser: Any, event: Any, shape: SchemaPart) -> Iterator[Scalar]:
    if isinstance(event, ScalarEvent):
        yield _scalar(event, text=shape.is_text)
    elif isinstance(event, MappingStartEvent):
        while not isinstance(name := parser.get_event(), MappingEndEvent):
            yield _scalar(name, text=False)
            yield from _inside(parser, parser.get_event(), shape.named(getattr(name, "value", "")))
    elif isinstance(event, SequenceStartEvent):
        while not isinstance(item := parser.get_event(), SequenceEndEvent):
            yield from _inside(parser, item, shape.item())


def _scalar(event: Any, *, text: bool) -> Scalar:
    start, end = event.start_mark, event.end_mark
    plain = event.style not in ("'", '"', "|", ">")
    return Scalar(event.value, (start.line, start.column), (end.line, end.column), plain, text)


# --- what may be wrong -----------------------------------------------------------------------------------------------


def _rows(page: YamlFile, scalar: Scalar) -> Iterator[tuple[int, int, str]]:
    """Yield the stretches of the file that a scalar takes up: line, first column, what stands there."""
    (first, column), (last, end) = scalar.start, scalar.end
    for number in range(first, min(last + 1, len(page.lines))):
        begin = column if number == first else 0
        stop = end if number == last else len(page.lines[number])
        yield number, begin, page.lines[number][begin:stop]


def _unseen(page: YamlFile, scalar: Scalar) -> Iterator[Diagnostic]:
    """F12: a character that cannot be seen, or that looks like another, in any name or value: once a line."""
    if scalar.value.isascii() and scalar.value.isprintable():
        return
    wrong = {scalar.value[at]: said for at, *said in suspicious(scalar.value, text=scalar.text)}
    places: dict[tuple[str, int], Place] = {}
    for number, begin, row in _rows(page, scalar) if wrong else ():
        for at, *_ in suspicious(row, text=scalar.text):  # the same letter may belong in the words of another line
            places.setdefault((row[at], number), (number, begin + at))
    for sign, (message, remedy) in wrong.items():
        written_as_code = [scalar.start]
        for place in [place for (one, _), place in places.items() if one == sign] or written_as_code:
            yield page.diagnostic(place, "F12", message, remedy)


def _cut_off(page: YamlFile, scalar: Scalar, lost: str) -> Iterator[Diagnostic]:
    """F13: a ` #` behind unquoted text, which YAML takes for a comment."""
    line, column = scalar.end
    if not scalar.plain or line >= len(page.lines) or scalar.value in ("", "~", "null"):
        return
    if found := _COMMENT.match(page.lines[line], column):
        message = f"` #` begins a comment, so {lost} `{found[1][:_REPEATED]}`"
        remedy = "put the text in quotes, or the comment on a line of its own"
        yield page.diagnostic((line, found.start(1)), "F13", message, remedy)


def _swallowed(page: YamlFile, scalar: Scalar, model: Any) -> Iterator[Diagnostic]:
    """F15: a line that looks like a name of the file, but stands inside a text because of how it is indented."""
    for number, _, row in list(_rows(page, scalar))[1:]:
        found = re.match(r"\s*(?:- )?([a-z_]+):(?: |$)", row)
        if found and found[1] in known_names(model):
            message = f"`{found[1]}:` stands inside the text above, because it is indented further"
            yield page.diagnostic((number, found.start(1)), "F15", message, "indent it like the names around it")


def _left_over(page: YamlFile, scalar: Scalar) -> Iterator[Diagnostic]:
    """C30: braces or the name of a figure outside `{{ }}`, which readers would be shown as they stand."""
    if not _LEFT_OVER.search(without_values(scalar.value, "")):
        return
    for number, begin, row in _rows(page, scalar):
        bare = without_values(row, "")
        if found := _LEFT_OVER.search(_blank(row)) if bare else None:
            message = f"readers are shown `{_around(row, found.start())}` as it stands: it inserts nothing"
            remedy = "write {{ facts.… }} with two braces on either side, or leave the braces out"
            yield page.diagnostic((number, begin + found.start()), "C30", message, remedy)
            return
    yield page.diagnostic(
        scalar.start, "C30", "a brace is left over here", "write {{ facts.… }}, with both braces closed"
    )


def _typed_elsewhere(page: YamlFile, scalar: Scalar) -> Iterator[Diagnostic]:
    """C30: HTML, and the quotation marks of a word processor around a whole text: both are shown as they stand."""
    if scalar.plain and _QUOTED.fullmatch(scalar.value):
        message = f"readers are shown the quotation marks `{scalar.value[0]}` and `{scalar.value[-1]}`"
        yield page.diagnostic(scalar.start, "C30", message, 'type `"` on either side, or leave them out')
    if not _HTML.search(scalar.value):
        return
    for number, begin, row in _rows(page, scalar):
        if found := _HTML.search(row):
            message = f"readers are shown `{found[0]}` as it stands: HTML is no markup here"
            remedy = "leave it out; bold is `**so**`, a new line is a claim of its own"
            yield page.diagnostic((number, begin + found.start()), "C30", message, remedy)
            return


def _blank(row: str) -> str:
    """Return a row with every insertion replaced by as many spaces."""
    return re.sub(r"\{\{.*?\}\}|\{%.*?%\}", lambda found: " " * len(found[0]), row)


def _around(row: str, at: int) -> str:
    found = re.compile(r"\{[^{}]*\}|\S+").match(row, at)
    return found[0][:40] if found else row[at : at + 1]
