"""tests/conversations/*.yaml on the engine and in the terminal; the platforms play the same files in tests/channels."""

from __future__ import annotations

import pytest

from bot.dialog.composer import Composer
from bot.dialog.engine import Engine
from bot.dialog.turn import Register
from tests.drivers.driver import play
from tests.drivers.engine import EngineStage
from tests.drivers.script import Script, plays, scripts
from tests.drivers.terminal import at_the_keyboard


def test_there_are_conversations_to_play() -> None:
    assert len(list(scripts())) >= 8


@pytest.mark.parametrize(("name", "script", "register"), plays("engine"), ids=lambda value: str(value)[:60])
async def test_on_the_engine(engine: Engine, name: str, script: Script, register: Register) -> None:
    await play(EngineStage(engine, register), script, register, Composer(engine.library))


@pytest.mark.parametrize(("name", "script", "register"), plays("terminal"), ids=lambda value: str(value)[:60])
async def test_in_the_terminal(engine: Engine, sqlite_url: str, name: str, script: Script, register: Register) -> None:
    async with at_the_keyboard(engine, sqlite_url) as stage:
        await stage.choose(register)
        await play(stage, script, register, Composer(engine.library))
