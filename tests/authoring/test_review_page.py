"""The page of sources to open: none that was read and settled, and none before a more harmful one."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.authoring.generated import generated
from bot.authoring.review_page import CHECKED, sources_page
from bot.content.library import Library
from bot.content.loader import load
from bot.content.models import Source
from bot.content.validation import shape_of
from tests.content.mini import shipped

pytestmark = pytest.mark.usefixtures("remembered")


def test_every_source_that_was_not_read_is_listed_once(library: Library) -> None:
    rows = [line for line in sources_page(library).splitlines() if line.startswith("| ") and "no." not in line]
    held = [one for topic in library.topics.values() for one in topic.sources.values()]
    assert len(rows) == sum(one.check != "P" or one.to_settle is not None for one in held)


def test_what_only_a_look_settles_is_asked_for(library: Library) -> None:
    page = sources_page(library)
    asked = [one.to_settle for topic in library.topics.values() for one in topic.sources.values() if one.to_settle]
    assert asked
    assert not [words for words in asked if words not in page]


def test_a_source_not_read_on_its_own_page_says_so_under_an_answer(library: Library) -> None:
    silent = [
        name
        for topic in library.topics.values()
        for name, one in topic.sources.items()
        if one.check != "P" and one.as_printed is None
    ]
    assert silent == []


def test_emergencies_stand_first(library: Library) -> None:
    rows = [line for line in sources_page(library).splitlines() if line.startswith("| ") and "no." not in line]
    weights = [("an emergency" in row) * 3 + ("an action" in row) * 2 + ("a medicine" in row) * 2 + ("a figure" in row)
               for row in rows]  # fmt: skip
    assert weights == sorted(weights, reverse=True)


def test_every_way_of_reading_has_words() -> None:
    (field,) = shape_of(Source).named("check").alternatives
    assert set(field["enum"]) == set(CHECKED)


def test_a_project_without_rule_pages_gets_none(tmp_path: Path) -> None:
    folder = shipped(tmp_path)
    made = generated(load(folder / "dialogs", folder / "content"), tmp_path)
    assert tmp_path / "docs/sources.md" in made
    assert not [path for path in made if "rules" in path.parts]
