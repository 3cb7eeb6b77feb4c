"""`footnote new`: what it writes passes the check at once, lists its own gaps, and overwrites nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.authoring.check import check, new_errors, write_all
from bot.authoring.generated import pages
from bot.authoring.scaffold import Scaffold, ScaffoldRefused, Wording, new_answer, new_rule, new_source, new_topic
from bot.content.library import Library
from bot.content.loader import load
from bot.content.yaml_reader import read
from tests.content.mini import MINI, TODAY, written

pytestmark = pytest.mark.usefixtures("remembered")

TITLE = Wording("Sleep: what helps?", "Sleep & “nerve” pain #")


def begun(folder: Path) -> Path:
    """Return a library whose dialog says that it is the main one."""
    dialog = (MINI / "dialogs/ala.yaml").read_text().replace("start: overview", "default: true\nstart: overview", 1)
    return written(folder, {"dialogs/ala.yaml": dialog})


def loaded(folder: Path) -> Library:
    return load(folder / "dialogs", folder / "content")


def taken(folder: Path, made: Scaffold) -> list[str]:
    """Write a scaffold and return the codes of everything that is found then; no error may come of it."""
    assert new_errors(folder / "dialogs", folder / "content", made.drafts, TODAY) == []
    write_all(made.drafts)
    found = check(folder / "dialogs", folder / "content", TODAY).diagnostics
    assert [one for one in found if one.level == "error"] == []
    return [one.code for one in found]


def test_a_topic_an_answer_and_a_source_pass_the_check_with_their_gaps_listed(tmp_path: Path) -> None:
    folder = begun(tmp_path)
    assert taken(folder, new_topic(loaded(folder), "sleep", TITLE, "therapy")) == ["C32"] * 4
    made = new_answer(
        loaded(folder), "sleep-pills", "sleep", Wording("Hypnotics", "Sleeping pills?"), None, "do pills help"
    )
    assert taken(folder, made) == ["C32"] * 8
    library = loaded(folder)
    assert library.nodes["sleep-overview"].next == ("overview", "sleep-pills")
    assert library.phrases["sleep-pills"] == ("do pills help",)
    again = new_source(library, "nhs-sleep", "sleep", "Insomnia: “a” guide", "guidance", "https://www.nhs.uk/insomnia")
    assert sorted(taken(folder, again)) == ["C12", *["C32"] * 10]
    second = new_source(loaded(folder), "trial-2020", "sleep", "A trial", "trial", "https://doi.org/10.1/x")
    taken(folder, second)
    sources = loaded(folder).topics["sleep"].sources
    assert [(one.number, one.doi, one.url) for one in sources.values()] == [
        (1, None, "https://www.nhs.uk/insomnia"),
        (2, "10.1/x", None),
    ]


def test_a_title_too_long_for_a_button_is_cut_at_a_word_and_said_so(tmp_path: Path) -> None:
    folder = begun(tmp_path)
    made = new_topic(
        loaded(folder), "sleep", Wording("Sleep disturbance in painful neuropathy", "Sleep and pain"), "therapy"
    )
    assert 'label: {professional: "Sleep disturbance in painful…", layperson: ' in "".join(made.drafts.values())
    assert made.next_step.startswith("shorten its `label`")
    assert "shorten" not in new_topic(loaded(folder), "sleep", TITLE, "therapy").next_step


def test_a_topic_begins_with_a_place_for_whole_messages(tmp_path: Path) -> None:
    folder = begun(tmp_path)
    write_all(new_topic(loaded(folder), "sleep", TITLE, "therapy").drafts)
    path = folder / "content/sleep/messages.yaml"
    assert read("", path.read_bytes()).data == {"messages": {}}
    example = "\n".join(line[2:] for line in path.read_text().splitlines()[-4:-1])
    path.write_text(example)
    assert len(loaded(folder).messages["sleep-overview"]) == 1, "what the comment shows is how it is written"


@given(
    professional=st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Co", "Cn"]), min_size=1, max_size=40),
    layperson=st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=40),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_title_can_be_written(professional: str, layperson: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = begun(tmp_path_factory.mktemp("topic"))
    title = Wording(f"A{professional}z", f"Sleep{layperson}z")
    write_all(new_topic(loaded(folder), "sleep", title, "therapy").drafts)
    codes = {
        one.code[0] for one in check(folder / "dialogs", folder / "content", TODAY).diagnostics if one.code[0] == "F"
    }
    assert codes <= {"F"}, "signs that are told by the check may stand, but never a file that cannot be read"
    found = check(folder / "dialogs", folder / "content", TODAY).diagnostics
    assert not [one for one in found if one.code in ("F01", "F02", "F03", "F05", "F06")]


@pytest.mark.parametrize(
    ("node", "topic", "label", "below", "why"),
    [
        ("overview", "ala", "X", None, "there is a node `overview` already"),
        ("dose", "ala", "X", None, "`dose` is an old id of `ala-dose`"),
        ("Sleep", "ala", "X", None, "`Sleep` is no id"),
        ("sleep", "alla", "X", None, "there is no topic `alla`: did you mean `ala`?"),
        ("sleep", "ala", "X" * 31, None, "the professional label has 31 characters"),
        ("sleep", "ala", "X", "overwiew", "no answer `overwiew` to stand below; did you mean `overview`?"),
        (
            "sleep",
            "ala",
            "X",
            "zzz",
            "below. If `footnote new answer zzz` was refused, nothing of it was written",
        ),
    ],
)
def test_what_cannot_be_begun_is_one_sentence(
    node: str, topic: str, label: str, below: str | None, why: str, tmp_path: Path
) -> None:
    library = loaded(begun(tmp_path))
    with pytest.raises(ScaffoldRefused) as caught:
        new_answer(library, node, topic, Wording(label, "X"), below, "x")
    assert why in str(caught.value)


def test_what_a_topic_is_about_is_said_by_whoever_begins_it(tmp_path: Path) -> None:
    folder = begun(tmp_path)
    write_all(new_topic(loaded(folder), "sleep", TITLE, "therapy").drafts)
    matching = loaded(folder).matching
    assert matching is not None
    assert matching.topics["sleep"].subjects["sleep"].kind == "therapy"
    with pytest.raises(ScaffoldRefused, match="no subject is a `therpy`: did you mean `therapy`"):
        new_topic(loaded(folder), "socks", TITLE, "therpy")


def test_a_topic_that_is_there_is_not_begun_again(tmp_path: Path) -> None:
    folder = begun(tmp_path)
    with pytest.raises(ScaffoldRefused, match="there is a topic or a dialog `ala` already"):
        new_topic(loaded(folder), "ala", TITLE, "therapy")
    (folder / "content/sleep").mkdir()
    with pytest.raises(ScaffoldRefused, match="already"):
        new_topic(loaded(folder), "sleep", TITLE, "therapy")


def test_a_question_that_leads_elsewhere_is_told_with_the_file_that_would_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(begun(tmp_path))
    folders = Path("dialogs"), Path("content")
    made = new_answer(load(*folders), "ala-much", "ala", Wording("Much", "Much"), None, "Chest pain")
    (found,) = [one for one in new_errors(*folders, made.drafts, TODAY) if one.code == "D04"]
    assert found.path == "content/ala/phrases.yaml"
    assert "(content/ala/phrases.yaml:" in found.message, "the second place too, which is in no file yet"


@pytest.mark.parametrize(("topic", "many"), [("sleep", 1), ("ala", 0)])
def test_a_question_that_another_topic_holds_nearly_is_refused_with_its_place(
    topic: str, many: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only one of the two is found word for word, and who writes a topic does not know every line of the others."""
    monkeypatch.chdir(begun(tmp_path))
    folders = Path("dialogs"), Path("content")
    write_all(new_topic(load(*folders), "sleep", TITLE, "therapy").drafts)
    made = new_answer(load(*folders), "pains", topic, Wording("Pains", "Pains"), "sleep-overview", "Chest pains")
    found = [one for one in new_errors(*folders, made.drafts, TODAY) if one.code == "D04"]
    assert len(found) == many
    for one in found:
        assert "already leads to `urgent` (content/ala/phrases.yaml:" in one.message
        assert one.message.endswith("): only endings tell it from `chest pain`")


def test_a_full_answer_takes_no_further_button(tmp_path: Path) -> None:
    folder = begun(tmp_path)
    for number in range(2):
        made = new_answer(
            loaded(folder), f"more-{number}", "ala", Wording("More", "More"), None, f"more about {number}"
        )
        write_all(made.drafts)
    with pytest.raises(ScaffoldRefused, match="as many as are shown") as refused:
        new_answer(loaded(folder), "more-9", "ala", Wording("More", "More"), None, "x")
    assert "there is room under `ala-dose`, `more-0`, `more-1`, or take out one of the four" in str(refused.value)


def test_a_source_that_is_there_is_not_begun_again(tmp_path: Path) -> None:
    with pytest.raises(ScaffoldRefused, match="there is a source `baicus-2024` already"):
        new_source(loaded(begun(tmp_path)), "baicus-2024", "ala", "x", "trial", "")


def test_a_rule_is_a_page_and_a_function(tmp_path: Path) -> None:
    (tmp_path / "docs/rules").mkdir(parents=True)
    (tmp_path / "bot/authoring/rules").mkdir(parents=True)
    made = new_rule(tmp_path, "C99", "Something new", "warning")
    write_all(made.drafts)
    (page,) = pages(tmp_path / "docs/rules")
    assert (page.code, page.title, page.level) == ("C99", "Something new", "warning")
    compile((tmp_path / "bot/authoring/rules/c99.py").read_text(), "c99.py", "exec")
    with pytest.raises(ScaffoldRefused, match="is no free code"):
        new_rule(tmp_path, "C99", "Again", "error")
    with pytest.raises(ScaffoldRefused, match="needs its checkout"):
        new_rule(tmp_path / "docs", "C98", "Elsewhere", "error")
