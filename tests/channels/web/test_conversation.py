"""A conversation on the page: asked by form, answered in order, once, in the register that was chosen."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.dialog.engine import Engine
from tests.channels.web.web_app import answers, browser, ids, web_app


async def test_a_visit_that_asks_nothing_sets_no_cookie_and_stores_nothing(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        response = await reader.session.get("/")
        assert response.status == 200
        assert "Set-Cookie" not in response.headers
        assert "Hello, this is Footnote" in await response.text()
        assert len(app.web._conversations) == 0


async def test_a_form_without_script_shows_the_answer_on_the_next_page(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        response = await reader.post(text="how much ALA was tested?")
        assert response.history[0].status == 303, "a reload of the next page must not ask again"
        assert response.history[0].headers["Location"] == "/#a-q1"
        page = await response.text()
        assert ids(page) == ["a-q1"]
        assert "600 mg" in page
        assert "Not yet checked by a health expert." in page
        assert "General information, not medical advice." in page
        assert ids(await reader.page()) == ["a-q1"], "the answer is there again after a reload"


async def test_a_press_leads_on_and_the_register_changes_the_answer_in_place(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        await reader.tap("v1:ala")
        page = await reader.tap("v1:ala:professional", under="a-q1")
        assert ids(page) == ["a-q1"]
        assert "not patient advice" in page
        assert "not patient advice" in await reader.tap("v1:k2"), "the choice is remembered"


async def test_the_question_is_answered_in_the_light_of_its_thread_alone(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        await reader.tap("v1:ala", thread="one")
        await reader.tap("v1:k2", thread="two")
        about_ala = await reader.ask("and the side effects?", thread="one")
        about_k2 = await reader.ask("and the side effects?", thread="two")
        assert len(answers(about_ala)) == 2
        assert answers(about_ala)[-1] != answers(about_k2)[-1]


async def test_one_id_is_one_question_however_often_it_is_sent(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        await reader.ask("what is ALA?", id="same")
        page = await reader.ask("what is ALA?", id="same")
        assert ids(page) == ["a-same"]
        await asyncio.gather(*(reader.tell(tap="v1:k2", id="twice") for _ in range(5)))
        await reader.ask("thanks", id="after")
        assert ids(await reader.page()) == ["a-same", "a-twice", "a-after"]


async def test_questions_of_one_conversation_are_answered_in_order(tmp_path: Path, engine: Engine) -> None:
    nodes = ["ala", "k2", "algorithm", "first-line", "caveats", "glucose", "foot-exam", "screening"]
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        await reader.ask("hello", id="first")
        for node in nodes:
            assert await reader.tell(tap=f"v1:{node}", id=node) == 202
        await reader.ask("thanks", id="last")
        assert ids(await reader.page()) == ["a-first", *(f"a-{node}" for node in nodes), "a-last"]


async def test_a_vote_is_marked_on_the_answer_and_can_be_changed(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        await reader.tap("v1:ala")
        page = await reader.tap("v1:ala!up", under="a-q1")
        assert page.count('aria-pressed="true"') == 1
        assert 'value="v1:ala!todown"' in page
        page = await reader.tap("v1:ala!todown", under="a-q1")
        assert 'value="v1:ala!toup"' in page
        page = await reader.tap("v1:ala!same", under="a-q1")
        assert ids(page) == ["a-q1"]
        assert 'value="v1:ala!toup"' in page


async def test_forget_deletes_what_the_page_shows_in_every_thread(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        await reader.tap("v1:ala", thread="one")
        await reader.tap("v1:k2")
        assert "v1:privacy!forget" in await reader.ask("/forget")
        page = await reader.tap("v1:privacy!forget", under="a-q3")
        assert answers(page) == ["It is deleted"]
        assert answers(await reader.page("?thread=one")) == []


async def test_an_answer_can_be_shown_to_others_by_its_address(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        page = await (await reader.session.get("/a/ala-dose?r=professional")).text()
        assert "600 mg twice daily" in page
        assert "Pending human review." in page
        assert (await reader.session.get("/a/nothing-such")).status == 404
        shown = await reader.tap("v1:ala-safety", under="a-ala-dose")
        assert ids(shown)[-1] == "a-q1", "its buttons begin a conversation"


async def test_an_urgent_answer_offers_the_numbers_an_operator_named(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine._in("DE")) as app, browser(app) as reader:
        page = await reader.ask("I have crushing chest pain right now")
        assert '<a class="call" href="tel:112">' in page
        assert "urgent" in page
