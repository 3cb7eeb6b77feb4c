"""The channels' own measures, on answers rendered as they would really be sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.authoring.check import Gauge
from bot.channels.limits import GAUGES, slack_gauge, telegram_gauge
from bot.content.loader import load
from bot.content.models import Tone
from tests.content.mini import ROOT, written

ENDLESS = """answer: ala-mechanism
label: {professional: Mechanism, layperson: How might it work?}
title: {professional: How ALA is thought to act, layperson: How might ALA work?}
claims:
  - id: main
    kind: action
    professional: "One line.{{ ' And one more, which adds nothing at all to it.' * 400 }}"
    layperson: "One line."
"""


@pytest.mark.parametrize("gauge", GAUGES)
def test_every_shipped_answer_fits(gauge: Gauge) -> None:
    library = load(ROOT / "dialogs", ROOT / "content")
    measure = gauge(library)
    assert {
        (node, tone): [*measure(node, tone)] for node in library.nodes for tone in Tone if [*measure(node, tone)]
    } == {}


def test_an_answer_that_does_not_end_breaks_both_channels_in_its_register(tmp_path: Path) -> None:
    folder = written(tmp_path, {"content/neuropathy/answers/ala-mechanism.yaml": ENDLESS})
    library = load(folder / "dialogs", folder / "content")
    said = [[*gauge(library)("ala-mechanism", tone)] for gauge in (telegram_gauge, slack_gauge) for tone in Tone]
    assert said == [
        ["Telegram needs 5 messages for it; it must fit one"],
        [],
        ["Slack needs 3 messages for it; it must fit 2"],
        [],
    ]
