"""Two folders into one library, or into every fault of every file."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.content.diagnostics import LoadError
from bot.content.library import Library, MissingText
from bot.content.loader import attempt, load
from bot.content.matching_models import UrgentMessages
from bot.content.models import Register, Review
from tests.content.mini import MINI, written

PROFESSIONAL, LAYPERSON = Register


def loaded(folder: Path) -> Library:
    return load(folder / "dialogs", folder / "content")


def refused(folder: Path) -> list[str]:
    with pytest.raises(LoadError) as caught:
        loaded(folder)
    return [diagnostic.headline.removeprefix(f"{folder.as_posix()}/") for diagnostic in caught.value.diagnostics]


@pytest.fixture(scope="module")
def library() -> Library:
    return loaded(MINI)


def test_the_main_dialog_gives_every_duty_its_node(library: Library) -> None:
    duties = (library.start, library.urgent, library.advice, library.otherwise, library.always)
    assert duties == ("overview", "urgent", "overview", "overview", ())


def test_a_text_has_its_figures_and_the_emergency_lines_inserted(library: Library) -> None:
    dose, act = library.answer("ala-dose").claims[0], library.answer("urgent").claims[0]
    assert library.text(dose, PROFESSIONAL) == "Oral ALA 600 mg twice daily for 6 months, as add-on treatment."
    assert library.text(dose, LAYPERSON) == "People took 600 mg twice a day by mouth for 6 months."
    assert library.text(act, LAYPERSON) == "Call your local emergency number now."


def test_the_bots_own_sentences_take_values(library: Library) -> None:
    assert library.interface_text("back", LAYPERSON, label="ALA dose") == "Back: ALA dose"


def test_a_layout_is_filled(library: Library) -> None:
    assert library.render_layout("body", LAYPERSON, claims=[{"text": "One."}, {"text": "Two."}]) == "One.\nTwo.\n"


def test_an_old_id_leads_to_todays_node_and_an_unknown_one_nowhere(library: Library) -> None:
    assert [library.resolve(node) for node in ("ala-dose", "dose", "nonsense", "")] == [
        "ala-dose",
        "ala-dose",
        None,
        None,
    ]


def test_nothing_loaded_can_be_changed(library: Library) -> None:
    with pytest.raises(FrozenInstanceError):
        library.answer("overview").claims[0].professional = "else"  # type: ignore[misc]


def test_the_version_changes_with_any_byte(tmp_path: Path) -> None:
    first, again = loaded(written(tmp_path / "a")), loaded(written(tmp_path / "b"))
    changed = loaded(written(tmp_path / "c", {"content/layout/body.j2": "{# nothing #}"}))
    assert first.version == again.version != changed.version


def test_faults_of_all_files_are_reported_at_once(tmp_path: Path) -> None:
    files = {
        "content/ala/phrases.yaml": "phrases: ['",
        "content/interface.yaml": "interface:\n  back: {professional: Back}\n",
        "content/ala/answers/urgent.yaml": "answer: urgent\n",
    }
    assert refused(written(tmp_path, files)) == [
        "content/ala/answers/urgent.yaml:1:1: F05 `claims` is missing here",
        "content/ala/answers/urgent.yaml:1:1: F05 `label` is missing here",
        "content/ala/answers/urgent.yaml:1:1: F05 `title` is missing here",
        "content/ala/phrases.yaml:1:11: F02 the quote that opens here is never closed",
        "content/interface.yaml:2:9: C01 `layperson` is missing here",
    ]


def test_a_broken_source_list_is_not_blamed_on_those_who_cite_it(tmp_path: Path) -> None:
    folder = written(tmp_path, {"content/ala/sources.yaml": "sources:\n\tx: 1\n"})
    assert refused(folder) == ["content/ala/sources.yaml:2:1: F02 a tab stands where YAML wants spaces"]


def test_a_broken_figure_list_is_not_blamed_on_those_who_insert_from_it(tmp_path: Path) -> None:
    folder = written(tmp_path, {"content/ala/facts.yaml": "facts: [1]\n"})
    assert refused(folder) == ["content/ala/facts.yaml:1:8: F05 expected names with values (`name: value`)"]


@pytest.mark.parametrize("missing", ["dialogs", "content", "content/ala/topic.yaml", "content/interface.yaml"])
def test_what_is_missing_is_a_fault_and_never_an_empty_tree(missing: str, tmp_path: Path) -> None:
    folder = written(tmp_path)
    (folder / missing).rename(folder / "gone")
    assert refused(folder)


@pytest.mark.parametrize(
    "path", ["dialogs/extra.yml", "content/ala/phrase.yml", "content/ala/answers/x.yml", "content/tea/answer/tea.yaml"]
)
def test_a_file_that_nobody_would_read_is_a_fault(path: str, tmp_path: Path) -> None:
    assert refused(written(tmp_path, {path: "a: 1\n"})) == [f"{path}:1:1: F07 nothing reads a file of this name"]


def test_a_broken_dialog_hides_no_fault_elsewhere(tmp_path: Path) -> None:
    files = {"dialogs/ala.yaml": "dialog: [", "content/matching/vocabulary.yaml": "x: 1\n"}
    said = {line.split(":")[0] for line in refused(written(tmp_path, files))}
    assert said == {"dialogs/ala.yaml", "content/matching/vocabulary.yaml"}


def test_a_layout_that_is_no_text_is_a_fault(tmp_path: Path) -> None:
    folder = written(tmp_path)
    (folder / "content/layout/body.j2").write_bytes(b"\xff")
    assert refused(folder) == ["content/layout/body.j2:1:1: F01 the file is not UTF-8 text"]


@pytest.mark.parametrize("name", ["urgent", "advice", "matching/vocabulary", "matching/aspects", "matching/world"])
def test_a_matcher_with_half_its_files_is_refused(name: str, tmp_path: Path) -> None:
    folder = written(tmp_path)
    (folder / f"content/{name}.yaml").unlink()
    assert refused(folder) == [f"content/{name}.yaml:1:1: F01 this file is missing"]


TEA = {
    "dialogs/tea.yaml": "dialog: tea\nstart: tea\nnodes:\n  tea: {next: [overview]}\n",
    "content/tea/topic.yaml": "topic: tea\ntitle: {professional: Tea, layperson: Tea}\narticle: {title: Tea}\n"
    "review: {status: submitted}\n",
    "content/tea/facts.yaml": "facts:\n  tea: {cups: 2 cups}\n",
    "content/tea/answers/tea.yaml": "answer: tea\nlabel: {professional: Tea, layperson: Tea}\n"
    "title: {professional: Tea, layperson: Tea}\nclaims:\n  - id: cups\n    kind: action\n"
    "    professional: Drink {{ facts.tea.cups }}.\n    layperson: Drink {{ facts.tea.cups }}.\n",
}


def test_a_second_topic_is_two_more_files_and_its_links_may_cross(tmp_path: Path) -> None:
    library = loaded(written(tmp_path, TEA))
    assert set(library.topics) == {"ala", "tea"}
    assert library.start == "overview", "the dialog with the duties of a main one"
    assert library.nodes["tea"].next == ("overview",)
    assert library.text(library.answer("tea").claims[0], LAYPERSON) == "Drink 2 cups."


def test_a_dialog_that_says_so_is_the_main_one(tmp_path: Path) -> None:
    duties = "default: true\nurgent: urgent\nadvice: overview\notherwise: tea\n"
    library = loaded(written(tmp_path, TEA | {"dialogs/tea.yaml": duties + TEA["dialogs/tea.yaml"]}))
    assert (library.start, library.otherwise, library.urgent) == ("tea", "tea", "urgent")


@pytest.mark.parametrize("file", ["aaa", "tea", "zzz"])
@pytest.mark.parametrize("both", [False, True])
def test_a_new_tree_takes_nothing_over_whatever_it_is_called(file: str, both: bool, tmp_path: Path) -> None:
    tea = {path.replace("tea", file): text.replace("tea", file) for path, text in TEA.items()}
    if both:
        main = (MINI / "dialogs/ala.yaml").read_text(encoding="utf-8")
        tea |= {"dialogs/ala.yaml": f"default: true\n{main}"}
        tea[f"dialogs/{file}.yaml"] = f"default: true\n{tea[f'dialogs/{file}.yaml']}"
    library = loaded(written(tmp_path, tea))
    assert (library.start, library.urgent) == ("overview", "urgent")


def test_ids_and_figures_are_unique_across_topics(tmp_path: Path) -> None:
    clash = TEA | {
        "content/tea/facts.yaml": "facts:\n  ala: {cups: 2 cups}\n  tea: {cups: 2 cups}\n",
        "dialogs/tea.yaml": TEA["dialogs/tea.yaml"] + "  urgent: {next: [tea]}\n",
        "content/tea/answers/urgent.yaml": TEA["content/tea/answers/tea.yaml"].replace("answer: tea", "answer: urgent"),
    }
    assert [line for line in refused(written(tmp_path, clash)) if "F09" in line] == [
        "content/ala/facts.yaml:4:5: F09 `facts.ala` is already in the topic `tea`",
        "content/tea/answers/urgent.yaml:1:9: F09 `urgent` is already in the topic `ala`",
        "content/tea/facts.yaml:2:8: F09 `facts.ala` is already in the topic `ala`",
        "dialogs/tea.yaml:5:3: F09 the node `urgent` is already in the dialog `ala`",
    ]


def test_two_phrase_files_add_up(tmp_path: Path) -> None:
    library = loaded(
        written(tmp_path, {"content/ala/threads.yaml": "phrases:\n  ala-dose: |\n    how many mg\n    what dose\n"})
    )
    assert library.phrases["ala-dose"] == ("how much ala was used", "ala dosage", "how many mg", "what dose")


def test_messages_go_on_in_files_with_a_figure(tmp_path: Path) -> None:
    more = {
        "content/ala/messages.yaml": "messages:\n  ala-dose: |\n    one capsule or two, the yellow ones\n",
        "content/ala/messages-2.yaml": "messages:\n  ala-dose: |\n    my sister says two a day\n",
        "content/ala/thread-messages-3.yaml": "after:\n  ala-dose:\n    overview: |\n      ok and what is it\n",
    }
    library = loaded(written(tmp_path, more))
    assert sorted(library.messages["ala-dose"]) == ["my sister says two a day", "one capsule or two, the yellow ones"]
    assert library.messages_after["ala-dose"]["overview"] == ("ok and what is it",)
    unread = written(tmp_path / "unread", {"content/ala/messages-more.yaml": "messages: {}\n"})
    assert [line for line in refused(unread) if "F07" in line]


def test_templates_can_wait_until_a_text_is_used(tmp_path: Path) -> None:
    broken = (MINI / "content/ala/answers/urgent.yaml").read_text().replace("emergency.number", "emergency.nummer")
    folder = written(tmp_path, {"content/ala/answers/urgent.yaml": broken})
    assert load(folder / "dialogs", folder / "content", templates=False).start == "overview"
    assert refused(folder) == [
        "content/ala/answers/urgent.yaml:8:27: F10 `emergency.nummer` does not exist",
        "content/ala/answers/urgent.yaml:9:24: F10 `emergency.nummer` does not exist",
    ]


def test_a_template_fault_in_a_block_of_text_has_its_own_line(tmp_path: Path) -> None:
    text = (MINI / "content/ala/answers/urgent.yaml").read_text()
    block = text.replace(
        "layperson: Call {{ emergency.number }} now.", "layperson: |\n      Call.\n      {% if %} now."
    )
    folder = written(tmp_path, {"content/ala/answers/urgent.yaml": block})
    assert refused(folder)[0].startswith("content/ala/answers/urgent.yaml:11:1: F10 Jinja2: Expected an expression")


def test_an_interface_sentence_may_name_its_own_values_but_no_unknown_figure(tmp_path: Path) -> None:
    wrong = 'interface:\n  back: {professional: "{{ label }}", layperson: "{{ facts.ala.dos }}"}\n'
    folder = written(tmp_path, {"content/interface.yaml": wrong})
    assert refused(folder) == ["content/interface.yaml:2:54: F10 `facts.ala.dos` does not exist"]


def test_loading_leaves_the_garbage_collector_as_it_was(tmp_path: Path) -> None:
    assert gc.isenabled()
    loaded(MINI)
    refused(written(tmp_path, {"dialogs/ala.yaml": ""}))
    assert gc.isenabled()


def test_an_approval_of_exactly_this_text_is_servable(library: Library, tmp_path: Path) -> None:
    review = (
        f"review: {{status: approved, by: A, on: 2026-01-02, due: 2027-01-02, hash: '{library.hash_of('urgent')}'}}\n"
    )
    text = (MINI / "content/ala/answers/urgent.yaml").read_text() + review
    approved = loaded(written(tmp_path, {"content/ala/answers/urgent.yaml": text}))
    assert [node for node in approved.nodes if approved.servable(node)] == ["urgent"]
    assert isinstance(approved.answer("urgent").review, Review)


FILES = sorted(path.relative_to(MINI).as_posix() for path in MINI.rglob("*.yaml"))


@given(path=st.sampled_from(FILES), raw=st.binary(max_size=120), keep=st.integers(0, 400))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_bytes_in_any_file_give_faults_or_a_library(
    path: str, raw: bytes, keep: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = written(tmp_path_factory.mktemp("noise"))
    (folder / path).write_bytes((MINI / path).read_bytes()[:keep] + raw)
    tried = attempt(folder / "dialogs", folder / "content")
    assert tried.diagnostics or (tried.library is not None and tried.library.nodes)
    assert all(str(diagnostic) for diagnostic in tried.diagnostics)


def test_what_cannot_be_said_names_its_file(library: Library) -> None:
    with pytest.raises(MissingText, match=r"content/interface.yaml: there is no sentence `nonsense`"):
        library.interface_text("nonsense", LAYPERSON)
    with pytest.raises(MissingText, match=r"content/interface.yaml: `back` cannot be filled: 'label' is undefined"):
        library.interface_text("back", LAYPERSON)
    with pytest.raises(MissingText, match=r"content/layout/nonsense.j2: this layout is missing"):
        library.render_layout("nonsense", LAYPERSON)


@pytest.mark.parametrize("old", ["all: [chest-pain]", "sign: chest,", "card: urgent"])
@pytest.mark.parametrize("slip", [lambda name: name[:-1], lambda name: f"{name}s", lambda name: name[1:]])
def test_a_misspelt_name_in_a_rule_for_emergencies_is_found(
    old: str, slip: Callable[[str], str], tmp_path: Path
) -> None:
    """Whatever a rule names, a slip in it silences the rule: it must not pass."""
    name = re.findall(r"[a-z-]+", old)[1]
    text = (MINI / "content/urgent.yaml").read_text(encoding="utf-8")
    assert old in text
    folder = written(tmp_path, {"content/urgent.yaml": text.replace(old, old.replace(name, slip(name)))})
    [found] = attempt(folder / "dialogs", folder / "content").diagnostics
    assert (found.code, found.message.partition(" ")[0]) in {(code, f"`{slip(name)}`") for code in ("F08", "D01")}
    assert found.suggestion == f"did you mean `{name}`?"


def test_a_sign_that_holds_another_names_one_that_there_is(tmp_path: Path) -> None:
    text = (MINI / "content/urgent.yaml").read_text(encoding="utf-8")
    folder = written(
        tmp_path, {"content/urgent.yaml": text.replace("card: urgent", 'card: urgent, holds: "chest, chst"')}
    )
    [found] = attempt(folder / "dialogs", folder / "content").diagnostics
    assert (found.code, found.message, found.suggestion) == ("F08", "`chst` is not a sign", "did you mean `chest`?")


def test_messages_of_two_files_stand_beside_one_another_under_each_name() -> None:
    one = UrgentMessages(messages={"chest": ("a",)}, calm_messages=("b",), after_messages={"still": ("c",)})
    other = UrgentMessages(messages={"chest": ("d",)}, calm_messages=("e",), after_messages={"still": ("f",)})
    both = one.with_messages(other)
    assert (both.messages, both.calm_messages) == ({"chest": ("a", "d")}, ("b", "e"))
    assert both.after_messages == {"still": ("c", "f")}
