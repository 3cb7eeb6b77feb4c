"""tests/conversations/*.yaml as a patient meets them on Telegram."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.dialog.composer import Composer
from bot.dialog.engine import Engine
from bot.dialog.turn import Register
from tests.channels.telegram.telegram_app import house
from tests.drivers.driver import play
from tests.drivers.script import Script, plays
from tests.drivers.telegram import TelegramStage
from tests.fakes.telegram import FakeTelegram


@pytest.mark.parametrize(("name", "script", "register"), plays("telegram"), ids=lambda value: str(value)[:60])
async def test_on_telegram(
    telegram: FakeTelegram, engine: Engine, database: Path, name: str, script: Script, register: Register
) -> None:
    async with house(telegram, engine, database) as running:
        stage = TelegramStage(telegram, running)
        await stage.choose(register)
        await play(stage, script, register, Composer(engine.library))
    assert not telegram.refused
