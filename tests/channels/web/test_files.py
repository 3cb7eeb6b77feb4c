"""Pictures and pages to take along on the page: what stands in an answer, and what its addresses serve."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from bot.dialog.engine import Engine
from bot.pictures.shelf import Shelf
from tests.channels.web.web_app import browser, web_app


async def test_an_answer_holds_its_picture_with_all_it_says_and_the_address_serves_it(
    tmp_path: Path, engine: Engine, shelf: Shelf
) -> None:
    async with web_app(tmp_path, engine, shelf=shelf) as app, browser(app) as reader:
        page = await reader.tap("v1:feet-daily")
        found = re.search(r'<img src="(/picture/[^"]+)" alt="([^"]+)"', page)
        assert found is not None
        assert "Both feet should be equally warm." in html.unescape(found[2])
        answer = await reader.session.get(found[1])
        assert answer.status == 200
        assert answer.content_type == "image/svg+xml"
        assert "immutable" in answer.headers["Cache-Control"]
        assert (await answer.read()).startswith(b"<svg")


async def test_an_emergency_and_a_page_without_pictures_show_none(tmp_path: Path, engine: Engine, shelf: Shelf) -> None:
    async with web_app(tmp_path, engine, shelf=shelf) as app, browser(app) as reader:
        assert "<img" not in await reader.tap("v1:urgent-foot")
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        page = await reader.tap("v1:feet-daily")
        assert "<img" not in page
        assert "/handout" not in page


@pytest.mark.parametrize("wish", ["/picture", "show me a picture"])
async def test_pictures_are_reached_by_words_and_command(
    tmp_path: Path, engine: Engine, shelf: Shelf, wish: str
) -> None:
    async with web_app(tmp_path, engine, shelf=shelf) as app, browser(app) as reader:
        await reader.tap("v1:feet-daily")
        assert (await reader.ask(wish)).count("<img") == 2


async def test_a_button_names_each_picture_there_is(tmp_path: Path, engine: Engine, shelf: Shelf) -> None:
    async with web_app(tmp_path, engine, shelf=shelf) as app, browser(app) as reader:
        offered = await reader.ask("/pictures")
        assert "<img" not in offered
        payloads = sorted(set(re.findall(r'value="(v1:[a-z-]+!picture)"', offered)))
        assert len(payloads) == 5
        for shown, payload in enumerate(payloads, 1):
            assert (await reader.tap(payload)).count("<img") == shown


@pytest.mark.parametrize("wish", ["/handout", "print this", "something for my doctor"])
async def test_a_page_is_linked_under_its_announcement_and_holds_what_was_asked(
    tmp_path: Path, engine: Engine, shelf: Shelf, wish: str
) -> None:
    async with web_app(tmp_path, engine, shelf=shelf) as app, browser(app) as reader:
        await reader.tap("v1:k2-blood-thinners")
        page = await reader.ask(wish)
        [address] = set(re.findall(r'class="button" href="(/handout[^"]+)"', page))
        assert "of=k2-blood-thinners" in html.unescape(address)
        answer = await reader.session.get(html.unescape(address))
        assert answer.status == 200
        assert answer.content_type == "application/pdf"
        assert "footnote-for-my-doctor.pdf" in answer.headers["Content-Disposition"]
        assert (await answer.read()).startswith(b"%PDF")


async def test_each_answer_links_its_own_page(tmp_path: Path, engine: Engine, shelf: Shelf) -> None:
    async with web_app(tmp_path, engine, shelf=shelf) as app, browser(app) as reader:
        assert 'href="/handout?r=layperson&amp;of=ala"' in await reader.tap("v1:ala")


@pytest.mark.parametrize(
    "query",
    [
        "?of=nothing-of-the-kind",
        "?r=somebody",
        "?of=urgent,k2&topic=b12&r=x",
        "?topic=none",
        "?of=b12-testing,ala,b12-testing",
    ],
)
async def test_what_no_page_of_ours_would_ask_for_is_not_found(
    tmp_path: Path, engine: Engine, shelf: Shelf, query: str
) -> None:
    async with web_app(tmp_path, engine, shelf=shelf) as app, browser(app) as reader:
        assert (await reader.session.get(f"/handout{query}")).status == 404
        assert (await reader.session.get("/picture/../secret.svg")).status == 404
        assert (await reader.session.get("/picture/none.svg")).status == 404
