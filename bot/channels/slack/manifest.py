"""The app as Slack must know it, and `footnote doctor slack`: what an operator set up and is not as it must be.

Scopes, events, commands and shortcuts come from the same names the code uses. `python -m bot.channels.slack.manifest`
writes docs/slack-manifest-socket.yaml and docs/slack-manifest-http.yaml; a test keeps them fresh. Limits of the fields:
docs.slack.dev, App manifest reference. The doctor names the exact page on which to put right what is not.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import aiohttp
import yaml
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.channels.base import CheckResult, Texts
from bot.channels.slack.actions import COMMAND
from bot.channels.slack.channel import PROMPTS
from bot.channels.slack.client import (
    TOKEN_WORDS,
    UNREACHABLE,
    Installation,
    Unreachable,
    identify,
    new_session,
    reason_of,
    web_client,
)
from bot.channels.slack.views import ABOUT_MESSAGE, ASK_ANYWHERE
from bot.dialog.turn import Register

if TYPE_CHECKING:
    from bot.channels.slack.app import Credentials

# --- the manifest -----------------------------------------------------------------------------------------------------

Json = dict[str, Any]
Mode = Literal["socket", "http"]

EVENTS_PATH = "/slack/events"
INSTALL_PATH, REDIRECT_PATH = "/slack/install", "/slack/oauth_redirect"

SCOPES: dict[str, str] = {
    "app_mentions:read": "hear a mention in a channel",
    "assistant:write": "be an agent: prompts and threads in direct messages",
    "chat:write": "answer, and show that an answer is on its way",
    "commands": "the slash command and the shortcuts",
    "im:history": "hear direct messages",
    "im:read": "know the direct message channel",
    "im:write": "answer in a direct message what was asked elsewhere",
}
"""Scopes the bot cannot do without, and what for."""

OPTIONAL_SCOPES: dict[str, str] = {
    "channels:history": "follow a thread in a public channel without being mentioned again, read the message above",
    "channels:read": "hear that the bot was invited to a public channel, and say there what it is",
    "files:write": "show pictures and send the page to take along",
    "groups:history": "follow a thread in a private channel, read the message above",
    "groups:read": "hear that the bot was invited to a private channel",
    "mpim:history": "hear messages in a group direct message",
}
"""Scopes an administrator may decline; without them the bot answers mentions only."""

EVENTS = (
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "member_joined_channel",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
    "tokens_revoked",
)
"""What Slack tells the app. An event whose scope was declined does not arrive."""

HOST = "https://YOUR-HOST"
FOLDER = Path(__file__).resolve().parents[3] / "docs"
_TONE = Register.PROFESSIONAL


def manifest(mode: Mode, texts: Texts, host: str = HOST) -> Json:
    """Return the manifest for a mode; `host` is the public address in HTTP mode."""
    address = {"request_url": f"{host}/slack/events"} if mode == "http" else {}
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {
            "name": "Footnote",
            "description": texts("slack-manifest-description", _TONE),
            "long_description": texts("slack-manifest-long-description", _TONE),
            "background_color": "#1d4e89",
        },
        "features": _features(texts, host if mode == "http" else None),
        "oauth_config": {"scopes": {"bot": sorted(SCOPES), "bot_optional": sorted(OPTIONAL_SCOPES)}},
        "settings": {
            "event_subscriptions": {**address, "bot_events": sorted(EVENTS)},
            "interactivity": {"is_enabled": True, **address},
            "org_deploy_enabled": False,
            "socket_mode_enabled": mode == "socket",
            "token_rotation_enabled": False,
        },
    }


def _features(texts: Texts, host: str | None) -> Json:
    keys = [f"slack-prompt-{number}" for number in range(1, PROMPTS + 1)]
    command = {
        "command": COMMAND,
        "description": texts("slack-command-description", _TONE),
        "usage_hint": texts("slack-command-hint", _TONE),
        "should_escape": True,
        **({"url": f"{host}/slack/events"} if host else {}),
    }
    return {
        "bot_user": {"display_name": "footnote", "always_online": True},
        "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True, "messages_tab_read_only_enabled": False},
        "agent_view": {
            "agent_description": texts("slack-manifest-description", _TONE),
            "suggested_prompts": [{"title": texts(f"{k}-title", _TONE), "message": texts(k, _TONE)} for k in keys],
        },
        "slash_commands": [command],
        "shortcuts": [
            _shortcut("slack-shortcut-message", "message", ABOUT_MESSAGE, texts),
            _shortcut("slack-shortcut-global", "global", ASK_ANYWHERE, texts),
        ],
    }


def _shortcut(key: str, kind: str, callback: str, texts: Texts) -> Json:
    named = {"name": texts(key, _TONE), "description": texts(f"{key}-description", _TONE)}
    return {"type": kind, "callback_id": callback, **named}


def as_yaml(mode: Mode, texts: Texts) -> str:
    """Return the manifest file of a mode."""
    head = f"# Made by `python -m bot.channels.slack.manifest`, not by hand; see docs/slack.md ({mode} mode).\n"
    return head + yaml.safe_dump(manifest(mode, texts), sort_keys=False, allow_unicode=True, width=110)


def path_of(mode: Mode) -> Path:
    """Return where the manifest file of a mode stands."""
    return FOLDER / f"slack-manifest-{mode}.yaml"


def _main() -> None:
    from bot.content.loader import load

    root = FOLDER.parent
    library = load(root / "dialogs", root / "content")
    modes: tuple[Mode, ...] = ("socket", "http")
    for mode in modes:
        path_of(mode).write_text(as_yaml(mode, library.interface_text), encoding="utf-8")


# --- footnote doctor slack --------------------------------------------------------------------------------------------

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


if __name__ == "__main__":
    _main()
