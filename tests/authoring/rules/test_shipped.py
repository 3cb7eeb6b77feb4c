"""The shipped content is clean, and no slip in it goes unseen: each is made on purpose and must be caught."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.authoring import check as linter
from bot.authoring.check import check
from bot.channels import registry
from bot.content.templates import flattened
from bot.content.yaml_reader import read
from tests.content.mini import ROOT, TODAY

pytestmark = pytest.mark.usefixtures("remembered")

ANSWERS = sorted((ROOT / "content").glob("*/answers/*.yaml"))


def test_the_shipped_content_has_no_errors() -> None:
    report = check(ROOT / "dialogs", ROOT / "content", TODAY, registry.limits())
    assert [str(diagnostic) for diagnostic in report.diagnostics if diagnostic.level == "error"] == []
    assert report.answers == len(ANSWERS) > 20


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the shipped dialogs and content, without what only the matcher reads."""
    folder = tmp_path_factory.mktemp("shipped")
    names = ("phrases.yaml", "threads.yaml", "subjects.yaml", "matching", "advice.yaml", "urgent.yaml")
    words = shutil.ignore_patterns(*names)
    for part in ("dialogs", "content"):
        shutil.copytree(ROOT / part, folder / part, ignore=words)
    return folder


Slip = tuple[int, int, str]
"""Where in an answer something goes wrong (from, to), and what stands there then."""


def drop_citations(text: str) -> list[Slip]:
    """Return the loss of a claim's sources, for each factual claim."""
    found = re.finditer(r"^    cites: .*\n", text, re.MULTILINE)
    return [(*cites.span(), "") for cites in found if "kind:" not in _claim(text, cites.start())]


def drop_register(text: str) -> list[Slip]:
    """Return the loss of a claim's layperson wording, for each claim."""
    found = re.finditer(r"^    layperson: [^\n]*\n(?:      [^\n]*\n|\n)*", text, re.MULTILINE)
    return [(*wording.span(), "") for wording in found]


def change_figure(text: str) -> list[Slip]:
    """Return another dose in one register, for each claim where a dose or a number of people stands."""
    found = re.finditer(r"\{\{ facts\.[a-z0-9_.]*(?:dose|n)_plain \}\}", text)
    claims = {_claim(text, figure.start()): figure.span() for figure in found}
    return [(*span, "{{ facts.italy.cases_plain }}") for span in claims.values()]


def lengthen_sentence(text: str) -> list[Slip]:
    """Return a sentence that does not end after a layperson wording, for each wording."""
    endless = "      And it goes on and on, and then it goes on some more, until you no longer know how it began.\n"
    found = re.finditer(r"^    layperson: >-\n(?:      [^\n]*\n)+", text, re.MULTILINE)
    return [(wording.end(), wording.end(), endless) for wording in found]


SLIPS: dict[str, Callable[[str], list[Slip]]] = {
    "C03": drop_citations,
    "C01": drop_register,
    "C02": change_figure,
    "C05": lengthen_sentence,
}
ROUNDS = 3
"""Neighbouring claims are never broken together, so that one finding cannot stand for two slips."""


@pytest.mark.parametrize("code", SLIPS)
def test_every_slip_in_every_answer_is_caught(code: str, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Break every third place of every answer, then the places after these, and so on. Only rules of this code look."""
    monkeypatch.setattr(linter, "RULES", [rule for rule in linter.RULES if code in (rule.__doc__ or "")])
    originals = {copy / path.relative_to(ROOT): path.read_text(encoding="utf-8") for path in ANSWERS}
    slips = {path: SLIPS[code](text) for path, text in originals.items()}
    assert sum(map(len, slips.values())) > 20
    for first in range(ROUNDS):
        broken = {path: found[first::ROUNDS] for path, found in slips.items() if found[first::ROUNDS]}
        now = {path: _with(text, broken.get(path, [])) for path, text in originals.items()}
        _write(now)
        caught = {Path(path): lines for path, lines in _places(copy, code).items()}
        assert {path: _claims(now[path], caught[path]) for path in caught} == {
            path: len(found) for path, found in broken.items()
        }
    _write(originals)


def _write(texts: dict[Path, str]) -> None:
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")


def _with(text: str, slips: list[Slip]) -> str:
    for start, end, words in reversed(slips):
        text = text[:start] + words + text[end:]
    return text


def test_every_broken_link_is_caught(copy: Path) -> None:
    path = copy / "dialogs" / "neuropathy.yaml"
    text = path.read_text(encoding="utf-8")
    broken, count = re.subn(r"(?<=[\[ ])([a-z0-9-]+)(?=[,\]])", r"\1-x", text)
    path.write_text(broken, encoding="utf-8")
    caught = _places(copy, "D01")[path.as_posix()]
    path.write_text(text, encoding="utf-8")
    assert len(caught) == count > 50


@pytest.mark.parametrize("register", ["", "_plain"])
def test_every_figure_changed_in_one_register_is_caught(register: str, copy: Path) -> None:
    path = copy / "content" / "neuropathy" / "facts.yaml"
    text = path.read_text(encoding="utf-8")
    lines, count = text.splitlines(keepends=True), 0
    for line in _lines_with_a_twin(text, register):
        lines[line], changed = re.subn(r"(: [^\d\n]*(?<![A-Za-z]))(\d[\d,]*)", r"\g<1>7777", lines[line], count=1)
        count += changed
    path.write_text("".join(lines), encoding="utf-8")
    caught = _places(copy, "C02")[path.as_posix()]
    path.write_text(text, encoding="utf-8")
    assert len(caught) == count > 30


def _lines_with_a_twin(text: str, register: str) -> list[int]:
    """Return the lines of the figures that have a plain wording, or of those wordings."""
    page = read("facts.yaml", text.encode())
    names = {name for name, _ in flattened(page.data["facts"])}
    twins = [name for name in names if f"{name}_plain" in names]
    return [page.source_map.place(("facts", *f"{name}{register}".split(".")))[0] for name in twins]


def _claim(text: str, place: int) -> str:
    """Return the claim around a place of an answer."""
    begin = text.rfind("  - id:", 0, place)
    end = text.find("  - id:", place)
    return text[begin : end if end > 0 else len(text)]


def _claims(text: str, lines: list[int]) -> int:
    """Return how many claims the lines are in."""
    starts = [0, *(end.end() for end in re.finditer("\n", text))]
    return len({_claim(text, starts[line - 1] + 1) for line in lines})


def _places(copy: Path, code: str) -> dict[str, list[int]]:
    """Return the lines of all findings of one code, by file."""
    found: dict[str, list[int]] = {}
    for diagnostic in check(copy / "dialogs", copy / "content", TODAY).diagnostics:
        if diagnostic.code == code:
            found.setdefault(diagnostic.path, []).append(diagnostic.line)
    return found
