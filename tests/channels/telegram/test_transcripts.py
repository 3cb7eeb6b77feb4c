"""The scenes of the transcripts, looked at as on a phone: labels whole, rows short, nothing urgent folded."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.dialog.engine import Engine
from bot.dialog.turn import Register
from tests.channels.telegram.transcripts import SCENES, examined, played


@pytest.mark.parametrize("title", SCENES)
async def test_a_scene_fits_a_phone(engine: Engine, tmp_path: Path, title: str) -> None:
    shown = await played(SCENES[title], engine, tmp_path)
    rows = [re.findall(r"\[!?(.+?)[→⧉]?\]", line) for line in shown.splitlines() if line.startswith("    [")]
    assert rows
    assert all(len(row) <= 2 and len(label) <= 30 for row in rows for label in row), rows
    urgent = engine.title("urgent", Register.LAYPERSON)
    for said in shown.split("\n\nBOT"):
        if f"**{urgent}**" in said.split("ANN:")[0]:
            at_once = said.split("|> ")[0]
            assert "call" in at_once.lower(), "what to do is not folded"
            assert "[" not in at_once, "nothing is cited before it"


async def test_the_doctor_finds_a_running_bot_well(engine: Engine, tmp_path: Path) -> None:
    assert "FIX" not in await examined(engine, tmp_path)
