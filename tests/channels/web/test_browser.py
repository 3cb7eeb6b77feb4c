"""The page in a real browser: what a person sees, hears and presses. Needs Chromium; says so where there is none."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.authoring.check import RULES
from bot.dialog.engine import Engine
from tests.channels.contract import NODE, over_long
from tests.channels.web.test_workbench import edited, previewed, served, title
from tests.channels.web.web_app import WebApp, web_app

playwright = pytest.importorskip("playwright.async_api", reason="needs the package playwright (in the group `dev`)")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

pytestmark = [
    pytest.mark.usefixtures("remembered"),
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium"),
    pytest.mark.asyncio(loop_scope="module"),
]
VIOLATIONS = {"resultTypes": ["violations"]}
"""What is asked of axe: it need not describe all that is well, which takes it most of its time."""

NEWEST = "#log .answer:nth-last-child(1 of .answer)"
PHONE = {"width": 390, "height": 844}


@pytest_asyncio.fixture(loop_scope="module")
async def app(tmp_path: Path, engine: Engine) -> AsyncIterator[WebApp]:
    async with web_app(tmp_path, engine._in("DE")) as served:
        yield served


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Any]:
    """One browser for all tests: it takes longer to start than most of them."""
    async with playwright.async_playwright() as starter:
        started = await starter.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        await started.close()


@pytest_asyncio.fixture(loop_scope="module")
async def chromium(browser: Any) -> AsyncIterator[Any]:
    """The browser without a memory: each context is somebody new."""
    yield browser
    for context in browser.contexts:
        await context.close()


async def opened(chromium: Any, app: WebApp, path: str = "/", **context: Any) -> Any:
    """Open the page as somebody new, and fail on any error in it or any request to another host. Nobody waits for
    it to scroll softly."""
    page = await (await chromium.new_context(viewport=PHONE, reduced_motion="reduce", **context)).new_page()
    page.on("pageerror", lambda fault: pytest.fail(f"script error: {fault}"))
    page.on("console", lambda said: said.type == "error" and "503" not in said.text and pytest.fail(said.text))
    page.on("request", lambda request: request.url.startswith(app.url) or pytest.fail(f"asked {request.url}"))
    await page.goto(app.url + path)
    return page


async def asked(page: Any, words: str) -> None:
    """Type a question and wait for its answer."""
    before = await page.locator("#log .answer").count()
    await page.fill("#text", words)
    await page.press("#text", "Enter")
    await page.locator("#log .answer").nth(before).wait_for()


async def text_of(page: Any, where: str = NEWEST) -> str:
    return str(await page.locator(where).inner_text())


@pytest.mark.parametrize("register", ["layperson", "professional"])
async def test_the_main_path_in_both_registers(chromium: Any, app: WebApp, register: str) -> None:
    page = await opened(chromium, app)
    await asked(page, "does ALA help?")
    if register == "professional":
        await page.click(f"{NEWEST} button.tone")
        await page.wait_for_selector(f"{NEWEST}:has-text('not patient advice')")
        assert await page.locator("#log .answer").count() == 2, "it changed in place"
        assert await page.text_content("#status") == "Now in the professional wording."
    await page.click(f"{NEWEST} details:not(.sources) summary")
    assert await page.locator(f"{NEWEST} details[open] li").first.is_visible()
    await page.click(f"{NEWEST} .brief .mark >> nth=0")
    assert await page.locator(f"{NEWEST} .sources li:target").is_visible(), "a mark opens its source"
    for _ in range(3):
        before = await page.locator("#log .answer").count()
        await page.click(f"{NEWEST} .topics button >> nth=0")
        await page.locator("#log .answer").nth(before).wait_for()
    await page.click(".votes button >> nth=0")
    await page.wait_for_selector("button[aria-pressed=true]")


async def test_an_emergency_is_announced_and_its_number_can_be_dialled(chromium: Any, app: WebApp) -> None:
    page = await opened(chromium, app)
    await asked(page, "I have crushing chest pain right now")
    assert await page.locator(f"{NEWEST}.urgent a[href='tel:112']").is_visible()
    assert (await page.text_content("#alarm") or "").strip(), "a screen reader is told at once"


async def test_a_reload_and_the_back_button_keep_the_conversation(chromium: Any, app: WebApp) -> None:
    page = await opened(chromium, app)
    await asked(page, "what is ALA?")
    shown = await page.eval_on_selector_all("#log > [id]", "found => found.map(one => one.id)")
    await page.reload()
    assert await page.eval_on_selector_all("#log > [id]", "found => found.map(one => one.id)") == shown
    assert "what is ALA?" in await text_of(page, ".asked"), "what was asked is kept in the tab"
    await page.goto(app.url + "/a/ala")
    await page.go_back()
    await asked(page, "and the side effects?")
    assert await page.locator("#log .answer").count() == 3


async def test_two_tabs_of_one_reader_show_the_same_and_two_readers_do_not(chromium: Any, app: WebApp) -> None:
    page, other = await opened(chromium, app), await opened(chromium, app)
    await asked(page, "what is ALA?")
    second = await page.context.new_page()
    await second.goto(app.url)
    await asked(second, "what is vitamin K2?")
    await page.bring_to_front()
    await page.locator("#log .answer").nth(2).wait_for()
    await other.reload()
    assert await other.locator("#log .answer").count() == 1


async def test_a_question_asked_without_a_connection_is_sent_when_there_is_one(chromium: Any, app: WebApp) -> None:
    page = await opened(chromium, app)
    await asked(page, "hello")
    await page.evaluate("window.fetch_ = fetch; window.fetch = () => Promise.reject(new TypeError('')); null")
    await page.fill("#text", "what is ALA?")
    await page.press("#text", "Enter")
    await page.wait_for_selector("#trouble:has-text('no connection')")
    await page.evaluate("window.fetch = window.fetch_; null")
    await page.wait_for_selector("#log .answer >> nth=2", timeout=15_000)
    assert await page.locator("#log .answer").count() == 3
    assert not await text_of(page, "#trouble")


async def test_it_works_without_javascript(chromium: Any, app: WebApp) -> None:
    page = await opened(chromium, app, java_script_enabled=False)
    await page.fill("#text", "what is ALA?")
    await page.click("#ask button")
    assert "ALA" in await text_of(page)
    await page.click(f"{NEWEST} button.tone")
    assert "not patient advice" in await text_of(page)
    await page.click(f"{NEWEST} details summary >> nth=0")
    assert await page.locator(f"{NEWEST} details[open]").count() == 1
    await page.reload()
    assert await page.locator("#log .answer").count() == 2


async def test_everything_can_be_done_with_the_keyboard(chromium: Any, app: WebApp) -> None:
    page = await opened(chromium, app)
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "skip"
    await page.keyboard.press("Enter")
    await page.keyboard.type("what is ALA?")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#log .answer >> nth=1")
    assert await page.evaluate("document.activeElement.id") == "text", "one can go on typing"
    await page.keyboard.press("Shift+Tab")
    for _ in range(20):
        if await page.evaluate("document.activeElement.classList.contains('follow-up')"):
            break
        await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#log .answer >> nth=2")
    assert await page.evaluate("document.activeElement.matches('.answer:last-of-type, .answer button')")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
async def test_axe_finds_nothing_serious(chromium: Any, app: WebApp, scheme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.async_playwright").Axe()
    page = await opened(chromium, app, color_scheme=scheme)
    await page.set_viewport_size({"width": width, "height": 700})
    found = await axe.run(page, options=VIOLATIONS)
    await asked(page, "does ALA help?")
    await asked(page, "which medicines come first?")
    await asked(page, "I have crushing chest pain right now")
    await page.eval_on_selector_all("details", "found => found.forEach(one => one.open = true)")
    for violations in (found, await axe.run(page, options=VIOLATIONS)):
        bad = [v for v in violations.response["violations"] if v["impact"] in ("serious", "critical", "moderate")]
        assert not bad, [(v["id"], [node["html"][:200] for node in v["nodes"]]) for v in bad]
    assert await page.evaluate("document.documentElement.scrollWidth") <= width, "nothing is wider than the screen"
    await page.goto(app.url + "/a/first-line?r=professional")
    bad = [
        v
        for v in (await axe.run(page, options=VIOLATIONS)).response["violations"]
        if v["impact"] in ("serious", "critical")
    ]
    assert not bad, bad


ALIKE = """() => {
    const seen = new Set(), way = one => one ? way(one.parentElement) + "/" + one.tagName + "." + one.className : "";
    for (const one of document.querySelectorAll("section[id]")) {
        const ways = [...one.querySelectorAll("*")].map(way);
        ways.every(way => seen.has(way)) ? one.remove() : ways.forEach(way => seen.add(way));
    }
}"""
"""Leaves out each answer all of whose parts look like parts of those before it: no colour depends on anything but the
names and classes of an element and of what it stands in."""


async def test_axe_finds_nothing_serious_on_a_reviewer_s_page(chromium: Any, engine: Engine, tmp_path: Path) -> None:
    axe = pytest.importorskip("axe_playwright_python.async_playwright").Axe()
    file = tmp_path / "preview.html"
    file.write_text(previewed(engine), encoding="utf-8")
    page = await (await chromium.new_context(viewport={"width": 320, "height": 900})).new_page()
    await page.goto(file.as_uri())

    async def serious(**options: Any) -> list[Any]:
        found = (await axe.run(page, options={**VIOLATIONS, **options})).response["violations"]
        bad = [one for one in found if one["impact"] in ("serious", "critical")]
        return [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in bad]

    whole = {"rules": {"color-contrast": {"enabled": False}}}  # which takes longest
    assert await serious(**whole) == []
    await page.set_viewport_size({"width": 1280, "height": 900})
    assert await serious(**whole) == []
    await page.evaluate(ALIKE)
    assert await page.locator("section[id]").count() > 3
    assert await serious(runOnly=["color-contrast"]) == []


async def test_the_whole_page_is_small(chromium: Any, app: WebApp) -> None:
    page = await (await chromium.new_context(viewport=PHONE)).new_page()
    ended: list[Any] = []  # the stream of answers never is
    page.on("requestfinished", lambda request: ended.append(request))
    await page.goto(app.url, wait_until="networkidle")
    await page.fill("#text", "does ALA help?")
    await page.press("#text", "Enter")
    await page.wait_for_selector("#log .answer >> nth=1")
    answer = await page.evaluate("document.querySelector('#log .answer:last-child').outerHTML.length")
    sizes = [len(await (await one.response()).body()) for one in ended]
    assert len(sizes) > 3
    assert sum(sizes) + answer <= 60_000, (sizes, answer)


async def test_an_answer_is_copied_with_its_sources_and_no_button(chromium: Any, app: WebApp) -> None:
    page = await opened(chromium, app, permissions=["clipboard-read", "clipboard-write"])
    await asked(page, "does ALA help?")
    title, foot = await text_of(page, f"{NEWEST} h2"), await text_of(page, f"{NEWEST} .foot span >> nth=0")
    address = await page.get_attribute(f"{NEWEST} .sources a >> nth=0", "href")
    await page.click(f"{NEWEST} [data-copy]")
    done = await page.get_attribute("body", "data-copied")
    await page.wait_for_selector(f"{NEWEST} [data-copy]:has-text('{done}')")
    assert await page.text_content("#status") == done
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(title)
    assert address in copied, "a source stands there with where to find it"
    assert foot.rstrip(" ·") in copied
    for button in await page.locator(f"{NEWEST} button").all_inner_texts():
        assert button not in copied.splitlines()
    await page.click(f"{NEWEST} [data-share]")
    await page.wait_for_selector(f"{NEWEST} [data-share]:has-text('{done}')")
    assert await page.evaluate("navigator.clipboard.readText()") == f"{app.url}/a/ala-evidence?r=layperson"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_one_answer_is_printed_whole_and_alone(chromium: Any, app: WebApp, scheme: str) -> None:
    page = await opened(chromium, app, color_scheme=scheme)
    await asked(page, "what is ALA?")
    await asked(page, "which medicines come first?")
    await page.evaluate("window.print = () => { window.printed = true; }; null")
    await page.click(f"{NEWEST} [data-print]")
    assert await page.evaluate("window.printed")
    await page.evaluate("dispatchEvent(new Event('beforeprint'))")
    await page.emulate_media(media="print", color_scheme=scheme)
    assert await page.locator("#log > :visible").count() == 1, "neither the question nor another answer"
    assert await page.locator(f"{NEWEST} .sources li:visible").count() > 3, "what is folded is printed"
    assert await page.locator("button:visible, textarea:visible, nav:visible").count() == 0
    colours = await page.eval_on_selector_all(f"{NEWEST} *", "all => all.map(one => getComputedStyle(one).color)")
    assert set(colours) <= {"rgb(0, 0, 0)", "rgb(51, 51, 51)"}, "dark ink, whatever the screen was"
    await page.emulate_media(media="screen")
    await page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert await page.locator("#log .answer:visible").count() == 3
    assert await page.locator("details[open]").count() == 0, "the screen is as it was"
    assert len(await page.pdf(format="A4")) > 10_000


TABLE = """| Drug | Article | US label for this pain |
|---|---|---|
| Pregabalin | 150 to 600 mg daily | start 50 mg three times daily, maximum 300 mg at 60 mL/min or more |
| Carbamazepine | none | none |"""


async def test_no_word_of_a_table_is_broken(chromium: Any, tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, over_long(engine, "A table", TABLE)) as app:
        page = await opened(chromium, app, f"/a/{NODE}?r=professional")
        names = await page.eval_on_selector_all("tbody th", "all => all.map(one => one.firstChild.textContent.trim())")
        assert names == ["Pregabalin", "Carbamazepine"]
        lines = await page.eval_on_selector_all(
            "tbody th", "all => all.map(one => { const r = document.createRange(); r.selectNodeContents(one);"
            " return new Set([...r.getClientRects()].map(box => box.top)).size; })"
        )  # fmt: skip
        assert set(lines) == {1}, "the name of a drug stands on one line"
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


async def test_what_is_deleted_is_gone_from_the_tab_too(chromium: Any, app: WebApp) -> None:
    page = await opened(chromium, app)
    await asked(page, "what is ALA?")
    await asked(page, "/forget")
    await page.click(f"{NEWEST} button[value='v1:privacy!forget']")
    await page.locator("#log .asked").first.wait_for(state="detached")
    assert "what is ALA" not in await page.evaluate("JSON.stringify(Object.entries(sessionStorage))")
    assert await page.locator("#log .answer").count() == 1


@pytest.mark.parametrize("host", ["clinic.example", "stranger.example"])
async def test_only_a_listed_site_can_show_it_in_a_frame(
    chromium: Any, tmp_path: Path, engine: Engine, host: str
) -> None:
    listed = {"public_url": "https://ask.example.org", "embed_origins": "https://clinic.example"}
    async with web_app(tmp_path, engine, **listed) as served:
        context = await chromium.new_context(viewport=PHONE, permissions=["local-network-access"])
        page = await context.new_page()
        line = f'<iframe src="{served.url}/embed" title="Questions" width="360" height="640"></iframe>'
        answer = {"body": f"<!doctype html><title>A clinic</title>{line}", "content_type": "text/html"}
        await page.route(f"https://{host}/", lambda route: route.fulfill(**answer))
        await page.goto(f"https://{host}/")
        frame = page.frames[1]
        if host == "clinic.example":
            assert await frame.locator("#text").is_visible()
        else:
            assert await frame.locator("#text").count() == 0, "the browser refuses to show it"


async def test_a_script_in_a_question_is_words(chromium: Any, app: WebApp) -> None:
    page = await opened(chromium, app)
    await asked(page, "<img src=x onerror=alert(1)><script>alert(2)</script>")
    await page.reload()
    assert await page.locator("#log img, #log script").count() == 0
    assert "<script>" in await text_of(page, ".asked")


async def test_the_workbench_shows_a_save_and_keeps_the_last_good_one(
    chromium: Any, tmp_path: Path, engine: Engine
) -> None:
    axe = pytest.importorskip("axe_playwright_python.async_playwright").Axe()
    async with edited(tmp_path, engine, RULES) as content, served(tmp_path, content) as app:
        page = await opened(chromium, app, "/workbench?tap=v1:ala-dose")
        await page.set_viewport_size({"width": 1440, "height": 1000})
        good = content.file("ala-dose").read_text(encoding="utf-8")
        content.file("ala-dose").write_text("answer: [\n", encoding="utf-8")
        await page.wait_for_selector(".banner.bad")
        assert "ala-dose.yaml" in await text_of(page, "#findings")
        content.file("ala-dose").write_text(good, encoding="utf-8")
        content.save("ala-dose", title(content.engine, "ala-dose"), "A title that was just saved")
        for channel in ("page", "telegram", "slack"):
            await page.wait_for_selector(f".{channel} .phone:has-text('A title that was just saved')")
        assert await page.locator(".banner.bad").count() == 0
        found = (await axe.run(page, options=VIOLATIONS)).response["violations"]
        bad = [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")]
        assert not bad
        await page.click(".telegram .key >> nth=0")
        await page.wait_for_selector("[aria-current=page]:not(:has-text('ala-dose'))")
