"""The parts under the matcher: training, the cache of models, repair of words, subjects and remarks."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from itertools import combinations, islice
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from bot.content.matching_models import LanguagesFile, Subject, TopicSubjects, UrgentExamples, UrgentRules
from bot.matching import text, training
from bot.matching.build import Data, Index, Parts, digest, read_from
from bot.matching.classifier import UNTAUGHT, Classifier, Floats, Places, Values
from bot.matching.concepts import SignWords
from bot.matching.lessons import SAME, Lessons, Rows
from bot.matching.matcher import SubjectMatcher
from bot.matching.parser import Speller
from bot.matching.questions import seams
from bot.matching.text import clean, every_word, expand, sampled, split, words_only
from bot.matching.training import Models, learn, learned, load, save, train

A = Values(("a",), 0.5)
TOE, HEEL, GLUCOSE = (Values((word,), 1.0) for word in ("toe", "heel", "glucose"))
ROWS = [
    ("feet", TOE.and_also(A)),
    ("feet", HEEL.and_also(A, TOE.at(0.2))),
    ("sugar", GLUCOSE),
] * 4


def test_training_tells_labels_apart_and_is_always_the_same() -> None:
    model, again = train(Rows(ROWS), 10), train(Rows(ROWS), 10)
    assert model.probabilities(TOE)["feet"] > 0.8
    assert model.probabilities(GLUCOSE)["sugar"] > 0.8
    assert model.telling(TOE.and_also(GLUCOSE), "feet") == ["toe"]
    assert model.telling(TOE, "nowhere") == []
    assert (model.weights == again.weights).all()


def test_what_is_merely_counted_tells_labels_apart_too() -> None:
    model, learned_too = (train(Rows(ROWS), epochs, counted=1.0) for epochs in (0, 10))
    assert model.probabilities(TOE)["feet"] > 0.7
    assert model.probabilities(GLUCOSE)["sugar"] > 0.7
    assert learned_too.probabilities(TOE)["feet"] > train(Rows(ROWS), 10).probabilities(TOE)["feet"]


def test_rows_that_are_learned_are_left_out_of_later_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    seen, batch = list[int](), training._Trainer._batch

    def counted(self: training._Trainer, rows: Places) -> tuple[Places, Places, Floats]:
        seen.append(len(rows))
        return batch(self, rows)

    monkeypatch.setattr(training._Trainer, "_batch", counted)
    model = train(Rows(ROWS), 200)
    assert seen[:2] == [len(ROWS), len(ROWS)]
    assert len(seen) < 200
    assert model.probabilities(TOE)["feet"] > 0.8


def test_what_is_stored_decides_as_what_was_trained(tmp_path: Path) -> None:
    model = train(Rows(ROWS), 10)
    path = tmp_path / "models.npz"
    tree = {"toe": {"": ["feet"]}}
    signs = SignWords(tree, ["toe"], ["toe"])
    index = Index(
        ["toe"],
        ["toe", "toes"],
        ["toe"],
        {"toes": "toe"},
        tree,
        {"what is it": "ala"},
        {"ala": {"and why": "k2"}},
        {},
        {"but why": "why"},
        signs,
    )
    save(path, Models(model, model, UNTAUGHT, model, UNTAUGHT), index, {})
    found = load(path)
    assert found is not None
    stored, known = found
    assert known == index
    for values in (TOE, GLUCOSE.at(0.3).and_also(A), Values(("never seen",), 1.0), Values((), 1.0)):
        assert stored.names.probabilities(values) == model.probabilities(values)
    assert stored.about.probabilities(TOE) == {}


@pytest.mark.parametrize("spoilt", [b"", b"{}", b"PK\x03\x04 half a file"])
def test_a_spoilt_cache_counts_as_none(tmp_path: Path, spoilt: bytes) -> None:
    path = tmp_path / "models.npz"
    path.write_bytes(spoilt)
    assert load(path) is None


@pytest.fixture(scope="module")
def few(data: Data) -> Data:
    """What takes no time to learn: two lines, no lessons, no signs and one foreign language."""
    empty = data.matching.model_copy(update={"aspects": data.matching.aspects.model_copy(update={"aspects": {}})})
    lines = {"ala": ("what is ala",), "k2": ("what is k2",)}
    return replace(
        data,
        matching=empty,
        phrases=lines,
        after={},
        messages={},
        messages_after={},
        small_talk={},
        urgent=UrgentRules(),
        examples=UrgentExamples(),
        languages=one_of(data.languages),
    )


@pytest.fixture(scope="module")
def few_parts(few: Data) -> Parts:
    return Parts(few)


@pytest.fixture(scope="module")
def few_learned(few_parts: Parts) -> Models:
    return learn(few_parts)


def one_of(languages: LanguagesFile) -> LanguagesFile:
    """Return the first language alone: all of them take seconds to learn."""
    return languages.model_copy(update={"languages": dict(islice(languages.languages.items(), 1))})


def test_what_is_learned_side_by_side_is_what_is_learned_alone(
    few_parts: Parts, few_learned: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "_WORTH_A_PROCESS", 0)
    monkeypatch.setattr(training, "_cores", lambda: 2)
    beside = learn(few_parts)
    for one in fields(Models):
        ours, theirs = getattr(few_learned, one.name), getattr(beside, one.name)
        assert ours.labels == theirs.labels
        assert (ours.weights == theirs.weights).all()


def test_models_of_other_words_are_never_taken(
    tmp_path: Path, few: Data, few_learned: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = replace(few, phrases={"ala": ("what is ala", "ala please"), "k2": ("what is k2",)})
    told = replace(few, messages={"ala": ("my neighbour swears by it",)})
    asked = replace(few, messages_after={"ala": {"k2": ("and the other bottle",)}})
    assert len({digest(one) for one in (few, more, told, asked)}) == 4
    said: list[str] = []
    fresh, _ = learned(few, tmp_path, said.append)
    assert said, "training says that it is at work"
    said.clear()
    kept, _ = learned(few, tmp_path, said.append)
    assert said == []
    assert kept.index == fresh.index
    again = list[Parts]()

    def counted(parts: Parts, *_: object) -> Models:
        again.append(parts)
        return few_learned

    monkeypatch.setattr(training, "learn", counted)
    learned(more, tmp_path, said.append)
    assert [parts.data for parts in again] == [more], "other words are learned again"


CHANGES: Mapping[str, Mapping[str, Any]] = {
    "line": {"phrases": {"ala": ("what is ala", "zorblax please"), "k2": ("what is k2",)}},
    "message": {"messages": {"ala": ("my neighbour swears by zorblax",)}},
    "text": {"texts": {"ala": ("Take it with zorblax.",)}},
    "thread": {"after": {"ala": {"k2": ("and the other zorblax",)}}},
    "node": {"nodes": frozenset({"ala", "k2"})},
    "example": {"examples": UrgentExamples(calm_messages=("a zorblax is no emergency",))},
}
"""What an author changes, and a word that stands nowhere else."""
LEFT = {
    **dict.fromkeys(("line", "message"), frozenset({"languages"})),
    **dict.fromkeys(("text", "thread", "node"), frozenset({"emergencies", "languages"})),
    "example": frozenset({"questions"}),
}
"""What is not read again after each of these changes."""


@pytest.fixture(scope="module")
def few_origins(few_parts: Parts) -> dict[str, list[str]]:
    return {name: [lesson.origin for lesson in read(few_parts)] for name, read in training._READ.items()}


@pytest.fixture
def kept(tmp_path: Path, few: Data, few_parts: Parts, few_learned: Models) -> Path:
    """A cache that holds what was learned of the few."""
    save(tmp_path / "matcher-few.npz", few_learned, few_parts.index, read_from(few))
    return tmp_path


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_not_read_again_has_the_very_same_rows(
    few: Data, few_origins: dict[str, list[str]], change: str
) -> None:
    changed = replace(few, **CHANGES[change])
    before, after = read_from(few), read_from(changed)
    assert {name for name in before if before[name] == after[name]} == LEFT[change]
    for name in LEFT[change] - ({"languages"} if change != "line" else set()):  # which take the longest to read
        assert [lesson.origin for lesson in training._READ[name](Parts(changed))] == few_origins[name], name


@pytest.mark.parametrize("change", ["line", "example"])
def test_what_is_learned_after_another_is_bit_by_bit_what_is_learned_alone(kept: Path, few: Data, change: str) -> None:
    changed = replace(few, **CHANGES[change])
    (_, after), alone = learned(changed, kept), learn(Parts(changed))
    for one in fields(Models):
        ours, theirs = getattr(after, one.name), getattr(alone, one.name)
        assert (ours.labels, ours.origin) == (theirs.labels, theirs.origin)
        for part in ("bias", "keys", "weights"):
            assert getattr(ours, part).tobytes() == getattr(theirs, part).tobytes(), one.name


def test_models_of_the_same_rows_are_not_trained_again(kept: Path, few: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    trained, learn_it = list[str](), training._Lesson.learned

    def told(lesson: training._Lesson) -> Classifier:
        trained.append(lesson.model)
        return learn_it(lesson)

    monkeypatch.setattr(training._Lesson, "learned", told)
    learned(replace(few, **CHANGES["thread"]), kept)
    assert set(trained) == {"about", "whole", "standing"}, "a thread is no line"


def test_a_spoilt_file_is_no_earlier_one(kept: Path, few: Data) -> None:
    (kept / "matcher-few.npz").write_bytes(b"PK half a file")
    assert training._newest(kept) == training.Before()
    assert training._newest(kept / "nothing") == training.Before()


def test_what_another_command_is_learning_is_waited_for_and_taken_over(
    tmp_path: Path, few: Data, few_learned: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, waited = Event(), Event()
    times = list[Parts]()

    def slowly(parts: Parts, *_: object) -> Models:
        times.append(parts)
        begun.set()
        assert waited.wait(20)
        return few_learned

    monkeypatch.setattr(training, "learn", slowly)
    said = list[str]()

    def told(sentence: str) -> None:
        said.append(sentence)
        waited.set()

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(learned, few, tmp_path, said.append)
        assert begun.wait(20)
        second = pool.submit(learned, few, tmp_path, told)
        assert first.result()[0].index == second.result()[0].index
    assert said == ["another command is learning these words already: waiting, to take over what it learns ..."]
    assert len(times) == 1
    assert [path.suffix for path in tmp_path.iterdir()] == [".npz"], "the lock is gone"


def test_what_was_left_half_done_is_learned_by_whoever_waited(
    tmp_path: Path, few: Data, few_learned: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> Models:
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "learn", interrupted)
    with pytest.raises(KeyboardInterrupt):
        learned(few, tmp_path)
    monkeypatch.setattr(training, "learn", lambda *_: few_learned)
    assert learned(few, tmp_path)[1] is few_learned


def test_where_nothing_can_be_locked_each_learns_for_itself(
    tmp_path: Path, few: Data, few_learned: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "learn", lambda *_: few_learned)
    (tmp_path / "a file").touch()
    assert learned(few, tmp_path / "a file" / "cache")[1] is few_learned


def test_whole_messages_teach_and_are_no_words_that_everybody_knows(
    few: Data, few_parts: Parts, few_learned: Models
) -> None:
    parts = Parts(replace(few, messages={"k2": ("my naybor Harold has bottles of drops",)}))
    assert not {"naybor", "harold"} & set(parts.index.asked)
    message = parts.reader.read("drops from a bottle")
    named = parts.subjects.named(message)
    drops = parts.features.names(message, named, parts.features.asked(message, named))
    before, after = (models.names.probabilities(drops)["k2"] for models in (few_learned, learn(parts)))
    assert after > before
    assert parts.index.lines.keys() == few_parts.index.lines.keys()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("pregablin", "pregabalin"), ("stomache", "stomach"), ("vitamine", "vitamin"), ("xqzwv", "xqzwv")],
)
def test_a_slip_of_the_finger_is_repaired(typed: str, meant: str) -> None:
    medicines = {"pregabalin": "pregabalin", "gabapentin": "gabapentin"}
    assert Speller(["stomach", "vitamin", "ordinary"], medicines, [], str).repair(typed) == meant


def test_a_word_between_two_medicines_is_left_alone() -> None:
    names = ("prednisone", "prednisolone", "clonazepam", "clonazepan")
    speller = Speller([], {name: name for name in names}, [], str)
    assert speller.repair("prednisolon") == "prednisolone"
    assert speller.repair("clonazepax") == "clonazepax"


def test_an_authored_misspelling_is_no_rival_of_its_medicine() -> None:
    medicines = {"gabapentin": "gabapentin", "gabapentine": "gabapentin", "gabapetin": "gabapentin"}
    assert Speller([], medicines, [], str).repair("gabapnetin") == "gabapentin"


def test_no_held_medicine_is_repaired_into_another(parts: Parts) -> None:
    named = {
        (subject, word): parts.subjects.whole(subject)
        for subject, held in parts.subjects.each()
        if held.kind == "drug" and not held.leaning
        for word in held.names[:3]
        if word.isalpha() and len(word) > 5
    }
    assert len(named) > 10
    for (subject, word), (other, second) in combinations(named, 2):
        for at in range(1, len(word) - 1):
            typed = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
            found = parts.subjects.named(parts.reader.read(typed)).held
            assert other not in found or subject in found or second == typed, f"{typed} was read as {found}"


def test_words_read_together_are_those_read_one_by_one(data: Data) -> None:
    lines = [line for lines in data.phrases.values() for line in lines[:40]]
    assert every_word(lines) == {word for line in lines for word in split(clean(line))} | {"."}


def test_many_wordings_are_drawn_from_a_line_and_always_the_same() -> None:
    line = "(a|b|c|d) (e|f|g|h) (i|j|k|l) (m|n|o|p)"
    assert sampled(line, 10) == sampled(line, 10)
    assert 5 < len(sampled(line, 10)) <= 10
    assert sampled("(x|y)?z", 10) == ["xz", "yz", "z"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I want to\ndie", "i want to die"),
        ("I want to… die", "i want to die"),
        ("does ALA help? see <https://doi.org/10.1002/x|this>", "does ala help . see"),
        ("what helps :pill: @footnote", "what helps"),
        ("```x = 1``` how much ALA", "how much ala"),
        ("first\n\nsecond", "first . second"),
        ("- dose\n- safety", "dose . safety"),
    ],
)
def test_what_is_no_word_is_not_read(text: str, words: str) -> None:
    assert " ".join(split(clean(words_only(text)))) == words


def test_two_questions_may_meet_at_every_pause_and_word_that_links(parts: Parts) -> None:
    def halves(written: str) -> list[tuple[str, str]]:
        return [(" ".join(one.first.words), " ".join(one.second.words)) for one in seams(parts.reader.read(written))]

    assert halves("what is it? and how do I treat it, please tell")[0] == (
        "what is it",
        "how do i treat it please tell",
    )
    assert halves("does it work or hurt him") == [("does it work", "hurt him")]
    assert halves("the dose of ALA and K2") == [], "of both"
    assert halves("dose") == halves("") == []


def test_two_questions_are_likelier_where_both_ask(parts: Parts) -> None:
    def odds(written: str) -> float:
        return max(one.odds for one in seams(parts.reader.read(written)))

    assert odds("what is it? and how do I treat it") > odds("what is it, and how do I treat it")
    assert odds("what is it, and how do I treat it") > odds("my feet burn, and how do I treat it")
    assert odds("my feet burn, and how do I treat it") > odds("my feet burn, and I sleep badly")


def test_a_part_inherits_the_answers_of_its_whole_and_a_vanished_answer_is_left_out(data: Data) -> None:
    topic = TopicSubjects(
        subjects={
            "drug": Subject(kind="drug", general="k2"),
            "tablet": Subject(kind="drug", general="k2", names=("zzt",), part_of="drug"),
        },
        answers={"drug": {"ala-dose": ("dose",), "gone": ("safety",)}, "tablet": {"ala": ("who",)}},
    )
    matching = data.matching.model_copy(update={"topics": {"t": topic}})
    subjects = Parts(replace(data, matching=matching)).subjects
    assert subjects.row("t/tablet") == {"dose": "ala-dose", "who": "ala"}
    assert subjects.leads("t/tablet", "safety", None) == "k2"


def test_a_model_without_a_label_keeps_the_weights_of_a_feature_side_by_side() -> None:
    model = train(Rows(ROWS), 10)
    fewer = model.relabelled(lambda label: label if label == "feet" else None)
    assert fewer.labels == ("feet",)
    assert fewer.weights.flags.c_contiguous, "or every look-up reads the whole table"
    assert model.relabelled(lambda label: label) is model


def test_what_is_known_of_words_is_found_once_and_does_not_grow_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "_MOST_KEPT", 2)
    asked: list[str] = []

    def length(word: str) -> int:
        asked.append(word)
        return len(word)

    lengths = text.Kept(length)
    assert [lengths[word] for word in ("toe", "toe", "foot", "ankle", "ankle")] == [3, 3, 4, 5, 5]
    assert asked == ["toe", "foot", "ankle", "ankle"]
    assert len(lengths) == 2


def without(matcher: SubjectMatcher, said: str) -> str:
    return " ".join(matcher.remarks.without_courtesies(matcher.parts.reader.read(said)).words)


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("so DPN thanks", "dpn"),
        ("Hello, vitamin K2 and DOACs. Kind regards", "vitamin k2 and doacs ."),
        ("ok so well what is it please", "what is it"),
        ("thank you so much", "thank you so much"),
        ("and the dose", "and the dose"),
        ("can I take it as well", "can i take it as well"),
    ],
)
def test_courtesies_at_the_ends_are_left_out(matcher: SubjectMatcher, said: str, left: str) -> None:
    assert without(matcher, said) == left


def test_every_courtesy_leaves_a_question_as_it_is(matcher: SubjectMatcher, data: Data) -> None:
    courtesies = data.matching.courtesies
    for line in (*courtesies.words, *courtesies.discourse_markers):
        for courtesy in (form for form in expand(line) if form not in ("and", "but")):
            assert without(matcher, f"{courtesy} is lipoic acid safe") == "is lipoic acid safe", courtesy
    for line in courtesies.words:
        for courtesy in expand(line):
            assert without(matcher, f"is lipoic acid safe {courtesy}") == "is lipoic acid safe", courtesy


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("The bus was late again. Is lipoic acid safe? My glasses are upstairs.", "is lipoic acid safe ."),
        ("is lipoic acid safe My niece set up the telly", "is lipoic acid safe ."),
        ("lipoic acid: dose and duration", "lipoic acid dose and duration"),
        ("My mother takes warfarin. Is K2 safe?", "my mother takes warfarin . is k2 safe ."),
        ("The bus was late again.", "the bus was late again ."),
    ],
)
def test_idle_clauses_at_the_ends_are_left_out(matcher: SubjectMatcher, said: str, left: str) -> None:
    message = matcher.remarks.telling(
        matcher.parts.reader.read(said),
        lambda clause, tells: tells or clause.asks or "duration" in clause.message.words,
    )
    assert " ".join(message.words) == left


@pytest.mark.parametrize("context", ["ala", "k2", "first-line"])
def test_after_an_answer_the_same_words_are_seen_with_it_and_with_what_it_is_about(parts: Parts, context: str) -> None:
    message = parts.reader.read("and how often")
    named = parts.subjects.named(message)
    asked = parts.features.asked(message, named)
    seen = parts.features.names(message, named, asked)
    after = parts.features.after(seen, asked, context, parts.subjects.it(context))
    subject = parts.subjects.it(context)
    pairs = {f"{place}>{one}" for place in (f"after {context}", f"of {subject}") for one in asked.alone}
    assert len(asked.alone) >= 2
    assert {*after.names} - {*seen.names} == {f"after {context}", f"spoken of {subject}", *pairs}


def test_whole_messages_teach_that_the_same_answer_is_wanted_again(parts: Parts, data: Data) -> None:
    after = {"ala": {"ala": ["what was that", "say that again"], "ala-dose": ["how many milligrams"]}}
    few = replace(data, messages={}, messages_after=after, after={})
    assert {*Lessons(Parts(few, parts.index)).whole().labels} == {SAME, "ala-dose"}
