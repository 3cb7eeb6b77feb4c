"""The short form of the harness: a real process, killed twice while patients ask. `make chaos` is the long one."""

from __future__ import annotations

import pytest

from bot.channels.telegram.client import Rates
from bot.dialog.engine import Engine
from tests.chaos.catching_up import killed_once
from tests.chaos.modes import SINGLE, Mode
from tests.chaos.run import Plan, run


@pytest.mark.parametrize("mode", [SINGLE[0], SINGLE[2]], ids=lambda mode: str(mode.name))
async def test_nothing_accepted_is_lost_when_the_process_is_killed(
    engine: Engine, mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.chaos.run.HASTE", 30.0)  # a forked bot is back sooner than a new interpreter
    report = await run(Plan(mode=mode, turns=16, kills=2, people=8, seed=7), engine, None)
    assert report.kept, "\n".join([report.row(), *report.problems])
    assert (report.kills, report.accepted, report.answered) == (2, 16, 16)


async def test_killed_while_catching_up_no_more_is_said_again_than_was_on_the_wire() -> None:
    """Sixty chats wait; half of them are answered when the process dies. A busy machine may let a few more hang."""
    found = await killed_once(people=60, after=31, latency=0.05)
    assert found[1] + found[2] == 60
    assert found[2] <= 2 * Rates().unwritten
