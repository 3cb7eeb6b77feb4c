"""The app as Slack must know it: scopes, events, commands and shortcuts, from the same names the code uses.

`python -m bot.channels.slack.manifest` writes docs/slack-manifest-socket.yaml and docs/slack-manifest-http.yaml; a test
keeps them fresh. Limits of the fields: docs.slack.dev, App manifest reference.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml

from bot.channels.base import Texts
from bot.channels.slack.actions import COMMAND
from bot.channels.slack.assistant import PROMPTS
from bot.channels.slack.views import ABOUT_MESSAGE, ASK_ANYWHERE
from bot.dialog.turn import Register

Json = dict[str, Any]
Mode = Literal["socket", "http"]

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


if __name__ == "__main__":
    _main()
