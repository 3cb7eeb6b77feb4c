"""What was asked is said first: the claim behind an answer's brief that speaks of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from bot.channels.layout import document_text
from bot.content.library import Library
from bot.content.models import Answer, Claim
from bot.dialog.answers import FIRST_ROOM, lines_at_once, main_and_action
from bot.dialog.engine import Engine
from bot.dialog.turn import (
    ClaimCard,
    Emergency,
    Incoming,
    Kind,
    Match,
    Outcome,
    Register,
    Reply,
    SentenceSelector,
    State,
    View,
)
from bot.matching.text import is_grammar

CASES = [
    ("k2-blood-thinners", "and rivaroxaban?", "Rivaroxaban"),
    ("drug-precautions", "and when breast-feeding", "breast"),
    ("feet-daily", "who does the nails", "nails"),
    ("ala-how", "what if I forget it", "forget"),
    ("ala-how", "my wee smells", "smell"),
    ("drug-precautions", "and driving on neurontin", "Driving"),
    ("drug-side-effects", "are swollen ankles from lyrica common", "swollen"),
    ("drug-pairs", "can i take duloxetine with tramadol", "seizures"),
    ("first-line", "how long", "slow"),
]


class Chosen:
    """A matcher that finds one answer, whose chosen line is what was asked."""

    def __init__(self, node: str, line: str = "", told: bool = True) -> None:
        self._match, self._line, self._told = Match(Outcome.ANSWER, node), line, told

    def match(self, text: str, context: str | None, register: Register) -> Match:
        return self._match

    def select(self, text: str, lines: list[str], shown: list[str]) -> int | None:
        if self._line:
            return next((at for at, one in enumerate(lines) if one.startswith(self._line)), None)
        return 0 if self._told and not shown else None  # whether the brief itself speaks of it

    def unsaid(self, text: str, lines: list[str], *, together: bool = False) -> tuple[str, bool]:
        return "", True


class Selecting(Chosen):
    """A matcher that finds one answer, and in it the line that another one selects."""

    def __init__(self, node: str, matcher: SentenceSelector) -> None:
        super().__init__(node)
        self._matcher = matcher

    def select(self, text: str, lines: list[str], shown: list[str]) -> int | None:
        return self._matcher.select(text, lines, shown)

    def unsaid(self, text: str, lines: list[str], *, together: bool = False) -> tuple[str, bool]:
        return self._matcher.unsaid(text, lines, together=together)


def folded(library: Library, register: Register) -> Iterator[tuple[str, Answer, int, Claim, str]]:
    """Yield every claim behind a brief that can be what was asked, with its place among those of its answer and what it
    says."""
    for node in sorted(library.nodes):
        answer = library.answer(node) if library.has_answer(node) else None
        if answer is None or node in (*library.always, *library.urgent_nodes, library.advice, library.otherwise):
            continue
        for at, one in enumerate(parted(library, answer, register)[1]):
            yield node, answer, at, one, library.text(one, register).replace("\\", "").strip()


def parted(library: Library, answer: Answer, register: Register) -> tuple[list[Claim], list[Claim]]:
    """Return the claims of a brief, and those behind it that can be what was asked: no step of a numbered list, and
    nothing that is only reported."""
    claims = [one for one in library.claims(answer, register) if one.kind != "report"]
    first = [one for one in claims if one.id in answer.brief] or claims[:1]
    steps = [one for one in claims if re.match(r"\d+\. |\"", one.for_register(register))]
    return first, [one for one in claims if one not in (*first, *steps)]


def replied(library: Library, matcher: Chosen, state: State, words: str = "words") -> Reply:
    return Engine(library, matcher).respond(state, Incoming(Kind.TEXT, words))[0]


def text_of(library: Library, claim: Claim, register: Register) -> str:
    return library.text(claim, register).strip()[:25].replace("*", "").replace("\\", "")


@pytest.mark.parametrize("register", Register)
def test_it_never_takes_more_room_and_the_first_time_leaves_out_nothing_to_do(
    library: Library, engine: Engine, register: Register
) -> None:
    state = State(register, introduced=True)
    tried = 0
    for node, answer, _, claim, said in folded(library, register):
        own, card = engine.composer.card(node, register), replied(library, Chosen(node, said), state).card
        assert lines_at_once(card) <= max(FIRST_ROOM, lines_at_once(own)), (node, claim.id)
        brief = document_text(card.brief)
        actions = [one for one in library.claims(answer, register) if one.id in main_and_action(answer)[1:]]
        assert all(text_of(library, one, register) in brief for one in actions), (node, claim.id)
        tried += 1
    assert tried > 200


@pytest.mark.parametrize("register", Register)
def test_nothing_of_the_answer_is_lost_and_nothing_said_twice(
    library: Library, engine: Engine, register: Register
) -> None:
    for node, answer, _, claim, said in folded(library, register):
        for state in (State(register, introduced=True), State(register, introduced=True, history=(node,))):
            own, card = engine.composer.card(node, register), replied(library, Chosen(node, said), state).card
            assert isinstance(own, ClaimCard)
            assert isinstance(card, ClaimCard)
            whole, laid = (f"{document_text(one.brief)}\n{document_text(one.detail)}" for one in (own, card))
            texts = [text_of(library, one, register) for one in library.claims(answer, register)]
            assert [laid.count(one) for one in texts] == [whole.count(one) for one in texts], (node, claim.id)
            assert (card.sources, card.review, card.disclaimer) == (own.sources, own.review, own.disclaimer)


def test_to_who_has_just_read_the_answer_it_is_always_said_with_what_to_do(library: Library) -> None:
    register = Register.LAYPERSON
    for node, answer, _, claim, said in folded(library, register):
        state = State(register, introduced=True, history=(node,))
        brief = document_text(replied(library, Chosen(node, said), state).card.brief)
        assert brief.startswith(text_of(library, claim, register)), (node, claim.id)
        actions = [one for one in library.claims(answer, register) if one.id in main_and_action(answer)[1:]]
        assert all(text_of(library, one, register) in brief for one in actions), (node, claim.id)


@pytest.mark.parametrize("register", Register)
def test_what_the_article_says_never_stands_without_its_heading(
    library: Library, matcher: SentenceSelector, register: Register
) -> None:
    reported = 0
    for node in sorted(library.nodes):
        for one in library.claims(library.answer(node), register) if library.has_answer(node) else ():
            asked = Incoming(Kind.TEXT, library.text(one, register))
            if one.kind == "report":
                again = Engine(library, Selecting(node, matcher)).respond(State(register, True, (node,)), asked)[0]
                reported += 1
                assert text_of(library, one, register) not in document_text(again.card.brief), (node, one.id)
    assert reported > 7


def test_an_answer_that_comes_again_says_that_it_is_all_there_is(library: Library) -> None:
    register = Register.LAYPERSON
    again = State(register, introduced=True, history=("k2",))
    lead = library.text(library.interface["same-again"], register).strip()
    assert replied(library, Chosen("k2", told=False), again).lead == lead
    assert replied(library, Chosen("k2"), again).lead == ""  # its brief speaks of what was asked
    assert replied(library, Chosen("k2", told=False), State(register, introduced=True)).lead == ""


@pytest.mark.parametrize(("node", "asked", "word"), CASES)
def test_a_word_of_a_folded_claim_brings_it_first(engine: Engine, node: str, asked: str, word: str) -> None:
    state = State(Register.LAYPERSON, introduced=True, history=(node,))
    reply = engine.respond(state, Incoming(Kind.TEXT, asked))[0]
    assert reply.card.node == node
    assert word.casefold() in document_text(reply.card.brief).split("\n")[0].casefold()


@pytest.mark.parametrize("register", Register)
def test_a_claim_asked_for_in_its_own_rare_words_is_found(
    library: Library, matcher: SentenceSelector, register: Register
) -> None:
    found = tried = 0
    for node, answer, at, claim, _ in folded(library, register):
        shown, lines = ([library.text(one, register) for one in part] for part in parted(library, answer, register))
        got = matcher.select(library.text(claim, register), lines, shown)
        found, tried = found + (got == at), tried + 1
        assert got is None or lines[got], node
    assert found / tried > 0.8


@pytest.mark.parametrize("said", ["", "ok", "and then?", "what is it", "1800", "zxqv", "how many weeks is that"])
def test_words_that_say_little_select_nothing(matcher: SentenceSelector, said: str) -> None:
    lines = [
        "Weight rose in 4 of 100 people.",
        "It takes some weeks.",
        "Do not drive until you know how it acts on you.",
    ]
    assert matcher.select(said, lines, ["It often makes people dizzy."]) is None


@pytest.mark.parametrize(
    ("last", "said", "node"),
    [
        ("first-line", "on warfarin", "drug-pairs"),
        ("drug-side-effects", "my mother takes morphine too", "drug-pairs"),
        ("second-line", "pt on dabigatran", "drug-pairs"),
        ("ala", "she is on apixaban", "ala-interactions"),
        ("k2", "on warfarin", "k2-blood-thinners"),
    ],
)
def test_what_is_taken_beside_the_last_answer_is_asked_about_together_with_it(
    engine: Engine, last: str, said: str, node: str
) -> None:
    state = State(Register.PROFESSIONAL, introduced=True, history=(last,))
    assert engine.respond(state, Incoming(Kind.TEXT, said))[0].card.node == node


@pytest.mark.parametrize("asked", ["pregabalin plus levothyroxine", "duloxetine with levothyroxine"])
@pytest.mark.parametrize("register", Register)
def test_a_pair_that_is_not_held_is_said_so_and_no_other_is_put_in_its_place(
    library: Library, engine: Engine, asked: str, register: Register
) -> None:
    reply = engine.respond(State(register, introduced=True), Incoming(Kind.TEXT, asked))[0]
    assert reply.card.node == "drug-pairs"
    assert reply.lead == library.text(library.interface["pair-missing"], register).strip()
    assert not document_text(reply.card.brief).startswith("Carbamazepine")


@pytest.mark.parametrize(
    "asked", ["duloxetine with warfarin", "amitriptyline and tramadol", "gabapentin plus morphine"]
)
def test_of_a_pair_that_is_held_nothing_else_is_said(engine: Engine, asked: str) -> None:
    reply = engine.respond(State(Register.PROFESSIONAL, introduced=True), Incoming(Kind.TEXT, asked))[0]
    assert (reply.card.node, reply.lead) == ("drug-pairs", "")


@pytest.mark.parametrize("said", ["should she stop it then", "quit?", "discontinue it?", "why", "and apixaban?"])
@pytest.mark.parametrize("register", Register)
def test_a_warning_is_never_cut_from_what_is_said_again(engine: Engine, said: str, register: Register) -> None:
    state = State(register, introduced=True, history=("k2-blood-thinners",))
    reply = engine.respond(state, Incoming(Kind.TEXT, said))[0]
    assert reply.card.node == "k2-blood-thinners"
    assert "do not stop" in document_text(reply.card.brief).casefold()


@pytest.mark.parametrize("said", ["and then?", "so?", "which", "and"])
def test_grammar_alone_after_an_answer_opens_the_rest_of_it(engine: Engine, said: str) -> None:
    state = State(Register.LAYPERSON, introduced=True, history=("first-line",))
    reply = engine.respond(state, Incoming(Kind.TEXT, said))[0]
    assert (reply.card.node, reply.view) == ("first-line", View.DETAIL)


@pytest.mark.parametrize("asked", ["pregabalin maximum dose", "what dose of gabapentin", "duloxetine starting dose"])
def test_a_dose_that_is_held_is_said_first(engine: Engine, asked: str) -> None:
    reply = engine.respond(State(Register.PROFESSIONAL, introduced=True), Incoming(Kind.TEXT, asked))[0]
    assert document_text(reply.card.brief).startswith("Doses for this pain")


def asked_back(text: str) -> Iterator[str]:
    """Yield the runs of words of a line that are no mere grammar, as a reader asks them back."""
    plain = re.sub(r"[*\\]|\[[\d, ]+\]", "", text)
    for piece in re.split(r"[.,](?!\d)|[;:()\"?!–—\n]", plain):
        run: list[str] = []
        for word in [*piece.split(), "the"]:
            if is_grammar(word.casefold()) or word in ("will", "must", "because"):
                yield from [" ".join(run)] if 0 < len(run) < 4 else []
                run = []
            else:
                run.append(word)


@pytest.mark.parametrize("register", Register)
def test_the_words_of_an_answer_asked_back_find_the_line_they_stand_in(
    library: Library, matcher: SentenceSelector, register: Register
) -> None:
    first = denied = 0
    asked = [
        (node, phrase)
        for node, answer, *_ in {node: (node, answer) for node, answer, *_ in folded(library, register)}.values()
        for line in library.claims(answer, register)
        for phrase in asked_back(library.text(line, register))
    ][::17]
    for node, phrase in asked:
        reply = replied(library, Selecting(node, matcher), State(register, True, (node,)), f"{phrase}?")
        block = re.sub(r"[*\\]", "", document_text(reply.card.brief)).split("\n")[0]
        first += phrase.casefold() in block.casefold()
        denied += reply.lead != ""
    assert len(asked) > 150
    assert first / len(asked) > 0.85
    assert denied / len(asked) < 0.02


@pytest.mark.parametrize(
    ("node", "asked", "held"),
    [
        ("k2-blood-thinners", "and in zorbitis?", "Not understood: zorbitis."),
        ("first-line", "hair?", "Nothing is held here on: hair."),
    ],
)
def test_what_is_not_held_is_named_and_nothing_is_denied_of_a_word_that_was_not_read(
    library: Library, engine: Engine, matcher: SentenceSelector, node: str, asked: str, held: str
) -> None:
    register = Register.PROFESSIONAL
    reply = replied(library, Selecting(node, matcher), State(register, True, (node,)), asked)
    assert reply.lead.startswith(held)
    if "understood" in held:
        assert document_text(reply.card.brief) == document_text(engine.composer.card(node, register).brief)


@pytest.mark.parametrize("asked", ["which swab?", "offload?", "GTN dose?"])
def test_a_clinician_is_told_what_no_line_of_a_held_card_holds(engine: Engine, asked: str) -> None:
    state = State(Register.PROFESSIONAL, introduced=True, emergency=Emergency("urgent-foot", 0.0))
    reply = engine.respond(state, Incoming(Kind.TEXT, asked, at=1.0))[0]
    assert reply.card.node == "urgent-foot"
    assert reply.lead
