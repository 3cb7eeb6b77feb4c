"""The labelled files parse, name known answers and never use an id twice: a slip here would bend every figure."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.authoring.reports import figures
from bot.dialog.turn import Match, Outcome, Register
from bot.matching import evaluation
from bot.matching.evaluation import Question, QuestionFault, Row

HERE = Path(__file__).parent
NODES: dict[str, list[str]] = yaml.safe_load((HERE / "nodes.yaml").read_text(encoding="utf-8"))
KNOWN = {node for names in NODES.values() for node in names} | {f"urgent-{sign}" for sign in NODES["signs"]}
KINDS = {
    *("in-scope", "follow-up", "personal", "meta", "urgent", "calm"),
    *("not-covered", "small-talk", "noise", "two-questions"),
}
LEAST = {
    "plain": 620,
    "urgent-present": 310,
    "urgent-calm": 400,
    "urgent-foreign": 150,
    "urgent-fresh-11": 360,
    "urgent-fresh-12": 360,
    "urgent-fresh-13": 390,
    "urgent-fresh-14": 390,
    "urgent-fresh-15": 700,
    "urgent-fresh-16": 800,
    "urgent-fresh-17": 640,
    "urgent-fresh-18": 625,
    "urgent-fresh-19": 625,
    "urgent-fresh-20": 585,
    "urgent-fresh-21": 540,
    "urgent-fresh-22": 540,
    "urgent-fresh-23": 540,
    "real": 220,
    "follow-ups": 150,
    "two-questions": 60,
    "noise": 150,
    "not-covered": 150,
    "b12": 90,
    "most-asked": 150,
    "small-talk": 120,
    "plain-fresh": 150,
    "real-fresh": 120,
    "follow-ups-fresh": 100,
    "two-questions-fresh": 50,
    "small-talk-fresh": 60,
    "not-covered-fresh": 60,
    "noise-fresh": 60,
    "plain-fresh-2": 120,
    "real-fresh-2": 150,
    "follow-ups-fresh-2": 120,
    "two-questions-fresh-2": 60,
    "small-talk-fresh-2": 60,
    "not-covered-fresh-2": 60,
    "real-fresh-3": 150,
    "follow-ups-fresh-3": 150,
    "two-questions-fresh-3": 80,
    "plain-fresh-4": 100,
    "real-fresh-4": 160,
    "follow-ups-fresh-4": 130,
    "two-questions-fresh-4": 70,
    "real-fresh-5": 170,
    "follow-ups-fresh-5": 160,
    "two-questions-fresh-5": 80,
    "small-talk-fresh-5": 60,
    "plain-fresh-6": 100,
    "real-fresh-6": 170,
    "follow-ups-fresh-6": 160,
    "two-questions-fresh-6": 80,
    "small-talk-fresh-6": 60,
    "plain-fresh-7": 100,
    "real-fresh-7": 170,
    "follow-ups-fresh-7": 200,
    "two-questions-fresh-7": 80,
    "small-talk-fresh-7": 60,
    "plain-fresh-8": 100,
    "real-fresh-8": 170,
    "follow-ups-fresh-8": 200,
    "two-questions-fresh-8": 80,
    "small-talk-fresh-8": 60,
    "plain-fresh-9": 100,
    "real-fresh-9": 170,
    "follow-ups-fresh-9": 200,
    "two-questions-fresh-9": 80,
    "small-talk-fresh-9": 60,
    "real-fresh-10": 120,
    "follow-ups-fresh-10": 140,
    "two-questions-fresh-10": 80,
    "small-talk-fresh-10": 60,
    "real-fresh-11": 130,
    "follow-ups-fresh-11": 150,
    "two-questions-fresh-11": 80,
    "small-talk-fresh-11": 60,
    "real-fresh-12": 140,
    "follow-ups-fresh-12": 160,
    "two-questions-fresh-12": 80,
    "small-talk-fresh-12": 60,
    "plain-fresh-13": 100,
    "real-fresh-13": 170,
    "follow-ups-fresh-13": 200,
    "two-questions-fresh-13": 80,
    "small-talk-fresh-13": 60,
    "plain-fresh-14": 100,
    "real-fresh-14": 170,
    "follow-ups-fresh-14": 200,
    "two-questions-fresh-14": 80,
    "small-talk-fresh-14": 60,
    "plain-fresh-15": 100,
    "real-fresh-15": 170,
    "follow-ups-fresh-15": 200,
    "two-questions-fresh-15": 80,
    "small-talk-fresh-15": 60,
}


def rows(name: str) -> list[dict[str, Any]]:
    lines = (HERE / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("name", LEAST)
def test_a_file_is_long_enough_and_asks_nothing_twice(name: str) -> None:
    asked = Counter((str(row.get("text", row.get("repeat"))).casefold(), row["context"]) for row in rows(name))
    assert [text for text, times in asked.items() if times > 1] == []
    assert len(asked) >= LEAST[name]


@pytest.mark.parametrize("name", LEAST)
def test_a_label_names_what_exists(name: str) -> None:
    for row in rows(name):
        assert row["kind"] in KINDS, row
        assert row["register"] in {"professional", "layperson"}, row
        assert row["expect"], row
        assert {*row["expect"], *row.get("also", [])} <= KNOWN, row
        assert row["context"] is None or row["context"] in KNOWN, row


def test_an_id_is_used_once() -> None:
    ids = Counter(row["id"] for name in LEAST for row in rows(name))
    assert [id_ for id_, times in ids.items() if times > 1] == []


@pytest.mark.parametrize("register", ["professional", "layperson"])
@pytest.mark.parametrize("node", NODES["medical"])
def test_every_medical_answer_is_asked_for_plainly(node: str, register: str) -> None:
    mine = [row for row in rows("plain") if row["expect"][0] == node and row["register"] == register]
    assert len(mine) >= 8


def test_every_sign_has_its_emergencies() -> None:
    signs = Counter(row["sign"] for row in rows("urgent-present"))
    assert set(signs) == set(NODES["signs"])
    assert min(signs.values()) >= 12


def test_every_part_of_the_second_topic_is_asked_for() -> None:
    asked = Counter(row["expect"][0] for row in rows("b12"))
    assert min(asked[node] for node in NODES["b12"]) >= 8


def test_each_of_the_most_asked_is_asked_in_six_ways() -> None:
    assert Counter(row["rank"] for row in rows("most-asked")) == dict.fromkeys(range(1, 26), 6)


def test_every_kind_of_small_talk_is_there() -> None:
    assert set(NODES["small-talk"]) <= {row["expect"][0] for row in rows("small-talk")}


def test_remarks_name_the_answer_they_stand_under() -> None:
    heard = yaml.safe_load((HERE / "remarks.yaml").read_text(encoding="utf-8"))
    remarks = [(node, say) for place in heard["remarks"].values() for node, said in place.items() for say in said]
    asked = [(node, row) for node, said in heard["follow-ups"].items() for row in said]
    alarms = [(node, row) for place in heard["emergencies"].values() for node, said in place.items() for row in said]
    assert len({say for _, say in remarks}) == len(remarks) >= 160
    assert len(asked) >= 45
    assert len(alarms) >= 35
    assert {node for node, _ in [*remarks, *asked, *alarms]} <= KNOWN
    assert {node for _, row in asked for node in row["expect"]} <= KNOWN
    assert {row["sign"] for _, row in alarms} <= set(NODES["signs"])


def test_a_wrapping_keeps_the_question_or_names_a_transformation() -> None:
    wrappings = yaml.safe_load((HERE / "wrappings.yaml").read_text(encoding="utf-8"))
    both = [*wrappings["shown"], *wrappings["held_back"]]
    assert len({str(wrapping) for wrapping in both}) == len(both) >= 60
    for wrapping in both:
        if isinstance(wrapping, str):
            assert wrapping.count("{q}") == 1
        else:
            assert set(wrapping) <= set(wrappings["transformations"])


@pytest.mark.parametrize(
    "path", sorted((HERE.parent / "conversations" / "natural").glob("*.txt")), ids=lambda path: path.stem
)
def test_every_turn_of_a_natural_conversation_says_what_a_good_answer_does(path: Path) -> None:
    _, *turns = path.read_text(encoding="utf-8").strip().split("\n\n")
    assert 8 <= len(turns) <= 12
    for turn in turns:
        said, note = turn.split("\n")
        assert said.startswith("> ")
        assert note


@pytest.mark.parametrize("name", ["id", "register", "expect", "kind"])
def test_a_question_that_lacks_something_is_told_what(name: str, tmp_path: Path) -> None:
    whole = {"id": "q1", "text": "how much", "register": "layperson", "expect": ["ala-dose"], "kind": "topic"}
    path = tmp_path / "q.jsonl"
    path.write_text(json.dumps({key: value for key, value in whole.items() if key != name}), encoding="utf-8")
    with pytest.raises(QuestionFault, match=f"needs `{name}`"):
        evaluation.read(path)


@pytest.mark.parametrize(
    "line", ["what is ALA?", '{"id": "q2"', "[1, 2]", "null", '"text"', "{'id': 'q2'}", "3", "\x00"]
)
def test_a_line_that_is_no_object_is_named_with_what_to_write(line: str, tmp_path: Path) -> None:
    whole = {"id": "q1", "text": "how much", "register": "layperson", "expect": ["ala-dose"], "kind": "topic"}
    path = tmp_path / "q.jsonl"
    path.write_text(f"{json.dumps(whole)}\n\n{line}\n", encoding="utf-8")
    with pytest.raises(QuestionFault, match=r"q\.jsonl:3: .*write one question a line, as \{"):
        evaluation.read(path)


def test_what_nothing_covers_says_what_it_named_and_choices_without_the_answer_are_a_column() -> None:
    asked = Question("1", "durability of cbt", Register.PROFESSIONAL, None, ("cbt",), "story")
    unheard = Match(Outcome.NOT_COVERED, "none", reasons=("not covered is likeliest",), missing="care/cbt x duration")
    others = Match(Outcome.CHOICES, "none", choices=("tens", "laser"))
    found = evaluation.summary([Row(asked, one, evaluation.mark(asked, one, "none")) for one in (unheard, others)])
    assert "because not covered is likeliest; names `care/cbt`, asks `duration`" in evaluation.failures(found)
    head, everything, *_ = figures(found).splitlines()
    assert dict(zip(head.split(), everything.split()[1:], strict=True)) == {
        "n": "2", "right": "0.0%", "offered": "0.0%", "wrong": "0.0%", "missed": "50.0%", "lost": "50.0%"
    }  # fmt: skip
