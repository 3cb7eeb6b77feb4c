"""The channels' own measures, on answers rendered as they would really be sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.authoring.rules.base import CheckContext
from bot.authoring.rules.channels import too_many_screens
from bot.channels import registry
from bot.channels.base import ChannelLimits
from bot.channels.slack.plugin import slack_limits
from bot.channels.telegram.plugin import telegram_limits
from bot.content.loader import load
from bot.content.models import Register
from bot.dialog.composer import Composer
from tests.content.mini import ROOT, TODAY, written

pytestmark = pytest.mark.usefixtures("remembered")

ENDLESS = """answer: ala-mechanism
label: {professional: Mechanism, layperson: How might it work?}
title: {professional: How ALA is thought to act, layperson: How might ALA work?}
claims:
  - id: main
    kind: action
    professional: "One line.{{ ' And one more, which adds nothing at all to it.' * 400 }}"
    layperson: "One line."
"""


@pytest.mark.parametrize("limits", registry.limits())
def test_every_shipped_answer_fits(limits: ChannelLimits) -> None:
    library = load(ROOT / "dialogs", ROOT / "content")
    measure = limits.answers(Composer(library))
    assert {
        (node, register): [*measure(node, register)]
        for node in library.nodes
        for register in Register
        if [*measure(node, register)]
    } == {}


def test_an_answer_that_does_not_end_breaks_both_channels_in_its_register(tmp_path: Path) -> None:
    folder = written(tmp_path, {"content/neuropathy/answers/ala-mechanism.yaml": ENDLESS})
    library = load(folder / "dialogs", folder / "content")
    said = [
        [*limits(Composer(library))("ala-mechanism", register)]
        for limits in (telegram_limits, slack_limits)
        for register in Register
    ]
    assert said == [
        ["Telegram needs 6 messages for it; it must fit one"],
        [],
        ["Slack needs 2 messages for it; it must fit one"],
        [],
    ]


def test_an_answer_that_fills_too_much_says_which_claims_do(tmp_path: Path) -> None:
    many = ENDLESS.replace("* 400", "* 20").replace(
        "  - id: main",
        '  - id: short\n    kind: editorial\n    professional: "So."\n    layperson: "So."\n  - id: main',
    )
    folder = written(
        tmp_path,
        {"content/neuropathy/answers/ala-mechanism.yaml": many.replace("claims:", "brief: [short, main]\nclaims:")},
    )
    slack = next(one for one in registry.limits() if one.screens and one.screens.channel == "Slack")
    library = load(folder / "dialogs", folder / "content")
    assert slack.screens is not None
    context = CheckContext(library, TODAY, screen_limits=((slack.screens, slack.screens.measure(Composer(library))),))
    found = [one for one in too_many_screens(context) if one.path.endswith("ala-mechanism.yaml")]
    assert {one.message.partition(": ")[0] for one in found} == {"in the professional register"}
    assert any("lines too many" in one.message for one in found), found
    assert all(
        one.suggestion.endswith(
            "claim fills below the title: `main` 25 (words in the last: 4), `short` 1 (words in the last: 1)"
        )
        for one in found
    )
