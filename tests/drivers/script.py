"""Conversations as data: tests/conversations/*.yaml, read into typed scripts. No Python is needed to write one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from bot.dialog.turn import Register

FOLDER = Path(__file__).resolve().parent.parent / "conversations"

Worded = str | dict[Register, str]
"""A text for both registers, or one for each."""


class Expect(BaseModel):
    """What the answer must be. What is left out is not looked at."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    node: str | None = None
    outcome: Literal["answer", "choices", "urgent", "not-covered", "small-talk"] | None = None
    cites: tuple[int, ...] = ()
    contains: tuple[Worded, ...] = ()
    lacks: tuple[Worded, ...] = ()
    buttons: tuple[str, ...] = ()


class Turn(BaseModel):
    """One thing a person does: says words, taps a node's button, names a command, or switches the register.

    `after` are the seconds since the turn before.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    say: str | None = None
    tap: str | None = None
    command: str | None = None
    switch: Register | None = None
    thread: str = "main"
    after: float = 1.0
    expect: Expect = Expect()


class Script(BaseModel):
    """A conversation; played in both registers unless it names one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    tone: Register | None = None
    turns: tuple[Turn, ...]

    @property
    def threads(self) -> bool:
        """Whether it goes on in several threads at once, which not every channel has."""
        return len({turn.thread for turn in self.turns}) > 1

    @property
    def commands(self) -> bool:
        """Whether a command is named in it, which not every channel shows in a conversation."""
        return any(turn.command is not None for turn in self.turns)

    @property
    def waits(self) -> bool:
        """Whether time passes in it, which only a driver with a clock of its own can play."""
        return any(turn.after != Turn.model_fields["after"].default for turn in self.turns)


def scripts() -> Iterator[tuple[str, Script]]:
    """Yield every script with its file's name."""
    for path in sorted(FOLDER.glob("*.yaml")):
        for raw in yaml.safe_load(path.read_text(encoding="utf-8")):
            yield path.stem, Script.model_validate(raw)


def plays() -> list[tuple[str, Script, Register]]:
    """Return every script, once per register."""
    return [
        (f"{stem}: {script.name} ({register})", script, register)
        for stem, script in scripts()
        for register in ((script.tone,) if script.tone else tuple(Register))
    ]
