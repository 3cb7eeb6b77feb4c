"""The short form of the harness: a real process, killed twice while patients ask. `make chaos` is the long one."""

from __future__ import annotations

from bot.dialog.engine import Engine
from tests.chaos.run import Plan, run


async def test_nothing_accepted_is_lost_when_the_process_is_killed(engine: Engine) -> None:
    report = await run(Plan(turns=16, kills=2, people=8, seed=7), engine, None)
    assert report.kept, "\n".join([report.row(), *report.problems])
    assert (report.kills, report.accepted, report.answered) == (2, 16, 16)
