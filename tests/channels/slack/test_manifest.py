"""The manifests in the repository are those the code makes, and ask for no more and no less than the code uses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.channels.slack.manifest import EVENTS, OPTIONAL_SCOPES, SCOPES, Mode, as_yaml, manifest, path_of
from bot.dialog.engine import Engine

CODE = "\n".join(path.read_text() for path in Path("bot/channels/slack").glob("*.py") if path.name != "manifest.py")
NEEDED_BY = {
    "chat:write": "chat_postMessage",
    "im:write": "place.user",
    "assistant:write": "assistant_threads_setSuggestedPrompts",
    "commands": "read_command",
    "app_mentions:read": "app_mention",
    "im:history": "direct",
    "im:read": 'startswith("D")',
}


@pytest.mark.parametrize("mode", ["socket", "http"])
def test_the_files_are_fresh(engine: Engine, mode: Mode) -> None:
    assert path_of(mode).read_text(encoding="utf-8") == as_yaml(mode, engine.text)


@pytest.mark.parametrize("mode", ["socket", "http"])
def test_the_limits_of_a_manifest_are_held(engine: Engine, mode: Mode) -> None:
    made = manifest(mode, engine.text)
    shown, features = made["display_information"], made["features"]
    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert 174 <= len(shown["long_description"]) <= 4_000
    assert len(features["agent_view"]["agent_description"]) <= 300
    assert len(features["agent_view"]["suggested_prompts"]) <= 4
    assert re.fullmatch(r"[a-z0-9._-]{1,80}", features["bot_user"]["display_name"])
    for command in features["slash_commands"]:
        assert len(command["command"]) <= 32
        assert len(command["description"]) <= 2_000
    for shortcut in features["shortcuts"]:
        assert len(shortcut["name"]) <= 24
        assert len(shortcut["description"]) <= 150


def test_addresses_stand_only_in_the_http_manifest(engine: Engine) -> None:
    assert "url" not in str(manifest("socket", engine.text)).replace("is_enabled", "")
    made = manifest("http", engine.text, "https://bot.example")
    assert made["settings"]["interactivity"]["request_url"] == "https://bot.example/slack/events"
    assert made["settings"]["socket_mode_enabled"] is False


def test_scopes_and_events_match_the_code() -> None:
    assert set(NEEDED_BY) == set(SCOPES)
    for scope, sign in NEEDED_BY.items():
        assert sign in CODE, scope
    heard = {f"message.{kind}" for kind in ("channels", "groups", "im", "mpim")}
    handled = {"app_home_opened", "app_mention", "app_uninstalled", "member_joined_channel", "tokens_revoked"}
    assert set(EVENTS) == heard | handled
    for event in handled:
        assert f'"{event}"' in CODE
    assert {scope.partition(":")[0] for scope in OPTIONAL_SCOPES} == {"channels", "files", "groups", "mpim"}


def test_it_is_an_agent_and_not_the_legacy_assistant(engine: Engine) -> None:
    features: dict[str, Any] = yaml.safe_load(as_yaml("socket", engine.text))["features"]
    assert "agent_view" in features
    assert "assistant_view" not in features
