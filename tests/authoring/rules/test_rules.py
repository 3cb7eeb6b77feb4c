"""What the rules' pages do not show: the other side of each limit, and the rarer findings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.authoring.check import check
from bot.authoring.generated import pages
from bot.channels import registry
from tests.content.mini import MINI, TODAY, written

pytestmark = pytest.mark.usefixtures("remembered")

OVERVIEW = "content/ala/answers/overview.yaml"
DIALOG = (MINI / "dialogs/ala.yaml").read_text()


def found(folder: Path) -> list[str]:
    labels_only = [replace(one, answers=lambda _library: lambda _node, _register: ()) for one in registry.limits()]
    diagnostics = check(folder / "dialogs", folder / "content", TODAY, labels_only).diagnostics
    return [f"{diagnostic.code} {diagnostic.message}" for diagnostic in diagnostics]


def changed(folder: Path, old: str, new: str, path: str = OVERVIEW) -> list[str]:
    text = (MINI / path).read_text()
    assert old in text
    return found(written(folder, {path: text.replace(old, new)}))


def test_all_names_that_a_subject_shares_with_another_topic_are_one_finding(tmp_path: Path) -> None:
    files = {
        f"content/{topic}/subjects.yaml": "subjects:\n"
        f'  one: {{kind: drug, general: overview, names: "{names}"}}\n'
        "  two: {kind: drug, general: overview, names: rest}\nanswers:\n  one: {overview: about}\n"
        for topic, names in (
            ("ala", ", ".join(f"name {letter}" for letter in "abcdefghij")),
            ("socks", ", ".join(f"Name {letter}" for letter in "abcdefghi")),
        )
    }
    socks = "topic: socks\ntitle: {professional: Socks, layperson: Socks}\nreview: {status: under-review}\n"
    said = found(written(tmp_path, {**files, "content/socks/topic.yaml": socks}))
    shared = [line.partition(" (")[0] + line.partition(")")[2] for line in said if line.startswith("D13")]
    assert shared == [
        "D13 the name `Name a` also stands in the topic `ala`, and 8 more of this subject: "
        "`Name b`, `Name c`, `Name d`, `Name e`, `Name f`, …",
        "D13 the name `rest` also stands in the topic `ala`",
    ]


def test_a_note_that_no_answer_shows(tmp_path: Path) -> None:
    answers = [OVERVIEW, "content/ala/answers/ala-dose.yaml"]
    files = {path: (MINI / path).read_text().replace("notes: [n4-cochrane]", "") for path in answers}
    assert "C13 no answer shows the note `n4-cochrane`" in found(written(tmp_path, files))


def test_the_main_message_is_for_both_readers(tmp_path: Path) -> None:
    layperson = "    layperson: ALA probably does little for nerve damage (neuropathy).\n"
    said = changed(tmp_path, layperson, "    professional_only: too detailed\n")
    assert "C11 the main message is missing in the layperson register" in said


def test_the_main_message_is_short(tmp_path: Path) -> None:
    said = changed(tmp_path, "does little for nerve damage", "is weak. It is. It was. It may be nerve damage")
    assert said == ["C11 the main message has more than 3 sentences in the layperson register"]


def test_the_main_message_is_one_paragraph(tmp_path: Path) -> None:
    old = "professional: ALA probably has little or no effect on symptoms of neuropathy."
    said = changed(tmp_path, old, 'professional: "ALA.\\n\\nIt has little effect on neuropathy."')
    assert said == ["C11 the main message is not a single paragraph in the professional register"]


@pytest.mark.parametrize(("words", "diagnostic"), [(20, False), (21, True)])
def test_twenty_words_are_allowed(words: int, diagnostic: bool, tmp_path: Path) -> None:
    sentence = " ".join(["go"] * (words - 6))
    said = changed(tmp_path, "Ask your doctor before you start.", f"Ask your doctor before you {sentence} start.")
    assert any(line.startswith("C05") for line in said) is diagnostic


@pytest.mark.parametrize(("length", "diagnostic"), [(30, False), (31, True)])
def test_thirty_characters_are_allowed_on_a_button(length: int, diagnostic: bool, tmp_path: Path) -> None:
    said = changed(tmp_path, "layperson: The short answer}", f"layperson: {'x' * length}}}")
    assert any(line.startswith("L01") for line in said) is diagnostic


@pytest.mark.parametrize(("due", "diagnostic"), [("2026-11-22", False), ("2026-11-21", True)])
def test_a_review_is_overdue_the_day_after(due: str, diagnostic: bool, tmp_path: Path) -> None:
    said = changed(tmp_path, "  status: submitted", f"  status: submitted\n  due: {due}", "content/ala/topic.yaml")
    assert said == ([f"R02 the review was due on {due}"] if diagnostic else [])


def test_a_term_may_be_explained_in_an_earlier_claim_or_in_the_title(tmp_path: Path) -> None:
    earlier = changed(tmp_path / "a", "a nerve pain medicine, pregabalin.", "pregabalin.")
    title = changed(tmp_path / "b", "layperson: Does ALA help?", "layperson: Is ALA a medicine?")
    assert earlier == ["C06 `pregabalin` is not explained at first use"]
    assert title == []


def test_an_urgent_answer_may_be_reached_without_a_button_to_it(tmp_path: Path) -> None:
    assert changed(tmp_path, "next: [ala-dose, urgent]", "next: [ala-dose]", "dialogs/ala.yaml") == []


TALK = """small_talk:
  emoji:
    asks: ["👍", "❤️", ok]
    says: {professional: Good., layperson: SAID}
    next: [NEXT]
"""


@pytest.mark.parametrize(("words", "fault"), [(24, False), (25, True)])
def test_three_lines_are_allowed_in_small_talk(words: int, fault: bool, tmp_path: Path) -> None:
    said = " ".join(["four"] * words)  # eight words of four letters fill a line of 40
    talk = TALK.replace("SAID", said).replace("NEXT", "overview")
    expected = ["T02 4 lines of 40 characters; 3 are the most"] if fault else []
    assert found(written(tmp_path, {"content/small-talk.yaml": talk})) == expected


def test_small_talk_must_lead_somewhere_and_types_no_figures(tmp_path: Path) -> None:
    talk = TALK.replace("SAID", "Take 600 mg.").replace("NEXT", "ala-doze")
    files = {"content/small-talk.yaml": talk}
    said = found(written(tmp_path, files))
    assert said == ["C09 the figure `600 mg` is typed here", "D01 `ala-doze` is not a node"]


def test_rules_look_at_what_can_be_read_though_another_file_cannot(tmp_path: Path) -> None:
    unsound = {"dialogs/ala.yaml": DIALOG.replace("[overview]", "[nowhere, nowhere]"), "content/emergency.yaml": ""}
    linked = {"dialogs/ala.yaml": unsound["dialogs/ala.yaml"]}
    assert {line[:3] for line in found(written(tmp_path / "a", unsound))} == {"D01", "D10", "F01"}
    assert {line[:3] for line in found(written(tmp_path / "b", linked))} == {"D01", "D10"}


def test_a_page_without_title_or_level_is_refused(tmp_path: Path) -> None:
    (tmp_path / "C99.md").write_text("# C98 Something else\n")
    with pytest.raises(ValueError, match="needs a title"):
        pages(tmp_path)


TEA = {
    "dialogs/{0}.yaml": "dialog: {0}\nstart: {0}\nnodes:\n  {0}: {{next: [overview]}}\n",
    "content/{0}/topic.yaml": "topic: {0}\ntitle: {{professional: T, layperson: T}}\nreview: {{status: submitted}}\n",
    "content/{0}/answers/{0}.yaml": "answer: {0}\nlabel: {{professional: T, layperson: T}}\n"
    "title: {{professional: T, layperson: T}}\nclaims:\n  - id: ask\n    kind: action\n"
    "    professional: Discuss it.\n    layperson: Discuss it.\n",
}


@pytest.mark.parametrize("name", ["aaa", "zzz"])
@pytest.mark.parametrize("said", ["nothing", "both", "main"])
def test_which_tree_is_the_main_one_is_the_only_finding(name: str, said: str, tmp_path: Path) -> None:
    """Sixty answers are not blamed for a line that is missing in, or one too many of, two trees."""
    files = {path.format(name): text.format(name) for path, text in TEA.items()}
    files["dialogs/ala.yaml"] = "default: true\n" * (said != "nothing") + DIALOG
    files[f"dialogs/{name}.yaml"] = "default: true\n" * (said == "both") + files[f"dialogs/{name}.yaml"]
    codes = [line[:3] for line in found(written(tmp_path, files))]
    assert codes == {"nothing": ["D21", "D21"], "both": ["D21"], "main": []}[said]


@pytest.mark.parametrize(
    "duty", ["urgent: zzz", "advice: zzz", "otherwise: zzz", "always: [zzz]", "roles: {help: zzz}"]
)
def test_a_duty_that_only_the_main_tree_has_is_found_in_another(duty: str, tmp_path: Path) -> None:
    files = {path.format("zzz"): text.format("zzz") for path, text in TEA.items()}
    files["dialogs/zzz.yaml"] += duty + "\n"
    files["dialogs/ala.yaml"] = "default: true\n" + DIALOG
    name = duty.partition(":")[0]
    assert found(written(tmp_path, files)) == [f"D21 `{name}:` counts in the main dialog alone, which is `ala`"]


LEFT = {
    "content/ala/subjects.yaml": "subjects:\n"
    '  feet: {kind: care, general: overview, names: "walking, trunks"}\n'
    "  nerves: {kind: condition, general: overview, names: nerve pain}\n"
    "answers:\n  feet: {ala-dose: about}\n  nerves: {overview: about}\n",
    "content/socks/subjects.yaml": "subjects:\n"
    '  water: {kind: therapy, general: overview, names: "swimming, swimming trunks"}\n'
    "answers:\n  water: {overview: about}\n",
    "content/socks/topic.yaml": "topic: socks\ntitle: {professional: Socks, layperson: Socks}\n"
    "review: {status: under-review}\n",
}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("can (walking|swimming) help nerve pain", True),
        ("swimming with nerve pain", True),
        ("swimming or walking", False),
        ("(swimming|walking) and walking", False),
        ("nerve pain when walking", False),
        ("swimming trunks for nerve pain", False),
    ],
)
def test_a_name_left_behind_is_one_beside_no_other_of_its_topic(line: str, told: bool, tmp_path: Path) -> None:
    said = found(written(tmp_path, LEFT | {"content/ala/phrases.yaml": f"phrases:\n  ala-dose: |\n    {line}\n"}))
    expected = "D15 `swimming` is a name of the topic `socks` alone, and this line leads to `ala-dose`"
    assert [one for one in said if one.startswith("D15")] == ([expected] if told else [])


def test_a_leaning_name_and_the_line_of_the_condition_itself_are_left_alone(tmp_path: Path) -> None:
    own = LEFT["content/ala/subjects.yaml"].replace(
        "answers:", "  pool: {kind: care, general: overview, leaning: true, names: swimming}\nanswers:"
    )
    lines = "phrases:\n  ala-dose: swimming for nerve pain\n"
    files = LEFT | {"content/ala/phrases.yaml": lines, "content/ala/subjects.yaml": own}
    assert not [one for one in found(written(tmp_path / "leaning", files)) if one.startswith("D15")]
    lines = "phrases:\n  overview: swimming with nerve pain\n"
    assert not [
        one for one in found(written(tmp_path / "of it", LEFT | {"content/ala/phrases.yaml": lines})) if "D15" in one
    ]
