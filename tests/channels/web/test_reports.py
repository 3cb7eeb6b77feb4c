"""Saying what is wrong on the page, and the editor's queue in the workbench."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.dialog.engine import Engine
from bot.dialog.turn import Register
from tests.channels.web.web_app import browser, web_app


def text(engine: Engine, key: str) -> str:
    return engine.text(key, Register.LAYPERSON)


async def test_a_report_by_the_form_is_read_and_answered_in_the_workbench(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        page = await reader.ask("what is alpha lipoic acid")
        assert '<input type="hidden" name="report" value="ala">' in page
        thanked = await reader.ask("The dose of Mrs Jane Smith is wrong.", report="ala")
        assert text(engine, "reported-title") in thanked
        assert text(engine, "reported-masked") in thanked
        queue = await (await reader.session.get("/workbench/reports")).text()
        assert "The dose of […] is wrong." in queue
        number = re.findall(r'name="number" value="(\d+)"', queue)[0]
        closed = await reader.session.post("/workbench/reports", data={"number": number, "answer": "It is right now."})
        assert "Nothing is reported." in await closed.text()
        await app.service.inbox.drain(5)
        assert "It is right now." in await reader.page()


async def test_the_queue_is_for_this_computer_and_its_own_pages(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        from_elsewhere = {"X-Forwarded-For": "203.0.113.9"}
        assert (await reader.session.get("/workbench/reports", headers=from_elsewhere)).status == 403
        other_site = {"Origin": "https://elsewhere.example"}
        form = {"number": "1", "answer": ""}
        assert (await reader.session.post("/workbench/reports", data=form, headers=other_site)).status == 403
        assert (await reader.session.post("/workbench/reports", data=form)).status == 404
        assert (await reader.session.post("/workbench/reports", data={"number": "x"})).status == 400


async def test_a_report_of_ten_thousand_characters_is_cut_and_more_is_refused(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        await reader.ask("what is alpha lipoic acid")
        assert "3000" in await reader.ask("wrong " * 1_600, report="ala")
        assert (await reader.post(text="wrong " * 1_700, report="ala")).status == 413


async def test_reports_by_words_and_command_and_the_settings_button(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        await reader.ask("what is alpha lipoic acid")
        assert text(engine, "report-title") in await reader.ask("this is wrong")
        assert text(engine, "reported-title") in await reader.ask("The heading is wrong.")
        assert text(engine, "reported-title") in await reader.ask("/report the second line is wrong")
        page = await reader.ask("/settings")
        assert page.count('value="/settings"') == 1
        assert text(engine, "settings-country-button") in page
        assert "Germany: 112" in await reader.tap("v1:privacy!set.c-DE")
        assert '<a class="call" href="tel:112">' in await reader.ask("I have crushing chest pain right now")


async def test_a_share_by_words_is_a_link(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        await reader.ask("what is alpha lipoic acid")
        page = await reader.ask("share this with my daughter")
        assert re.search(r'<a class="button" href="/a/ala\?r=layperson" data-share>', page)


@pytest.mark.parametrize("words", ["reference 6", "/source 6", "DOI of Cochrane 2024"])
async def test_one_source_can_be_copied(tmp_path: Path, engine: Engine, words: str) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        page = await reader.ask(words)
        assert "doi: 10.1002/14651858.CD012967.pub2" in page
        assert 'data-copy="pre"' in page
