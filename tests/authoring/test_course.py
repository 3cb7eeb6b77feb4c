"""Every step of the course in docs/authoring.md, done as it says, one after another, in a copy of the content."""

from __future__ import annotations

import os
import re
import shlex
import statistics
from pathlib import Path
from typing import get_args

import pytest
from typer.testing import CliRunner

from bot import app as app_module
from bot.authoring.rules.language import MAX_BRIEF, MAX_MESSAGE, MAX_WORDS
from bot.channels import registry
from bot.channels.layout import LINE, SCREEN
from bot.channels.telegram.render import MAX_UNITS
from bot.cli.main import app
from bot.content.library import Library
from bot.content.matching_models import SubjectKind
from bot.dialog.composer import MAX_FOLLOW_UPS, ON_A_PHONE
from bot.dialog.engine import Engine
from bot.dialog.turn import Register
from tests.content.mini import ROOT, shipped

pytestmark = pytest.mark.usefixtures("remembered")

COURSE = (ROOT / "docs" / "authoring.md").read_text(encoding="utf-8").partition("# The reference")[0]
STEP = re.compile(r"^```(console|yaml|json|diff)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LEARNS = os.environ.get("FOOTNOTE_COURSE") == "whole"
"""Steps that must learn new words take minutes; they are done where this is asked for."""


def test_the_course_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: Engine) -> None:
    monkeypatch.chdir(shipped(tmp_path))
    if not LEARNS:  # what is pressed, and not asked in words, is not understood by what was learned
        monkeypatch.setattr(app_module, "build_matcher", lambda *_: engine.matcher)
    done = 0
    for kind, name, body in STEP.findall(COURSE):
        if kind == "console" and (name != "slow" or LEARNS):
            _type(body)
        elif kind in ("yaml", "json"):
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_text(body, encoding="utf-8")
        elif kind == "diff":
            _edit(Path(name), body)
        done += 1
    assert done > 15


def _type(session: str) -> None:
    """Type each command and compare what it prints; `…` stands for anything, and lines may be left out at its end."""
    for command, told in re.findall(r"^\$ footnote (.*)\n((?:(?!\$ ).*\n)*)", session, re.MULTILINE):
        result = CliRunner().invoke(app, shlex.split(command))
        assert result.exit_code == 0, f"{command}\n{result.output}\n{result.exception}"
        printed = [" ".join(line.split()) for line in result.output.splitlines()]
        for line in told.splitlines():
            head, dots, _ = " ".join(line.split()).partition("…")
            found = any(one.startswith(head) if dots else one == head for one in printed)
            assert found or not head, f"`footnote {command}` does not print “{line}”:\n{result.output}"


def _edit(path: Path, diff: str) -> None:
    text = path.read_text(encoding="utf-8")
    lines = diff.splitlines()
    for old, new in zip(lines[::2], lines[1::2], strict=True):
        assert (old[0], new[0]) == ("-", "+")
        assert old[1:] in text, f"{path} has no line “{old[1:]}”"
        text = text.replace(old[1:], new[1:])
    path.write_text(text, encoding="utf-8")


def test_every_kind_and_aspect_is_explained(library: Library) -> None:
    reference = (ROOT / "docs" / "authoring.md").read_text(encoding="utf-8").partition("## Subjects and aspects")[2]
    named = set(re.findall(r"`([a-z-]+)`", reference.partition("## Plain language")[0]))
    assert set(get_args(SubjectKind)) <= named
    assert library.matching is not None
    hidden = {"step-one", "step-two", "step-three", "step-last", "silent", "not-diabetes", "low"}
    assert set(library.matching.aspects.aspects) - hidden <= named, "those of the first topic alone are left out"


def test_every_command_for_authors_is_taught() -> None:
    for command in ("new topic", "new answer", "new source", "check", "ask", "test", "review record", "review changes",
                    "export", "import", "graph", "train", "evaluate", "preview"):  # fmt: skip
        assert f"footnote {command}" in COURSE, command


def test_the_room_there_is_is_what_the_rules_allow(library: Library) -> None:
    table = dict(re.findall(r"^\| (.+?) \| (.+?) \| \[\w+\]", COURSE, re.MULTILINE))
    screens = {one.screens.channel: one.screens for one in registry.limits() if one.screens}
    clinicians, plain = MAX_BRIEF[Register.PROFESSIONAL], MAX_BRIEF[Register.LAYPERSON]
    assert table["`label`"].startswith(f"{ON_A_PHONE} characters")
    assert table["the first claim"] == "{} sentences for clinicians, {} in plain words".format(*MAX_MESSAGE.values())
    assert table["a sentence in plain words"] == f"{MAX_WORDS} words"
    assert table["`brief`, its words"] == f"{clinicians} for clinicians, {plain} in plain words"
    assert table["title and `brief` on Slack"].startswith(f"{screens['Slack'].above} lines of {LINE} characters")
    assert table["`brief` everywhere"].startswith(f"{SCREEN} lines of {LINE} characters")
    assert {screens["Telegram"].screens, screens["The page"].screens, screens["Slack"].screens} == {2.0, 1.3}
    assert table["all that is seen at once"].startswith(f"2 screens of {SCREEN} lines on Telegram and the page, 1.3 on")
    assert f"{MAX_UNITS} characters" in table["the detail"]
    assert table["buttons under an answer"].startswith(f"{MAX_FOLLOW_UPS} of")
    said = [sum(len(library.plain(one, register)) for one in library.answer(node).claims if one.for_register(register))
            for node in library.nodes for register in Register]  # fmt: skip
    longest, median = map(int, re.findall(r"(\d+) in its claims, half of them at most (\d+)", table["the detail"])[0])
    assert max(said) == pytest.approx(longest, abs=100)
    assert statistics.median(said) == pytest.approx(median, abs=100)
