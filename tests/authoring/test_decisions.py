"""A reviewer's decision, from `footnote review` to what the reader is told."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.authoring.decisions import ReviewRefused, decide, set_mapping
from bot.content.library import Library
from bot.content.loader import load
from bot.content.yaml_reader import read
from tests.content.mini import written

ON, DUE = date(2026, 11, 3), date(2027, 11, 3)


def loaded(folder: Path) -> Library:
    return load(folder / "dialogs", folder / "content")


def edited(folder: Path, path: str, old: str, new: str) -> Library:
    text = (folder / path).read_text()
    assert old in text
    (folder / path).write_text(text.replace(old, new))
    return loaded(folder)


def test_an_approval_counts_for_exactly_what_was_approved(tmp_path: Path) -> None:
    folder = written(tmp_path)
    decide(loaded(folder), "ala-dose", "approved", "Dr. J. Doe: cardiologist", ON, DUE)
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
    decide(loaded(folder), "ala-dose", "approved", "J. Doe", ON, DUE)
    library = edited(folder, path, old, new)
    assert library.review_of("ala-dose").status == "changed"
    assert not library.servable("ala-dose")


def test_a_change_that_no_reader_sees_keeps_the_approval(tmp_path: Path) -> None:
    folder = written(tmp_path)
    decide(loaded(folder), "ala-dose", "approved", "J. Doe", ON, DUE)
    assert edited(folder, "content/ala/answers/ala-dose.yaml", "How much was tested?", "What was tested?").servable(
        "ala-dose"
    )


def test_a_later_decision_replaces_the_earlier_one(tmp_path: Path) -> None:
    folder = written(tmp_path)
    decide(loaded(folder), "urgent", "approved", "J. Doe", ON, DUE)
    decide(loaded(folder), "urgent", "under-review", "A. Roe", DUE)
    state = loaded(folder).review_of("urgent")
    assert (state.status, state.by, state.on, state.due) == ("under-review", "A. Roe", DUE, None)


def test_every_other_byte_of_the_file_stays(tmp_path: Path) -> None:
    folder = written(tmp_path)
    path = folder / "content/ala/answers/urgent.yaml"
    path.write_bytes(
        b"# first\r\n"
        + path.read_bytes().replace(b"\n", b"\r\n")
        + b"review: # now\r\n  status: submitted  # why\r\n# last"
    )
    before = path.read_bytes()
    decide(loaded(folder), "urgent", "approved", "J. Doe", ON, DUE)
    hash_ = loaded(folder).hash_of("urgent")
    added = f'\r\n  by: "J. Doe"\r\n  on: 2026-11-03\r\n  due: 2027-11-03\r\n  hash: "{hash_}"'
    assert path.read_bytes() == before.replace(b"status: submitted  # why", b"status: approved  # why" + added.encode())


@pytest.mark.parametrize(
    ("node", "status", "by", "due", "why"),
    [
        ("nowhere", "approved", "J. Doe", DUE, "there is no node `nowhere`"),
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
        decide(loaded(folder), node, status, by, ON, due)  # type: ignore[arg-type]
    assert {
        path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix == ".yaml"
    } == before
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
