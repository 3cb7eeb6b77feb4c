"""Pictures of the page and the workbench for docs/pictures (`make pictures`), to be looked at before a commit."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Any

from playwright.async_api import Page, ViewportSize, async_playwright

from bot.app import build_engine
from bot.settings import Settings
from tests.channels.web.test_browser import CHROMIUM, FLAGS
from tests.channels.web.web_app import web_app

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "pictures"
PHONE = ViewportSize(width=390, height=844)
DESKTOP = ViewportSize(width=1100, height=800)
BENCH = ViewportSize(width=1440, height=1000)
NEWEST = "#log .answer:nth-last-child(1 of .answer)"


async def ask(page: Page, words: str) -> None:
    """Ask a question and wait for its answer."""
    before = await page.locator("#log .answer").count()
    await page.fill("#text", words)
    await page.press("#text", "Enter")
    await page.locator("#log .answer").nth(before).wait_for()
    await page.wait_for_timeout(800)


async def take(page: Page, name: str) -> None:
    """Save what the window shows."""
    await page.screenshot(path=FOLDER / f"{name}.png")


async def chat(browser: Any, url: str) -> None:
    """The page on a phone and on a desk, light and dark."""
    phone = await browser.new_page(viewport=PHONE, color_scheme="light")
    await phone.goto(url)
    await take(phone, "phone-first-meeting")
    await ask(phone, "does ALA help?")
    await take(phone, "phone-answer")
    dark = await browser.new_page(viewport=PHONE, color_scheme="dark")
    await dark.goto(url)
    await ask(dark, "I have crushing chest pain right now")
    await take(dark, "phone-emergency-dark")
    desk = await browser.new_page(viewport=DESKTOP, color_scheme="light")
    await desk.goto(url)
    await ask(desk, "which drugs come first?")
    await desk.click(f"{NEWEST} button.tone")
    await desk.wait_for_timeout(800)
    await desk.click(f"{NEWEST} details:not(.sources) summary")
    await desk.locator(NEWEST).scroll_into_view_if_needed()
    await desk.wait_for_timeout(800)
    await take(desk, "desktop-professional")


async def main() -> None:
    """Take every picture anew."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp())
    async with web_app(folder, build_engine(Settings())) as app, async_playwright() as starter:
        browser = await starter.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        await chat(browser, app.url)
        bench = await browser.new_page(viewport=BENCH, color_scheme="light")
        await bench.goto(f"{app.url}/workbench?say=is+ala+safe")
        await bench.wait_for_timeout(500)
        await take(bench, "workbench")
        await browser.close()
    shutil.rmtree(folder)


if __name__ == "__main__":
    asyncio.run(main())
