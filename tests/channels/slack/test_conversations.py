"""tests/conversations/*.yaml as a clinician meets them on Slack."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.dialog.composer import Composer
from bot.dialog.engine import Engine
from bot.dialog.turn import Tone
from tests.channels.slack.slack_app import Mode, house
from tests.drivers.driver import play
from tests.drivers.script import Script, plays
from tests.drivers.slack import SlackStage
from tests.fakes.slack import FakeSlack


@pytest.mark.parametrize(("name", "script", "tone"), plays("slack"), ids=lambda value: str(value)[:60])
async def test_on_slack(
    fake: FakeSlack, engine: Engine, mode: Mode, tmp_path: Path, name: str, script: Script, tone: Tone
) -> None:
    async with house(fake, engine, mode, tmp_path) as ward:
        stage = SlackStage(ward)
        await stage.choose(tone)
        await play(stage, script, tone, Composer(engine.library))
