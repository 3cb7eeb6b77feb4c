"""The measures of the code, held: how many rooms, how long, who imports whom, and the way of a turn through them."""

from __future__ import annotations

import re
import statistics

import pytest

from bot.dialog.engine import Engine
from tests import structure
from tests.channels.contract import QUESTION, StandIn, running
from tests.channels.slack.test_contract import SlackStandIn
from tests.channels.telegram.test_contract import TelegramStandIn
from tests.fakes.slack import FakeSlack
from tests.fakes.telegram import FakeTelegram

LAYERS = ("content", "dialog", "matching", "store", "inbox", "channels", "authoring", "cli")
"""A module may import its own layer and those to its left."""

MAX_MODULES, MAX_SINGLE, MAX_HEADS = 125, 25, 0.10
"""What was to be reached, and is."""

MEDIAN = range(150, 350)
"""Fewer files to follow was chosen over short ones: docs/decisions/0010-fewer-longer-modules.md."""

TELEGRAM_WORDS, TELEGRAM_TAP, SLACK_MENTION = 32, 18, 35
"""Files that a turn enters; 32, 22 and 36 were to be reached, and are."""


def test_there_are_few_rooms_of_a_good_size() -> None:
    assert len(structure.modules()) <= MAX_MODULES
    assert int(statistics.median(count for count in structure.lines().values() if count > 5)) in MEDIAN


def test_few_modules_serve_one_other_alone() -> None:
    single = {name: users[0] for name, users in structure.importers().items() if len(users) == 1}
    assert len(single) <= MAX_SINGLE, single


def test_a_module_is_more_than_its_head() -> None:
    assert structure.heads() <= MAX_HEADS


def test_nothing_is_imported_upward_or_in_a_circle() -> None:
    upward = [
        f"{name} imports {used}"
        for name, used_here in structure.imports().items()
        for used in used_here
        if (layer := name.split(".")[1:2]) and (other := used.split(".")[1:2])
        if layer[0] in LAYERS and other[0] in LAYERS and LAYERS.index(other[0]) > LAYERS.index(layer[0])
    ]
    assert not upward
    assert not structure.circles()


def test_no_class_has_the_name_of_another() -> None:
    twice = {name: homes for name, homes in structure.classes().items() if len(homes) > 1}
    assert not twice


def test_no_page_names_a_module_that_is_not_there() -> None:
    pages = {*structure.ROOT.glob("*.md"), *structure.ROOT.glob("docs/**/*.md")} - {structure.ROOT / "CHANGELOG.md"}
    missing = {page.name: names for page in pages if (names := structure.modules_missing(page))}
    assert not missing


def test_no_platform_is_named_where_none_is_known() -> None:
    apart = ("content", "dialog", "matching", "authoring", "pictures")
    named = [
        f"{name}: {word}"
        for name, path in structure.modules().items()
        if name.split(".")[1:2] and name.split(".")[1] in apart
        for word in re.findall(r"telegram|slack\b", path.read_text("utf-8"), re.IGNORECASE)
    ]
    assert not named


# --- the way of a turn ------------------------------------------------------------------------------------------------


async def entered(stand_in: StandIn, engine: Engine, database_url: str, *, tap: bool = False) -> list[str]:
    """Return the files that every turn enters once the bot is warm: a typed question, or a press of a button.

    What only one of several turns entered was something else, at the same time: a worker that looks for what is due.
    """
    trace = structure.Trace()
    ways = []
    with trace.installed():
        async with running(stand_in, engine, database_url) as bot:
            for _ in range(3):
                await stand_in.say(QUESTION, "main")
                await stand_in.tap("ala-evidence", "main")
            for _ in range(3):
                if tap:
                    await stand_in.say(QUESTION, "main")
                await bot.idle()
                with trace.recording():
                    await (stand_in.tap("ala-evidence", "main") if tap else stand_in.say(QUESTION, "main"))
                    await bot.idle()
                ways.append(set(trace.files))
    return sorted(set.intersection(*ways))


@pytest.mark.parametrize(("tap", "most"), [(False, TELEGRAM_WORDS), (True, TELEGRAM_TAP)], ids=["words", "tap"])
async def test_a_turn_on_telegram_enters_few_files(engine: Engine, sqlite_url: str, tap: bool, most: int) -> None:
    async with FakeTelegram() as fake:
        files = await entered(TelegramStandIn(fake, "polling"), engine, sqlite_url, tap=tap)
    assert len(files) <= most, files


async def test_a_mention_on_slack_enters_few_files(engine: Engine, sqlite_url: str) -> None:
    async with FakeSlack() as fake:
        files = await entered(SlackStandIn(fake, "http"), engine, sqlite_url)
    assert len(files) <= SLACK_MENTION, files
