"""Small talk, the bot's own questions, several questions at once: what is answered beside a medical answer."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product

import pytest

from bot.channels.layout import document_text
from bot.content.library import Library
from bot.dialog import payloads
from bot.dialog.composer import cited
from bot.dialog.engine import Engine
from bot.dialog.turn import (
    ClaimCard,
    Effect,
    Emergency,
    Incoming,
    Kind,
    Match,
    Notice,
    Outcome,
    Register,
    Reply,
    State,
    View,
)

ALA = State(Register.LAYPERSON, introduced=True, history=("ala", "ala-safety"))


class Decided:
    """A matcher that finds the same whatever is asked."""

    def __init__(self, match: Match) -> None:
        self._match = match

    def match(self, text: str, context: str | None, register: Register) -> Match:
        return self._match


def said(library: Library, match: Match, state: State = ALA, *, group: bool = False) -> tuple[Reply, State]:
    """Return the answer to words that mean `match`."""
    return Engine(library, Decided(match)).respond(state, Incoming(Kind.TEXT, "words", group=group))


def talk(kind: str) -> Match:
    return Match(Outcome.SMALL_TALK, kind)


@pytest.mark.parametrize("register", Register)
def test_every_kind_of_small_talk_is_a_few_words_without_small_print(library: Library, register: Register) -> None:
    for kind, authored in library.small_talk.items():
        reply, state = said(library, talk(kind), State(register, introduced=True), group=kind == "quiet")
        assert reply.card.outcome is Outcome.SMALL_TALK, kind
        assert isinstance(reply.card, Notice)
        assert document_text(reply.card.brief) == library.text(authored.says, register).strip()
        assert [payloads.payload(node) for node in authored.next] == [b.payload for b in reply.card.buttons]
        assert state.history == ()


def test_where_a_person_would_say_nothing_the_bot_says_nothing(library: Library) -> None:
    for kind, authored in library.small_talk.items():
        in_group, state = said(library, talk(kind), State(introduced=True), group=True)
        assert in_group.silent == (authored.group == "silent"), kind
        assert not said(library, talk(kind), State(introduced=True))[0].silent
        assert state.introduced


@pytest.mark.parametrize(
    ("kind", "node", "view", "lead"),
    [
        ("shorter", "ala-safety", View.SHORT, "shorter-lead"),
        ("longer", "ala-safety", View.DETAIL, "longer-lead"),
        ("again", "ala-safety", View.BRIEF, "again-lead"),
        ("before", "ala", View.BRIEF, "before-lead"),
        ("not-understood", "ala-safety", View.SHORT, "not-understood-lead"),
    ],
)
def test_shorter_more_and_again_are_about_the_last_answer(
    library: Library, kind: str, node: str, view: View, lead: str
) -> None:
    reply, _ = said(library, talk(kind))
    assert (reply.card.node, reply.view) == (node, view)
    assert reply.lead == library.interface_text(lead, Register.LAYPERSON)
    nothing_yet, _ = said(library, talk(kind), State(introduced=True))
    assert nothing_yet.card.outcome is Outcome.SMALL_TALK


def test_who_does_not_understand_the_professional_wording_gets_the_plain_one_this_once(library: Library) -> None:
    reply, state = said(library, talk("not-understood"), replace(ALA, register=Register.PROFESSIONAL))
    assert (reply.card.register, reply.view) == (Register.LAYPERSON, View.BRIEF)
    assert state.register is Register.PROFESSIONAL


def test_yes_and_no_answer_the_bots_own_question(library: Library) -> None:
    unsure = Match(Outcome.CHOICES, library.otherwise, choices=("k2",))
    _, state = said(library, unsure)
    assert said(library, talk("yes"), state)[0].card.node == "k2"
    assert said(library, talk("no"), state)[0].card.outcome is Outcome.NOT_COVERED
    _, several = said(library, replace(unsure, choices=("k2", "ala")))
    assert said(library, talk("yes"), several)[0].card.outcome is Outcome.SMALL_TALK
    assert said(library, talk("no"), several)[0].card.outcome is Outcome.NOT_COVERED
    _, later = said(library, Match(Outcome.ANSWER, "ala"), state)
    assert said(library, talk("yes"), later)[0].card.outcome is Outcome.SMALL_TALK


def test_yes_deletes_only_when_that_was_just_asked(library: Library) -> None:
    engine = Engine(library, Decided(talk("yes")))
    _, asked = engine.respond(ALA, Incoming(Kind.COMMAND, "forget"))
    assert engine.respond(asked, Incoming(Kind.TEXT, "yes"))[0].effect is Effect.FORGET
    assert engine.respond(ALA, Incoming(Kind.TEXT, "yes"))[0].effect is None


@pytest.mark.parametrize(
    "how", [Incoming(Kind.TEXT, "quiet please", group=True), Incoming(Kind.COMMAND, "stop", group=True)]
)
def test_it_is_quiet_on_request_and_can_be_asked_back(library: Library, how: Incoming) -> None:
    _, state = Engine(library, Decided(talk("quiet"))).respond(ALA, how)
    assert state.quiet
    again, state = Engine(library, Decided(talk("quiet"))).respond(state, how)
    assert document_text(again.card.brief) == library.interface_text("quiet-already", Register.LAYPERSON)
    assert state.quiet
    _, state = said(library, talk("unquiet"), state)
    assert not state.quiet


@pytest.mark.parametrize("how", [Incoming(Kind.TEXT, "quiet please"), Incoming(Kind.COMMAND, "stop")])
def test_where_two_talk_alone_stop_offers_to_delete_what_is_stored(library: Library, how: Incoming) -> None:
    reply, state = Engine(library, Decided(talk("quiet"))).respond(ALA, how)
    assert not state.quiet
    assert document_text(reply.card.brief) == library.interface_text("quiet-private", Register.LAYPERSON)
    assert [button.label for button in reply.choices] == [library.interface_text("forget-button", Register.LAYPERSON)]


def test_the_other_questions_of_a_message_come_first_among_the_buttons(library: Library) -> None:
    both = Match(Outcome.ANSWER, "ala-safety", related=("ala-dose",), also=("ala-dose", "k2", "glucose"))
    reply, _ = said(library, both)
    assert reply.card.node == "ala-safety"
    assert [button.payload for button in reply.buttons[:2]] == ["v1:ala-dose", "v1:k2"]
    assert len({button.payload for button in reply.buttons}) == len(reply.buttons)
    assert library.interface_text("also-asked", Register.LAYPERSON) in reply.remark
    alone, _ = said(library, replace(both, also=("ala-safety",), related=()))
    assert not alone.remark


def test_two_short_answers_stand_together(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.dialog.answers.ROOM", 500)
    reply, _ = said(library, Match(Outcome.ANSWER, "ala-safety", also=("ala-dose",)))
    assert reply.second is not None
    assert reply.second.node == "ala-dose"


def test_an_emergency_stays_for_an_hour_whatever_is_unsure(library: Library) -> None:
    state = replace(ALA, emergency=Emergency("urgent-chest", 1000.0))
    for match in (talk("ok"), Match(Outcome.NOT_COVERED, "not-covered"), Match(Outcome.ANSWER, library.advice)):
        engine = Engine(library, Decided(match))
        reply, after = engine.respond(state, Incoming(Kind.TEXT, "words", at=4600.0))
        assert (reply.card.node, reply.again, reply.view) == ("urgent-chest", True, View.SHORT)
        assert after.emergency == Emergency("urgent-chest", 4600.0, told=("call",))
        late, _ = engine.respond(state, Incoming(Kind.TEXT, "words", at=4601.0))
        assert late.card.node != "urgent-chest"


def test_a_reminder_is_a_part_of_the_card_with_its_small_print_and_leads_to_the_whole(library: Library) -> None:
    state = replace(ALA, emergency=Emergency("urgent-low-sugar", 0.0))
    reply, _ = said(library, talk("ok"), state)
    whole = Engine(library, Decided(talk("ok"))).composer.card("urgent-low-sugar", Register.LAYPERSON)
    assert isinstance(reply.card, ClaimCard)
    assert isinstance(whole, ClaimCard)
    assert (reply.card.review, reply.card.disclaimer) == (whole.review, whole.disclaimer)
    assert document_text(reply.card.brief) in document_text(whole.brief)
    assert set(reply.card.sources) < set(whole.sources) or reply.card.sources == whole.sources
    assert reply.card.title.startswith("Low blood sugar")
    assert "v1:urgent-low-sugar" in {button.payload for button in reply.buttons}


def test_a_sign_named_once_more_is_met_with_a_reminder_but_not_before_others_nor_in_an_edit(library: Library) -> None:
    state = replace(ALA, emergency=Emergency("urgent-chest", 0.0))
    engine = Engine(library, Decided(Match(Outcome.URGENT, "urgent-chest")))
    whole = engine.composer.card("urgent-chest", Register.LAYPERSON)
    assert engine.respond(state, Incoming(Kind.TEXT, "chest"))[0].card != whole
    for incoming in (Incoming(Kind.TEXT, "chest", group=True), Incoming(Kind.TEXT, "chest", edited=True)):
        assert engine.respond(state, incoming)[0].card == whole
    assert engine.respond(state, Incoming(Kind.TEXT, "chest", at=4000.0))[0].card == whole
    other = replace(state, emergency=Emergency("urgent-foot", 0.0))
    assert engine.respond(other, Incoming(Kind.TEXT, "chest"))[0].card == whole


def test_a_cry_for_help_names_no_other_sign(library: Library) -> None:
    engine = Engine(library, Decided(Match(Outcome.URGENT, library.urgent)))
    assert engine.respond(ALA, Incoming(Kind.TEXT, "call 999"))[0].card.node == library.urgent
    reply, after = engine.respond(replace(ALA, emergency=Emergency("urgent-foot", 0.0)), Incoming(Kind.TEXT, "help"))
    assert reply.card.node == "urgent-foot"
    assert after.emergency == Emergency("urgent-foot", 0.0, told=("call",))


def test_an_emergency_ends_when_it_is_over_or_another_question_is_sure(library: Library) -> None:
    state = replace(ALA, emergency=Emergency("urgent-foot", 0.0))
    over, after = said(library, talk("over"), state)
    assert (over.card.outcome, after.emergency) == (Outcome.SMALL_TALK, None)
    assert after.ended == state.emergency
    other, after = said(library, Match(Outcome.ANSWER, "k2"), state)
    assert (other.card.node, after.emergency) == ("k2", None)
    assert other.lead.startswith("Foot sore or infection: this comes first")


def test_after_the_crisis_card_the_bot_says_its_own_words_and_stays(library: Library) -> None:
    state = replace(ALA, emergency=Emergency("urgent-crisis", 0.0))
    reply, _ = said(library, talk("thanks"), state)
    assert isinstance(reply.card, Notice)
    assert document_text(reply.card.brief) == library.interface_text("crisis-ok", Register.LAYPERSON)
    other, after = said(library, Match(Outcome.ANSWER, "k2"), state)
    assert other.lead == library.interface_text("crisis-first", Register.LAYPERSON)
    assert after.emergency == Emergency("urgent-crisis", 0.0, left=True)


@pytest.mark.parametrize("words", ["reference?", "Refs please", "where does that come from?", "sources for that"])
def test_whoever_asks_for_the_reference_gets_those_of_the_answer_shown(library: Library, words: str) -> None:
    engine = Engine(library, Decided(Match(Outcome.NOT_COVERED, library.otherwise)))
    for node in ("ala-safety", "first-line"):
        state = State(Register.PROFESSIONAL, introduced=True, history=(node,))
        reply, after = engine.respond(state, Incoming(Kind.TEXT, words))
        topic = library.topic_of(node)
        numbers = sorted(
            {topic.sources[one].number for one in cited(library.answer(node), topic, Register.PROFESSIONAL)}
        )
        text = document_text(reply.card.brief)
        assert [int(found) for found in re.findall(r"\[(\d+)\]", text)] == numbers
        number = engine.respond(after, Incoming(Kind.TEXT, str(numbers[-1])))[0]
        assert number.card.title.startswith(f"[{numbers[-1]}]"), "a number under the list is that source"


def test_without_an_answer_the_reference_is_the_list(library: Library) -> None:
    engine = Engine(library, Decided(Match(Outcome.NOT_COVERED, library.otherwise)))
    reply, _ = engine.respond(State(Register.PROFESSIONAL, introduced=True), Incoming(Kind.TEXT, "references"))
    assert "page 1" in reply.card.title


SAYS = ("what does {} say?", "and what did the {} find", "according to {}?", "what is said in the {}?", "{}?", "{}")


def test_every_source_that_has_a_name_and_a_year_is_found_by_them_where_no_answer_is_sure(library: Library) -> None:
    unsure = Engine(library, Decided(Match(Outcome.NOT_COVERED, library.otherwise)))
    named = [one.short for topic in library.topics.values() for one in topic.sources.values() if one.short]
    dated = [name for name in named if re.fullmatch(r"[A-Z][^,]* \S*\d+(, \d{4})?", name)]
    assert len(dated) > 40
    for form, whole in product(SAYS, dated):
        for name in {whole, whole.partition(",")[0], whole.lower()}:
            reply, _ = unsure.respond(State(introduced=True), Incoming(Kind.TEXT, form.format(name)))
            assert reply.card.node == library.role("references"), form.format(name)


def test_the_record_of_a_source_leads_to_the_answers_that_rest_on_it(library: Library) -> None:
    unsure = Engine(library, Decided(Match(Outcome.NOT_COVERED, library.otherwise)))
    for topic in library.topics.values():
        for id_, source in topic.sources.items():
            asked = State(introduced=True, history=(next(iter(topic.answers)),))
            reply, _ = unsure.respond(asked, Incoming(Kind.TEXT, f"source {source.number}"))
            tapped = [payloads.parse(button.payload) for button in reply.choices if button.role == "follow-up"]
            nodes = [tap.node for tap in tapped if tap]
            assert len(nodes) <= 2
            for node in nodes:
                assert id_ in {cite for claim in topic.answers[node].claims for cite in claim.cites}


@pytest.mark.parametrize("name", ["EFNS", "my doctor", "doctors", "the BMJ", "it", "us", "2026", "ADA 2019", "a study"])
def test_what_is_no_source_here_is_not_taken_for_one(library: Library, name: str) -> None:
    unsure = Engine(library, Decided(Match(Outcome.NOT_COVERED, library.otherwise)))
    for form in SAYS:
        reply, _ = unsure.respond(State(introduced=True), Incoming(Kind.TEXT, form.format(name)))
        assert reply.card.node == library.otherwise, form


def test_a_sure_answer_is_not_replaced_by_the_record_of_a_source(library: Library) -> None:
    for form in SAYS:
        sure = Engine(library, Decided(Match(Outcome.ANSWER, "first-line")))
        reply, _ = sure.respond(State(introduced=True), Incoming(Kind.TEXT, form.format("ADA 2026")))
        assert reply.card.node == "first-line"


@pytest.mark.parametrize("words", ["10.2337/dc06-1216", "10.1001/jama.2099.1", "PMC1234567", "NCT01234567."])
def test_an_identifier_alone_is_looked_up(library: Library, words: str) -> None:
    reply, _ = said_words(library, words, State(introduced=True))
    assert reply.card.title == library.interface_text("source-none-title", reply.card.register)
    held = next(one for one in library.topics["neuropathy"].sources.values() if one.doi)
    reply, _ = said_words(library, f"{held.doi}", State(introduced=True))
    assert reply.card.title.startswith(f"[{held.number}]")


SIMPLER = [
    "explain simpler",
    "simpler please",
    "say it simpler",
    "can you explain it more simply",
    "in plain words please",
    "please put that in easy words",
    "say this in plain english",
    "explain that in simpler terms",
]


@pytest.mark.parametrize("words", SIMPLER)
def test_who_wants_it_simpler_gets_the_answer_simpler_and_no_question(library: Library, words: str) -> None:
    for register in Register:
        before = State(register, introduced=True, history=("ala", "ala-safety"))
        reply, after = said_words(library, words, before)
        assert (reply.card.node, reply.card.register) == ("ala-safety", Register.LAYPERSON)
        assert reply.view is (View.SHORT if register is Register.LAYPERSON else View.BRIEF)
        assert after.register is Register.LAYPERSON


def said_words(library: Library, words: str, state: State) -> tuple[Reply, State]:
    """Return what is said to words of which the matcher makes nothing."""
    nothing = Engine(library, Decided(Match(Outcome.NOT_COVERED, library.otherwise)))
    return nothing.respond(state, Incoming(Kind.TEXT, words))


def test_a_refusal_leaves_the_talk_where_it_was(library: Library) -> None:
    asked: list[str | None] = []

    class Heard(Decided):
        def match(self, text: str, context: str | None, register: Register) -> Match:
            asked.append(context)
            return super().match(text, context, register)

    state = State(Register.LAYPERSON, introduced=True, history=("k2",))
    refused = Engine(library, Heard(Match(Outcome.ANSWER, library.advice, beside="k2-blood-thinners")))
    reply, state = refused.respond(state, Incoming(Kind.TEXT, "he is on warfarin"))
    assert reply.card.node == "k2-blood-thinners"
    plain = Engine(library, Heard(Match(Outcome.ANSWER, library.advice)))
    _, state = plain.respond(state, Incoming(Kind.TEXT, "he has had three of them"))
    plain.respond(state, Incoming(Kind.TEXT, "and now?"))
    assert asked == ["k2", "k2-blood-thinners", "k2-blood-thinners"]


# --- what words point at ----------------------------------------------------------------------------------------------

_WORDS = ("first", "second", "third")
_FORMS = (
    "the {word} one, what is that", "{word}", "the {word} of them", "and the {word}?", "What about the {word} one?",
    "number {digit}", "no. {digit}", "{digit}.", "{digit}", "#{digit}", "option {digit} please", "the {ordinal} one",
)  # fmt: skip


@pytest.mark.parametrize("register", Register)
@pytest.mark.parametrize("form", _FORMS)
@pytest.mark.parametrize("at", range(3))
def test_an_ordinal_points_into_the_list_just_offered(library: Library, register: Register, form: str, at: int) -> None:
    offered = ("ala-safety", "k2", "first-line")
    engine = Engine(library, Decided(Match(Outcome.CHOICES, library.otherwise, choices=offered)))
    _, state = engine.respond(State(register, introduced=True), Incoming(Kind.TEXT, "something"))
    words = form.format(word=_WORDS[at], digit=at + 1, ordinal=("1st", "2nd", "3rd")[at])
    reply, after = engine.respond(state, Incoming(Kind.TEXT, words))
    assert reply.card.node == offered[at]
    assert not reply.in_place, "it is a new message, not the list changed"
    again, _ = engine.respond(after, Incoming(Kind.TEXT, words))
    assert again.card.outcome is Outcome.CHOICES, "only the list just shown"


@pytest.mark.parametrize(
    ("words", "node"), [("the last one", "first-line"), ("the latter", "first-line"), ("two", "k2")]
)
def test_the_last_is_the_last_answer_offered(library: Library, words: str, node: str) -> None:
    offered = ("ala-safety", "k2", "first-line")
    engine = Engine(library, Decided(Match(Outcome.CHOICES, library.otherwise, choices=offered)))
    _, state = engine.respond(State(introduced=True), Incoming(Kind.TEXT, "something"))
    assert engine.respond(state, Incoming(Kind.TEXT, words))[0].card.node == node


@pytest.mark.parametrize("words", ["the first time I took it", "5", "112", "what is that one", "the second line drugs"])
def test_what_is_no_place_in_the_list_is_a_question(library: Library, words: str) -> None:
    choices = Match(Outcome.CHOICES, library.otherwise, choices=("ala-safety", "k2", "first-line"))
    engine = Engine(library, Decided(choices))
    _, state = engine.respond(State(introduced=True), Incoming(Kind.TEXT, "something"))
    assert engine.respond(state, Incoming(Kind.TEXT, words))[0].card.outcome is Outcome.CHOICES


def test_after_an_answer_an_ordinal_is_about_what_it_says(library: Library) -> None:
    engine = Engine(library, Decided(Match(Outcome.ANSWER, "overview")))
    _, state = engine.respond(State(introduced=True), Incoming(Kind.TEXT, "something"))
    assert engine.respond(state, Incoming(Kind.TEXT, "the second one"))[0].card.node == "overview"
    assert (
        engine.respond(state, Incoming(Kind.TEXT, "the second button"))[0].card.node
        == library.nodes["overview"].next[1]
    )


def test_a_list_is_what_the_talk_leans_on_until_an_answer_is_shown(library: Library) -> None:
    asked: list[str | None] = []

    class Heard(Decided):
        def match(self, text: str, context: str | None, register: Register) -> Match:
            asked.append(context)
            return super().match(text, context, register)

    unsure = Match(
        Outcome.CHOICES, library.otherwise, choices=("b12-metformin", "b12-treatment"), about="b12-metformin"
    )
    state = State(Register.LAYPERSON, introduced=True, history=("ala", "urgent-low-sugar", "privacy"))
    engine = Engine(library, Heard(unsure))
    for words in ("it eats B12?", "how would I notice"):
        _, state = engine.respond(state, Incoming(Kind.TEXT, words))
    _, state = Engine(library, Heard(Match(Outcome.ANSWER, "k2"))).respond(state, Incoming(Kind.TEXT, "and k2"))
    engine.respond(state, Incoming(Kind.TEXT, "does it help"))
    assert asked == ["ala", "b12-metformin", "b12-metformin", "k2"]
