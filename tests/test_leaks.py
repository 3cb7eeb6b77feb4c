"""The check that runs around every test can fail: it hears, it knows what is private, and it finds it."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest
import structlog

from bot.dialog.engine import Engine
from tests.channels.slack.slack_app import running_app as slack_house
from tests.channels.telegram.telegram_app import running_app as telegram_house
from tests.fakes.slack import CHANNEL, FakeSlack
from tests.fakes.telegram import FakeTelegram
from tests.leaks import LeakDetector, listening

ROOT = Path(__file__).resolve().parent.parent
QUESTION = "is alpha lipoic acid safe for my uncle Rudolf"


@pytest.mark.parametrize(
    "leak", [QUESTION, f"asked: {QUESTION}!", "telegram:100001", "U0ADA1B", "4242:STAND-IN", "-1000000001"]
)
@pytest.mark.parametrize("how", ["ours", "a library's", "a traceback"])
def test_a_leak_is_found(leak: str, how: str) -> None:
    leak_detector = LeakDetector()
    leak_detector.watch(QUESTION)
    leak_detector.watch("4242:STAND-IN")
    for id_ in (100001, "U0ADA1B", -1000000001):
        leak_detector.watch_id(id_)
    with listening(leak_detector):
        if how == "ours":
            structlog.stdlib.get_logger("bot.x").debug("heard", nested={"words": [leak]})
        elif how == "a library's":
            logging.getLogger("some.library").info("got %s", leak)
        else:
            try:
                raise ValueError(leak)
            except ValueError:
                logging.getLogger("bot.x").exception("broken")
    assert len(leak_detector.leaks()) == 1


def test_what_is_harmless_is_no_leak() -> None:
    leak_detector = LeakDetector()
    leak_detector.watch(QUESTION)
    leak_detector.watch("help")
    leak_detector.watch_id(100001)
    leak_detector.watch_id("ala")
    with listening(leak_detector):
        structlog.stdlib.get_logger("bot.x").info("help", rows=1000012, node="ala", reason="is alpha lipoic acid safe")
    assert leak_detector.lines
    assert leak_detector.leaks() == []


async def test_a_turn_on_telegram_is_heard_and_its_words_and_person_are_known(
    engine: Engine, tmp_path: Path, leak_detector: LeakDetector
) -> None:
    async with FakeTelegram() as fake, telegram_house(fake, engine, tmp_path / "f.sqlite3"):
        ann = fake.person("Ann")
        ann.says(QUESTION)
        await fake.next_message(ann)
    assert any("telegram_connected" in line for line in leak_detector.lines)
    assert {QUESTION, fake.token} <= leak_detector.texts
    assert str(ann.id) in leak_detector.ids


async def test_a_turn_on_slack_is_heard_and_its_words_and_person_are_known(
    engine: Engine, tmp_path: Path, leak_detector: LeakDetector
) -> None:
    async with FakeSlack() as fake, slack_house(fake, engine, "socket", tmp_path) as slack_app:
        await slack_app.people.mention("U0ADA", CHANNEL, QUESTION)
        await slack_app.answer()
    assert leak_detector.lines
    assert {QUESTION, fake.bot_token, fake.world.signing_secret} <= leak_detector.texts
    assert {"U0ADA", CHANNEL} <= leak_detector.ids


LEAKING = """
import logging

def test_leaks(leak_detector):
    leak_detector.watch("the words of a patient")
    logging.getLogger("bot").warning("heard: the words of a patient")
"""


def test_a_test_that_leaks_fails(tmp_path: Path) -> None:
    (tmp_path / "test_leaking.py").write_text(LEAKING)
    words = ("-p", "tests.leaks", "-p", "no:cacheprovider", "-q", "--rootdir", str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "the words of a patient' was logged" in done.stdout
