"""What names nothing, after every answer: questions on what was talked about, orders that are asked, lonely remarks."""

from __future__ import annotations

from itertools import product

import pytest

from bot.dialog.turn import Match, Outcome, Register
from bot.matching import Matcher
from bot.matching.build import Data
from bot.matching.matcher import SubjectMatcher
from bot.matching.subjects import NONE
from bot.matching.text import sampled

EACH = 3
"""Of each aspect the shortest questions that name nothing."""
NO_ASPECT_OF_ONE = frozenset({"other-one", "not-diabetes", "skin", "before"})
"""Aspects that lead away from the subject."""


def asked(matcher: Matcher, text: str, after: str | None = None) -> Match:
    return matcher.match(text, after, Register.LAYPERSON)


def bare(matcher: SubjectMatcher, data: Data, aspect: str) -> list[str]:
    """Return the shortest authored questions for an aspect that name nothing, of two words or more."""
    forms = (form for line in data.matching.aspects.aspects[aspect] if "@" not in line for form in sampled(line, 2))
    read = {form: matcher.parts.reader.read(form) for form in forms}
    own = matcher.parts.index.aspects
    said = [
        form for form, one in read.items() if matcher.parts.subjects.named(one).nothing and own.get(one.key) == aspect
    ]
    return sorted((form for form in said if " " in form), key=lambda form: (len(form), form))[:EACH]


def strays(matcher: SubjectMatcher, aspect: str, form: str, context: str) -> bool:
    """Tell whether a bare question that the thread's subject has an answer to is given one about something else."""
    subjects = matcher.parts.subjects
    it = subjects.it(context)
    if it is None or subjects.row(it).get(aspect, NONE) == NONE:
        return False
    match = asked(matcher, form, context)
    own = subjects.family(it) | subjects.answers_of(it) | {context}
    return match.outcome is Outcome.ANSWER and match.node not in own | {matcher.roles.advice}


def test_a_bare_question_is_about_what_was_talked_about(matcher: SubjectMatcher, data: Data) -> None:
    aspects = [one for one in data.matching.aspects.aspects if one not in NO_ASPECT_OF_ONE]
    turns = [
        (aspect, form, context)
        for aspect in aspects
        for form, context in product(bare(matcher, data, aspect), matcher.parts.subjects.contexts())
    ]
    strayed = [turn for turn in turns if strays(matcher, *turn)]
    assert len(strayed) <= 0.02 * len(turns), strayed


@pytest.mark.parametrize(
    "form", ["is it safe", "is it dangerous?", "any risks", "and the risks?", "can it do harm", "side effects?"]
)
def test_what_may_harm_is_never_told_of_something_else(matcher: SubjectMatcher, form: str) -> None:
    """ "Is it safe?" after vitamin K2 once had the page of another supplement."""
    contexts = matcher.parts.subjects.contexts()
    assert [context for context in contexts if strays(matcher, "safety", form, context)] == []


@pytest.mark.parametrize(
    "form", ["but why", "how come", "what now", "what do I do then?", "so what do I do", "why is that?"]
)
def test_short_goings_on_stay_with_what_was_shown(matcher: SubjectMatcher, form: str) -> None:
    subjects = matcher.parts.subjects
    given = {context: asked(matcher, form, context) for context in subjects.contexts()}
    assert [context for context, match in given.items() if match.outcome is Outcome.SMALL_TALK] == []
    answered = [context for context, match in given.items() if match.outcome is Outcome.ANSWER]
    assert len(answered) >= 0.9 * len(given), set(given) - set(answered)


@pytest.mark.parametrize("form", ["stop it?", "Stop?", "please stop?", "speak again?", "is it over?"])
def test_what_is_asked_does_nothing(matcher: SubjectMatcher, data: Data, form: str) -> None:
    """After talk of a medicine "stop it?" asks whether to, and is no order to be silent."""
    contexts = [None, *matcher.parts.subjects.contexts()]
    assert [one for one in contexts if asked(matcher, form, one).node in data.exact_talk] == []


@pytest.mark.parametrize("who", ["nobody", "no one", "not one of them"])
@pytest.mark.parametrize("does", ["helps me", "listens", "explains anything to me", "comes to see me", "believes me"])
def test_who_is_alone_is_met_with_no_cheer(matcher: Matcher, who: str, does: str) -> None:
    match = asked(matcher, f"{who} {does}")
    assert match.node not in {"thanks", "ok", "yes", "no", "bye", "chat", "insult", "print", "wait"}, match


@pytest.mark.parametrize("part", ["feet", "toes", "soles"])
@pytest.mark.parametrize(
    "said", ["my {} are numb", "my {} tingle", "my {} burn", "i can hardly feel my {}", "my {} hurt"]
)
@pytest.mark.parametrize("frame", ["{}", "hello, {}", "i have type 2 and {}", "{} all the time"])
def test_a_symptom_told_without_a_question_is_answered(matcher: Matcher, part: str, said: str, frame: str) -> None:
    match = asked(matcher, frame.format(said.format(part)))
    assert match.outcome is not Outcome.NOT_COVERED, match
    assert "what-it-is" in (match.node, *match.choices) or match.outcome is Outcome.URGENT, match
