"""What a machine can do wrong to the bot: one sentence each, and nothing lost."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiohttp.test_utils import make_mocked_request
from structlog.testing import capture_logs

from bot.app import installation_secret
from bot.channels.slack.receiver import unsigned
from bot.channels.telegram.app import SECRET_HEADER, Webhook
from bot.errors import FootnoteError, SettingsError, StoreError
from bot.inbox.processor import pack
from bot.settings import Settings, load_settings
from bot.store import open as opening
from bot.store.base import Lease
from bot.store.open import open_store
from tests import fork_server
from tests.inbox.support import IDENTITY, START, event
from tests.postgres import TestServer

ROOT = Path(__file__).resolve().parent.parent
NOBODY = 65534


@contextmanager
def as_nobody(folder: Path) -> Iterator[None]:
    """Be a user to whom the folder does not belong; root may write anywhere, so root becomes another meanwhile."""
    modes = {path: path.stat().st_mode for path in (folder, *folder.iterdir())}
    for path in modes:
        path.chmod(0o555 if path.is_dir() else 0o444)
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        for path, mode in modes.items():
            path.chmod(mode)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that others may look into, as a volume's parents are."""
    for parent in (tmp_path, *tmp_path.parents[:3]):
        if parent != Path(parent.anchor) and parent.stat().st_uid == os.geteuid():
            parent.chmod(0o755)
    return tmp_path


def one_sentence(fault: FootnoteError) -> bool:
    return "\n" not in str(fault) and 20 < len(str(fault)) < 300


async def test_a_read_only_volume_is_one_sentence_and_loses_nothing(folder: Path) -> None:
    url = f"sqlite:///{folder / 'footnote.sqlite3'}"
    store = await open_store(url)
    await store.accept(pack(event("ala"), IDENTITY, START), Lease(1, START, START + 1))
    await store.close()
    with as_nobody(folder), pytest.raises(StoreError) as refused:
        await open_store(url)
    assert one_sentence(refused.value)
    store = await open_store(url)
    assert len(await store.pending()) == 1
    await store.close()


async def test_a_volume_of_another_owner_is_one_sentence(folder: Path) -> None:
    url = f"sqlite:///{folder / 'footnote.sqlite3'}"
    with as_nobody(folder):
        with pytest.raises(StoreError) as refused:
            await open_store(url)
        with pytest.raises(SettingsError, match="must belong to the user") as no_secret:
            installation_secret(Settings(footnote_database_url=url))
    assert one_sentence(refused.value)
    assert one_sentence(no_secret.value)
    assert not [name for name in os.listdir(folder) if name.endswith(".secret")]


def test_a_full_disk_is_one_sentence_and_leaves_no_half_secret(tmp_path: Path) -> None:
    given = {"FOOTNOTE_DATABASE_URL": f"sqlite:///{tmp_path / 'footnote.sqlite3'}", "TELEGRAM_BOT_TOKEN": "42:abc"}
    for more in ({}, {"FOOTNOTE_SECRET": "a secret for a full disk"}):
        done = fork_server.run("bot", "serve", environment={**os.environ, **given, **more}, full_disk=True)
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr
        assert done.stderr.strip().splitlines()[-1].startswith("footnote: ")
    assert not any(path.suffix == ".secret" for path in tmp_path.iterdir())


@pytest.mark.parametrize("content", ["", "\n", "  \n"])
def test_an_empty_secret_is_never_taken_for_one(content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "footnote.secret").write_text(content)
    with pytest.raises(SettingsError, match="is empty"):
        installation_secret(Settings(footnote_database_url=f"sqlite:///{tmp_path / 'footnote.sqlite3'}"))
    monkeypatch.setenv("FOOTNOTE_SECRET_FILE", str(tmp_path / "footnote.secret"))
    with pytest.raises(SettingsError, match="FOOTNOTE_SECRET_FILE names a file that is empty"):
        load_settings()


COLLATIONS = (
    "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' TEMPLATE template0",
    "ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0",
    "ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0",
)


@pytest.mark.parametrize("how", COLLATIONS)
async def test_a_database_with_another_collation_keeps_what_it_is_given(how: str, postgres: TestServer) -> None:
    name = f"other{COLLATIONS.index(how)}"
    await postgres._run((f"CREATE DATABASE {name} {how}",))
    store = await open_store(postgres.url(name))
    turn = (await store.accept(pack(event("İ ı ß 中 is ala safe?"), IDENTITY, START), Lease(1, START, START + 9))).turn
    assert turn is not None
    await store.quarantine(turn, "RuntimeError at render.py:31", START)
    (pending,) = await store.pending()
    assert await store.replay(pending.row, START)
    await store.close()
    await postgres._run((f"DROP DATABASE {name} WITH (FORCE)",))


async def test_a_user_who_may_not_make_tables_is_one_sentence(postgres: TestServer) -> None:
    name = f"bare{os.getpid()}"
    await postgres._run((f"CREATE DATABASE {name}", f"CREATE ROLE {name} LOGIN"))
    with pytest.raises(StoreError, match=r"permission denied") as refused:
        await open_store(postgres.url(name).replace("//postgres:@", f"//{name}:@"))
    assert one_sentence(refused.value)
    await postgres._run((f"DROP DATABASE {name} WITH (FORCE)", f"DROP ROLE {name}"))


async def test_an_older_postgres_is_one_sentence(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "OLDEST_POSTGRES", 99)
    with pytest.raises(StoreError, match=r"^PostgreSQL \d+ is too old: 99 or newer is needed$"):
        await open_store(postgres_url)


@pytest.mark.parametrize(("wrong_by", "told"), [(0.0, False), (10.0, False), (7200.0, True), (-7200.0, True)])
async def test_a_clock_that_is_wrong_is_one_sentence(
    wrong_by: float, told: bool, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + wrong_by)
    with capture_logs() as logs:
        store = await open_store(postgres_url)
    await store.close()
    assert [entry["seconds"] for entry in logs if entry["event"] == "clocks_differ"] == (
        [pytest.approx(wrong_by, abs=3)] if told else []
    )


@pytest.mark.parametrize(
    ("given", "reason"), [({}, "is missing: does the proxy"), ({SECRET_HEADER: "b"}, "is not TEL")]
)
async def test_a_webhook_whose_header_was_stripped_says_so_once(given: dict[str, str], reason: str) -> None:
    webhook = Webhook(None, "a")  # type: ignore[arg-type]  # nothing is received
    with capture_logs() as logs:
        for _ in range(3):
            asked = make_mocked_request("POST", "/telegram/webhook", headers=given)
            assert (await webhook.receive(asked)).status == 403
    assert len(logs) == 1
    assert reason in logs[0]["reason"]


SIGNED = {"X-Slack-Signature": "v0=00", "X-Slack-Request-Timestamp": "1000000"}


@pytest.mark.parametrize(
    ("without", "now", "reason"),
    [
        ("X-Slack-Signature", 1e6, "X-Slack-Signature is missing: does the proxy"),
        ("X-Slack-Request-Timestamp", 1e6, "X-Slack-Request-Timestamp is missing: does the proxy"),
        ("", 1e6 + 7200, "does this machine's clock go right"),
        ("", 1e6 - 7200, "does this machine's clock go right"),
        ("", 1e6, "not made with SLACK_SIGNING_SECRET"),
    ],
)
def test_a_request_that_is_not_slacks_says_why(without: str, now: float, reason: str) -> None:
    assert reason in unsigned({name: value for name, value in SIGNED.items() if name != without}, now)
