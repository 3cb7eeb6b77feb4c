"""A question beside what somebody tells of themselves: the question is answered, wherever it stands."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from bot.dialog.turn import Match, Outcome, Register
from bot.matching import Matcher
from bot.matching.evaluation import Question, read
from bot.matching.matcher import SubjectMatcher

TOLD = (
    "my feet burn at night, i've had diabetes 20 years.",
    "I am 63 with type 2 diabetes and my toes went numb last winter.",
    "My legs tingle every evening and the doctor says it is neuropathy.",
    "my mum has burning feet and cant sleep.",
    "I get sharp pains in my feet and gabapentin makes me sleepy.",
    "my husband lost the feeling in both feet.",
    "Pt with T2DM, painful DSPN, on duloxetine.",
)
"""What people tell before or after they ask; written before the rule was."""
RIGHT = 0.8
"""The share of questions answered as they are alone: some 85 in a hundred, and learning anew moves it by two."""
EVERY = 8
"""Of the plain questions one in so many is asked with each story, which stands before it or behind it in turn."""


def asked(matcher: Matcher, text: str) -> Match:
    return matcher.match(text, None, Register.LAYPERSON)


def told(question: Question, story: str, *, first: bool) -> Question:
    """Return a question with a story before or behind it, each a sentence of its own."""
    ends = question.text if question.text[-1] in ".?!" else f"{question.text}."
    return replace(question, text=f"{story} {question.text}" if first else f"{ends} {story}")


def test_a_question_is_answered_whatever_is_told_beside_it(matcher: SubjectMatcher) -> None:
    plain = [one for one in read(Path("tests/questions/plain.jsonl")) if one.context is None]
    alone = [one for one in plain[::EVERY] if asked(matcher, one.text).node in one.expect]
    both = enumerate(product(alone, TOLD))
    asks = [told(one, story, first=(at + at // len(TOLD)) % 2 == 0) for at, (one, story) in both]
    lost = [one.text for one in asks if asked(matcher, one.text).node not in one.expect]
    assert len(lost) <= (1 - RIGHT) * len(asks), (len(lost), len(asks), lost[::20])


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("My feet burn at night. Will alpha lipoic acid help?", "ala-evidence"),
        ("my feet burn at night, will alpha lipoic acid help", "ala-evidence"),
        ("Will alpha lipoic acid help? My feet burn at night.", "ala-evidence"),
        ("I take warfarin. Is K2 safe?", "k2-blood-thinners"),
        ("Is K2 safe? I take warfarin.", "k2-blood-thinners"),
        ("My feet are numb. Is it serious?", "what-it-is"),
    ],
)
def test_what_is_told_counts_where_the_question_leans_on_it(matcher: SubjectMatcher, text: str, node: str) -> None:
    assert asked(matcher, text).node == node


def test_what_was_told_is_offered(matcher: SubjectMatcher) -> None:
    match = asked(matcher, "My feet burn at night. Will alpha lipoic acid help?")
    assert match.outcome is Outcome.ANSWER
    assert "night-pain" in match.related
