"""Directions turned round and doubts left out, on purpose, in every shipped claim: each must be caught."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.authoring.rules import registers
from bot.authoring.rules.base import CheckContext
from bot.content.library import Library
from bot.content.models import Answer, Claim, Register
from tests.content.mini import TODAY

pytestmark = pytest.mark.usefixtures("remembered")


def claims(library: Library) -> Iterator[tuple[str, str, Claim, str, str]]:
    for name, topic in library.topics.items():
        for node, answer in topic.answers.items():
            for claim in answer.claims:
                if claim.professional and claim.layperson:
                    professional = library.plain(claim, Register.PROFESSIONAL)
                    yield name, node, claim, professional, library.plain(claim, Register.LAYPERSON)


def with_layperson(library: Library, topic: str, node: str, claim: Claim, text: str) -> CheckContext:
    """Return a library in which one claim has another plain wording."""
    held, answer = library.topics[topic], library.topics[topic].answers[node]
    changed = [replace(one, layperson=text) if one is claim else one for one in answer.claims]
    made = Answer(answer=answer.id, label=answer.label, title=answer.title, claims=tuple(changed), notes=answer.notes)
    topics = {**library.topics, topic: replace(held, answers={**held.answers, node: made})}
    return CheckContext(replace(library, topics=topics, _rendered={}), TODAY)


def test_a_direction_turned_round_is_caught(library: Library) -> None:
    caught = 0
    for topic, node, claim, professional, layperson in claims(library):
        ups = registers._UP.search(professional) and registers._UP.search(layperson)
        if not ups or registers._DOWN.search(professional) or registers._DOWN.search(layperson):
            continue
        turned = registers._UP.sub("lowers", layperson)
        assert list(registers.directions(with_layperson(library, topic, node, claim, turned))), (node, claim.id)
        caught += 1
    assert caught > 1


def test_a_warning_turned_into_advice_is_caught(library: Library) -> None:
    caught = 0
    for topic, node, claim, professional, _ in claims(library):
        if not registers._AVOID.search(professional) or registers._TAKE.search(professional):
            continue
        context = with_layperson(library, topic, node, claim, "You can take it every day.")
        assert list(registers.directions(context)), (node, claim.id)
        caught += 1
    assert caught > 5


def test_a_doubt_left_out_is_caught(library: Library) -> None:
    caught = 0
    for topic, node, claim, professional, layperson in claims(library):
        if not registers._HEDGED.search(professional):
            continue
        sure = registers._UNSURE.sub("", layperson)
        while registers._UNSURE.search(sure):
            sure = registers._UNSURE.sub("", sure)
        assert list(registers.certainty(with_layperson(library, topic, node, claim, sure))), (node, claim.id)
        caught += 1
    assert caught > 20


def test_the_shipped_registers_mean_the_same(library: Library) -> None:
    context = CheckContext(library, TODAY)
    found = [*registers.directions(context), *registers.certainty(context), *registers.names(context)]
    assert [str(one) for one in found] == []
