"""What is told of somebody is said beside later answers: in words the content holds, once, and to nobody else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.channels.layout import document_text
from bot.content.library import Library
from bot.dialog import payloads
from bot.dialog.engine import MOST_TOLD, Engine
from bot.dialog.turn import Incoming, Kind, Register, Reply, State
from bot.matching import Matcher, data_of

TAKEN = ("ala", "ala-evidence", "k2", "first-line", "second-line", "drug-side-effects")
READER = State(introduced=True)


@pytest.fixture(scope="module")
def engine(library: Library, matcher: Matcher) -> Engine:
    return Engine(library, matcher)


def said(engine: Engine, state: State, text: str, *, group: bool = False) -> tuple[Reply, State]:
    return engine.respond(state, Incoming(Kind.TEXT, text, group=group))


def shown(engine: Engine, state: State, node: str) -> tuple[Reply, State]:
    return engine.respond(state, Incoming(Kind.TAP, payloads.payload(node)))


def second(reply: Reply) -> str:
    return "" if reply.second is None else f"{reply.second.title}\n{document_text(reply.second.brief)}"


@pytest.mark.parametrize(
    ("told", "node", "says"),
    [
        ("I'm pregnant", "ala", "leave ALA out"),
        ("my mum takes warfarin", "ala", "we found nothing on ALA with them"),
        ("i take metformin", "ala-evidence", "your sugar may fall lower"),
        ("My wife is breastfeeding", "first-line", "breast-feeding"),
    ],
)
def test_what_is_told_is_said_beside_a_later_answer_once(engine: Engine, told: str, node: str, says: str) -> None:
    _, state = said(engine, READER, told)
    _, state = shown(engine, state, "what-it-is")
    first, state = shown(engine, state, node)
    assert says in second(first)
    assert second(first).startswith("You told me: ")
    _, state = shown(engine, state, "what-it-is")
    again, _ = shown(engine, state, node)
    assert not second(again)


@pytest.mark.parametrize("told", ["I have kidney disease", "he has liver disease"])
def test_where_both_are_more_than_a_screen_a_button_leads_to_it(engine: Engine, told: str) -> None:
    _, state = said(engine, READER, told)
    reply, _ = shown(engine, replace(state, history=()), "drug-side-effects")
    ways = [one.payload for one in (*reply.choices, *reply.card.buttons)]
    assert reply.second is None
    assert ways.count(payloads.payload("drug-precautions")) == 1


def test_every_word_that_can_be_told_is_said_in_its_own_words_or_not_at_all(library: Library, engine: Engine) -> None:
    topics = data_of(library).matching.topics.values()
    subjects = [one for topic in topics for one in topic.subjects.values() if one.leaning]
    names = [name for one in subjects if one.kind in ("medicine", "elsewhere") for name in one.names]
    assert len(names) > 200
    heard = 0
    for name in names:
        _, state = said(engine, READER, f"I have {name}")
        for node in TAKEN if state.told else ():
            reply, _ = shown(engine, state, node)
            if reply.second is not None:
                heard += 1
                assert reply.second.node != reply.card.node
                lines = engine.composer.told(reply.second.node, Register.LAYPERSON)
                words = [part for word in state.told[-1].split() for part in (word[:4], word[-4:])]
                assert any(word in line.lower() for word in words for line in lines), (name, node)
    assert heard > 200


@pytest.mark.parametrize(
    "text",
    [
        "I'm not pregnant",
        "I don't take warfarin",
        "is it safe with warfarin?",
        "I stopped metformin last year",
        "should my mum take apixaban",
        "if I were pregnant",
        "I want to try metformin",
    ],
)
def test_what_is_asked_denied_over_or_wished_is_not_told(engine: Engine, text: str) -> None:
    assert said(engine, READER, text)[1].told == ()


def test_only_the_latest_are_kept_and_nothing_of_the_words_around_them(engine: Engine) -> None:
    state = READER
    for text in ("I am Ann Smith and I take warfarin", "I'm pregnant", "I have COPD", "my kidneys are bad"):
        _, state = said(engine, state, text)
    assert state.told == ("pregnant", "chronic lung disease", "kidneys")
    assert len(state.told) == MOST_TOLD


def test_where_others_read_along_nothing_is_kept_or_said(engine: Engine) -> None:
    assert said(engine, READER, "I'm pregnant", group=True)[1].told == ()
    told = replace(READER, told=("pregnant",))
    assert said(engine, told, "does ala help", group=True)[0].second is None


def test_what_the_answer_says_itself_is_not_said_beside_it(engine: Engine) -> None:
    told = replace(READER, told=("warfarin",))
    assert shown(engine, told, "k2")[0].second is None


def test_what_the_question_names_is_answered_and_not_recalled(engine: Engine) -> None:
    told = replace(READER, told=("pregnant",))
    assert said(engine, told, "can I take ala when pregnant")[0].second is None


def test_somebody_is_forgotten_with_the_rest(engine: Engine) -> None:
    told = replace(READER, told=("pregnant",), recalled=("ala-interactions.pregnancy",))
    assert engine.respond(told, Incoming(Kind.TAP, payloads.payload("privacy", word="forget")))[1] == State()


def test_an_answer_that_an_editor_took_away_is_not_said(library: Library, matcher: Matcher) -> None:
    nodes = {id_: node for id_, node in library.nodes.items() if id_ != "ala-interactions"}
    left = Engine(replace(library, nodes=nodes), matcher)
    assert shown(left, replace(READER, told=("pregnant",)), "ala")[0].second is None


def test_what_is_denied_later_is_no_longer_so(engine: Engine) -> None:
    told = replace(READER, told=("pregnant", "warfarin"))
    assert said(engine, told, "I'm not on warfarin myself")[1].told == ("pregnant",)


def test_of_two_things_told_each_is_said_in_its_turn(engine: Engine) -> None:
    _, state = said(engine, READER, "hi, I take metformin and I have kidney disease")
    state = replace(state, history=())
    first, state = shown(engine, state, "ala-evidence")
    _, state = shown(engine, state, "what-it-is")
    later, _ = shown(engine, state, "ala")
    titles = {one.second.title for one in (first, later) if one.second}
    assert titles == {"You told me: metformin", "You told me: kidney disease"}
