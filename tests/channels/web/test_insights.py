"""The page of counts: for this computer, or whoever has the operator's password; nothing on it is about few people."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from aiohttp import encode_basic_auth
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.web.insights import OTHERS, flow_of
from bot.channels.web.plugin import WebSettings
from bot.dialog.engine import Engine
from bot.errors import SettingsError
from bot.inbox.admin import unmatched
from bot.inbox.metrics import current_week
from bot.settings import load
from bot.store.common import DAY, Identity
from bot.store.open import open_store
from bot.store.records import LEAST
from tests.channels.web.web_app import SECRET, WebApp, browser, web_app
from tests.store.counts import cell, counted

PASSWORD = "p" * 12
PUBLIC = {"public_url": "https://ask.example.org"}


async def filled(folder: Path) -> None:
    """Count a week in which many asked one thing, and fewer than five another; it is over."""
    store, now = await open_store(f"sqlite:///{folder}/web.sqlite3"), time.time()
    await counted(store, {cell("ala"): 20, cell("k2", via="down"): LEAST - 1}, now - 21 * DAY)
    await store.end_weeks(current_week(now))
    await store.close()


async def read(app: WebApp, path: str, **headers: str) -> tuple[int, str]:
    async with browser(app, **headers) as reader, reader.session.get(path) as response:
        return response.status, await response.text()


def login(name: str, password: str) -> dict[str, str]:
    return {"Authorization": encode_basic_auth(name, password)}


async def test_the_page_and_its_file_show_what_many_did_and_never_what_few_did(tmp_path: Path, engine: Engine) -> None:
    await filled(tmp_path)
    async with web_app(tmp_path, engine) as app:
        status, page = await read(app, "/insights?weeks=57")
        assert status == 200
        assert "20 turns in 1 week" in page
        assert '<th scope="row">ala</th>' in page
        assert '<td role="cell" class="number">20</td>' in page
        assert "k2" not in page
        status, rows = await read(app, "/insights.csv")
        assert status == 200
        assert [line.split(",")[-1] for line in rows.splitlines()[1:]] == ["20"]


async def test_the_workbench_leads_there_and_back(tmp_path: Path, engine: Engine) -> None:
    await filled(tmp_path)
    async with web_app(tmp_path, engine) as app:
        assert '<a href="/insights">' in (await read(app, "/workbench"))[1]
        assert '<a href="/workbench">' in (await read(app, "/insights"))[1]
    async with web_app(tmp_path, engine, insights_password=PASSWORD, **PUBLIC) as app:
        assert "/workbench" not in (await read(app, "/insights", **login("anybody", PASSWORD)))[1]


async def test_paths_are_drawn_as_a_flow_with_their_table_and_text(tmp_path: Path, engine: Engine) -> None:
    store, now = await open_store(f"sqlite:///{tmp_path}/web.sqlite3"), time.time()
    await counted(store, {cell("ala", "overview"): 25, cell("k2", "ala"): 10}, now - 21 * DAY)
    await store.end_weeks(current_week(now))
    await store.close()
    async with web_app(tmp_path, engine) as app:
        page = (await read(app, "/insights"))[1]
    drawn = page.partition('<svg class="flow"')[2].partition("</svg>")[0]
    assert "The commonest step: overview &gt; ala, 25 times, 71 % of all" in drawn
    assert "<title>ala &gt; k2: 10</title>" in drawn.replace(" > ", " &gt; ")
    assert drawn.count("<path") == 2
    assert '<th scope="row">overview &gt; ala</th>' in page.partition('<svg class="flow"')[2]


names = st.sampled_from([f"answer-{number}" for number in range(14)])
walks = st.dictionaries(st.tuples(names, names), st.integers(5, 9999), min_size=1, max_size=60)


@given(walks)
def test_every_step_is_in_the_flow_once_and_nothing_overlaps(steps: dict[tuple[str, str], int]) -> None:
    flow = flow_of(steps)
    total = sum(steps.values())
    assert sum(one.times for one in flow.ribbons) == total
    for bars, side in ((flow.left, 0), (flow.right, 1)):
        assert sum(bar.times for bar in bars) == total
        assert len(bars) <= 9
        for bar in bars:
            if bar.name != OTHERS:
                assert bar.times == sum(times for pair, times in steps.items() if pair[side] == bar.name)
        assert all(one.y + one.height < other.y for one, other in pairwise(bars))
        assert bars[-1].y + bars[-1].height <= flow.height


async def test_what_is_running_or_was_never_counted_is_not_shown(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine) as app:
        async with browser(app) as reader:
            await reader.ask("what is alpha lipoic acid")
        assert "Nothing can be shown yet" in (await read(app, "/insights"))[1]
        assert (await read(app, "/insights?weeks=-1&x=<script>"))[0] == 200
        assert len((await read(app, "/insights.csv"))[1].splitlines()) == 1


async def test_without_a_password_it_is_for_this_computer_alone(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine) as app:
        for path in ("/insights", "/insights.csv"):
            assert (await read(app, path))[0] == 200
            assert (await read(app, path, **{"X-Forwarded-For": "203.0.113.7"}))[0] in (401, 403)
            assert (await read(app, path, Host="evil.example.com"))[0] in (401, 403)
    async with web_app(tmp_path, engine, **PUBLIC) as app:
        assert (await read(app, "/insights"))[0] == 404
        assert (await read(app, "/insights.csv"))[0] == 404


@pytest.mark.parametrize("where", [{}, PUBLIC])
async def test_with_a_password_it_is_for_whoever_has_it(tmp_path: Path, engine: Engine, where: dict[str, Any]) -> None:
    await filled(tmp_path)
    async with web_app(tmp_path, engine, insights_password=PASSWORD, **where) as app:
        for path in ("/insights", "/insights.csv"):
            for wrong in (
                {},
                login("", ""),
                login("", PASSWORD[1:]),
                login(PASSWORD, "é" * 12),
                {"Authorization": "Basic %%%"},
            ):
                status, said = await read(app, path, **wrong)
                assert status == 401
                assert "ala" not in said
            status, said = await read(app, path, **login("anybody", PASSWORD))
            assert status == 200
            assert "ala" in said


def test_a_short_password_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_INSIGHTS_PASSWORD", "short")
    with pytest.raises(SettingsError, match="WEB_INSIGHTS_PASSWORD"):
        load(WebSettings)


async def test_a_question_that_was_not_answered_is_kept_only_where_that_is_wanted(
    tmp_path: Path, engine: Engine
) -> None:
    asked = "does ginger tea help with a sore throat"
    keeping = Engine(engine.library, engine.matcher, keep_unmatched=True)
    for one, kept in ((engine, []), (keeping, [asked])):
        async with web_app(tmp_path, one) as app, browser(app) as reader:
            await reader.ask(asked)
        found = await unmatched(f"sqlite:///{tmp_path}/web.sqlite3", Identity(SECRET))
        assert [text for _, text in found] == kept
