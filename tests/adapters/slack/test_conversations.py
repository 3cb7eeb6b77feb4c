"""tests/conversations/*.yaml as a clinician meets them on Slack."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.engine.compose import Composer
from bot.engine.respond import Engine
from bot.engine.turn import Tone
from tests.adapters.slack.ward import Mode, house
from tests.fakes.slack import FakeSlack
from tests.stages.script import Script, plays
from tests.stages.slack import SlackStage
from tests.stages.stage import play


@pytest.mark.parametrize(("name", "script", "tone"), plays("slack"), ids=lambda value: str(value)[:60])
async def test_on_slack(
    fake: FakeSlack, engine: Engine, mode: Mode, tmp_path: Path, name: str, script: Script, tone: Tone
) -> None:
    async with house(fake, engine, mode, tmp_path) as ward:
        stage = SlackStage(ward)
        await stage.choose(tone)
        await play(stage, script, tone, Composer(engine.library))
