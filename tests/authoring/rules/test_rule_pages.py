"""Every page of docs/rules is a test: its bad example gives exactly the message it prints."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.authoring import check as linter
from bot.authoring.check import check
from bot.authoring.generated import Example, RulePage, index, pages
from bot.channels import registry
from bot.content.diagnostics import Diagnostic
from tests.content.mini import ROOT, TODAY, written

pytestmark = pytest.mark.usefixtures("remembered")

RULES = ROOT / "docs" / "rules"
PAGES = pages(RULES)
RENDERED = ("L01", "L02", "L03", "F11")
EXAMPLES = [
    pytest.param(page, example, id=f"{page.code}-{number}")
    for page in PAGES
    for number, example in enumerate(page.examples, 1)
]


def test_the_tiny_library_itself_has_no_findings(tmp_path: Path) -> None:
    folder = written(tmp_path)
    report = check(folder / "dialogs", folder / "content", TODAY)
    assert report.diagnostics == ()
    assert report.answers == 3


@pytest.mark.parametrize(("page", "example"), EXAMPLES)
def test_a_bad_example_says_exactly_what_its_page_prints_the_first_at_its_level(
    page: RulePage, example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(written(tmp_path, example.files))
    if page.code in RENDERED:  # which lay out every answer for every channel, and whose other findings do not count
        monkeypatch.setattr(linter, "RULES", [rule for rule in linter.RULES if page.code in (rule.__doc__ or "")])
    found = _findings(page)
    assert tuple(diagnostic.headline for diagnostic in found) == example.says
    levels = {diagnostic.level for diagnostic in found if diagnostic.code == page.code}
    assert levels if example is not page.examples[0] else levels == {page.level}


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    folders = (ROOT / "bot" / "authoring", ROOT / "bot" / "content")
    sources = "".join(path.read_text() for folder in folders for path in folder.rglob("*.py"))
    assert {page.code for page in PAGES} == set(re.findall(r'"([A-Z]\d\d)"', sources))


def test_every_page_has_an_example() -> None:
    assert [page.code for page in PAGES if not page.examples] == []


def test_the_index_is_fresh() -> None:
    assert (RULES / "README.md").read_text() == index(PAGES), "run `make docs`"


def _findings(page: RulePage) -> Sequence[Diagnostic]:
    """Return what the checker says here; some rules need the channels."""
    found = check(
        Path("dialogs"), Path("content"), TODAY, registry.limits() if page.code in RENDERED else ()
    ).diagnostics
    return [diagnostic for diagnostic in found if diagnostic.code == page.code] if page.code in RENDERED else found
