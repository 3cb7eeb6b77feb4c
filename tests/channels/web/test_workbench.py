"""The workbench: every channel's look of one turn, what stands behind it, and a save as it is made."""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from html import unescape
from pathlib import Path

import pytest

from bot.app import authors_view, content_watcher, rebuild_engine
from bot.authoring import check as linter
from bot.authoring.decisions import Decision, decide
from bot.authoring.rules.base import Rule
from bot.authoring.watch import ContentWatcher
from bot.channels.layout import document_text
from bot.channels.web import drawings
from bot.channels.web.workbench import preview, tree
from bot.content.loader import load
from bot.dialog.composer import Composer
from bot.dialog.engine import Engine
from bot.dialog.turn import Incoming, Kind, Register, State
from bot.settings import Settings
from tests.channels.web.web_app import WebApp, browser, web_app
from tests.conftest import TODAY
from tests.drivers.driver import flat

pytestmark = pytest.mark.usefixtures("remembered")

ROOT = Path(__file__).resolve().parents[3]


def words(html: str) -> str:
    return flat(unescape(re.sub(r"<[^>]+>", " ", html)))


async def test_one_turn_stands_there_as_every_channel_shows_it_in_both_registers(
    tmp_path: Path, engine: Engine
) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as author:
        html = await (await author.session.get("/workbench?tap=v1:ala-dose")).text()
    phones = re.split(r'<div class="phone"', html)[1:]
    assert len(phones) == 6
    composer = Composer(engine.library)
    for number, phone in enumerate(phones):
        register = Register.LAYPERSON if number < 3 else Register.PROFESSIONAL
        card = composer.card("ala-dose", register)
        assert flat(card.title) in words(phone)
        for line in document_text(card.brief).splitlines():
            assert flat(re.sub(r"\s*\[\d+\]", "", line))[:60] in words(phone).replace(" ,", ","), (number, line)
    assert 'aria-current="page"' in html
    assert "ala-dose.yaml" in html
    assert "el-nahas-2020" in html


async def test_words_are_rehearsed_with_their_reasons_and_leave_nothing_behind(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as author:
        response = await author.session.get("/workbench", params={"say": "and the side effects?", "after": "ala"})
        html = await response.text()
        assert "<code>ala-safety</code>" in html
        assert "Reasons and scores" in html
        html = await (await author.session.get("/workbench", params={"say": "patch for foot pain"})).text()
        assert "an authored line, `patch for foot pain` (" in html
        assert "To mend it, if it is wrong: a line that belongs to another answer" in html
        assert 'footnote_accepted_total{channel="web"} 0.0' in app.service.inbox.metrics.page().decode()
        assert "Set-Cookie" not in response.headers
        for hostile in ("<script>alert(1)</script>", "v1:nonsense", "é" * 300):
            for name in ("say", "tap", "after"):
                response = await author.session.get("/workbench", params={name: hostile})
                assert response.status == 200
                assert "<script>alert" not in await response.text()


async def test_it_is_for_this_computer_alone(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine) as app:
        for headers in ({"Host": "evil.example.com"}, {"X-Forwarded-For": "203.0.113.7"}, {"Forwarded": "for=x"}):
            async with browser(app, **headers) as stranger:
                assert (await stranger.session.get("/workbench")).status == 403
                assert (await stranger.session.get("/workbench/news")).status == 403
    async with web_app(tmp_path, engine, public_url="https://ask.example.org") as app, browser(app) as reader:
        assert (await reader.session.get("/workbench")).status == 404
        assert "/workbench" not in await reader.page()


def test_every_node_stands_in_the_tree_once(engine: Engine) -> None:
    def nodes(branches: object) -> list[str]:
        return [name for one in branches for name in (one.node, *nodes(one.inside))]  # type: ignore[attr-defined]

    assert sorted(nodes(tree(engine.library, "ala", engine.label))) == sorted(engine.library.nodes)


def test_telegrams_entities_are_drawn_where_they_stand() -> None:
    text = "😀 bold <b> and a fold\nmore"
    entities = [
        {"type": "bold", "offset": 3, "length": 4},
        {"type": "expandable_blockquote", "offset": 18, "length": 9},
        {"type": "text_link", "offset": 18, "length": 4, "url": 'https://x.org/"><i>'},
    ]
    drawn = str(drawings.telegram({"text": text, "entities": entities}, lambda _: "#"))
    assert "😀 <strong>bold</strong> &lt;b&gt; and " in drawn
    assert '<blockquote class="fold" tabindex="0"><a href="https://x.org/&#34;&gt;&lt;i&gt;"' in drawn
    assert drawn.index("</a>") < drawn.index("</blockquote>")


@cache
def previewed(engine: Engine) -> str:
    """The page of every answer, drawn once for all that look at it."""
    return preview(engine, TODAY, authors_view())


def test_a_preview_is_one_page_of_every_answer(engine: Engine) -> None:
    page = previewed(engine)
    assert "<script" not in page
    assert "<link" not in page
    composer = Composer(engine.library)
    for node in engine.library.nodes:
        assert f'<section id="{node}"' in page
        for register in Register:
            assert page.count(f">{escaped(composer.card(node, register).title)}</h") >= 2, node


async def test_what_changed_since_the_approval_stands_there_word_by_word(tmp_path: Path, engine: Engine) -> None:
    async with edited(tmp_path, engine) as content, served(tmp_path, content) as app, browser(app) as author:
        today = date(2026, 11, 29)
        decision = Decision("approved", "J. Doe", today, today, date(2027, 11, 29))
        decide(content.engine.library, "ala-dose", decision)
        before = title(content.engine, "ala-dose")
        await content.saved("ala-dose", before, f"{before} <b>now</b>")
        page = await (await author.session.get("/workbench?tap=v1:ala-dose")).text()
        [changes] = re.findall(r'<section class="facts" id="changes".*?</section>', page, re.DOTALL)
        assert "Approved by J. Doe on 2026-11-29" in changes
        assert "<ins> &lt;b&gt;now&lt;/b&gt;</ins>" in changes
        assert 'href="#changes"' in page
        assert 'id="changes"' not in await (await author.session.get("/workbench?tap=v1:ala")).text(), "never approved"
        drawn = preview(content.engine, today, authors_view())
        assert drawn.count("<ins>") == changes.count("<ins>")
        assert changes[changes.index("<table") : changes.index("</table")] in drawn


async def test_the_trees_stand_there_as_a_picture_with_where_one_is(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as author:
        page = await (await author.session.get("/workbench?tap=v1:ala-dose")).text()
        found = re.findall(r'<a href="/workbench\?tap=v1%3A([a-z0-9-]+)&amp;after=ala-dose"><g class=\'(\w+)\'>', page)
        assert sorted(node for node, _ in found) == sorted(engine.library.nodes)
        assert [node for node, mark in found if mark == "here"] == ["ala-dose"]
    page = previewed(engine)
    assert {node for node in engine.library.nodes if f'<a href="#{node}"><g' in page} == set(engine.library.nodes)


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("'", "&#39;").replace('"', "&#34;").replace("<", "&lt;")


# --- a save as it is made ---------------------------------------------------------------------------------------------


@dataclass
class Edited:
    """A copy of the content that is served while it is edited."""

    folder: Path
    engine: Engine
    watcher: ContentWatcher
    learning: asyncio.Event

    def file(self, node: str) -> Path:
        return self.folder / f"content/neuropathy/answers/{node}.yaml"

    def save(self, node: str, old: str, new: str) -> None:
        path = self.file(node)
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    async def saved(self, node: str, old: str, new: str) -> None:
        """Save, and wait until it is served."""
        number = self.watcher.now.number
        self.save(node, old, new)
        while title(self.engine, node) != new:
            number = (await asyncio.wait_for(self.watcher.next(number), 60)).number


@asynccontextmanager
async def edited(tmp_path: Path, engine: Engine, rules: tuple[Rule, ...] = ()) -> AsyncIterator[Edited]:
    """Copy the content, and follow it. What the rules find is shown later than a save: most tests go without them.
    New words begin to be learned, in a process that would take a minute of both cores; here nothing comes of it."""
    learning = asyncio.Event()

    async def learn(_settings: Settings) -> None:
        learning.set()
        await asyncio.Event().wait()

    for name in ("content", "dialogs"):
        shutil.copytree(ROOT / name, tmp_path / name)
    settings = Settings(footnote_content=tmp_path / "content", footnote_dialogs=tmp_path / "dialogs")
    library = load(settings.footnote_dialogs, settings.footnote_content)
    copy, _ = rebuild_engine(settings, engine, library)
    assert copy.matcher is engine.matcher, "nothing changed that it reads"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.app._learn", learn)
        patch.setattr(linter, "RULES", rules)
        watcher = content_watcher(settings, copy)
        running = asyncio.create_task(watcher.run())
        await asyncio.wait_for(watcher.next(0), 60)  # the first check
        yield Edited(tmp_path, copy, watcher, learning)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def title(engine: Engine, node: str) -> str:
    return engine.title(node, Register.LAYPERSON)


async def test_a_save_is_taken_over_and_a_bad_one_is_not(tmp_path: Path, engine: Engine) -> None:
    async with edited(tmp_path, engine, linter.RULES) as content:
        before, number = title(content.engine, "ala-dose"), content.watcher.now.number
        bound, begin = content.engine.text, time.perf_counter()
        content.save("ala-dose", before, "A new title")
        state = await asyncio.wait_for(content.watcher.next(number), 20)
        print(f"a save was served after {time.perf_counter() - begin:.2f} s")
        assert state.served
        assert title(content.engine, "ala-dose") == "A new title"
        assert bound("start-over", Register.LAYPERSON), "what holds the engine goes on with it"

        begin = time.perf_counter()
        content.file("ala-dose").write_text("answer: [\n", encoding="utf-8")
        while (state := await asyncio.wait_for(content.watcher.next(state.number), 20)).served:
            pass
        print(f"a bad save was told after {time.perf_counter() - begin:.2f} s")
        assert any(found.path.endswith("ala-dose.yaml") for found in state.diagnostics)
        assert title(content.engine, "ala-dose") == "A new title", "the last good content goes on"


async def test_a_phrase_counts_at_once(tmp_path: Path, engine: Engine) -> None:
    async with edited(tmp_path, engine) as content:
        asked = Incoming(Kind.TEXT, "acme forty two how many a day", "web")
        assert content.engine.respond(State(), asked)[0].card.node != "ala-dose"
        number = content.watcher.now.number
        _add_phrase(content.folder, "ala-dose", "acme forty two how many a day")
        state = await asyncio.wait_for(content.watcher.next(number), 60)
        assert state.served, state.diagnostics
        assert content.engine.respond(State(), asked)[0].card.node == "ala-dose"
        await asyncio.wait_for(content.learning.wait(), 20)


def _add_phrase(folder: Path, node: str, phrase: str) -> None:
    path = folder / "content/neuropathy/phrases.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(f"  {node}: |\n", f"  {node}: |\n    {phrase}\n", 1), encoding="utf-8")


async def test_the_page_is_told_and_readers_do_not_notice(tmp_path: Path, engine: Engine) -> None:
    async with edited(tmp_path, engine) as content, served(tmp_path, content) as app, browser(app) as reader:
        await reader.tap("v1:ala-dose")
        number = content.watcher.now.number
        async with reader.session.get(f"/workbench/news?after={number}") as news:
            content.file("ala-dose").write_text("answer: [\n", encoding="utf-8")
            assert (await asyncio.wait_for(news.content.readline(), 20)).startswith(b"data: ")
        page = await (await reader.session.get("/workbench?tap=v1:ala-dose")).text()
        assert "does not load" in page
        assert "ala-dose.yaml:" in page
        assert "600 mg" in await reader.tap("v1:ala-dose", under="a-q1"), "a turn during a broken save"


@asynccontextmanager
async def served(tmp_path: Path, content: Edited) -> AsyncIterator[WebApp]:
    async with web_app(tmp_path, content.engine) as app:
        host = app.web._workbench._host
        object.__setattr__(host, "content", content.watcher)
        yield app


async def test_without_reload_the_workbench_says_how_to_get_it(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as author:
        assert "footnote serve --reload" in await (await author.session.get("/workbench")).text()
        assert (await author.session.get("/workbench/news")).status == 204


@pytest.mark.parametrize("node", ["urgent", "references", "help", "not-covered", "tone"])
async def test_every_kind_of_answer_can_be_drawn(tmp_path: Path, engine: Engine, node: str) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as author:
        assert (await author.session.get(f"/workbench?tap=v1:{node}")).status == 200
