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
    announced = shown.index(engine.sentence("export-exact", Register.PROFESSIONAL))
    told, _ = json.JSONDecoder().raw_decode(shown, shown.index("{", announced))
    assert told == NOTHING


def test_forgetting_says_that_there_was_nothing(engine: Engine) -> None:
    shown = printed(engine, "/forget", "1")
    assert engine.sentence("forget-ask", Register.PROFESSIONAL) in shown
    assert engine.sentence("forgotten", Register.PROFESSIONAL, **NONE_DELETED) in shown


def test_the_full_disclaimer_is_offered_and_never_poured_out(engine: Engine) -> None:
    shown = printed(engine, "/start", "/overview", "/k2")
    assert FULL not in shown
    assert engine.label("disclaimer", Register.PROFESSIONAL) in shown


def test_more_is_the_first_number_where_something_is_folded(engine: Engine) -> None:
    brief = printed(engine, "/ala-safety")
    assert f"1 {engine.sentence('more-button', Register.PROFESSIONAL)}" in brief
    assert engine.sentence("notes-heading", Register.PROFESSIONAL) not in brief
    more = printed(engine, "/ala-safety", "1").removeprefix(brief)
    assert engine.sentence("notes-heading", Register.PROFESSIONAL) in more
    assert engine.sentence("sources-heading", Register.PROFESSIONAL) in more


def test_a_number_presses_a_button_and_an_empty_line_helps(engine: Engine) -> None:
    shown = printed(engine, "/start", "1", "")
    assert engine.title("overview", Register.PROFESSIONAL) in shown
    assert shown.index(engine.title("help", Register.PROFESSIONAL)) > shown.index(
        engine.title("overview", Register.PROFESSIONAL)
    )
