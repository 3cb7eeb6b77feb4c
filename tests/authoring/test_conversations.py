"""What an author reads when a conversation goes otherwise, and conversations written from a chat."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.authoring.conversations import Script, play, record, scripts
from bot.authoring.reports import recorded, run_tests
from bot.authoring.yaml_edit import quoted
from bot.content.diagnostics import LoadError
from bot.dialog.engine import Engine
from bot.dialog.turn import Register

FIRST = "- name: one\n  tone: layperson\n  turns:\n"


def said(engine: Engine, folder: Path, turns: str) -> str:
    path = folder / "talk.yaml"
    path.write_text(FIRST + turns, encoding="utf-8")
    return run_tests(engine, [path])[0]


def test_a_conversation_as_it_goes_is_no_finding(engine: Engine, tmp_path: Path) -> None:
    turns = "    - {tap: ala, expect: {node: nonsense}}\n"
    assert "nothing was shown yet" in said(engine, tmp_path, turns)
    turns = "    - {command: ala-dose, expect: {outcome: answer, cites: [5]}}\n    - {switch: professional}\n"
    assert said(engine, tmp_path, turns) == "1 conversation played, 0 answered otherwise."


@pytest.mark.parametrize(
    ("expect", "told"),
    [
        ("{node: k2}", "expected `k2`, got `ala-dose` “"),
        ("{node: ala-doze}", "(no such node; did you mean `ala-dose`?)"),
        ("{outcome: urgent}", "expected the outcome urgent, got answer: `ala-dose`"),
        ("{cites: [99]}", "[99] is not cited"),
        ("{contains: [Bananas and plums]}", "it does not say: “Bananas and plums”"),
        ("{lacks: [ALA]}", "it should not say: “ALA”"),
        ("{buttons: [privacy]}", "no button leads to `privacy`; shown: "),
    ],
)
def test_what_went_otherwise_is_told_in_words(expect: str, told: str, engine: Engine, tmp_path: Path) -> None:
    assert told in said(engine, tmp_path, f"    - {{command: ala-dose, expect: {expect}}}\n")


def test_a_button_that_is_not_there_is_told_with_those_that_are(engine: Engine, tmp_path: Path) -> None:
    buttons = {node: engine.label(node, Register.LAYPERSON) for node in engine.library.nodes["ala"].next}
    label = buttons["ala-evidence"]
    for tap, near in (("ala-evidense", "ala-evidence"), (label.upper(), "ala-evidence"), ("bananas", "")):
        turns = f"    - {{command: ala, expect: {{node: ala}}}}\n    - {{tap: {quoted(tap)}}}\n"
        told = said(engine, tmp_path, turns)
        assert told.count(tap) == 1, "the head of the finding names it"
        assert "turn 2: pressed" in told
        offered, _, meant = told.partition("; did you mean ")
        assert all(offered.count(f"`{node}` “{name}”") == 1 for node, name in buttons.items())
        assert meant.startswith(f"`{near}` “{label}”?" if near else "")
        assert bool(meant) == bool(near)


def test_a_sentence_that_almost_stands_there_is_compared_word_by_word(engine: Engine, tmp_path: Path) -> None:
    title = engine.title("ala-dose", Register.LAYPERSON)
    changed = title.replace(title.split()[1], "little")
    told = said(engine, tmp_path, f'    - {{command: ala-dose, expect: {{contains: ["{changed}"]}}}}\n')
    assert f"{{+{title.split()[1]}+}}" in told
    assert f"where “{changed}” was expected" in told


def test_a_chat_is_recorded_and_plays_as_it_went(engine: Engine, tmp_path: Path) -> None:
    shown: list[str] = []
    path = tmp_path / "recorded.yaml"
    typed = ["/ala-dose", "1", "99", "thank you", "", "I have chest pain", "1"]
    told = recorded(engine, typed, path, "a chat: of “mine”", "layperson", shown.append)
    assert told.splitlines()[-1] == f"wrote {path}: `footnote test {path}` plays it"
    assert "/quit" in shown[0]
    assert shown[3] == "there is no button 99"
    ((_, script),) = scripts([path])
    assert (script.name, script.tone, len(script.turns)) == ("a chat: of “mine”", Register.LAYPERSON, 5)
    assert run_tests(engine, [path]) == ("1 conversation played, 0 answered otherwise.", 0)
    recorded(engine, ["/k2"], path, "another", "professional", shown.append)
    assert run_tests(engine, [path]) == ("2 conversations played, 0 answered otherwise.", 0)


def test_each_recorded_turn_says_in_words_what_came_of_it(engine: Engine, tmp_path: Path) -> None:
    """What came is expected from then on, right or wrong: whoever recorded it must see which is wrong."""
    path, typed = tmp_path / "recorded.yaml", ["/k2", "I have chest\x07 pain"]
    told = recorded(engine, typed, path, "one", "layperson", lambda _: None)
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    card = engine.library.answer("urgent-chest").title.layperson
    came = f"“I have chest pain” -> {card} (urgent-chest, urgent)"
    assert f"# {came}" in lines
    assert f"  2  {came}" in told.splitlines()
    assert "Where the wrong answer came, write `expect: {node: the-right-answer}` into that turn" in told
    assert run_tests(engine, [path])[1] == 0


@pytest.mark.parametrize("ends", [["/quit"], ["/Exit"], []])
def test_what_ends_a_recording_is_not_recorded(ends: list[str], engine: Engine, tmp_path: Path) -> None:
    path, rest = tmp_path / "recorded.yaml", ["/ala"] if ends else []
    assert "nothing was written" in recorded(engine, [*ends, *rest], path, "none", "layperson", lambda _: None)
    assert not path.exists()
    recorded(engine, ["/k2", *ends, *rest], path, "one", "layperson", lambda _: None)
    ((_, script),) = scripts([path])
    assert [turn.command for turn in script.turns] == ["k2"]


@pytest.mark.parametrize("text", ["- name: x\n  turns: [{sya: hello}]\n", "- [\n", "name: x\n"])
def test_a_file_that_is_no_conversation_is_a_fault_with_its_place(text: str, engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(LoadError, match=r"x\.yaml:[12]:\d+: F"):
        run_tests(engine, [tmp_path])


def test_nothing_to_play_is_no_success(engine: Engine, tmp_path: Path) -> None:
    assert run_tests(engine, [tmp_path / "nowhere"]) == (f"there is no file or folder {tmp_path / 'nowhere'}", 1)
    assert run_tests(engine, [tmp_path]) == ("0 conversations played, 0 answered otherwise.", 1)


def test_every_answer_can_be_recorded_in_both_registers(engine: Engine, tmp_path: Path) -> None:
    for register in Register:
        lines = [f"/{node}" for node in engine.library.nodes]
        (tmp_path / "all.yaml").write_text(record(engine, lines, register, "all", lambda _: None), encoding="utf-8")
        ((path, script),) = scripts([tmp_path])
        assert isinstance(script, Script)
        assert play(engine, path, script, register) is None
