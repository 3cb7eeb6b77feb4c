"""Who may ask, from where, and what a stranger's request, cookie or text can do: nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.channels.web.plugin import WebSettings
from bot.dialog.engine import Engine
from bot.errors import SettingsError
from bot.settings import load
from tests.channels.web.web_app import answers, browser, ids, web_app

PUBLIC = {"public_url": "https://ask.example.org", "embed_origins": "https://clinic.example.org"}


async def test_without_a_public_address_only_this_computer_is_answered(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine) as app:
        async with browser(app, Host="evil.example.com") as rebound:
            assert (await rebound.session.get("/")).status == 403, "a name that was pointed here (DNS rebinding)"
            assert (await rebound.post(text="hello")).status == 403
            assert (await rebound.session.get("/a/ala")).status == 403
        async with browser(app, Host="localhost:8080") as here:
            assert (await here.session.get("/")).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example.com"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_another_sites_form_does_nothing(tmp_path: Path, engine: Engine, headers: dict[str, str]) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        response = await reader.post(headers, text="hello")
        assert response.status == 403
        assert "Set-Cookie" not in response.headers


async def test_a_cookie_counts_only_if_this_installation_signed_it(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as reader, browser(app) as thief:
        await reader.tap("v1:ala")
        [cookie] = reader.session.cookie_jar
        name, _, signature = cookie.value.partition(".")
        for forged in (name, f"{name}.{'0' * 32}", f"{name[::-1]}.{signature}", "x", "", "\u00e9" * 22):
            thief.session.cookie_jar.update_cookies({"footnote": forged})
            assert answers(await thief.page()) == []
            assert (await thief.session.get("/events")).status == 403
        assert answers(await reader.page()) != []


async def test_the_cookie_is_the_only_one_and_no_script_or_site_reads_it(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        response = await reader.post(text="hello")
        [cookie] = response.history[0].headers.getall("Set-Cookie")
        assert cookie.startswith("footnote=")
        assert cookie.endswith("; Path=/; HttpOnly; SameSite=Lax"), "it ends with the browser"


async def test_the_public_page_has_a_secure_cookie_and_a_strict_policy(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine, **PUBLIC) as app, browser(app) as reader:
        response = await reader.session.post(
            "/ask", data={"id": "x", "text": "hi"}, headers={"Origin": "https://ask.example.org"}, allow_redirects=False
        )
        [cookie] = response.headers.getall("Set-Cookie")
        assert cookie.startswith("__Host-footnote=")
        assert "; Secure; SameSite=Lax" in cookie
        page = await reader.session.get("/")
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["Strict-Transport-Security"]
        wrong = await reader.post({"Origin": "http://ask.example.org"}, text="hi")
        assert wrong.status == 403


async def test_only_listed_sites_may_frame_the_page(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine, **PUBLIC) as app, browser(app, "/embed") as framed:
        page = await framed.session.get("/embed")
        assert "frame-ancestors https://clinic.example.org" in page.headers["Content-Security-Policy"]
        assert "X-Frame-Options" not in page.headers
        assert 'action="/embed/ask"' in await page.text()
        response = await framed.session.post("/embed/ask", data={"id": "x", "text": "hi"}, allow_redirects=False)
        assert response.headers["Location"] == "/embed#a-x"
        [cookie] = response.headers.getall("Set-Cookie")
        assert cookie.startswith("__Host-footnote-embed=")
        assert cookie.endswith("; Secure; SameSite=None; Partitioned")
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        assert (await reader.session.get("/embed")).status == 404, "no site is listed"


async def test_a_script_in_a_question_or_a_name_stays_text(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        script = '<script>alert(1)</script> "><img src=x onerror=alert(1)>'
        page = await reader.ask(script)
        assert "<script>alert" not in page
        assert "<img" not in page
        page = await (await reader.post(text=script + "x" * 10_000)).text()
        assert "&lt;script&gt;" in page, "what is too long stands in the field again, as text"
        assert "<img" not in page
        assert (await reader.session.get('/?thread="><script>')).status == 200


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"id": "a b", "text": "hi"},
        {"id": "x" * 41, "text": "hi"},
        {"id": "x", "text": " \n"},
        {"id": "x", "text": "hi", "thread": "../.."},
        {"id": "x", "tap": "v1:ala", "under": "<b>"},
    ],
)
async def test_what_no_form_of_ours_sends_is_refused(tmp_path: Path, engine: Engine, form: dict[str, str]) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        assert (await reader.session.post("/ask", data=form)).status == 400


async def test_bytes_that_are_no_text_are_refused(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        kind = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        for body in (b"id=x&text=\xff\xfe", b"id=x&text=%00"):
            assert (await reader.session.post("/ask", data=body, headers=kind)).status in (303, 200, 400)
        wrong = {"Content-Type": "application/x-www-form-urlencoded; charset=no-such"}
        assert (await reader.session.post("/ask", data=b"id=x&text=hi", headers=wrong)).status == 400
        assert (await reader.tap("nonsense\n" * 50)) != ""


async def test_ten_thousand_characters_are_read_and_more_are_refused_kindly(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        page = await reader.ask("chest pain right now. " + "blah " * 1995)
        assert "answer urgent" in page
        response = await reader.post(text="y" * 10_001)
        assert response.status == 413
        assert "too long" in await response.text()


async def test_a_flood_from_one_address_is_refused_with_what_to_do(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine, proxies="10.0.0.0/8", **PUBLIC) as app, browser(app) as reader:
        for _ in range(60):
            status = await reader.tell(text="hello")
            reader.session.cookie_jar.clear()
            if status == 429:
                break
        else:
            pytest.fail("sixty cookies were sixty people")


async def test_a_database_that_is_away_is_said_and_the_question_kept_in_the_field(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.store.base import StoreUnavailable

    async def refuse(*_: object) -> bool:
        raise StoreUnavailable("away")

    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        monkeypatch.setattr(app.service.inbox, "_store", type("Away", (), {"accept": refuse})())
        response = await reader.post(text="is it my question?")
        assert response.status == 503
        page = await response.text()
        assert "could not" in page.lower()
        assert ">is it my question?</textarea>" in page
        monkeypatch.undo()
        assert ids(await reader.ask("is it my question?", id="q1")) == ["a-q1"], "sent again, it is accepted"


async def test_files_are_kept_by_the_browser_and_nothing_else_is_served(tmp_path: Path, engine: Engine) -> None:
    async with web_app(tmp_path, engine) as app, browser(app) as reader:
        style = await reader.session.get("/web/page.css")
        assert "immutable" in style.headers["Cache-Control"]
        for path in ("/web/page.txt", "/web/..%2Fapp.py", "/web/chat.html"):
            assert (await reader.session.get(path)).status == 404


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"WEB_PUBLIC_URL": "http://ask.example.org"}, "WEB_PUBLIC_URL"),
        ({"WEB_PUBLIC_URL": "https://ask.example.org/footnote"}, "whole host"),
        ({"WEB_PUBLIC_URL": "https://a.org", "WEB_EMBED_ORIGINS": "https://b.org, *"}, "'*'"),
        ({"WEB_EMBED_ORIGINS": "https://b.org"}, "needs WEB_PUBLIC_URL"),
    ],
)
def test_a_wrong_setting_is_named(environment: dict[str, str], named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match="WEB_") as fault:
        load(WebSettings)
    assert named in str(fault.value)
