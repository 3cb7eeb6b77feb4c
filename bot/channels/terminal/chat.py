"""A conversation in the terminal: lines in, answers out. The same engine, no messenger, nothing stored."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Console

from bot.channels.terminal.render import menu, show
from bot.dialog.engine import Engine
from bot.dialog.turn import Effect, Incoming, Kind, Register, Reply, State

NOTHING: dict[str, Any] = {
    "tone": None,
    "met": False,
    "trails": [],
    "contexts": [],
    "conversations": 0,
    "messages": 0,
    "questions": 0,
}
"""What is stored about a person here, in the words of the database."""

NONE_DELETED = {"preferences": 0, "conversations": 0, "messages": 0, "questions": 0}
"""How much of each kind there was to delete here."""


def converse(engine: Engine, console: Console, lines: Iterable[str], register: Register) -> None:
    """Answer each line until the lines end."""
    state, last = State(register=register), None
    console.print(engine.sentence("terminal-welcome", register), style="dim")
    console.print()
    for line in lines:
        reply, state = engine.respond(state, _incoming(engine, line, last))
        last = _reported(engine, reply)
        if last.toast:
            console.print(last.toast, style="dim")
        show(console, last, engine.sentence)


def typed_lines(console: Console) -> Iterator[str]:
    """Yield what a person types until they leave with Ctrl-D or Ctrl-C."""
    while True:
        try:
            yield console.input("[bold cyan]> [/]")
        except (EOFError, KeyboardInterrupt):
            console.print()
            return


def _incoming(engine: Engine, line: str, last: Reply | None) -> Incoming:
    """Read a number as a button of the last answer, `/word` as a command, anything else as a question."""
    words = line.strip()
    buttons = menu(last, engine.sentence) if last else ()
    if words.isascii() and words.isdigit() and 0 < int(words[:6]) <= len(buttons):
        return Incoming(Kind.TAP, buttons[int(words) - 1].payload)
    if words.startswith("/"):
        return Incoming(Kind.COMMAND, words[1:])
    return Incoming(Kind.TEXT, words, at=time.time()) if words else Incoming(Kind.COMMAND, "help")


def _reported(engine: Engine, reply: Reply) -> Reply:
    """Nothing is stored in a terminal conversation, and the answer to /forget and /export says so."""
    if reply.effect is Effect.FORGET:
        return engine.report(reply, NONE_DELETED)
    return engine.report(reply, NOTHING) if reply.effect is Effect.EXPORT else reply
