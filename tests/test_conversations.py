"""tests/conversations/*.yaml on the engine alone; every channel plays the same files (tests/channels/contract.py)."""

from __future__ import annotations

import pytest

from bot.channels.registry import default_register
from bot.dialog.composer import Composer
from bot.dialog.engine import Engine
from bot.dialog.turn import Register
from tests import natural
from tests.drivers.driver import play
from tests.drivers.engine import EngineDriver
from tests.drivers.script import Script, plays, scripts


def test_the_transcripts_are_fresh(engine: Engine) -> None:
    pages = natural.generated(Engine(engine.library, engine.matcher, default_register=default_register))
    stale = [path.name for path, text in pages.items() if not path.exists() or path.read_text("utf-8") != text]
    assert len(pages) >= 11
    assert stale == [], "run `make docs`"


def test_in_a_transcript_a_group_is_not_told_what_was_said_to_others(engine: Engine) -> None:
    family = natural.read(natural.HUMAN / "07-the-sunday-family-group.txt")
    stage = natural.Stage(engine, family)
    heard = {said.words: stage.hear(said) for said in family.said}
    silent = [said.words for said in family.said if said.wanted.startswith("Silence")]
    assert len(silent) >= 4
    assert [words for words in silent if heard[words] is not None] == []


def test_there_are_conversations_to_play() -> None:
    assert len(list(scripts())) >= 8


@pytest.mark.parametrize(("name", "script", "register"), plays(), ids=lambda value: str(value)[:60])
async def test_on_the_engine(engine: Engine, name: str, script: Script, register: Register) -> None:
    await play(EngineDriver(engine, register), script, register, Composer(engine.library))
