"""A conversation in the terminal: what is typed, what is then printed."""

from __future__ import annotations

import io
import json

from rich.console import Console

from bot.channels.terminal.chat import NONE_DELETED, NOTHING, converse
from bot.dialog.engine import Engine
from bot.dialog.turn import Register

FULL = "not a medical device"


def printed(engine: Engine, *lines: str) -> str:
    """Return what the screen shows after these lines."""
    screen = io.StringIO()
    converse(engine, Console(file=screen, width=300, highlight=False), lines, Register.PROFESSIONAL)
    return screen.getvalue()


def test_an_export_is_json_once_and_says_that_nothing_is_stored(engine: Engine) -> None:
    shown = printed(engine, "/start", "/export")
    announced = shown.index(engine.sentence("exported", Register.PROFESSIONAL))
    told, _ = json.JSONDecoder().raw_decode(shown, shown.index("{", announced))
    assert told == NOTHING


def test_forgetting_says_that_there_was_nothing(engine: Engine) -> None:
    shown = printed(engine, "/forget", "1")
    assert engine.sentence("forget-ask", Register.PROFESSIONAL) in shown
    assert engine.sentence("forgotten", Register.PROFESSIONAL, **NONE_DELETED) in shown


def test_the_full_disclaimer_is_shown_once(engine: Engine) -> None:
    assert printed(engine, "/overview", "/k2", "/ala").count(FULL) == 1


def test_a_number_presses_a_button_and_an_empty_line_helps(engine: Engine) -> None:
    shown = printed(engine, "/start", "1", "")
    assert engine.title("overview", Register.PROFESSIONAL) in shown
    assert shown.index(engine.title("help", Register.PROFESSIONAL)) > shown.index(
        engine.title("overview", Register.PROFESSIONAL)
    )
