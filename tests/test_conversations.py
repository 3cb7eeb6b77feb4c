"""tests/conversations/*.yaml on the engine alone; every channel plays the same files (tests/channels/contract.py)."""

from __future__ import annotations

import pytest

from bot.dialog.composer import Composer
from bot.dialog.engine import Engine
from bot.dialog.turn import Register
from tests.drivers.driver import play
from tests.drivers.engine import EngineDriver
from tests.drivers.script import Script, plays, scripts


def test_there_are_conversations_to_play() -> None:
    assert len(list(scripts())) >= 8


@pytest.mark.parametrize(("name", "script", "register"), plays(), ids=lambda value: str(value)[:60])
async def test_on_the_engine(engine: Engine, name: str, script: Script, register: Register) -> None:
    await play(EngineDriver(engine, register), script, register, Composer(engine.library))
