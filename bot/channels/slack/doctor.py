"""`footnote doctor slack`: what an operator set up, and the exact page on which to put right what is not."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.channels.base import CheckResult
from bot.channels.slack.app import EVENTS_PATH, Credentials
from bot.channels.slack.client import new_session, web_client
from bot.channels.slack.errors import UNREACHABLE
from bot.channels.slack.installation import TOKEN_WORDS, Installation, Unreachable, identify, reason_of
from bot.channels.slack.manifest import OPTIONAL_SCOPES, SCOPES
from bot.channels.slack.oauth import INSTALL_PATH

_REINSTALL = "api.slack.com/apps > your app > OAuth & Permissions > Scopes, then Install App > Reinstall"


async def doctor(credentials: Credentials, public_url: str = "") -> list[CheckResult]:
    """Return the findings in the order in which to mend them. `public_url` is the bot's own address in HTTP mode."""
    async with new_session() as session:
        client = web_client(credentials.base_url, session)
        return [line async for line in _examined(client, session, credentials, public_url)]


async def _examined(
    client: AsyncWebClient, session: aiohttp.ClientSession, credentials: Credentials, public_url: str
) -> AsyncIterator[CheckResult]:
    if credentials.bot_token:
        for line in await _token_lines(client, credentials.bot_token):
            yield line
    else:
        yield CheckResult(True, f"no SLACK_BOT_TOKEN: workspaces install the app at {INSTALL_PATH}")
    if credentials.mode == "socket":
        yield await _socket_line(client, credentials.app_token)
    else:
        yield _secret_line(credentials.signing_secret)
        yield await _address_line(session, public_url)


async def _token_lines(client: AsyncWebClient, token: str) -> list[CheckResult]:
    try:
        me = await identify(client, token)
    except Unreachable as reason:
        return [CheckResult(False, f"SLACK_BOT_TOKEN: Slack says {reason}", _token_fix(str(reason)))]
    return [CheckResult(True, f"SLACK_BOT_TOKEN: workspace {me.team}, bot user {me.bot_user}"), *scope_lines(me)]


def scope_lines(me: Installation) -> list[CheckResult]:
    """Return a line for the scopes that must be there, one for those that may be, and one for the agent toggle."""
    missing, declined = sorted(SCOPES.keys() - me.scopes), sorted(OPTIONAL_SCOPES.keys() - me.scopes)
    agent = "agent: each question in a direct message opens its own thread"
    plain = "no agent here: direct messages are one conversation, without prompts and status"
    return [
        CheckResult(not missing, _listed("scopes", missing, len(SCOPES)), f"add them: {_REINSTALL}" if missing else ""),
        CheckResult(
            True,
            _listed("optional scopes", declined, len(OPTIONAL_SCOPES)),
            f"without them threads are not followed; to follow them, add: {_REINSTALL}" if declined else "",
        ),
        CheckResult(
            me.agent,
            agent if me.agent else plain,
            "" if me.agent else "on a paid plan: your app > Agents & AI Apps > switch on, then reinstall",
        ),
    ]


def _listed(what: str, missing: list[str], of: int) -> str:
    return f"{what}: {of - len(missing)} of {of} granted" + (f", missing {', '.join(missing)}" if missing else "")


async def _socket_line(client: AsyncWebClient, app_token: str) -> CheckResult:
    fix = "your app > Basic Information > App-Level Tokens > generate one with connections:write; Socket Mode > enable"
    if not app_token.startswith("xapp-"):
        return CheckResult(False, "SLACK_APP_TOKEN: does not start with xapp-", fix)
    try:
        await client.apps_connections_open(app_token=app_token)
    except (SlackApiError, *UNREACHABLE) as error:
        return CheckResult(False, f"SLACK_APP_TOKEN: Slack says {reason_of(error)}", fix)
    return CheckResult(True, "SLACK_APP_TOKEN: Slack offers a connection (Socket Mode)")


def _secret_line(signing_secret: str) -> CheckResult:
    if signing_secret:
        return CheckResult(True, "SLACK_SIGNING_SECRET: set")
    return CheckResult(False, "SLACK_SIGNING_SECRET: missing", "your app > Basic Information > Signing Secret")


async def _address_line(session: aiohttp.ClientSession, public_url: str) -> CheckResult:
    """An unsigned request must be refused with 401: then the address leads here, and signatures are looked at."""
    address = public_url.rstrip("/") + EVENTS_PATH
    fix = f"the address must be reachable from the internet and lead to {EVENTS_PATH} of this bot; it must be running"
    if not public_url:
        return CheckResult(
            True, f"request URL: not checked; Slack checks https://YOUR-HOST{EVENTS_PATH} when you save it"
        )
    try:
        async with session.post(address, json={}) as answer:
            status = answer.status
    except UNREACHABLE as error:
        return CheckResult(False, f"request URL {address}: {type(error).__name__}", fix)
    return CheckResult(
        status == 401, f"request URL {address}: an unsigned request gets {status}", "" if status == 401 else fix
    )


def _token_fix(reason: str) -> str:
    if reason in TOKEN_WORDS:
        return "your app > OAuth & Permissions > Bot User OAuth Token (starts with xoxb-); install the app first"
    return "is slack.com reachable from here? A proxy is taken from HTTPS_PROXY"
