"""`footnote insights`: counts and their file, and what becomes of a kept question."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.inbox.metrics import current_week
from bot.inbox.processor import pack
from bot.store.base import Lease, TurnResult
from bot.store.common import DAY, Identity
from bot.store.open import open_store
from bot.store.records import LEAST
from tests.inbox.support import event
from tests.store.counts import cell, counted
from tests.test_cli import ROOT, Done, footnote

SECRET = "a secret for the command line"
QUESTIONS = ("does ginger tea help with a sore throat", "does … tea help with a sore throat")


async def fill(url: str) -> None:
    """Count a week that is over, and keep two questions."""
    store, identity, now = await open_store(url), Identity(SECRET), time.time()
    await counted(store, {cell("ala"): 20, cell("k2", via="down"): LEAST - 1}, now - 21 * DAY)
    for text in QUESTIONS:
        lease = Lease(1, now, now + 15)
        accepted = await store.accept(pack(event(person=text), identity, now), lease)
        assert accepted.turn is not None
        await store.finish(accepted.turn, TurnResult(now, unmatched=identity.seal(text.encode())), lease)
    await store.end_weeks(current_week(now - 28 * DAY))  # the command itself ends what no bot has ended
    await store.close()


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A database with counts and questions, and content that may be written to."""
    for folder in ("content", "dialogs"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    url = f"sqlite:///{tmp_path}/counts.sqlite3"
    asyncio.run(fill(url))
    return {
        "FOOTNOTE_DATABASE_URL": url,
        "FOOTNOTE_SECRET": SECRET,
        "FOOTNOTE_CONTENT": f"{tmp_path}/content",
        "FOOTNOTE_DIALOGS": f"{tmp_path}/dialogs",
    }


def insights(environment: Mapping[str, str], *words: str, code: int = 0) -> Done:
    """Run `footnote insights` over this database."""
    return footnote("insights", *words, code=code, **environment)


def test_counts_are_printed_and_written_without_what_few_did(tmp_path: Path, environment: dict[str, str]) -> None:
    said = insights(environment).stdout
    assert "1 weeks" not in said
    assert "20 turns" in said
    assert "ala" in said
    assert "k2" not in said
    file = tmp_path / "counts.csv"
    assert "wrote 1 count " in insights(environment, "--csv", str(file), "--weeks", "5").stdout
    assert "k2" not in file.read_text()


def test_a_kept_question_becomes_a_phrase_or_is_dropped(tmp_path: Path, environment: dict[str, str]) -> None:
    listed = insights(environment, "questions").stdout
    assert listed.split("\n")[:2] == [f"     1  {QUESTIONS[0]}", f"     2  {QUESTIONS[1]}"]
    for wrong in (["--add", "9", "--node", "k2"], ["--add", "1"], ["--add", "1", "--node", "gone"], ["--drop", "9"]):
        assert "Traceback" not in insights(environment, "questions", *wrong, code=2).stderr
    gap = insights(environment, "questions", "--add", "2", "--node", "k2", code=2)
    assert "words are missing" in gap.stderr
    added = insights(environment, "questions", "--add", "1", "--node", "k2").stdout
    assert f'footnote ask "{QUESTIONS[0]}"' in added
    assert any(QUESTIONS[0] in file.read_text() for file in (tmp_path / "content").rglob("phrases.yaml"))
    insights(environment, "questions", "--drop", "2")
    assert "no question is kept" in insights(environment, "questions").stdout


def test_questions_of_another_secret_stay_closed(environment: dict[str, str]) -> None:
    other = {**environment, "FOOTNOTE_SECRET": "another secret altogether"}
    assert "no question is kept" in insights(other, "questions").stdout
