"""Many workspaces: installing, tokens sealed at rest, rotation, uninstalling; in Socket Mode and over HTTP."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.oauth.installation_store import Bot

from bot.channels.slack.app import OAuth, OAuthSettings
from bot.channels.slack.client import Unreachable, new_session, web_client
from bot.channels.slack.manifest import INSTALL_PATH, REDIRECT_PATH
from bot.dialog.engine import Engine
from bot.store.common import Identity
from bot.store.open import open_store
from tests.channels.slack.slack_app import SECRET, Mode, SlackApp, running_app, until, words_of
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_faults import Fault

ALA = "what is alpha lipoic acid"
NORTH, SOUTH = "T0NORTH", "T0SOUTH"


def oauth_of(fake: FakeSlack, folder: Path) -> OAuth:
    settings = OAuthSettings(
        fake.world.client_id, fake.world.client_secret, f"sqlite:///{folder / 'slack.sqlite3'}", "https://host/back"
    )
    return OAuth(settings, Identity(SECRET))


@pytest.fixture
async def slack_app(fake: FakeSlack, engine: Engine, mode: Mode, tmp_path: Path) -> AsyncIterator[SlackApp]:
    """The bot that anybody may install, in no workspace yet."""
    credentials = {"bot_token": ""}
    async with running_app(
        fake, engine, mode, tmp_path, oauth=oauth_of(fake, tmp_path), credentials=credentials
    ) as slack_app:
        yield slack_app


async def install(slack_app: SlackApp, team: str, code: str = "good-code", state: str | None = None) -> tuple[int, str]:
    """Walk through an installation as an administrator's browser does; the cookie is sent back as over https."""
    slack_app.world.codes["good-code"] = team
    async with aiohttp.ClientSession() as browser:
        async with browser.get(slack_app.url + INSTALL_PATH, allow_redirects=False) as page:
            cookie = page.headers["Set-Cookie"].partition(";")[0]
            issued = parse_qs(urlsplit(page.headers["Location"]).query)["state"][0]
        query = {"code": code, "state": state or issued}
        async with browser.get(slack_app.url + REDIRECT_PATH, params=query, headers={"Cookie": cookie}) as back:
            return back.status, await back.text()


async def ask(slack_app: SlackApp, team: str) -> str:
    """Ask in a workspace's own channel and return the words of the answer."""
    place = slack_app.world.channel(f"C{team[1:]}", f"U{team[1:]}", team=team)
    said = await slack_app.people.mention(f"U{team[1:]}", place.id, ALA)
    post = await slack_app.answer()
    assert post.thread_ts == said.ts
    return words_of(post)


async def test_the_install_link_asks_for_the_scopes_the_code_needs(slack_app: SlackApp) -> None:
    async with (
        aiohttp.ClientSession() as browser,
        browser.get(slack_app.url + INSTALL_PATH, allow_redirects=False) as page,
    ):
        link = urlsplit(page.headers["Location"])
    asked = parse_qs(link.query)
    assert link.hostname == "slack.com"
    assert "chat:write" in asked["scope"][0].split(",")
    assert asked["client_id"] == [slack_app.world.client_id]
    assert asked["redirect_uri"] == ["https://host/back"]


async def test_each_workspace_is_answered_with_its_own_token(slack_app: SlackApp) -> None:
    for team in (NORTH, SOUTH):
        assert (await install(slack_app, team))[0] == 200
    for team in (NORTH, SOUTH):
        assert slack_app.title("ala") in await ask(slack_app, team)
        assert slack_app.world.calls[-1].team == team


async def test_a_workspace_that_did_not_install_gets_no_answer_and_no_error(slack_app: SlackApp) -> None:
    slack_app.world.install(SOUTH)
    place = slack_app.world.channel("C0SOUTH", "U0SOUTH", team=SOUTH)
    said = await slack_app.people.mention("U0SOUTH", place.id, ALA)
    await said.acked()
    await slack_app.unaddressed()


@pytest.mark.parametrize(("code", "state"), [("bad-code", None), ("good-code", "forged-state")])
async def test_a_wrong_code_or_state_installs_nothing(slack_app: SlackApp, code: str, state: str | None) -> None:
    status, _ = await install(slack_app, NORTH, code, state)
    assert status in {400, 401}


FORGED = [
    {},
    {"code": "good-code"},
    {"state": "S"},
    {"code": "good-code", "state": ""},
    {"code": "good-code", "state": "S", "error": "access_denied"},
    {"error": "access_denied"},
    {"code": "good-code", "state": "S" * 4000},
    {"code": "good-code", "state": "\0é"},
    {"code": "good-code", "state": "' OR 1=1 --"},
]


@pytest.mark.parametrize("cookie", [None, "slack-app-oauth-state=S", "slack-app-oauth-state=", "other=S"])
async def test_a_forged_redirect_installs_nothing(slack_app: SlackApp, cookie: str | None, tmp_path: Path) -> None:
    """Only who was sent to Slack by this installation comes back: a state that it issued, in the same browser."""
    slack_app.world.codes["good-code"] = NORTH
    headers = {"Cookie": cookie} if cookie else {}
    for query in FORGED:
        async with (
            aiohttp.ClientSession() as browser,
            browser.get(slack_app.url + REDIRECT_PATH, params=query, headers=headers) as back,
        ):
            assert back.status < 500, query
            assert "error" in query or back.status >= 400, query
        assert installed(tmp_path) == [], query


async def test_a_state_of_another_browser_installs_nothing(slack_app: SlackApp, tmp_path: Path) -> None:
    slack_app.world.codes["good-code"] = NORTH
    async with (
        aiohttp.ClientSession() as browser,
        browser.get(slack_app.url + INSTALL_PATH, allow_redirects=False) as page,
    ):
        issued = parse_qs(urlsplit(page.headers["Location"]).query)["state"][0]
    query = {"code": "good-code", "state": issued}
    async with (
        aiohttp.ClientSession() as another,
        another.get(slack_app.url + REDIRECT_PATH, params=query) as back,
    ):
        assert 400 <= back.status < 500
    assert installed(tmp_path) == []


async def test_a_state_is_good_for_one_installation(slack_app: SlackApp) -> None:
    slack_app.world.codes["good-code"] = NORTH
    async with aiohttp.ClientSession() as browser:
        async with browser.get(slack_app.url + INSTALL_PATH, allow_redirects=False) as page:
            cookie = page.headers["Set-Cookie"].partition(";")[0]
            state = cookie.partition("=")[2]
        for status in (200, 401):
            slack_app.world.codes["good-code"] = NORTH
            query = {"code": "good-code", "state": state}
            async with browser.get(slack_app.url + REDIRECT_PATH, params=query, headers={"Cookie": cookie}) as back:
                assert back.status == status


async def test_no_token_stands_in_the_database_in_clear(slack_app: SlackApp, tmp_path: Path) -> None:
    await install(slack_app, NORTH)
    with sqlite3.connect(tmp_path / "slack.sqlite3") as database:
        rows = database.execute("SELECT bot_token, bot_refresh_token FROM slack_bots").fetchall()
        rows += database.execute("SELECT bot_token, bot_refresh_token FROM slack_installations").fetchall()
    assert len(rows) == 2
    assert not any(prefix in value for row in rows for value in row for prefix in ("xoxb-", "xoxe-"))


def installed(folder: Path) -> list[tuple[str]]:
    with sqlite3.connect(folder / "slack.sqlite3") as database:
        return database.execute("SELECT DISTINCT team_id FROM slack_installations ORDER BY team_id").fetchall()


@pytest.mark.parametrize("event", ["app_uninstalled", "tokens_revoked"])
async def test_uninstalling_deletes_what_was_stored(slack_app: SlackApp, tmp_path: Path, event: str) -> None:
    await install(slack_app, NORTH)
    await install(slack_app, SOUTH)
    told = {"type": event, "tokens": {"bot": ["U0BOT"]}, "event_ts": "1.1"}
    await (await slack_app.people.event(told, NORTH)).acked()
    await until(lambda: installed(tmp_path) == [(SOUTH,)])
    assert slack_app.title("ala") in await ask(slack_app, SOUTH)


async def test_a_revoked_personal_token_changes_nothing(slack_app: SlackApp) -> None:
    await install(slack_app, NORTH)
    told = {"type": "tokens_revoked", "tokens": {"oauth": ["U0SOMEBODY"]}, "event_ts": "1.1"}
    await (await slack_app.people.event(told, NORTH)).acked()
    assert slack_app.title("ala") in await ask(slack_app, NORTH)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """The connections of an installer without a bot around it."""
    async with new_session() as session:
        yield session


async def _aged(fake: FakeSlack, folder: Path, session: aiohttp.ClientSession, expires: float) -> OAuth:
    """Return an installer over a database whose one token expires then."""
    oauth = oauth_of(fake, folder).begin(web_client(fake.api, session))
    await oauth.start()
    fake.world.install(NORTH)
    token = next(t for t, one in fake.world.installs.items() if one.team == NORTH)
    bot = Bot(
        app_id="A0",
        team_id=NORTH,
        bot_token=token,
        bot_id="B0",
        bot_user_id="U0BOT",
        bot_refresh_token=f"xoxe-1-{NORTH}-first",
        bot_token_expires_at=int(expires),
        installed_at=1.0,
    )
    await oauth._installations.async_save_bot(bot)
    return oauth


async def test_a_token_about_to_expire_is_renewed_and_kept(
    fake: FakeSlack, tmp_path: Path, session: aiohttp.ClientSession
) -> None:
    oauth = await _aged(fake, tmp_path, session, time.time() + 60)
    me = await oauth.installation(NORTH, None)
    assert me is not None
    assert me.token in fake.world.installs
    assert me.token.startswith("xoxe.")
    other = oauth_of(fake, tmp_path).begin(web_client(fake.api, session))
    again = await other.installation(NORTH, None)
    assert again is not None
    assert again.token == me.token
    await oauth.close()
    await other.close()


async def test_a_renewal_that_fails_uses_the_token_while_it_is_good(
    fake: FakeSlack, tmp_path: Path, session: aiohttp.ClientSession
) -> None:
    fake.faults.add(Fault("server_error", "oauth.v2.access"))
    fake.faults.add(Fault("drop", "oauth.v2.access"))
    oauth = await _aged(fake, tmp_path, session, time.time() + 60)
    me = await oauth.installation(NORTH, None)
    assert me is not None
    assert me.token in fake.world.installs
    await oauth.close()
    (tmp_path / "late").mkdir()
    late = await _aged(fake, tmp_path / "late", session, time.time() - 60)
    with pytest.raises(Unreachable):
        await late.installation(NORTH, None)
    await late.close()


async def test_installation_pages_exist_only_where_they_are_wanted(
    fake: FakeSlack, engine: Engine, tmp_path: Path
) -> None:
    async with running_app(fake, engine, "http", tmp_path) as slack_app:
        paths = [route.path for route in slack_app.slack.routes() if isinstance(route, web.RouteDef)]
    assert paths == ["/slack/events"]


OPTIONS = (
    "",
    "?sslmode=disable",
    "?sslmode=prefer",
    "?application_name=x",
    "?application_name=footnote%20bot&sslmode=disable",
    "?sslmode=prefer&statement_timeout=60000",
    "?target_session_attrs=any",
)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
@pytest.mark.parametrize("options", OPTIONS)
async def test_turns_and_installations_take_the_same_address_of_a_hosted_database(
    fake: FakeSlack, postgres_url: str, scheme: str, options: str
) -> None:
    address, own = f"{scheme}://{postgres_url.partition('://')[2]}", "&" if "?" in postgres_url else "?"
    address += options.replace("?", own, 1)
    store = await open_store(address)
    await store.ping()
    await store.close()
    async with new_session() as session:
        settings = OAuthSettings("id", "secret", address)
        oauth = OAuth(settings, Identity(SECRET)).begin(web_client(fake.api, session))
        await oauth.start()
        assert await oauth.installation(NORTH, None) is None
        await oauth.close()
