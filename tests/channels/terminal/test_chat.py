"""A conversation in the terminal: what is typed, what is then printed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from bot.dialog.engine import Engine
from bot.dialog.turn import Register
from tests.drivers.terminal import TerminalDriver, at_the_keyboard

FULL = "not a medical device"
REGISTER = Register.LAYPERSON


@pytest.fixture
async def person(engine: Engine, sqlite_url: str) -> AsyncIterator[TerminalDriver]:
    """Somebody at the keyboard."""
    async with at_the_keyboard(engine, sqlite_url, width=300) as driver:
        yield driver


async def test_an_export_prints_what_is_stored_once_as_json(person: TerminalDriver) -> None:
    await person.type("/k2")
    shown = (await person.type("/export")).text
    stored, end = json.JSONDecoder().raw_decode(shown, shown.index("{"))
    assert stored["trails"] == [["k2"]]
    assert "{" not in shown[end:]


async def test_forgetting_deletes_and_says_how_much(engine: Engine, person: TerminalDriver) -> None:
    await person.type("/k2")
    assert engine.text("forget-ask", REGISTER) in (await person.type("/forget")).text
    told = (await person.type("1")).text
    counts = {"preferences": 1, "conversations": 1, "messages": 2, "questions": 0, "reports": 0}
    assert engine.text("forgotten", REGISTER, **counts) in told


async def test_the_full_disclaimer_is_offered_and_never_poured_out(engine: Engine, person: TerminalDriver) -> None:
    shown = "".join([(await person.type(line)).text for line in ("/start", "/overview", "/k2")])
    assert FULL not in shown
    assert engine.label("disclaimer", REGISTER) in shown


async def test_more_is_the_first_number_where_something_is_folded(engine: Engine, person: TerminalDriver) -> None:
    brief = (await person.type("/ala-safety")).text
    assert f"1 {engine.text('more-button', REGISTER)}" in brief
    assert engine.text("notes-heading", REGISTER) not in brief
    more = (await person.type("1")).text
    assert engine.text("notes-heading", REGISTER) in more
    assert engine.text("sources-heading", REGISTER) in more


async def test_a_number_presses_a_button_and_an_empty_line_helps(engine: Engine, person: TerminalDriver) -> None:
    await person.type("/start")
    assert engine.title("overview", REGISTER) in (await person.type("1")).text
    assert engine.title("help", REGISTER) in (await person.type("")).text


async def test_a_repeated_event_is_answered_once(person: TerminalDriver) -> None:
    terminal = person._terminal
    await terminal.receive("/k2", key="one line")
    before = person._screen.tell()
    await terminal.receive("/k2", key="one line")
    assert person._screen.tell() == before
