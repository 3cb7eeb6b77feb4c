"""Files that are valid and do not mean what their author typed: cut-off texts, unseen signs, braces, hidden files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.authoring.check import check
from bot.content.diagnostics import Diagnostic
from tests.content.mini import MINI, TODAY, written

pytestmark = pytest.mark.usefixtures("remembered")

ANSWERS = sorted((MINI / "content/ala/answers").glob("*.yaml"))
OVERVIEW = "content/ala/answers/overview.yaml"


def findings(folder: Path) -> list[Diagnostic]:
    return list(check(folder / "dialogs", folder / "content", TODAY).diagnostics)


def coded(folder: Path, code: str) -> list[Diagnostic]:
    return [found for found in findings(folder) if found.code == code]


def slips(change: str) -> Iterator[tuple[str, int, str]]:
    """Yield every answer's file with one unquoted wording changed: file, line, text. `change` has the text's halves."""
    for path in ANSWERS:
        text = path.read_text(encoding="utf-8")
        for found in re.finditer(r"^    (?:professional|layperson): ([^\n{>|'\"]{20,})$", text, re.MULTILINE):
            middle = found.start(1) + 10
            head, tail = text[found.start(1) : middle], text[middle : found.end(1)]
            line = text.count("\n", 0, found.start(1)) + 1
            changed = text[: found.start(1)] + change.format(head, tail) + text[found.end(1) :]
            yield path.relative_to(MINI).as_posix(), line, changed


@pytest.mark.parametrize("change", ["{} #1 {}", "{} #but {}", "{} # {}", "{}\t#{}"])
def test_a_comment_behind_any_shown_text_is_found(change: str, tmp_path: Path) -> None:
    for number, (path, line, text) in enumerate(slips(change)):
        (found,) = coded(written(tmp_path / str(number), {path: text}), "F13")
        assert (found.path.endswith(path), found.line) == (True, line)
        assert "quotes" in found.suggestion


def test_comments_behind_ids_quoted_texts_and_numbers_may_stay(tmp_path: Path) -> None:
    overview = (MINI / OVERVIEW).read_text(encoding="utf-8")
    noted = overview.replace("cites: [baicus-2024]", "cites: [baicus-2024]  # the newest")
    noted = noted.replace("id: main", "id: main # first").replace(
        "{professional: Overview,", '{professional: "Overview",'
    )
    emergency = "emergency:\n  number: '911 (in the US) or #112'  # quoted\n"
    assert findings(written(tmp_path, {OVERVIEW: noted, "content/emergency.yaml": emergency})) == []


def test_a_comment_in_the_emergency_number_is_found(tmp_path: Path) -> None:
    emergency = "emergency:\n  number: 911 (in the US) or #112\n"
    (found,) = coded(written(tmp_path, {"content/emergency.yaml": emergency}), "F13")
    assert (found.line, found.column) == (2, 30)


UNSEEN = ["\u00ad", "\u200b", "\u200e", "\u202e", "\u2066", "\ufeff", "\u2060", "\u3164", "\u00a0x\u200d", "\u115f"]


@pytest.mark.parametrize("sign", UNSEEN)
def test_an_unseen_sign_in_any_shown_text_is_found_where_it_stands(sign: str, tmp_path: Path) -> None:
    for number, (path, line, text) in enumerate(slips("{}" + sign + "{}")):
        found = coded(written(tmp_path / str(number), {path: text}), "F12")
        assert [(one.line, text.splitlines()[line - 1][one.column - 1]) for one in found] == [(line, sign[-1])]
        assert f"U+{ord(sign[-1]):04X}" in found[0].message
        assert "delete it" in found[0].suggestion


@pytest.mark.parametrize(
    "word", ["\u0440regabalin", "nau\u0455ea", "d\u03bfse", "\uff41bc", "of\ufb01ce", "\u0405tudy"]
)
def test_letters_of_another_script_in_a_latin_word_are_found(word: str, tmp_path: Path) -> None:
    path, line, text = next(slips("{} " + word + " {}"))
    (found,) = coded(written(tmp_path, {path: text}), "F12")
    assert found.line == line
    assert not text.splitlines()[line - 1][found.column - 1].isascii()


@pytest.mark.parametrize(
    "word", ["α-lipoic", "5 µg", "5 μg", "μmol", "TNFα", "NFκB", "I²", "naïve", "❤️", "👩‍⚕️", "ビタミンK2", "боль"]
)
def test_signs_that_belong_where_they_stand_may_stay(word: str, tmp_path: Path) -> None:
    path, _, text = next(slips("{} " + word + " {}"))
    assert coded(written(tmp_path, {path: text}), "F12") == []


def test_a_foreign_letter_is_told_once_and_not_for_each_like_letter_of_its_block(tmp_path: Path) -> None:
    ours = ["и от препарата болит", "is the \u0440regabalin \u0440ill safe", "рука не болит"]
    text = "messages:\n  overview: |\n" + "".join(f"    {line}\n" for line in ours)
    (found,) = coded(written(tmp_path, {"content/ala/messages.yaml": text}), "F12")
    assert (found.line, found.column) == (4, text.splitlines()[3].index("\u0440") + 1)


def test_a_letter_typed_as_its_code_is_told_where_its_text_begins(tmp_path: Path) -> None:
    text = (MINI / OVERVIEW).read_text(encoding="utf-8").replace("professional: ALA in", 'professional: "\\u0410LA in')
    (found,) = coded(written(tmp_path, {OVERVIEW: text.replace("LA in brief", 'LA in brief"', 1)}), "F12")
    assert found.snippet[found.column - 1 :].startswith('"\\u0410LA')


@pytest.mark.parametrize("sign", ["\u00a0", "\u200b", "\ufeff", "\u2009"])
def test_an_unseen_sign_in_an_id_is_named_at_the_sign(sign: str, tmp_path: Path) -> None:
    text = (MINI / OVERVIEW).read_text(encoding="utf-8").replace("notes: [n4-cochrane]", f"notes: [n4-cochrane{sign}]")
    (found,) = coded(written(tmp_path, {OVERVIEW: text}), "F12")
    assert (found.line, found.column) == (text.count("\n"), text.splitlines()[-1].index(sign) + 1)
    assert coded(tmp_path, "F05") == []


def test_a_drug_hidden_by_a_sign_is_not_silent(tmp_path: Path) -> None:
    text = (
        (MINI / OVERVIEW)
        .read_text(encoding="utf-8")
        .replace("pain treatment with pregabalin", "pain with pregab\u00adalin")
    )
    assert {found.code for found in findings(written(tmp_path, {OVERVIEW: text}))} >= {"F12", "C02"}


@pytest.mark.parametrize("brace", ["{{ {} }}", "{{{}}}", "facts.ala.dose", "{{facts.ala.dose}}", "}}", "{{"])
def test_braces_that_insert_nothing_are_found_in_every_shown_text(brace: str, tmp_path: Path) -> None:
    left = brace.replace("{{", "{").replace("}}", "}").replace("{}", "facts.ala.dose")
    for number, (path, line, text) in enumerate(slips("{} LEFT {}")):
        found = coded(written(tmp_path / str(number), {path: text.replace("LEFT", left)}), "C30")
        assert [one.line for one in found] == [line]


@pytest.mark.parametrize("tag", ["<b>", "</b>", "<br>", "<br/>", "<i class='x'>", "<H1>", "<a href=x>"])
def test_markup_of_the_web_is_found_in_every_shown_text(tag: str, tmp_path: Path) -> None:
    for number, (path, line, text) in enumerate(slips("{} " + tag + " {}")):
        found = coded(written(tmp_path / str(number), {path: text}), "C30")
        assert [(one.line, tag in one.message) for one in found] == [(line, True)]


@pytest.mark.parametrize("marks", ["“”", "„“", "«»", "‘’", "„”"])
def test_quotation_marks_of_a_word_processor_around_a_text_are_found(marks: str, tmp_path: Path) -> None:
    for number, (path, line, text) in enumerate(slips(marks[0] + "{}{}" + marks[1])):
        found = coded(written(tmp_path / str(number), {path: text}), "C30")
        assert [one.line for one in found] == [line]
    path, _, text = next(slips("{} " + marks[0] + "so-called" + marks[1] + " {}"))
    assert coded(written(tmp_path / "inside", {path: text}), "C30") == []


@pytest.mark.parametrize("sign", [">", "> ", "+ ", "- ", "* ", "1) ", "# ", "```"])
def test_a_sign_that_markdown_swallows_is_found_at_the_beginning_of_every_claim(sign: str, tmp_path: Path) -> None:
    for number, (path, line, text) in enumerate(slips(f'"{sign}{{}}{{}}"')):
        found = coded(written(tmp_path / str(number), {path: text}), "C31")
        assert [one.line for one in found] == [line], (path, text)


@pytest.mark.parametrize("text", ["{}\\> {}", "{} > {}", "{} + 5 - 3 {}", "{} 1. {}", "{} 2 * 3 {}", "{} # {}"])
def test_signs_that_are_shown_as_they_stand_may_stay(text: str, tmp_path: Path) -> None:
    path, _, changed = next(slips(f'"{text}"'.replace("\\", "\\\\")))
    assert coded(written(tmp_path, {path: changed}), "C31") == []


def test_a_name_swallowed_by_the_text_above_is_found(tmp_path: Path) -> None:
    text = (MINI / OVERVIEW).read_text(encoding="utf-8")
    block = re.sub(
        r"    professional: (Discuss.*)\n    layperson: ", r"    professional: >-\n      \1\n      layperson: ", text
    )
    assert [found.message.split()[0] for found in coded(written(tmp_path, {OVERVIEW: block}), "F15")] == [
        "`layperson:`"
    ]


HIDDEN = [
    "content/ala/answers/._overview.yaml",
    "content/ala/answers/.#overview.yaml",
    "content/ala/answers/.ipynb_checkpoints/overview-checkpoint.yaml",
    "content/ala/._facts.yaml",
    "content/.git/x.yaml",
    "content/._ala/topic.yaml",
    "content/layout/._body.j2",
    "dialogs/._ala.yaml",
    "content/ala/.ala.yaml.swp.yaml",
]


@pytest.mark.parametrize("path", HIDDEN)
def test_hidden_files_are_nobodys_content(path: str, tmp_path: Path) -> None:
    folder = written(tmp_path, {path: "x"})
    (folder / path).write_bytes(b"\x00\x05\x16\x07\xff")
    assert findings(folder) == []


def test_a_link_to_nowhere_with_a_hidden_name_is_not_looked_at(tmp_path: Path) -> None:
    folder = written(tmp_path)
    (folder / "content/ala/answers/.#overview.yaml").symlink_to("somebody@host.4711")
    assert findings(folder) == []


@pytest.mark.parametrize(
    ("path", "remedy"),
    [
        ("content/ala/answers/new.yml", "rename it to `new.yaml`"),
        ("content/ala/answers/New.YAML", "rename it to `new.yaml`"),
        ("content/ala/Facts.yml", "rename it to `facts.yaml`"),
        ("content/Interface.yaml", "rename it to `interface.yaml`"),
        ("dialogs/tea.yml", "rename it to `tea.yaml`"),
        ("content/ala/fact.yaml", "did you mean `facts.yaml`?"),
        ("content/ala/answers/new.yaml.txt", "rename it to `new.yaml`"),
        ("content/ala/facts.yaml.txt", "rename it to `facts.yaml`"),
    ],
)
def test_a_file_that_nothing_reads_is_told_its_right_name(path: str, remedy: str, tmp_path: Path) -> None:
    (found,) = coded(written(tmp_path, {path: "a: 1\n"}), "F07")
    assert found.suggestion == remedy


@pytest.mark.parametrize("place", ["content/new.yaml", "content/ala/new.yaml", "content/matching/new.yaml"])
@pytest.mark.parametrize(("kind", "home"), [("answer", "`answers/` of a topic"), ("dialog", "`dialogs/`")])
def test_a_file_in_another_folder_is_told_its_own(place: str, kind: str, home: str, tmp_path: Path) -> None:
    (found,) = coded(written(tmp_path, {place: f"# mine\n{kind}: new\n"}), "F07")
    assert found.suggestion == f"move it to {home}"


@pytest.mark.parametrize("name", ["Overview", "OVERVIEW", "over view", "overview (1)", "1overview", "übersicht"])
def test_a_file_name_that_is_no_id_leads_to_no_circle_and_hides_nothing(name: str, tmp_path: Path) -> None:
    folder = written(tmp_path)
    (folder / OVERVIEW).rename(folder / f"content/ala/answers/{name}.yaml")
    told = [(found.code, found.suggestion) for found in findings(folder) if found.level == "error"]
    assert told == [("F08", "rename the file to `overview.yaml`")]
    path = folder / f"content/ala/answers/{name}.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("professional: ", "professional: 7% of ", 1), "utf-8")
    assert {found.code for found in findings(folder) if found.path.endswith(f"{name}.yaml")} > {"F08"}


def test_a_copy_beside_an_answer_is_named(tmp_path: Path) -> None:
    folder = written(tmp_path)
    copy = folder / "content/ala/answers/overview (1).yaml"
    copy.write_bytes((folder / OVERVIEW).read_bytes())
    errors = [found for found in findings(folder) if found.level == "error"]
    assert [(found.code, found.suggestion) for found in errors] == [("F08", "keep one of the two")]
