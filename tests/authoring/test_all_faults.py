"""One broken file hides nothing that can be seen without it, and nobody is blamed for what it holds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.authoring.check import Report, check
from bot.channels.registry import limits
from tests.content.mini import MINI, TODAY, written

pytestmark = pytest.mark.usefixtures("remembered")

FILES = sorted(path.relative_to(MINI).as_posix() for path in MINI.rglob("*.yaml"))
OVERVIEW = "content/ala/answers/overview.yaml"
DOSE = "content/ala/answers/ala-dose.yaml"

SLIPS = {
    "C05": ("Ask your doctor", "Ask " + "a doctor and " * 9 + "a nurse"),
    "C03": ("    cites: [el-nahas-2020]\n", ""),
    "C09": ("Discuss it", "Discuss 5 mg of it"),
    "C10": ("kind: action", "kind: editorial"),
    "C31": ("layperson: Ask", "layperson: '> Ask"),
    "R01": ("notes: [n4-cochrane]", "notes: [n4-cochrane]\nreview: {status: approved}"),
}  # fmt: skip
"""A slip in one answer, and the code of its finding."""


def report(folder: Path) -> Report:
    return check(folder / "dialogs", folder / "content", TODAY)


def with_slip(code: str) -> str:
    old, new = SLIPS[code]
    text = (MINI / OVERVIEW).read_text(encoding="utf-8")
    assert old in text
    changed = text.replace(old, new)
    return changed.replace("before you start.", "before you start.'") if code == "C31" else changed


@pytest.mark.parametrize("code", SLIPS)
@pytest.mark.parametrize("broken", [path for path in FILES if path != OVERVIEW])
@pytest.mark.parametrize("how", ["a: [\n", "- not\n- this\n", "", "a:\n\tb: 1\n", "a: 1\na: 2\n"])
def test_a_slip_is_found_though_another_file_is_broken(code: str, broken: str, how: str, tmp_path: Path) -> None:
    found = report(written(tmp_path, {OVERVIEW: with_slip(code), broken: how})).diagnostics
    paths = {(diagnostic.code, diagnostic.path.removeprefix(f"{tmp_path.as_posix()}/")) for diagnostic in found}
    assert (code, OVERVIEW) in paths
    assert any(path == broken and at[0] == "F" for at, path in paths)


@pytest.mark.parametrize("broken", FILES)
def test_a_broken_file_alone_is_the_only_one_that_is_blamed(broken: str, tmp_path: Path) -> None:
    found = report(written(tmp_path, {broken: "a: [\n"})).diagnostics
    assert {diagnostic.path.removeprefix(f"{tmp_path.as_posix()}/") for diagnostic in found} == {broken}


@pytest.mark.parametrize("broken", [path for path in FILES if "answers" not in path])
def test_the_answers_are_counted_though_another_file_is_broken(broken: str, tmp_path: Path) -> None:
    assert report(written(tmp_path, {broken: "a: [\n"})).answers == 3


def test_a_figure_that_does_not_exist_hides_no_other_finding(tmp_path: Path) -> None:
    dose = (MINI / DOSE).read_text(encoding="utf-8").replace("facts.ala.dose ", "facts.ala.doze ")
    codes = {found.code for found in report(written(tmp_path, {DOSE: dose, OVERVIEW: with_slip("C05")})).diagnostics}
    assert {"F10", "C05"} <= codes <= {"F10", "C05", "C04"}


@pytest.mark.parametrize(
    "text", ["![x](y.png)", "```\\nx\\n```", "> > x", "| a |\\n|---|\\n| ![x](y.png) |", "a\\n\\n---\\n\\nb"]
)
def test_what_no_channel_can_show_is_found_in_every_text_and_stops_no_check(text: str, tmp_path: Path) -> None:
    """With the channels' own limits, as the command has them: a card cannot even be composed of it."""
    for path in (OVERVIEW, DOSE, "content/ala/notes.yaml", "content/interface.yaml", "content/small-talk.yaml"):
        if not (MINI / path).exists() or ("![" not in text and "interface" in path):
            continue
        old = (MINI / path).read_text(encoding="utf-8")
        for number, found in enumerate(
            list(re.finditer(r"(professional|layperson): [^{}\n>|]+$", old, re.MULTILINE))[:6]
        ):
            new = f'{old[: found.start()]}{found[1]}: "{text}"{old[found.end() :]}'
            folder = written(tmp_path / f"{Path(path).stem}-{number}", {path: new})
            told = check(folder / "dialogs", folder / "content", TODAY, limits()).diagnostics
            assert [one for one in told if one.path.endswith(path) and one.code in ("C15", "C31", "C11", "L02")], new


@pytest.mark.parametrize("text", ["{{ facts.", "{{ 1 / 0 }}", "{% if %}", "![x](y.png)", "{{ facts.ala }}"])
@pytest.mark.parametrize("path", [OVERVIEW, "content/interface.yaml", "content/ala/notes.yaml"])
def test_no_text_makes_the_check_itself_fail(text: str, path: str, tmp_path: Path) -> None:
    old = (MINI / path).read_text(encoding="utf-8")
    new = old.replace("layperson: ", f"layperson: '{text}' #", 2)
    assert report(
        written(tmp_path, {path: new, OVERVIEW: with_slip("C03")} if path != OVERVIEW else {path: new})
    ).diagnostics
