"""The shelf: nothing is drawn within a turn, nothing twice, and no disk is needed to show what was drawn."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
import structlog

from bot.dialog.engine import Engine
from bot.dialog.turn import Illustration, Leaflet, Register
from bot.pictures import shelf as module
from bot.pictures.drawing import Handouts, NotDrawn
from bot.pictures.shelf import Drawn, Shelf, keep
from tests.conftest import TODAY

PLAIN = Register.LAYPERSON


@pytest.fixture
def feet(engine: Engine) -> Illustration:
    shown = engine.composer.card("feet-daily", PLAIN).picture
    assert shown is not None
    return shown


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def settled(shelf: Shelf) -> None:
    """Wait for what is drawn beside everything else."""
    await asyncio.gather(*shelf._tasks)


async def test_a_picture_that_is_not_there_is_drawn_beside_the_turn_and_kept_by_its_digest(
    tmp_path: Path, engine: Engine, feet: Illustration
) -> None:
    shelf = Shelf(tmp_path, engine, lambda: TODAY)
    assert shelf.picture(feet, PLAIN, "png") is None
    await settled(shelf)
    drawn = shelf.picture(feet, PLAIN, "png")
    assert drawn is not None
    assert names(tmp_path) == [drawn.name]
    again = Shelf(tmp_path, engine, lambda: TODAY)
    assert again.picture(feet, PLAIN, "png") == drawn


async def test_those_who_ask_at_once_have_it_drawn_once(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[str] = []
    fitting = Handouts.fitting

    def counted(self: object, *given: object) -> object:
        built.append("page")
        return fitting(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(Handouts, "fitting", counted)
    shelf = Shelf(tmp_path, engine, lambda: TODAY)
    wish = Leaflet("neuropathy", PLAIN, ("feet-daily",))
    found = await asyncio.gather(*(shelf.page(wish) for _ in range(5)))
    assert len(set(found)) == 1
    assert built == ["page"]


async def test_a_full_disk_costs_nothing_but_the_file(tmp_path: Path, engine: Engine, feet: Illustration) -> None:
    blocked = tmp_path / "not-a-folder"
    blocked.write_text("in the way")
    shelf = Shelf(blocked, engine, lambda: TODAY)
    with structlog.testing.capture_logs() as logs:
        assert await shelf.ready(feet, PLAIN, "svg") is not None
        assert (await shelf.page(Leaflet("b12", PLAIN))).body.startswith(b"%PDF")
    assert {one["event"] for one in logs} == {"picture_not_kept"}


def test_a_write_that_fails_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    keep(tmp_path, Drawn("picture-1.png", b"png"))
    assert list(tmp_path.iterdir()) == []


def test_old_pages_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ON_DISK", 2)
    for number in range(4):
        keep(tmp_path, Drawn(f"handout-{number}.pdf", b"%PDF"))
    assert len(list(tmp_path.iterdir())) == 2


async def test_what_cannot_be_drawn_is_logged_once_and_never_raised(
    tmp_path: Path, engine: Engine, feet: Illustration, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> bytes:
        raise NotDrawn("no font")

    monkeypatch.setattr(module, "draw", refuse)
    shelf = Shelf(tmp_path, engine, lambda: TODAY)
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            assert shelf.picture(feet, PLAIN, "png") is None
            await settled(shelf)
    assert [one["event"] for one in logs] == ["not_drawn"]


async def test_all_is_ready_after_a_start(drawn: Path, engine: Engine) -> None:
    shelf = Shelf(drawn, engine, lambda: TODAY)
    for register in Register:
        for shown in engine.composer.pictures("neuropathy", register):
            assert shelf.picture(shown, register, "png")
            assert shelf.picture(shown, register, "svg")
