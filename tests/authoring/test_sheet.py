"""The sheet for people who edit no YAML: out and back, and everything that may come back wrong."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from difflib import ndiff
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from bot.authoring import yaml_edit
from bot.authoring.check import new_errors, write_all
from bot.authoring.sheet import COLUMNS, Cell, SheetRefused, drafts, edits, export, refusals, rows
from bot.authoring.yaml_edit import EditRefused, replace_text
from bot.cli.main import app
from bot.content.diagnostics import SourceMap
from bot.content.library import Library
from bot.content.loader import load
from bot.content.models import Register
from bot.content.yaml_reader import read
from tests.content.mini import MINI, TODAY, written

Lines = list[dict[str, str]]
FORMATS = ["csv", "xlsx"]


def loaded(folder: Path) -> Library:
    return load(folder / "dialogs", folder / "content")


def taken(folder: Path, path: Path, topic: str | None = None) -> dict[str, str]:
    """Take a sheet over and return what was changed, by row and register."""
    found = edits(loaded(folder), path, topic)
    write_all(drafts(found))
    return {f"{edit.row.id} {edit.register.value}": edit.text for edit in found}


def sheet(folder: Path, change: Callable[[Lines], Lines], name: str = "ala.csv") -> Path:
    """Export a sheet, let somebody change it, and return it."""
    path = folder / name
    export(loaded(folder), "ala", path)
    lines = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    buffer = io.StringIO()
    changed = change(lines)
    writer = csv.DictWriter(buffer, fieldnames=list(changed[0]))
    writer.writeheader()
    writer.writerows(changed)
    path.write_text(buffer.getvalue(), encoding="utf-8-sig")
    return path


def edited(id_: str, column: str, text: str) -> Callable[[Lines], Lines]:
    return lambda lines: [{**line, column: text} if line["id"] == id_ else line for line in lines]


def refused(folder: Path, path: Path, topic: str | None = None) -> str:
    before = {one: one.read_bytes() for one in folder.rglob("*.yaml")}
    with pytest.raises(SheetRefused) as caught:
        taken(folder, path, topic)
    assert {one: one.read_bytes() for one in folder.rglob("*.yaml")} == before
    return str(caught.value)


@pytest.mark.parametrize("form", FORMATS)
def test_a_sheet_nobody_touched_changes_no_byte(form: str, tmp_path: Path) -> None:
    folder = written(tmp_path)
    export(loaded(folder), None, folder / f"all.{form}")
    before = {path: path.read_bytes() for path in folder.rglob("*.yaml")}
    assert taken(folder, folder / f"all.{form}") == {}
    assert {path: path.read_bytes() for path in folder.rglob("*.yaml")} == before


def test_every_text_of_a_topic_has_a_row_and_every_row_its_own_name(library: Library) -> None:
    found = rows(library)
    assert len({row.id for row in found}) == len(found) > 800
    assert {row.id.split("/")[0] for row in found} == {*library.topics, "shared"}
    assert all(row.limit for row in found if row.id.endswith(("label", "title")))


def test_only_the_changed_text_changes_and_comments_order_and_quotes_stay(tmp_path: Path) -> None:
    folder = written(tmp_path)
    path = folder / "content/ala/answers/ala-dose.yaml"
    path.write_text("# first\n" + path.read_text().replace("claims:", "claims:  # all of them"))
    before = path.read_text().splitlines()
    sheet_ = sheet(
        folder, edited("ala/ala-dose/claims/ask", "layperson", "Ask your doctor: is it for you? Say “yes” # or no")
    )
    assert list(taken(folder, sheet_)) == ["ala/ala-dose/claims/ask layperson"]
    after = path.read_text().splitlines()
    assert [line for line in ndiff(before, after) if line[0] in "+-"] == [
        f"- {before[-2]}",
        '+     layperson: "Ask your doctor: is it for you? Say “yes” # or no"',
    ]


def every_text(library: Library) -> list[Cell]:
    return [cell for row in rows(library) for cell in row.cells.values()]


def different(before: list[str], after: list[str]) -> list[str]:
    """Return what of both lies between the lines they begin with and those they end with: at least what changed."""
    head = same(before, after)
    tail = same(before[head:][::-1], after[head:][::-1])
    return [*before[head : len(before) - tail], *after[head : len(after) - tail]]


def same(first: list[str], second: list[str]) -> int:
    """Return how many lines both begin with."""
    return next(
        (at for at, pair in enumerate(zip(first, second, strict=False)) if pair[0] != pair[1]),
        min(len(first), len(second)),
    )


NEW = [
    "Plain words.",
    "With: a colon, a # and a {brace}",
    "- begins a list",
    'It\'s "quoted"',
    "Ünïcode – “so”",
    "Two\nlines",
]


_read_once, _mapped_once = lru_cache(128)(read), lru_cache(128)(SourceMap)


@pytest.mark.parametrize("new", NEW)
def test_any_text_of_the_shipped_files_can_be_replaced_and_nothing_else_changes(
    new: str, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yaml_edit, "read", _read_once)  # a file in which forty texts are replaced is read once
    monkeypatch.setattr(yaml_edit, "SourceMap", _mapped_once)
    cells = every_text(library)[NEW.index(new) :: 40]
    for cell in cells:
        text = cell.path.read_text(encoding="utf-8")
        made = replace_text(text, cell.location, new)
        page = _read_once("", made.encode())
        assert page.diagnostics == []
        changed = different(text.splitlines(), made.splitlines())
        spot = page.source_map.source_range(cell.location)
        assert len(changed) <= 2 * (spot.end[0] - spot.start[0] + 2) + 14, cell


@given(new=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_words_can_be_written_in_the_place_of_any_text(new: str) -> None:
    text = (MINI / "content/ala/answers/overview.yaml").read_text(
        encoding="utf-8"
    ) + "more: >-\n  a\n  b\nrest: |\n  c\n"
    for location in (("label", "layperson"), ("claims", 0, "layperson"), ("more",), ("rest",)):
        try:
            made = replace_text(text, location, new)
        except EditRefused:
            continue
        data = read("", made.encode()).data
        for step in location:
            data = data[step]
        assert data == new


@pytest.mark.parametrize("form", FORMATS)
def test_rows_may_be_sorted_and_left_out(form: str, tmp_path: Path) -> None:
    folder = written(tmp_path)
    change = edited("ala/overview/title", "professional", "ALA in short")
    path = sheet(folder, lambda lines: sorted(change(lines), key=lambda line: line["was"])[::-1][:-2])
    assert taken(folder, path) == {"ala/overview/title professional": "ALA in short"}


def test_a_semicolon_sheet_of_another_country_is_read(tmp_path: Path) -> None:
    folder = written(tmp_path)
    path = sheet(folder, edited("ala/overview/title", "professional", "ALA; in short"))
    lines = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=";").writerows(lines)
    path.write_text(buffer.getvalue(), encoding="utf-8-sig")
    assert taken(folder, path) == {"ala/overview/title professional": "ALA; in short"}


@pytest.mark.parametrize("column", [name for name in COLUMNS if name not in ("place", "limit", "sources")])
def test_a_missing_column_is_named(column: str, tmp_path: Path) -> None:
    folder = written(tmp_path)
    path = sheet(folder, lambda lines: [{k: v for k, v in line.items() if k != column} for line in lines])
    assert f"the column `{column}` is missing" in refused(folder, path)


def test_a_changed_a_doubled_and_a_foreign_id_are_named(tmp_path: Path) -> None:
    folder = written(tmp_path)
    changed = sheet(folder, edited("ala/overview/title", "id", "ala/overwiew/title"))
    assert "there is no text `ala/overwiew/title`" in refused(folder, changed)
    doubled = sheet(folder, lambda lines: [*lines, lines[0]])
    assert "stands in the sheet twice" in refused(folder, doubled)
    other = sheet(folder, lambda lines: lines)
    assert "a text of another topic than `tea`" in refused(folder, other, "tea")


def test_a_column_that_was_sorted_without_its_ids_is_refused(tmp_path: Path) -> None:
    folder = written(tmp_path)

    def sort_alone(lines: Lines) -> Lines:
        texts = sorted(line["layperson"] for line in lines if line["layperson"])
        return [{**line, "layperson": texts.pop(0) if line["layperson"] else ""} for line in lines]

    assert "a row moves with its id" in refused(folder, sheet(folder, sort_alone))
    title = edited("ala/overview/title", "professional", "Dose of ALA in the trial")
    assert taken(folder, sheet(folder, title)), "the words of another row that stays as it is may be used again"


def test_a_damaged_mark_is_refused(tmp_path: Path) -> None:
    folder = written(tmp_path)
    path = sheet(folder, edited("ala/overview/title", "was", "1"))
    assert "the column `was` must stay as it was exported" in refused(folder, path)


def test_a_claim_stands_beside_its_sources_and_how_sure_they_are(library: Library) -> None:
    beside = {row.id: row.sources for row in rows(library)}
    topic = library.topics["neuropathy"]
    assert topic.handout is not None
    for row in topic.handout.evidence:
        assert f"certainty: {row.certainty}" in beside[f"neuropathy/{row.answer}/claims/{row.claim}"]
    for node, answer in topic.answers.items():
        assert not beside[f"neuropathy/{node}/title"]
        for claim in answer.claims:
            told = beside[f"neuropathy/{node}/claims/{claim.id}"]
            for cited in claim.cites:
                source = topic.sources[cited]
                assert f"[{source.number}] " in told
                assert f"({source.kind}, read: {source.check})" in told


@pytest.mark.parametrize("form", FORMATS)
def test_sources_are_read_in_a_sheet_and_not_changed(form: str, tmp_path: Path) -> None:
    folder = written(tmp_path)
    id_ = next(row.id for row in rows(loaded(folder)) if row.sources)
    assert "`sources` is there to be read" in refused(folder, sheet(folder, edited(id_, "sources", "[9] Another")))
    path = folder / f"all.{form}"
    export(loaded(folder), None, path)
    sources = folder / "content/ala/sources.yaml"
    sources.write_text(sources.read_text().replace("kind: review", "kind: trial"))
    assert taken(folder, path) == {}, "what the files say of a source since is no change of the sheet's"


def test_a_sheet_from_before_there_were_sources_is_taken_over(tmp_path: Path) -> None:
    folder = written(tmp_path)

    def older(lines: Lines) -> Lines:
        short = ["-".join(line["was"].split("-")[:2]) for line in lines]
        kept = [{k: v for k, v in line.items() if k != "sources"} for line in lines]
        return [{**line, "was": was} for line, was in zip(kept, short, strict=True)]

    change = edited("ala/overview/title", "professional", "ALA in short")
    assert taken(folder, sheet(folder, lambda lines: older(change(lines)))) == {
        "ala/overview/title professional": "ALA in short"
    }
    other = edited("ala/overview/title", "professional", "ALA, shorter")
    without = sheet(folder, lambda lines: [{k: v for k, v in one.items() if k != "sources"} for one in other(lines)])
    assert taken(folder, without), "the column may be left out"


def test_an_emptied_text_and_a_formula_are_refused_together(tmp_path: Path) -> None:
    folder = written(tmp_path)
    empty = edited("ala/overview/title", "professional", "")
    path = sheet(folder, lambda lines: edited("ala/ala-dose/title", "layperson", '=HYPERLINK("x")')(empty(lines)))
    said = refused(folder, path)
    assert "row 8, ala/overview/title" in said or "ala/overview/title: the `professional` wording is empty" in said
    assert "the `layperson` wording is a formula" in said


def test_two_people_who_changed_the_same_text_are_a_conflict_and_others_are_not(tmp_path: Path) -> None:
    folder = written(tmp_path)
    path = sheet(folder, edited("ala/overview/title", "professional", "ALA in short"))
    answer = folder / "content/ala/answers/overview.yaml"
    answer.write_text(answer.read_text().replace("Does ALA help?", "Can ALA help?"))
    assert taken(folder, path) == {"ala/overview/title professional": "ALA in short"}
    assert "Can ALA help?" in answer.read_text(), "what only the file changed stays"
    again = sheet(folder, edited("ala/overview/title", "professional", "ALA, briefly"))
    answer.write_text(answer.read_text().replace("ALA in short", "About ALA"))
    assert "conflict: the `professional` wording was changed in the file and in the sheet" in refused(folder, again)


def test_a_stale_sheet_whose_changes_are_in_already_changes_nothing(tmp_path: Path) -> None:
    folder = written(tmp_path)
    path = sheet(folder, edited("ala/overview/title", "professional", "ALA in short"))
    assert taken(folder, path)
    assert taken(folder, path) == {}


def test_a_change_that_breaks_a_rule_is_an_error_before_anything_is_written(tmp_path: Path) -> None:
    folder = written(tmp_path)
    path = sheet(folder, edited("ala/ala-dose/claims/ask", "professional", "Take 5 mg of it."))
    texts = drafts(edits(loaded(folder), path))
    found = new_errors(folder / "dialogs", folder / "content", texts, TODAY)
    assert [(one.code, one.path) for one in found] == [
        ("C09", (folder / "content/ala/answers/ala-dose.yaml").as_posix()),
        ("C02", (folder / "content/ala/answers/ala-dose.yaml").as_posix()),
    ] or {one.code for one in found} == {"C02", "C09"}
    assert "5 mg" not in (folder / "content/ala/answers/ala-dose.yaml").read_text()


def test_what_check_warns_of_in_a_changed_file_is_told_with_the_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = written(tmp_path)
    path = sheet(folder, edited("ala/ala-dose/label", "professional", "Doses that were tested in all of the trials"))
    monkeypatch.setenv("FOOTNOTE_DIALOGS", str(folder / "dialogs"))
    monkeypatch.setenv("FOOTNOTE_CONTENT", str(folder / "content"))
    done = CliRunner().invoke(app, ["import", str(path)])
    assert done.exit_code == 0, done.output
    assert "L01 the label has 43 characters" in done.output


def test_what_a_rule_finds_is_told_with_the_cell_it_is_about(tmp_path: Path) -> None:
    folder = written(tmp_path)
    dose = edited("ala/ala-dose/claims/ask", "professional", "Take 5 mg of it.")
    path = sheet(folder, lambda lines: edited("ala/overview/title", "layperson", "See [5].")(dose(lines)))
    number = {line["id"]: at for at, line in enumerate(csv.DictReader(path.read_text("utf-8-sig").splitlines()), 2)}
    found = edits(loaded(folder), path)
    texts = drafts(found)
    told = refusals(found, texts, new_errors(folder / "dialogs", folder / "content", texts, TODAY))
    typed, cited = (next(one for one in told if code in one) for code in ("C09", "C14"))
    assert typed.startswith(
        f"row {number['ala/ala-dose/claims/ask']}, ala/ala-dose/claims/ask, column `professional`:\n"
    )
    assert cited.startswith(f"row {number['ala/overview/title']}, ala/overview/title, column `layperson`:\n")


@given(st.integers(0, 60), st.sampled_from(["{{ facts.ala.dose }}", "{{facts.a_long_name.of_what}}"]))
def test_no_line_is_broken_inside_what_is_inserted(before: int, inserted: str) -> None:
    text = f"{'so ' * before}by {inserted} and after {inserted}, twice-a-day {'more ' * 40}end."
    made = replace_text("text: >\n  short\n", ("text",), text + "\n")
    assert made.startswith("text: >\n"), "it stays folded"
    assert made.count(inserted) == 2


def test_a_text_of_one_register_gets_no_other_in_a_sheet(library: Library, tmp_path: Path) -> None:
    row = next(row for row in rows(library) if Register.LAYPERSON not in row.cells and "/claims/" in row.id)
    path = tmp_path / "x.csv"
    export(library, row.id.split("/")[0], path)
    lines = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    changed = [[*line[:4], "Plain words.", *line[5:]] if line[0] == row.id else line for line in lines]
    buffer = io.StringIO()
    csv.writer(buffer).writerows(changed)
    path.write_text(buffer.getvalue(), encoding="utf-8-sig")
    with pytest.raises(SheetRefused, match="has no `layperson` wording"):
        edits(library, path)


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        ("x.csv", b"", "the column `id` is missing"),
        ("x.csv", b"\xff\xfei\x00d\x00", "not UTF-8"),
        ("x.csv", b'id,"\x00', "no CSV"),
        ("x.xlsx", b"PK nonsense", "no Excel sheet"),
        ("x.xlsx", b"", "no Excel sheet"),
        ("x.csv", b"id,professional,layperson,was\n" + b"a,b,c,d\n" * 60_000, "more than 50000 rows"),
    ],
)
def test_what_is_no_sheet_is_one_sentence(name: str, raw: bytes, said: str, tmp_path: Path) -> None:
    folder = written(tmp_path)
    (folder / name).write_bytes(raw)
    assert said in refused(folder, folder / name)


def test_a_million_rows_are_refused_soon(tmp_path: Path) -> None:
    folder = written(tmp_path)
    (folder / "x.csv").write_bytes(b"id,professional,layperson,was\n" + b",,,\n" * 1_000_000)
    assert "more than 50000 rows" in refused(folder, folder / "x.csv")


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("text", ["=1+1", "+5 mg", "-5 mg", "@all", "'quoted", "a\nb", "'=x"])
def test_a_text_that_looks_like_a_formula_survives_the_way_out_and_back(text: str, form: str, tmp_path: Path) -> None:
    folder = written(tmp_path)
    path = folder / "content/ala/answers/overview.yaml"
    path.write_text(replace_text(path.read_text(), ("title", "professional"), text))
    export(loaded(folder), "ala", folder / f"s.{form}")
    assert taken(folder, folder / f"s.{form}") == {}
