"""The threat model names tests that exist; and the few promises that belong to no module."""

from __future__ import annotations

import hmac
import re
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

from bot.dialog.engine import Engine
from tests.channels.slack.slack_app import running_app as slack_house
from tests.channels.telegram.telegram_app import SECRET, open_door
from tests.fakes.slack import FakeSlack
from tests.fakes.telegram import FakeTelegram
from tests.inbox.test_rate_limit import workers

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| who |", "| ---"))]


def test_every_threat_names_a_test() -> None:
    assert len(ROWS) >= 15
    for row in ROWS:
        assert row.count(" | ") == 3, row
        assert re.search(r"`tests/[\w/]+\.py::\w+`", row.rsplit(" | ", 1)[1]), row


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_each_named_test_exists(file: str, name: str) -> None:
    assert re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text("utf-8"), re.MULTILINE)


class Judge:
    """Stands in for `hmac.compare_digest`, says what it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.says: bool | None = None
        self.asked: list[tuple[Any, Any]] = []
        self._real = hmac.compare_digest

    def __call__(self, one: Any, other: Any) -> bool:
        self.asked.append((one, other))
        return self._real(one, other) if self.says is None else self.says


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Judge:
    found = Judge()
    monkeypatch.setattr(hmac, "compare_digest", found)
    return found


async def posted(url: str, headers: Mapping[str, str]) -> int:
    async with aiohttp.ClientSession() as client, client.post(url, data=b"{}", headers=headers) as response:
        return response.status


@asynccontextmanager
async def telegram_hook(_engine: Engine, _folder: Path) -> AsyncIterator[tuple[str, dict[str, str]]]:
    async with FakeTelegram() as fake, open_door(fake, "webhook") as (_, platform, hook):
        await fake.until(lambda: bool(platform.health()["up"]))
        yield hook, {"X-Telegram-Bot-Api-Secret-Token": SECRET}


@asynccontextmanager
async def slack_hook(engine: Engine, folder: Path) -> AsyncIterator[tuple[str, dict[str, str]]]:
    async with FakeSlack() as fake, slack_house(fake, engine, "http", folder) as slack_app:
        yield slack_app.fake.delivery.url, slack_app.fake.delivery.signed(b"{}")


@pytest.mark.parametrize("hook", [telegram_hook, slack_hook])
async def test_secrets_are_compared_in_constant_time(hook: Any, engine: Engine, tmp_path: Path, judge: Judge) -> None:
    """The verdict of `hmac.compare_digest` alone opens the door: what is right is refused when it says no."""
    async with hook(engine, tmp_path) as (url, headers):
        judge.asked.clear()
        assert await posted(url, headers) not in (401, 403)
        assert judge.asked
        judge.says = False
        assert await posted(url, headers) in (401, 403)
        judge.says = True
        wrong = {name: "v0=wrong" if re.search("Signature|Secret", name) else value for name, value in headers.items()}
        assert await posted(url, wrong) not in (401, 403)
        judge.says = None
        assert await posted(url, wrong) in (401, 403)


def listening() -> set[tuple[str, int]]:
    """Return the addresses at which this process listens."""
    found = psutil.Process().net_connections("inet")
    return {(one.laddr.ip, one.laddr.port) for one in found if one.status == psutil.CONN_LISTEN}


async def test_nothing_listens_beyond_loopback_unless_asked(engine: Engine, tmp_path: Path) -> None:
    before = listening()
    async with workers(tmp_path, engine, 30) as (service, _, _):
        assert listening() - before == {("127.0.0.1", service.listening.result())}


def test_no_secret_is_committed() -> None:
    """The places for secrets are kept out of git and of the image."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    assert not [name for name in listed.stdout.splitlines() if name.startswith("deploy/secrets/")]
    secret = ["deploy/secrets/x", ".env"]
    ignored = subprocess.run(["git", "check-ignore", *secret], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ignored.stdout.split() == secret
    assert "!deploy" not in (ROOT / ".dockerignore").read_text("utf-8")
