"""tests/conversations/*.yaml as a patient meets them on Telegram."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.engine.compose import Composer
from bot.engine.respond import Engine
from bot.engine.turn import Tone
from tests.adapters.telegram.house import house
from tests.fakes.telegram import FakeTelegram
from tests.stages.script import Script, plays
from tests.stages.stage import play
from tests.stages.telegram import TelegramStage


@pytest.mark.parametrize(("name", "script", "tone"), plays("telegram"), ids=lambda value: str(value)[:60])
async def test_on_telegram(
    telegram: FakeTelegram, engine: Engine, database: Path, name: str, script: Script, tone: Tone
) -> None:
    async with house(telegram, engine, database) as running:
        stage = TelegramStage(telegram, running)
        await stage.choose(tone)
        await play(stage, script, tone, Composer(engine.library))
    assert not telegram.refused
