"""A reviewer's decision, from `footnote review` to what the reader is told."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.authoring.decisions import Decision, Recorded, ReviewRefused, as_page, as_text, changes, decide
from bot.authoring.yaml_edit import set_mapping
from bot.content.diagnostics import LoadError
from bot.content.library import Library
from bot.content.loader import load
from bot.content.models import Status
from bot.content.templates import flattened
from bot.content.yaml_reader import YamlFile, read
from tests.content.mini import MINI, written

pytestmark = pytest.mark.usefixtures("remembered")

ON, DUE, TODAY = date(2026, 11, 3), date(2027, 11, 3), date(2028, 1, 1)


def decided(
    folder: Path, name: str, status: Status, by: str, on: date = ON, due: date | None = DUE, note: str | None = None
) -> list[Recorded]:
    return decide(loaded(folder), name, Decision(status, by, on, TODAY, due, note))


def loaded(folder: Path) -> Library:
    return load(folder / "dialogs", folder / "content")


def edited(folder: Path, path: str, old: str, new: str) -> Library:
    text = (folder / path).read_text()
    assert old in text
    (folder / path).write_text(text.replace(old, new))
    return loaded(folder)


def test_an_approval_counts_for_exactly_what_was_approved(tmp_path: Path) -> None:
    folder = written(tmp_path)
    decided(folder, "ala-dose", "approved", "Dr. J. Doe: cardiologist")
    state = loaded(folder).review_of("ala-dose")
    assert (state.status, state.by, state.on, state.due) == ("approved", "Dr. J. Doe: cardiologist", ON, DUE)
    assert loaded(folder).servable("ala-dose")
    assert loaded(folder).review_of("overview").status == "submitted", "only the one answer was approved"


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("content/ala/answers/ala-dose.yaml", "by mouth", "as a pill"),
        ("content/ala/answers/ala-dose.yaml", "cites: [el-nahas-2020, baicus-2024]", "cites: [el-nahas-2020]"),
        ("content/ala/facts.yaml", "6 months", "5 weeks"),
        ("content/ala/notes.yaml", "little or nothing", "a lot"),
    ],
)
def test_a_change_after_the_approval_is_seen(path: str, old: str, new: str, tmp_path: Path) -> None:
    folder = written(tmp_path)
    decided(folder, "ala-dose", "approved", "J. Doe")
    library = edited(folder, path, old, new)
    assert library.review_of("ala-dose").status == "changed"
    assert not library.servable("ala-dose")


def test_a_change_that_no_reader_sees_keeps_the_approval(tmp_path: Path) -> None:
    folder = written(tmp_path)
    decided(folder, "ala-dose", "approved", "J. Doe")
    path = folder / "content/ala/answers/ala-dose.yaml"
    path.write_text(
        "# a remark\n" + path.read_text().replace("label: {professional: ALA", "label: {professional:   ALA")
    )
    assert loaded(folder).servable("ala-dose")


SEEN = [
    "content/ala/answers/ala-dose.yaml",
    "content/ala/notes.yaml",
    "content/ala/sources.yaml",
    "content/ala/topic.yaml",
    "content/ala/facts.yaml",
]


def texts_of(path: str) -> list[str]:
    """Return the way to every text of a file that an answer shows, as `claims.0.professional`."""
    data = read(path, (MINI / path).read_bytes()).data
    return [way for way, value in flattened(_named(data)) if isinstance(value, str) and not way.startswith("review")]


def _named(data: object) -> dict[str, object]:
    items = data.items() if isinstance(data, dict) else enumerate(data)  # type: ignore[arg-type]
    return {str(key): _named(value) if isinstance(value, dict | tuple) else value for key, value in items}


@pytest.mark.parametrize(("path", "way"), [(path, way) for path in SEEN for way in texts_of(path)])
def test_no_text_under_an_answer_is_outside_its_approval(path: str, way: str, tmp_path: Path) -> None:
    folder = written(tmp_path)
    decided(folder, "ala-dose", "approved", "J. Doe")
    (folder / path).write_text(_changed(read(path, (folder / path).read_bytes()), way), encoding="utf-8")
    try:
        library = loaded(folder)
    except LoadError:  # an id that nothing else names
        return
    unused = {"title", "topic"} if path.endswith("topic.yaml") else {"answer"}
    assert (library.review_of("ala-dose").status == "changed") is (way.split(".")[0] not in unused), way


def _changed(page: YamlFile, way: str) -> str:
    """Return the file with one text longer by a word."""
    place = page.source_map.source_range(tuple(int(step) if step.isdigit() else step for step in way.split(".")))
    line, column = place.start
    written = page.lines[line]
    quote = written[column] if written[column] in "\"'" else ""
    end = place.end[1] - len(quote) if place.end[0] == line else len(written)
    return "\n".join([*page.lines[:line], f"{written[:end]} more{written[end:]}", *page.lines[line + 1 :]])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("claims:", "brief: [ask]\nclaims:"),
        ("  - id: ask\n", "  - id: ask\n    bullet: true\n"),
        ("  - id: ask\n", "  - id: ask\n    section: {professional: Do, layperson: Do}\n"),
        ("    kind: action\n", "    kind: editorial\n"),
    ],
)
def test_the_form_of_an_answer_is_part_of_its_approval(old: str, new: str, tmp_path: Path) -> None:
    folder = written(tmp_path)
    decided(folder, "ala-dose", "approved", "J. Doe")
    assert edited(folder, "content/ala/answers/ala-dose.yaml", old, new).review_of("ala-dose").status == "changed"


def test_the_buttons_below_an_answer_are_part_of_its_approval(tmp_path: Path) -> None:
    folder = written(tmp_path)
    decided(folder, "ala-dose", "approved", "J. Doe")
    text = (folder / "dialogs/ala.yaml").read_text()
    (folder / "dialogs/ala.yaml").write_text(
        text.replace("ala-dose:\n    next: [overview]", "ala-dose:\n    next: [urgent]")
    )
    assert loaded(folder).review_of("ala-dose").status == "changed"


def test_a_topic_is_recorded_in_one_go_or_not_at_all(tmp_path: Path) -> None:
    folder = written(tmp_path)
    assert len(decided(folder, "ala", "approved", "J. Doe")) == 3
    assert all(loaded(folder).servable(node) for node in loaded(folder).nodes)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(ReviewRefused, match="in the future"):
        decided(folder, "ala", "approved", "J. Doe", date(2028, 1, 2), date(2029, 1, 1))
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def two_reviewers(folder: Path) -> Path:
    text = (MINI / "content/ala/topic.yaml").read_text()
    return written(folder, {"content/ala/topic.yaml": text + "approval: {reviewers: 2, note: true}\n"})


def test_two_reviewers_approve_the_same_text_each_with_a_note(tmp_path: Path) -> None:
    folder = two_reviewers(tmp_path)
    with pytest.raises(ReviewRefused, match="asks for a note"):
        decided(folder, "urgent", "approved", "J. Doe")
    (first,) = decided(folder, "urgent", "approved", "J. Doe", note="read against the sources")
    assert (first.status, first.waits) == ("under-review", True)
    assert not loaded(folder).servable("urgent")
    (again,) = decided(folder, "urgent", "approved", " j.doe".replace(".", ". "), note="once more")
    assert again.waits, "the same person cannot be the second"
    (second,) = decided(folder, "urgent", "approved", "A. Roe", note="agreed")
    assert (second.status, second.waits) == ("approved", False)
    library = loaded(folder)
    assert library.servable("urgent")
    assert library.review_of("urgent").reviewers == "j. doe and A. Roe"


def test_a_text_that_changed_between_two_reviewers_begins_again(tmp_path: Path) -> None:
    folder = two_reviewers(tmp_path)
    decided(folder, "urgent", "approved", "J. Doe", note="read")
    edited(folder, "content/ala/answers/urgent.yaml", "now.", "at once.")
    (second,) = decided(folder, "urgent", "approved", "A. Roe", note="read")
    assert second.waits
    assert not loaded(folder).servable("urgent")


def test_a_topic_that_asks_for_two_is_not_content_with_one(tmp_path: Path) -> None:
    folder = written(tmp_path)
    decided(folder, "urgent", "approved", "J. Doe")
    text = (folder / "content/ala/topic.yaml").read_text() + "approval: {reviewers: 2}\n"
    (folder / "content/ala/topic.yaml").write_text(text)
    with pytest.raises(LoadError, match="R01 approved, but `second_by` and `second_on` are missing"):
        loaded(folder)


def test_what_changed_is_shown_as_words(tmp_path: Path) -> None:
    folder = written(tmp_path)
    decided(folder, "ala-dose", "approved", "J. Doe")
    assert as_text(loaded(folder), ["ala-dose"]) == "Nothing has changed since it was approved."
    library = edited(folder, "content/ala/facts.yaml", "600 mg twice a day", "900 mg twice a day")
    (change,) = changes(library, "ala-dose") or []
    assert (change.reader, "600 mg" in change.before, "900 mg" in change.after) == ("layperson", True, True)
    assert as_text(library, list(library.nodes)).splitlines()[1:] == [
        "  claim regimen (layperson)",
        "    before: People took [-600-] mg twice a day by mouth for 6 months.",
        "    after:  People took {+900+} mg twice a day by mouth for 6 months.",
    ]
    page = as_page(library, ["ala-dose"])
    assert "<del>600</del> mg twice a day" in page
    assert "<ins>900</ins> mg twice a day" in page


def test_words_that_were_not_approved_are_not_shown_as_such(tmp_path: Path) -> None:
    folder = written(tmp_path)
    decided(folder, "ala-dose", "approved", "J. Doe")
    kept = folder / "content/ala/approved/ala-dose.json"
    kept.write_text(kept.read_text().replace("600 mg", "900 mg"))
    library = edited(folder, "content/ala/facts.yaml", "6 months", "5 weeks")
    assert changes(library, "ala-dose") is None
    assert "were not kept" in as_text(library, ["ala-dose"])
    assert "were not kept" in as_page(library, ["ala-dose"])


def test_a_later_decision_replaces_the_earlier_one(tmp_path: Path) -> None:
    folder = written(tmp_path)
    decided(folder, "urgent", "approved", "J. Doe")
    decided(folder, "urgent", "under-review", "A. Roe", DUE, None)
    state = loaded(folder).review_of("urgent")
    assert (state.status, state.by, state.on, state.due) == ("under-review", "A. Roe", DUE, None)


def test_an_approval_that_was_undone_bears_no_name_and_no_date(tmp_path: Path) -> None:
    folder = two_reviewers(tmp_path)
    for name in ("J. Doe", "A. Roe"):
        decided(folder, "urgent", "approved", name, note="read")
    decided(folder, "urgent", "submitted", "A. Roe", ON, None)
    state = loaded(folder).review_of("urgent")
    assert (state.status, state.reviewers, state.on, state.due) == ("submitted", "", None, None)
    assert "Roe" not in (folder / "content/ala/answers/urgent.yaml").read_text()


def test_a_name_in_a_file_that_is_only_submitted_is_nobodys_approval(tmp_path: Path) -> None:
    folder = written(tmp_path)
    path = folder / "content/ala/answers/urgent.yaml"
    path.write_text(path.read_text() + "review: {status: submitted, by: J. Doe, on: 2026-11-03, due: 2027-11-03}\n")
    state = loaded(folder).review_of("urgent")
    assert (state.reviewers, state.on) == ("", None)


def test_every_other_byte_of_the_file_stays(tmp_path: Path) -> None:
    folder = written(tmp_path)
    path = folder / "content/ala/answers/urgent.yaml"
    path.write_bytes(
        b"# first\r\n"
        + path.read_bytes().replace(b"\n", b"\r\n")
        + b"review: # now\r\n  status: submitted  # why\r\n# last"
    )
    before = path.read_bytes()
    decided(folder, "urgent", "approved", "J. Doe")
    hash_ = loaded(folder).hash_of("urgent")
    added = f'\r\n  by: "J. Doe"\r\n  on: 2026-11-03\r\n  due: 2027-11-03\r\n  hash: "{hash_}"'
    assert path.read_bytes() == before.replace(b"status: submitted  # why", b"status: approved  # why" + added.encode())


@pytest.mark.parametrize(
    ("node", "status", "by", "due", "why"),
    [
        ("nowhere", "approved", "J. Doe", DUE, "there is no node and no topic `nowhere`"),
        ("urgent", "approved", "", DUE, "a named reviewer"),
        ("urgent", "under-review", " - ", None, "a named reviewer"),
        ("urgent", "approved", "J. Doe", None, "the date of the next review"),
        ("urgent", "approved", "J. Doe", ON, "later than the approval"),
    ],
)
def test_what_cannot_be_recorded_is_refused_and_changes_nothing(
    node: str, status: str, by: str, due: date | None, why: str, tmp_path: Path
) -> None:
    folder = written(tmp_path)
    before = {path: path.read_bytes() for path in folder.rglob("*.yaml")}
    with pytest.raises(ReviewRefused, match=why):
        decided(folder, node, status, by, ON, due)  # type: ignore[arg-type]
    assert {path: path.read_bytes() for path in folder.rglob("*.yaml")} == before
    assert not list(folder.rglob("*.draft"))


@pytest.mark.parametrize(
    "text",
    [
        "a: 1",
        "a: 1\n",
        "a: 1\nreview: {status: submitted, by: x}\nb: 2\n",
        "a: 1\nreview:\nb: 2\n",
        "review:\n  status: submitted\n\n# about b\nb: 2\na: 1\n",
        "review:\n    by: |\n      x\n      y\n    status: submitted\na: 1\n",
        "review:\n  status:\n  other: 1\na: 1\n",
        "review:\n  - x\na: 1\n",
    ],
)
def test_a_group_is_written_wherever_and_however_it_stood(text: str) -> None:
    values = {"status": "approved", "by": "null: {x}", "on": None}
    before, after = read("a", text.encode()).data, read("b", set_mapping(text, "review", values).encode())
    assert after.diagnostics == []
    assert values.items() <= after.data["review"].items()
    assert {**before, "review": None} == {**after.data, "review": None}


@settings(deadline=None)
@example({"by": "\x85\u2028 ü 😀"})
@given(st.dictionaries(st.sampled_from(["status", "by", "on", "due"]), st.text(max_size=12) | st.none(), min_size=1))
def test_any_text_can_be_written_and_read_again(values: dict[str, str | None]) -> None:
    text = set_mapping("a: 1\nreview:\n  by: x  # who\n  due: null\nb: 2\n", "review", values)
    page = read("a", text.encode("utf-8", "surrogatepass"))
    if not page.diagnostics:  # lone surrogates are no UTF-8
        assert page.data == {"a": 1, "review": {"by": "x", "due": None, **values}, "b": 2}
