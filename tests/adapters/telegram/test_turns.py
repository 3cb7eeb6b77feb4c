"""Whole turns over real HTTP in both modes: what a person does on the phone and what they then see."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.engine.respond import Engine
from tests.adapters.telegram.house import Mode, house
from tests.fakes.telegram import FakeTelegram

MODES: list[Mode] = ["polling", "webhook"]
Json = dict[str, Any]


def labels(message: Json) -> list[str]:
    return [button["text"] for row in message["reply_markup"]["inline_keyboard"] for button in row]


@pytest.mark.parametrize("mode", MODES)
async def test_walks_the_main_path_by_buttons(
    telegram: FakeTelegram, engine: Engine, database: Path, mode: Mode
) -> None:
    ann = telegram.person()
    async with house(telegram, engine, database, mode):
        ann.says("/start")
        message = await telegram.next_message(ann)
        for node in ("ala", "k2", "algorithm", "caveats"):
            ann.taps(f"v1:{node}", message)
            message = await telegram.next_message(ann)
            await telegram.next_answer(ann)
            assert engine._composer.card(node, engine_tone()).title in message["text"]
        assert not telegram.refused


def engine_tone() -> Any:
    from bot.library.tone import Tone

    return Tone.LAYPERSON
