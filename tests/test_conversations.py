"""tests/conversations/*.yaml on the engine and in the terminal; the platforms play the same files in tests/adapters."""

from __future__ import annotations

import pytest

from bot.dialog.composer import Composer
from bot.dialog.engine import Engine
from bot.dialog.turn import Register
from tests.drivers.driver import play
from tests.drivers.engine import EngineStage, TerminalStage
from tests.drivers.script import Script, plays, scripts


def test_there_are_conversations_to_play() -> None:
    assert len(list(scripts())) >= 8


@pytest.mark.parametrize(("name", "script", "register"), plays("engine"), ids=lambda value: str(value)[:60])
async def test_on_the_engine(engine: Engine, name: str, script: Script, register: Register) -> None:
    await play(EngineStage(engine, register), script, register, Composer(engine.library))


@pytest.mark.parametrize(("name", "script", "register"), plays("terminal"), ids=lambda value: str(value)[:60])
async def test_in_the_terminal(engine: Engine, name: str, script: Script, register: Register) -> None:
    await play(TerminalStage(engine, register), script, register, Composer(engine.library))
