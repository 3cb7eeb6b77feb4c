"""What means nothing changes nothing: a sample of plain questions in remarks, capitals, slips and every thread."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from bot.dialog.turn import Matcher
from bot.matching.evaluation import Question, read
from bot.matching.matcher import SubjectMatcher
from tests.questions.__main__ import refused
from tests.questions.variants import invariance, wrappings

QUESTIONS = Path(__file__).parents[1] / "questions"
_EVERY = 25
"""One plain question in so many; `make evaluate` puts all of them through all changes."""


@pytest.fixture(scope="module")
def threads(matcher: SubjectMatcher) -> list[str]:
    return matcher.parts.subjects.contexts()


def plain(every: int = _EVERY) -> list[Question]:
    return [one for one in read(QUESTIONS / "plain.jsonl") if one.context is None][::every]


def test_a_plain_question_keeps_its_answer_in_every_change(matcher: Matcher) -> None:
    found = invariance(matcher, plain(), wrappings("shown"), [], "not-covered")
    assert len(found.right) >= 25
    assert found.in_every_variant >= 0.8
    assert found.flips <= 0.02


def test_a_plain_question_keeps_its_answer_in_every_thread(matcher: Matcher, threads: list[str]) -> None:
    found = invariance(matcher, plain(8), [], threads[::3], "not-covered")
    assert len(found.right) >= 90
    assert found.in_every_variant >= 0.9
    assert found.flips <= 0.04


def test_noise_is_refused_in_every_thread(matcher: Matcher, threads: list[str]) -> None:
    noise = list(islice(read(QUESTIONS / "noise.jsonl"), 0, None, 10))
    assert refused(matcher, noise, threads) >= 0.93
