"""The shipped conversations: tests/conversations/*.yaml, in the form that `footnote test` plays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bot.authoring import conversations
from bot.authoring.conversations import Expect, Script, ScriptTurn, Worded
from bot.dialog.turn import Register

__all__ = ["FOLDER", "Expect", "Script", "ScriptTurn", "Worded", "plays", "scripts"]

FOLDER = Path(__file__).resolve().parent.parent / "conversations"


def scripts() -> Iterator[tuple[str, Script]]:
    """Yield every script with its file's name."""
    for path, script in conversations.scripts([FOLDER]):
        yield path.stem, script


def plays() -> list[tuple[str, Script, Register]]:
    """Return every script, once per register."""
    return [
        (f"{stem}: {script.name} ({register})", script, register)
        for stem, script in scripts()
        for register in script.registers
    ]
