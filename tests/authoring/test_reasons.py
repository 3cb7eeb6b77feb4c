"""Why something was decided, as an author reads it: the line that did, and what mends it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.main import app
from bot.content.library import Library
from bot.dialog.turn import Match, Outcome, Register
from bot.matching.evaluation import QuestionFault, Reasons, evaluate, failures, remedies
from tests.content.mini import shipped

pytestmark = pytest.mark.usefixtures("remembered")

LINE = "patch for foot pain"
"""An authored line of `second-line`, which a topic on patches would ask for itself."""


class Fixed:
    """A matcher that always decides the same."""

    def __init__(self, *reasons: str, outcome: Outcome = Outcome.ANSWER) -> None:
        self.match_ = Match(outcome, "second-line", reasons=reasons)

    def match(self, text: str, context: str | None, register: Register) -> Match:
        return self.match_


def place(library: Library, line: str) -> str:
    path = library.home.of_topic("neuropathy", "phrases")
    rows = path.read_text(encoding="utf-8").splitlines()
    return f"{path.as_posix()}:{1 + next(at for at, row in enumerate(rows) if row.strip() == line)}"


def written(folder: Path, text: str, *expect: str) -> Path:
    path = folder / "q.jsonl"
    row = {"id": "1", "text": text, "register": "layperson", "context": None, "expect": list(expect), "kind": "plain"}
    path.write_text(json.dumps(row), encoding="utf-8")
    return path


def measured(library: Library, folder: Path, text: str, matcher: Fixed, expect: str = "k2") -> str:
    return failures(evaluate(matcher, written(folder, text, expect), library))


def test_a_wrong_answer_by_an_authored_line_names_where_the_line_stands(library: Library, tmp_path: Path) -> None:
    told = measured(library, tmp_path, "so, patches for foot pain?", Fixed("an authored line: patch for foot pain"))
    assert f"because an authored line, `{LINE}` ({place(library, LINE)})" in told
    assert "to mend it: a line that belongs to another answer is moved there" in told


def test_a_line_that_says_nearly_the_same_is_named_too(library: Library, tmp_path: Path) -> None:
    told = measured(library, tmp_path, "a patch for foot pains", Fixed("x"))
    assert f"because nearly an authored line, `{LINE}` ({place(library, LINE)}); x" in told
    assert "authored line" not in measured(library, tmp_path, "what did the cat eat on monday", Fixed("x"))


def test_what_is_asked_in_a_thread_is_found_where_the_thread_has_it(library: Library) -> None:
    line = next(line for line in library.after["ala"]["ala-dose"] if "(" not in line)
    (told,) = Reasons(library).told((), Outcome.ANSWER, "ala-dose", line, "ala")
    assert told.startswith(f"nearly an authored line, `{line}` (")
    assert "/threads.yaml:" in told


def test_an_aspect_that_was_read_wrongly_has_a_remedy_in_the_topics_own_folder(
    library: Library, tmp_path: Path
) -> None:
    told = measured(library, tmp_path, "why do i cough", Fixed("night of neuropathy/capsaicin"))
    assert "because asks `night` of `neuropathy/capsaicin`" in told
    assert told.count("to mend it: ") == 1
    assert "In subjects.yaml of the topic give that aspect, in the row of that subject, to the right answer" in told


@pytest.mark.parametrize(
    ("why", "told"),
    [("unlike", "the message is unlike the examples of emergencies, which overrule a rule"), ("past", "it is over")],
)
def test_a_sign_that_was_overruled_is_told_with_its_rule_and_its_remedy(library: Library, why: str, told: str) -> None:
    reasons = Reasons(library).told((f"not urgent: child-took: {why}",), Outcome.ANSWER, "second-line", "", None)
    assert reasons == (f"not urgent: a sign of an emergency was seen by the rule `child-took`, but {told}",)
    assert "content/urgent-messages.yaml" in " ".join(remedies(reasons))


def test_every_excuse_has_words(library: Library) -> None:
    for why in ("denied", "framed", "past", "supposed", "general", "leaflet", "unlike"):
        (told,) = Reasons(library).told((f"not urgent: fainted: {why}",), Outcome.ANSWER, "second-line", "", None)
        assert not told.endswith(f"but {why}")


def test_what_is_right_needs_no_remedy(library: Library, tmp_path: Path) -> None:
    assert measured(library, tmp_path, LINE, Fixed("night of b12/low"), "second-line") == ""


def test_an_unknown_answer_is_refused_before_anything_is_learned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.matching.build_matcher", lambda *_: pytest.fail("this takes a minute"))
    done = CliRunner().invoke(app, ["evaluate", str(written(tmp_path, LINE, "secnd-line"))])
    assert isinstance(done.exception, QuestionFault)
    assert "`secnd-line` is not an answer; did you mean `second-line`?" in str(done.exception)


def test_errors_in_the_files_are_told_before_they_are_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = shipped(tmp_path) / "content"
    messages = content / "b12" / "messages.yaml"
    messages.write_text(messages.read_text(encoding="utf-8").replace("capsule", "c\u0430psule", 1), encoding="utf-8")
    monkeypatch.setenv("FOOTNOTE_CONTENT", str(content))
    monkeypatch.setenv("FOOTNOTE_DIALOGS", str(tmp_path / "dialogs"))
    monkeypatch.setattr("bot.matching.build_matcher", lambda *_: Fixed())
    done = CliRunner().invoke(app, ["evaluate", str(written(tmp_path, LINE, "k2"))])
    first, *_, last = done.stderr.strip().splitlines()
    assert re.match(r".*/content/b12/messages\.yaml:\d+:\d+: F12 this letter is not what it looks like", first)
    assert last.startswith("`footnote check` finds 1 error in these files. The questions are measured all the same")
    assert done.stdout.strip().splitlines()[-1] == last
    assert "all               1" in done.stdout


def test_sound_files_are_measured_without_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.matching.build_matcher", lambda *_: Fixed())
    done = CliRunner().invoke(app, ["evaluate", str(written(tmp_path, LINE, "second-line"))])
    assert (done.stderr, "check" in done.stdout) == ("", False)
