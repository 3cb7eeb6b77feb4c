"""The stream of answers: what is sent, what is sent again after a cut, and what a restart may not lose."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.channels.web import delivery as streaming
from bot.channels.web.delivery import KEPT, OPEN, STREAMS, Conversations
from bot.dialog.engine import Engine
from tests.channels.web.web_app import browser, ids, web_app


async def test_an_answer_comes_by_the_stream_to_every_tab(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        await reader.ask("hello")
        async with reader.events() as one, reader.events() as two:
            assert [(await anext(tab))["id"] for tab in (one, two)] == ["a-q1", "a-q1"]
            assert await reader.tell(tap="v1:ala", id="next") == 202
            for tab in (one, two):
                event = await anext(tab)
                assert (event["id"], event["question"], event["moved"]) == ("a-next", "next", False)
                assert "Not yet checked" in event["html"]


async def test_a_cut_stream_resumes_after_the_last_event_that_was_seen(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        await reader.ask("hello")
        async with reader.events() as events:
            last = (await anext(events))["event"]
        for node in ("ala", "k2"):
            await reader.tap(f"v1:{node}", id=node)
        async with reader.events(last) as events:
            seen = [await anext(events), await anext(events)]
            assert [event["id"] for event in seen] == ["a-ala", "a-k2"]
            await reader.tell(tap="v1:glucose", id="third")
            assert (await anext(events))["id"] == "a-third", "nothing that was seen comes twice"


async def test_what_changed_in_place_during_a_cut_comes_once_as_it_now_stands(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        await reader.tap("v1:ala")
        async with reader.events() as events:
            last = (await anext(events))["event"]
        await reader.tap("v1:ala:professional", under="a-q1")
        await reader.tap("v1:ala:layperson", under="a-q1")
        await reader.tap("v1:k2", id="end")
        async with reader.events(last) as events:
            first, second = await anext(events), await anext(events)
        assert (first["id"], first["moved"], second["id"]) == ("a-q1", True, "a-end")
        assert "not medical advice" in first["html"]


async def test_after_a_restart_a_question_whose_answer_was_lost_is_answered_once_more(
    tmp_path: Path, engine: Engine
) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        await reader.tap("v1:ala", id="lost")
        jar = reader.session.cookie_jar
        cookie = {one.key: one.value for one in jar}
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        reader.session.cookie_jar.update_cookies(cookie)
        assert await reader.tell(tap="v1:ala", id="lost") == 202, "known: nothing happens"
        assert await reader.tell(tap="v1:ala", id="lost", again="1") == 202
        async with reader.events("other-17") as events:
            assert (await anext(events))["id"] == "a-lost", "under its own name: a page that had it shows it once"
        assert ids(await reader.page()) == ["a-lost"]


async def test_asking_again_while_the_answer_is_at_hand_does_nothing(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        await reader.tap("v1:ala", id="here")
        before = app.service.inbox.metrics.page()
        await reader.tell(tap="v1:ala", id="here", again="1")
        assert app.service.inbox.metrics.page() == before


async def test_stopping_ends_the_streams(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        await reader.ask("hello")
        async with reader.events() as events:
            await anext(events)
            await app.web.stop()
            with pytest.raises(StopAsyncIteration):
                await asyncio.wait_for(anext(events), 5)
        assert (await reader.session.get("/events")).status == 503


async def test_a_quiet_stream_beats(tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "BEAT_SECONDS", 0.05)
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        await reader.ask("hello")
        async with reader.session.get("/events") as response:
            async with asyncio.timeout(5):
                async for line in response.content:
                    if line == b": \n":
                        return
    pytest.fail("no beat came")


async def test_too_many_tabs_end_the_first_one(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        await reader.ask("hello")
        tabs = [reader.events() for _ in range(STREAMS + 1)]
        opened: list[Any] = [await tab.__aenter__() for tab in tabs]
        await anext(opened[0])
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(anext(opened[0]), 5)
        for tab in tabs:
            await tab.__aexit__(None, None, None)


def test_only_so_much_is_remembered() -> None:
    found = Conversations()
    for number in range(OPEN + 5):
        found.get(str(number), "")
    assert len(found) == OPEN
    assert found.find("0", "") is None


async def test_a_long_conversation_shows_its_latest_answers(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        for number in range(KEPT + 3):
            await reader.tell(tap="v1:ala", id=f"n{number}")
        await reader.tap("v1:k2", id="end")
        shown = ids(await reader.page())
        assert len(shown) == KEPT
        assert shown[-1] == "a-end"
