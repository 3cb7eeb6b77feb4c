"""What the page costs: the time to a first answer, and the memory of many open conversations."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from pathlib import Path

import aiohttp
import psutil

from bot.dialog.engine import Engine
from bot.pictures.shelf import Shelf
from tests.channels.contract import free_port
from tests.chaos.processes import Bot
from tests.drivers.web import Tab

CONVERSATIONS = 1_000
MAX_MEGABYTES = 50.0
"""More than the same process took before, for all of them."""


def resident(bot: Bot) -> float:
    return psutil.Process(bot._process.pid).memory_info().rss / 1e6


async def first_answer(url: str, session: aiohttp.ClientSession) -> float:
    """Return the seconds from a question to its answer in the page, for somebody new."""
    tab = Tab(session, "")
    tab.url = url
    begin = time.perf_counter()
    await tab.send("q1", {"text": "how much ala was tested"})
    await tab.answer("q1")
    seconds = time.perf_counter() - begin
    await tab.close()
    return seconds


async def test_a_thousand_open_conversations_fit(tmp_path: Path, engine: Engine) -> None:
    await Shelf.open(None, engine).prepare()  # else the process draws while it is weighed, today's pages each day anew
    bot = Bot(
        {
            "FOOTNOTE_DATABASE_URL": f"sqlite:///{tmp_path}/web.sqlite3",
            "FOOTNOTE_PORT": str(free_port()),
            "FOOTNOTE_LOG_LEVEL": "INFO",
            "WEB_LOCAL": "1",
        },
        words=(sys.executable, "-m", "bot", "serve"),  # a fork would share some of what is weighed
    )
    await bot.start()
    url = f"http://127.0.0.1:{bot.port}"
    try:
        waits = []
        for _ in range(20):
            async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
                waits.append(await first_answer(url, session))
        before = resident(bot)
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
            begin = time.perf_counter()
            opened = [await conversation(url, session) for _ in range(CONVERSATIONS)]
            spent = time.perf_counter() - begin
            await asyncio.sleep(1)
            more = resident(bot) - before
            for response in opened:
                response.close()
    finally:
        await bot.stop()
    print(f"first answer: median {statistics.median(waits) * 1000:.0f} ms, worst {max(waits) * 1000:.0f} ms")
    print(f"{CONVERSATIONS} open conversations: {more:.1f} MB more; opened in {spent:.1f} s")
    assert more <= MAX_MEGABYTES


async def conversation(url: str, session: aiohttp.ClientSession) -> aiohttp.ClientResponse:
    """Ask as somebody new, and leave the stream open."""
    form = {"id": "q1", "text": "how much ala was tested"}
    async with session.post(f"{url}/ask", data=form, headers={"Accept": "application/json"}) as accepted:
        cookie = accepted.headers["Set-Cookie"].partition(";")[0]
    response = await session.get(f"{url}/events", headers={"Cookie": cookie})
    while not (await response.content.readline()).startswith(b"data: "):
        pass
    return response
