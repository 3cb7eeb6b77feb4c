"""Emergencies are counted by card, from 0 on; nothing else is counted with them."""

from __future__ import annotations

import pytest

from bot.dialog.turn import Outcome
from bot.inbox.metrics import Metrics

NAME = "footnote_emergencies_total"


def count(metrics: Metrics, card: str) -> float | None:
    return metrics.registry.get_sample_value(NAME, {"channel": "slack", "card": card})


@pytest.fixture
def metrics() -> Metrics:
    metrics = Metrics()
    metrics.begin("slack", ["urgent-chest", "urgent-stroke"])
    return metrics


def test_every_card_is_shown_at_0_from_the_start(metrics: Metrics) -> None:
    assert (count(metrics, "urgent-chest"), count(metrics, "urgent-stroke")) == (0, 0)


def test_a_card_that_is_shown_is_counted_and_no_other_answer(metrics: Metrics) -> None:
    metrics.answered("slack", "urgent-chest", Outcome.URGENT, 0.1)
    metrics.answered("slack", "urgent-chest", Outcome.URGENT, 0.1, reminds=True)
    metrics.answered("slack", "ala", Outcome.ANSWER, 0.1)
    assert (count(metrics, "urgent-chest"), count(metrics, "urgent-stroke"), count(metrics, "ala")) == (1, 0, None)
