"""The parts under the matcher: training, the file it is kept in, repair of words, and measuring without likes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.content.library import Library
from bot.content.matching_models import Matching, Phrases
from bot.dialog.turn import Register
from bot.matching import matching_data
from bot.matching.build import Parts
from bot.matching.crossval import folds, without_likes
from bot.matching.evaluation import Question
from bot.matching.learned import Learned, dump, load
from bot.matching.lessons import Lessons
from bot.matching.linear import Linear
from bot.matching.normalise import clean, every_word, split
from bot.matching.spell import Speller
from bot.matching.tables import Tables
from bot.matching.train import train

ROWS = [
    ("feet", {"toe": 1.0, "a": 0.5}),
    ("feet", {"heel": 1.0, "a": 0.5, "toe": 0.2}),
    ("sugar", {"glucose": 1.0}),
] * 4


@pytest.fixture(scope="module")
def data(library: Library) -> Matching:
    return matching_data(library)


def test_training_tells_labels_apart_and_is_always_the_same() -> None:
    model = train(ROWS)
    assert model.probabilities({"toe": 1.0})["feet"] > 0.8
    assert model.probabilities({"glucose": 1.0})["sugar"] > 0.8
    assert model.because({"toe": 1.0, "glucose": 1.0}, "feet") == ["toe"]
    assert model.because({"toe": 1.0}, "nowhere") == []
    assert dump(Learned(model), "x") == dump(Learned(train(ROWS)), "x")


def test_what_is_stored_decides_as_what_was_trained(tmp_path: Path) -> None:
    tables = Tables(frozenset({"toe"}), {"toe": "toe", "toes": "toe"}, {"toe": {"": ["foot"]}})
    learned = Learned(train(ROWS), train(ROWS[:8]), Linear(), tables)
    path = tmp_path / "matcher.json"
    path.write_text(dump(learned, "made from this"))
    stored = load(path, "made from this")
    assert stored is not None
    for values in ({"toe": 1.0}, {"glucose": 0.3, "a": 1.0}, {"never seen": 1.0}):
        assert stored.nodes.probabilities(values) == learned.nodes.probabilities(values)
    assert stored.tables == tables
    assert load(path, "made from something else") is None


@pytest.mark.parametrize("spoilt", ["", "{}", "[1]", '{"digest": "d", "nodes": {}}'])
def test_a_spoilt_model_file_counts_as_none(tmp_path: Path, spoilt: str) -> None:
    path = tmp_path / "matcher.json"
    path.write_text(spoilt)
    assert load(path) is None


def test_a_weight_outside_the_table_counts_as_none(tmp_path: Path) -> None:
    stored = json.loads(dump(Learned(train(ROWS)), "d"))
    stored["nodes"]["labels"] = stored["nodes"]["labels"][:1]
    path = tmp_path / "matcher.json"
    path.write_text(json.dumps(stored))
    assert load(path) is None


def test_an_untaught_model_knows_nothing() -> None:
    assert Linear().probabilities({"toe": 1.0}) == {}


def test_what_is_asked_in_a_thread_teaches_the_thread_and_alone_only_what_leaves_it(data: Matching) -> None:
    after = {"ala": {"ala-dose": ("in mg",), "foot-exam": ("and how often are feet looked at",)}}
    asks = {name: data.intents.intents[name] for name in ("dose", "safety")}
    intents = data.intents.model_copy(update={"intents": asks, "asides": (), "openers": ()})
    few = data.model_copy(update={"phrases": Phrases(phrases={}, after=after), "intents": intents})
    parts = Parts(few)
    lessons = Lessons(few, parts.reader.read, parts.eye, parts.threads)
    thread = [label for label, values in lessons.thread() if "after ala" in values]
    assert {"ala-dose", "foot-exam"} <= set(thread)
    assert {label for label, _ in lessons.nodes()} <= {"foot-exam"}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("pregablin", "pregabalin"), ("stomache", "stomach"), ("vitamine", "vitamin"), ("xqzwv", "xqzwv")],
)
def test_a_slip_of_the_finger_is_repaired(typed: str, meant: str) -> None:
    speller = Speller(["stomach", "vitamin"], ["pregabalin", "gabapentin"], ["ordinary"], str)
    assert speller.repair(typed) == meant


def test_no_medicine_is_repaired_into_another() -> None:
    speller = Speller([], ["prednisone", "prednisolone", "hydroxyzine", "hydralazine"], [], str)
    assert speller.repair("prednisolon") == "prednisolone"
    assert speller.repair("prednisone") == "prednisone"
    assert speller.repair("hydrolazine") == "hydralazine"
    between = Speller([], ["clonazepam", "clonazepan"], [], str)
    assert between.repair("clonazepax") == "clonazepax"


def test_words_read_together_are_those_read_one_by_one(data: Matching) -> None:
    lines = [line for lines in data.phrases.phrases.values() for line in lines[:40]]
    assert every_word(lines) == {word for line in lines for word in split(clean(line))} | {"."}


def test_a_phrase_that_is_nearly_the_question_is_left_out_of_its_measure(data: Matching) -> None:
    phrases = {"ala": ("how does (ALA|lipoic acid) work", "what is it for"), "k2": ("tell me about K2",)}
    some = data.model_copy(update={"phrases": Phrases(phrases=phrases, after={"ala": {"k2": ("and vitamin k2?",)}})})
    rest = without_likes(some, ["How does lipoic acid work?!", "and the vitamin K2"])
    assert rest.phrases.phrases == {"ala": ("what is it for",), "k2": ("tell me about K2",)}
    assert rest.phrases.after == {"ala": {"k2": ()}}


def test_every_question_is_in_one_fold_and_every_kind_in_each() -> None:
    questions = [
        Question(f"{kind}{at:02}", "?", Register.LAYPERSON, None, ("ala",), kind)
        for at in range(10)
        for kind in ("a", "b")
    ]
    dealt = folds(questions)
    assert sorted(one.id for fold in dealt for one in fold) == sorted(one.id for one in questions)
    assert all({one.kind for one in fold} == {"a", "b"} for fold in dealt)
