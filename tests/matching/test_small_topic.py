"""A topic with few lines beside one with many: both made here, of words that no shipped topic holds."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot.authoring.reports import told_apart
from bot.content.library import Library
from bot.content.loader import load
from bot.content.matching_models import Subject, TopicSubjects, UrgentExamples
from bot.dialog.turn import Outcome, Register
from bot.matching import assemble, build_matcher, data_of
from bot.matching.build import Data, Parts, digest
from bot.matching.classifier import UNTAUGHT
from bot.matching.decisions import LIMITS
from bot.matching.evaluation import mixed
from bot.matching.matcher import SubjectMatcher
from bot.matching.ranking import WEIGHTS, Weights
from bot.matching.subjects import FEW_LINES, Subjects
from bot.matching.training import learn
from tests.content.mini import MINI, written
from tests.matching.test_models import one_of

FORMS = ("how do I {}", "when should people {}", "is it wise to {}", "tell me how to {}", "why do they {}", "can I {}")
WIDE = {
    "house-roof": ("mend the roof of a house", "keep a house dry above", "nail the tiles of my house"),
    "house-walls": ("paint the walls of a house", "plaster a house", "keep the front of my house white"),
}
WHERE = ("", " in spring", " in rain", " by hand", " at night", " with a friend")
NARROW = {
    "boat-about": ("what is a yacht", "tell me about yachts", "yachts please", "what are yachts for"),
    "sail-wash": ("how are yacht sails washed", "clean yacht sails", "washing yacht sails", "yacht sails are dirty"),
    "mast-paint": (
        "paint the yacht mast",
        "how is the yacht mast painted",
        "new paint for the yacht mast",
        "yacht mast varnish",
    ),
}
TEXTS = {
    "boat-about": ("A yacht is a boat for pleasure.",),
    "sail-wash": ("Rinse the canvas with lukewarm water after every trip.",),
    "mast-paint": ("Sand the spruce before the first coat.",),
}
TOPICS = {
    "land": TopicSubjects(
        subjects={
            "house": Subject(kind="care", general="house-walls", names=("house", "houses", "front yacht")),
            "garden": Subject(kind="care", general="house-walls", names=("garden",)),
            "street": Subject(kind="care", general="house-walls", names=("street",)),
            "lamp": Subject(kind="care", general="house-walls", names=("lamp", "street with a yacht")),
            "trip": Subject(kind="care", general="house-walls", names=("house with a yacht",), leaning=True),
        },
        answers={"house": {"house-walls": ("about",), "house-roof": ("safety",)}},
    ),
    "water": TopicSubjects(
        subjects={
            "boat": Subject(kind="care", general="boat-about", names=("yacht", "yachts")),
            "sails": Subject(kind="care", general="sail-wash", names=("sails", "yacht sails"), part_of="boat"),
            "mast": Subject(kind="care", general="mast-paint", names=("mast", "yacht mast"), part_of="boat"),
        },
        answers={
            "boat": {"boat-about": ("about",)},
            "sails": {"sail-wash": ("about",)},
            "mast": {"mast-paint": ("about",)},
        },
        it={"boat-about": "boat"},
    ),
}


def lines(node: str) -> tuple[str, ...]:
    """Return more lines than few, all different."""
    return tuple(form.format(what) + where for what in WIDE[node] for form in FORMS for where in WHERE)


@pytest.fixture(scope="module")
def data(library: Library) -> Data:
    """Two topics and a few shared lessons, which are learned in a moment."""
    shipped = data_of(library)
    lessons = {name: shipped.matching.aspects.aspects[name][:30] for name in ("about", "safety", "dose")}
    matching = shipped.matching.model_copy(
        update={"topics": TOPICS, "aspects": shipped.matching.aspects.model_copy(update={"aspects": lessons})}
    )
    phrases = NARROW | {node: lines(node) for node in WIDE} | {shipped.roles.otherwise: ("who won the match",)}
    return replace(
        shipped,
        matching=matching,
        phrases=phrases,
        after={},
        messages={},
        messages_after={},
        small_talk={},
        examples=UrgentExamples(),
        languages=one_of(shipped.languages),
        nodes=frozenset({*phrases, shipped.roles.advice, shipped.roles.urgent}),
        roles=replace(shipped.roles, shared=frozenset()),
        texts=TEXTS,
    )


@pytest.fixture(scope="module")
def parts(data: Data) -> Parts:
    return Parts(data)


def learned(parts: Parts) -> SubjectMatcher:
    return assemble(parts, learn(parts, lambda _: None))


@pytest.fixture(scope="module")
def matcher(parts: Parts) -> SubjectMatcher:
    return learned(parts)


def test_a_part_comes_before_its_whole_and_a_narrow_topic_before_a_wide_one(parts: Parts) -> None:
    for text in ("sails of the yacht at the house", "the house, its yacht and the sails of that"):
        named = parts.subjects.named(parts.reader.read(text))
        assert named.held == ("water/sails", "water/boat", "land/house"), text


def test_the_longest_name_wins_whichever_topic_has_it(parts: Parts) -> None:
    assert parts.subjects.named(parts.reader.read("a street with a yacht")).held == ("land/lamp",)
    assert parts.subjects.named(parts.reader.read("clean yacht sails")).held == ("water/sails",)


def test_a_longer_leaning_name_of_a_wide_topic_does_not_hide_what_a_narrow_one_tells(parts: Parts) -> None:
    named = parts.subjects.named(parts.reader.read("a house with a yacht"))
    assert (named.held, named.leaning) == (("water/boat",), ("land/trip",))


def test_a_name_inside_a_phrase_that_names_nothing_else_is_not_named(parts: Parts) -> None:
    assert parts.subjects.named(parts.reader.read("the front yacht")).held == ("land/house",)


def test_a_family_has_few_lines_while_none_of_its_answers_has_many(data: Data, parts: Parts) -> None:
    subjects = parts.subjects
    few = {"water/boat", "water/sails", "water/mast"}
    assert subjects.few_lined(data.lines) == few
    assert subjects.family("water/sails") == frozenset(NARROW)
    assert subjects.few_lined({**data.lines, "mast-paint": FEW_LINES}) == few
    assert subjects.few_lined({**data.lines, "mast-paint": FEW_LINES + 1}) == frozenset()


def test_an_answer_that_is_a_family_by_itself_has_few_lines_where_all_of_its_topic_have(data: Data) -> None:
    lone, row = {"oar": Subject(kind="care", general="oar-care", names=("oar",))}, {"oar": {"oar-care": ("about",)}}
    topics = {
        name: topic.model_copy(update={"subjects": topic.subjects | lone, "answers": dict(topic.answers) | row})
        for name, topic in TOPICS.items()
    }
    subjects = Subjects(data.matching.model_copy(update={"topics": topics}), data.nodes | {"oar-care"})
    assert subjects.few_lined({**data.lines, "oar-care": 3}) == {"water/boat", "water/sails", "water/mast", "water/oar"}


def test_of_two_answers_with_few_lines_that_are_nearly_as_likely_both_are_offered(matcher: SubjectMatcher) -> None:
    reading = matcher.ranker.rank(matcher.parts.reader.read("yacht"), None)
    for second, outcome in ((0.25, Outcome.CHOICES), (0.1, Outcome.ANSWER)):
        match = matcher.decisions.decided({"sail-wash": 0.7, "mast-paint": second}, reading)
        assert match.outcome is outcome
    match = matcher.decisions.decided({"house-roof": 0.7, "mast-paint": 0.25}, reading)
    assert match.node == "house-roof"


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("how are the sails of a yacht near my house washed", "sail-wash"),
        ("paint the mast of my yacht by the house", "mast-paint"),
        ("how do I paint the yacht mast", "mast-paint"),
        ("how do I paint the front of my house in spring", "house-walls"),
        ("why do they mend the roof of a house by hand", "house-roof"),
    ],
)
def test_a_topic_with_few_lines_wins_its_own_questions_and_no_others(
    matcher: SubjectMatcher, text: str, node: str
) -> None:
    match = matcher.match(text, None, Register.LAYPERSON)
    assert (match.outcome, match.node) == (Outcome.ANSWER, node)


UNSAID = (("yacht canvas and lukewarm water", "sail-wash"), ("sand the spruce of a yacht", "mast-paint"))
"""Words that stand in no line and in no name, but in an answer."""


def test_an_answer_with_few_lines_is_found_by_what_it_says(data: Data, matcher: SubjectMatcher) -> None:
    without = learned(Parts(replace(data, texts={})))
    for text, node in UNSAID:
        told, untold = (dict(one.match(text, None, Register.LAYPERSON).scores) for one in (matcher, without))
        assert told[node] > 1.3 * untold[node], text


@pytest.mark.parametrize(
    ("without", "text"),
    [
        (replace(WEIGHTS, to_family=0.0), "varnish for my house yacht mast in rain"),
        (replace(WEIGHTS, says_few=0.0), "lukewarm water on canvas after a trip"),
    ],
)
def test_what_speaks_for_a_topic_with_few_lines_is_weighed(
    data: Data, matcher: SubjectMatcher, without: Weights, text: str
) -> None:
    """With the weight at nothing, its answers are less likely by all that another topic or `not covered` has of it."""
    parts, models = Parts(replace(data, said=TEXTS), matcher.parts.index), matcher.ranker.models
    told, untold = (_of_family(assemble(parts, models, weights), text) for weights in (WEIGHTS, without))
    assert told > untold


def _of_family(matcher: SubjectMatcher, text: str) -> float:
    scores = matcher.ranker.rank(matcher.parts.reader.read(text), None).scores
    return sum(scores.get(node, 0.0) for node in NARROW)


def test_a_name_alone_with_words_that_nobody_knows_is_not_answered(matcher: SubjectMatcher) -> None:
    """The name is known and nothing of what is asked: several answers are offered, or none."""
    match = matcher.match("yacht blorpt zwieback timetable", None, Register.LAYPERSON)
    assert match.outcome is not Outcome.ANSWER


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"answer": 2.0}, r"several are likely: mast-paint has 0\.\d\d, and 2\.00 would be enough"),
        ({"doubt": 0.0}, r"several are likely: not covered has 0\.\d\d, and from 0\.00 on nothing is simply answered"),
        (
            {"vague": 2.0},
            r"several are likely: what is asked is [01]\.\d\d sure beside a word nobody wrote, and 2\.00 would.*",
        ),
    ],
)
def test_the_limit_that_left_a_question_open_is_told_with_its_figure(
    matcher: SubjectMatcher, limits: dict[str, float], told: str
) -> None:
    strict = replace(matcher, limits=replace(LIMITS, family=2.0, **limits))
    match = strict.match("paint the blorpt yacht mast", None, Register.LAYPERSON)
    assert match.outcome is Outcome.CHOICES
    assert re.fullmatch(told, match.reasons[0])
    assert match.reasons[1].endswith(" of water/mast")


def test_what_nothing_covers_tells_by_how_much_and_what_spoke_against_it(matcher: SubjectMatcher) -> None:
    strict = assemble(matcher.parts, matcher.ranker.models, replace(WEIGHTS, outside=9.0))
    told = strict.match("who won the blorpt match in the house, then", None, Register.LAYPERSON).reasons
    assert re.fullmatch(r"not covered is likeliest: [01]\.\d\d, and 0\.30 is enough", told[0])
    assert told[1].startswith("what speaks for not covered: ")
    assert "nobody wrote the word `blorpt`" in told
    assert any(re.fullmatch(r"the row of `land/house` leads to house-\w+, which has 0\.\d\d", one) for one in told)


def test_models_are_learned_again_when_such_an_answer_is_worded_anew(data: Data) -> None:
    worded = {**TEXTS, "sail-wash": ("Rinse the canvas with cold water.",)}
    assert digest(replace(data, texts=worded)) != digest(data)


def test_only_answers_of_families_with_few_lines_lend_their_words(library: Library) -> None:
    data = data_of(library)
    assert data.texts
    assert all(data.lines.get(node, 0) <= FEW_LINES for node in data.texts)
    assert "ala" not in data.texts


@pytest.mark.parametrize("words", ["plaster it by hand", "keep it white", "how do I plaster it"])
def test_in_a_narrow_thread_what_names_nothing_is_less_asked_of_a_wide_topic(
    parts: Parts, matcher: SubjectMatcher, words: str
) -> None:
    message, models = parts.reader.read(words), matcher.ranker.models
    mass = [
        sum(
            assemble(parts, models, replace(WEIGHTS, to_family=part)).ranker.rank(message, "boat-about").scores[one]
            for one in WIDE
        )
        for part in (WEIGHTS.to_family, 0.0)
    ]
    assert mass[0] < 0.75 * mass[1]


@pytest.mark.parametrize(("several", "share"), [(0, 0.0), (50, 0.5), (100, 1.0), (900, 1.0)])
def test_whole_messages_are_believed_as_far_as_there_are_some(
    data: Data, parts: Parts, matcher: SubjectMatcher, several: int, share: float
) -> None:
    messages = {"boat-about": {"boat-about": [f"and number {at}" for at in range(several)]}}
    told = replace(data, messages_after=messages).told
    models = replace(matcher.ranker.models, whole=UNTAUGHT)
    ranker = assemble(Parts(replace(data, messages_after=messages), parts.index), models).ranker
    said = ranker.opinions(parts.reader.read("is it safe"), "boat-about")
    weights = WEIGHTS.whole_after * (WEIGHTS.whole_stands + (1 - WEIGHTS.whole_stands) * said.heard.leans)
    assert told.get("boat-about", 0) == several
    assert ranker.believed(said) == pytest.approx(share * weights)


@pytest.mark.parametrize("context", [None, "urgent", "ala-dose"])
def test_a_sign_is_seen_where_nobody_wrote_an_example_of_one(context: str | None, tmp_path: Path) -> None:
    """Neither before the general card, which is that of no sign here, nor after it, nor after that of the sign."""
    rules = (MINI / "content/urgent.yaml").read_text(encoding="utf-8").replace("card: urgent", "card: ala-dose")
    folder = written(tmp_path, {"content/urgent.yaml": rules})
    matcher = build_matcher(load(folder / "dialogs", folder / "content"), tmp_path / "cache")
    match = matcher.match("I have chest pain now", context, Register.LAYPERSON)
    assert (match.outcome, match.node) == (Outcome.URGENT, "ala-dose")


def test_lines_that_sound_like_another_answer_are_told_to_the_author(data: Data, parts: Parts) -> None:
    assert mixed(parts) == []
    strayed = tuple(f"varnish for the mast of a yacht, {when}" for when in ("spring", "summer", "autumn", "winter"))
    phrases = {**data.phrases, "sail-wash": (*NARROW["sail-wash"], *strayed[:3])}
    messages = {"mast-paint": (*strayed, "which varnish for the mast?"), "boat-about": ("what a fine yacht",)}
    worst, *_ = mixed(Parts(replace(data, phrases=phrases, messages=messages)))
    assert (worst.node, worst.like, worst.of) == ("sail-wash", "mast-paint", len(NARROW["sail-wash"]) + 3)
    assert worst.lines == strayed[:3]
    assert "@water/mast" in worst.words
    told = told_apart([worst])
    assert f"3 of {worst.of}: sail-wash sounds like mast-paint by " in told
    assert strayed[0] in told
    assert "tells them apart" in told_apart([])
