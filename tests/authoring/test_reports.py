"""What the commands print, and with which exit code."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from bot.authoring.decisions import Decision
from bot.authoring.reports import run_check, run_decision, run_docs, run_review
from bot.authoring.review_page import contents
from bot.content.loader import load
from tests.content.mini import TODAY, shipped, written

pytestmark = pytest.mark.usefixtures("remembered")

DIALOGS, CONTENT = Path("dialogs"), Path("content")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(written(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_a_clean_check_counts_what_it_saw() -> None:
    assert run_check(DIALOGS, CONTENT, TODAY) == ("3 answers checked: 0 errors, 0 warnings.", 0)


def test_an_error_ends_the_check_with_one(folder: Path) -> None:
    written(folder, {"content/ala/phrases.yaml": "phrases:\n  nowhere: [x]\n"})
    text, code = run_check(DIALOGS, CONTENT, TODAY)
    assert code == 1
    assert text.splitlines()[0] == "content/ala/phrases.yaml:2:3: D07 `nowhere` is not a node"
    assert text.splitlines()[-1] == "3 answers checked: 1 error, 0 warnings."


def test_a_message_under_a_name_that_is_no_node_is_an_error(folder: Path) -> None:
    written(
        folder, {"content/ala/messages.yaml": "messages:\n  nowhere: how (much\nafter:\n  urgent:\n    urgnt: and now"}
    )
    text, _ = run_check(DIALOGS, CONTENT, TODAY)
    assert [line.split(": ", 1)[1] for line in text.splitlines() if ": D07 " in line] == [
        "D07 `nowhere` is not a node",
        "D07 `urgnt` is not a node",
    ]


def test_a_warning_does_not(folder: Path) -> None:
    written(folder, {"content/ala/phrases.yaml": "phrases:\n  urgent: [x, x]\n"})
    text, code = run_check(DIALOGS, CONTENT, TODAY)
    assert code == 0
    assert "    (warning)" in text.splitlines()


def test_json_holds_the_same_findings(folder: Path) -> None:
    written(folder, {"content/ala/phrases.yaml": "phrases:\n  nowhere: [x]\n"})
    text, code = run_check(DIALOGS, CONTENT, TODAY, as_json=True)
    assert code == 1
    assert json.loads(text) == {
        "answers": 3,
        "findings": [
            {
                "path": "content/ala/phrases.yaml",
                "line": 2,
                "column": 3,
                "code": "D07",
                "message": "`nowhere` is not a node",
                "snippet": "  nowhere: [x]",
                "suggestion": "",
                "level": "error",
            }
        ],
    }


def test_a_check_that_saw_nothing_fails(tmp_path: Path) -> None:
    text, code = run_check(tmp_path / "dialogs", tmp_path / "content", TODAY)
    assert code == 1
    assert text.splitlines()[-1].startswith("0 answers checked: 4 errors")


@pytest.mark.usefixtures("folder")
def test_a_decision_is_recorded_listed_and_told_when_it_has_aged() -> None:
    on, due = date(2026, 1, 10), date(2027, 1, 10)
    said, code = run_decision(DIALOGS, CONTENT, "urgent", Decision("approved", "J. Doe", on, TODAY, due))
    assert (said, code) == ("content/ala/answers/urgent.yaml: approved by J. Doe on 2026-01-10", 0)
    listed = run_review(DIALOGS, CONTENT, date(2026, 6, 1))[0].splitlines()
    assert listed[0].split() == ["topic", "node", "status", "by", "on", "due", "note"]
    assert listed[3] == "ala    urgent    approved   J. Doe  2026-01-10  2027-01-10"
    assert listed[-1] == "3 answers, 2 not approved as they stand."
    for today, note in ((date(2026, 12, 24), "due soon"), (date(2027, 1, 11), "overdue")):
        rows = json.loads(run_review(DIALOGS, CONTENT, today, as_json=True)[0])
        assert [row["note"] for row in rows] == ["", "", note]


def test_a_changed_answer_is_listed_as_changed(folder: Path) -> None:
    run_decision(
        DIALOGS, CONTENT, "urgent", Decision("approved", "J. Doe", date(2026, 1, 10), TODAY, date(2027, 1, 10))
    )
    path = folder / "content/ala/answers/urgent.yaml"
    path.write_text(path.read_text().replace("now.", "at once."))
    row = json.loads(run_review(DIALOGS, CONTENT, TODAY, as_json=True)[0])[2]
    assert (row["status"], row["note"]) == ("changed", "changed since review")
    assert "R03" in run_check(DIALOGS, CONTENT, TODAY)[0]


@pytest.mark.usefixtures("folder")
def test_a_refused_decision_says_why() -> None:
    assert run_decision(DIALOGS, CONTENT, "urgent", Decision("approved", "", date(2026, 1, 10), TODAY)) == (
        "not recorded: a decision needs a named reviewer: `--by NAME`",
        1,
    )


@pytest.mark.usefixtures("folder")
def test_the_page_for_reviewers_has_every_claim_in_both_registers() -> None:
    library = load(DIALOGS, CONTENT)
    page = contents(library)
    for node in library.nodes:
        assert f"### {node}\n" in page
    assert "Oral ALA 600 mg twice daily for 6 months, as add-on treatment." in page
    assert "People took 600 mg twice a day by mouth for 6 months." in page
    assert "| 5 | Oral Alpha Lipoic Acid Treatment for Symptomatic Diabetic Peripheral Neuropathy. 2020." in page


def test_docs_are_written_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shipped(tmp_path))
    first, again = run_docs(DIALOGS, CONTENT, Path()), run_docs(DIALOGS, CONTENT, Path())
    assert "wrote docs/content.md" in first[0].splitlines()
    assert again == ("", 0)
