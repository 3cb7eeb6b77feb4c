"""The shipped content is clean, and no slip in it goes unseen: each is made on purpose and must be caught."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path

import pytest

from bot.adapters.gauges import GAUGES
from bot.library.check import check
from bot.library.reading import read
from bot.library.templates import flattened
from tests.library.bench import ROOT, TODAY

ANSWERS = sorted((ROOT / "content").glob("*/answers/*.yaml"))


def test_the_shipped_content_has_no_errors() -> None:
    report = check(ROOT / "dialogs", ROOT / "content", TODAY, GAUGES)
    assert [str(fault) for fault in report.faults if fault.level == "error"] == []
    assert report.answers == len(ANSWERS) > 20


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the shipped dialogs and content, without what only the matcher reads."""
    folder = tmp_path_factory.mktemp("shipped")
    for part in ("dialogs", "content"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("phrases"))
    for name in ("vocabulary", "intents", "advice", "urgent"):
        (folder / "content" / f"{name}.yaml").unlink()
    return folder


def drop_citations(text: str) -> list[str]:
    """Return the answer without the sources of one claim, for each factual claim."""
    found = re.finditer(r"^    cites: .*\n", text, re.MULTILINE)
    return [
        text[: cites.start()] + text[cites.end() :] for cites in found if "kind:" not in _claim(text, cites.start())
    ]


def drop_register(text: str) -> list[str]:
    """Return the answer without the layperson wording of one claim, for each claim."""
    found = re.finditer(r"^    layperson: [^\n]*\n(?:      [^\n]*\n|\n)*", text, re.MULTILINE)
    return [text[: wording.start()] + text[wording.end() :] for wording in found]


def change_figure(text: str) -> list[str]:
    """Return the answer with another dose in one register, for each place where a dose or a number of people stands."""
    found = re.finditer(r"\{\{ facts\.[a-z0-9_.]*(?:dose|n)_plain \}\}", text)
    return [text[: figure.start()] + "{{ facts.italy.cases_plain }}" + text[figure.end() :] for figure in found]


def lengthen_sentence(text: str) -> list[str]:
    """Return the answer with a sentence that does not end after one layperson wording, for each wording."""
    endless = "      And it goes on and on, and then it goes on some more, until you no longer know how it began.\n"
    found = re.finditer(r"^    layperson: >-\n(?:      [^\n]*\n)+", text, re.MULTILINE)
    return [text[: wording.end()] + endless + text[wording.end() :] for wording in found]


SLIPS: dict[str, Callable[[str], list[str]]] = {
    "C03": drop_citations,
    "C01": drop_register,
    "C02": change_figure,
    "C05": lengthen_sentence,
}


@pytest.mark.parametrize("code", SLIPS)
def test_every_slip_in_every_answer_is_caught(code: str, copy: Path) -> None:
    """Break one place of every answer at once, then the next place of every answer, and so on."""
    originals = {copy / path.relative_to(ROOT): path.read_text(encoding="utf-8") for path in ANSWERS}
    rounds = list(zip_longest(*(SLIPS[code](text) for text in originals.values())))
    assert sum(broken is not None for texts in rounds for broken in texts) > 20
    for texts in rounds:
        broken = {path: text for path, text in zip(originals, texts, strict=True) if text is not None}
        for path, text in (originals | broken).items():
            path.write_text(text, encoding="utf-8")
        assert _places(copy, code).keys() == {path.as_posix() for path in broken}
    for path, text in originals.items():
        path.write_text(text, encoding="utf-8")


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
    return [page.survey.place(("facts", *f"{name}{register}".split(".")))[0] for name in twins]


def _claim(text: str, place: int) -> str:
    """Return the claim around a place of an answer."""
    begin = text.rfind("  - id:", 0, place)
    end = text.find("  - id:", place)
    return text[begin : end if end > 0 else len(text)]


def _places(copy: Path, code: str) -> dict[str, list[int]]:
    """Return the lines of all findings of one code, by file."""
    found: dict[str, list[int]] = {}
    for fault in check(copy / "dialogs", copy / "content", TODAY).faults:
        if fault.code == code:
            found.setdefault(fault.path, []).append(fault.line)
    return found
