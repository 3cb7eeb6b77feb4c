"""The page of sources to open: none that was read, and none before a more harmful one."""

from __future__ import annotations

from pathlib import Path

from bot.authoring.review_page import CHECKED, sources_page
from bot.authoring.rule_pages import generated
from bot.content.library import Library
from bot.content.loader import load
from bot.content.models import Source
from bot.content.shapes import shape_of
from tests.content.mini import shipped


def test_every_source_that_was_not_read_is_listed_once(library: Library) -> None:
    rows = [line for line in sources_page(library).splitlines() if line.startswith("| ") and "no." not in line]
    unread = [one for topic in library.topics.values() for one in topic.sources.values() if one.check != "P"]
    assert len(rows) == len(unread)


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
