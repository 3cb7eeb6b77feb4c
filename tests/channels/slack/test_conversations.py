"""tests/conversations/*.yaml as a clinician meets them on Slack."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.dialog.composer import Composer
from bot.dialog.engine import Engine
from bot.dialog.turn import Register
from tests.channels.slack.slack_app import Mode, house
from tests.drivers.driver import play
from tests.drivers.script import Script, plays
from tests.drivers.slack import SlackStage
from tests.fakes.slack import FakeSlack


@pytest.mark.parametrize(("name", "script", "register"), plays("slack"), ids=lambda value: str(value)[:60])
async def test_on_slack(
    fake: FakeSlack, engine: Engine, mode: Mode, tmp_path: Path, name: str, script: Script, register: Register
) -> None:
    async with house(fake, engine, mode, tmp_path) as slack_app:
        stage = SlackStage(slack_app)
        await stage.choose(register)
        await play(stage, script, register, Composer(engine.library))
