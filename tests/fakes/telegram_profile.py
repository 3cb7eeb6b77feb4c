"""The Bot API's methods about the bot itself: who it is, its descriptions, commands and menu."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from tests.fakes.telegram_rules import Json, Refused, decoded

_LIMITS = {"Name": ("name", 64), "Description": ("description", 512), "ShortDescription": ("short_description", 120)}
_SCOPES = frozenset(
    {"default", "all_private_chats", "all_group_chats", "all_chat_administrators"}
    | {"chat", "chat_administrators", "chat_member"}
)
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_MENUS = frozenset({"commands", "default", "web_app"})
_MAX_COMMANDS = 100


class Profile:
    """What BotFather and the bot itself have set."""

    def __init__(self, bot: Json) -> None:
        self.bot = bot
        self.texts: dict[tuple[str, str], str] = {("name", ""): bot["first_name"]}
        self.commands: dict[tuple[str, str], list[Json]] = {}
        self.menu: Json = {"type": "default"}
        self.methods: dict[str, Callable[[Json], Any]] = {
            "getMe": lambda _: dict(self.bot),
            "setMyCommands": self.set_commands,
            "getMyCommands": lambda params: self.commands.get(_scope(params), []),
            "setChatMenuButton": self.set_menu,
            "getChatMenuButton": lambda _: self.menu,
        }
        for suffix, (name, limit) in _LIMITS.items():
            self.methods[f"setMy{suffix}"] = self._setter(name, limit)
            self.methods[f"getMy{suffix}"] = self._getter(name)

    def set_commands(self, params: Json) -> bool:
        """setMyCommands"""
        commands = decoded(params.get("commands"))
        if not isinstance(commands, list) or len(commands) > _MAX_COMMANDS:
            raise Refused("Bad Request: BOT_COMMANDS_TOO_MUCH")
        for command in commands:
            if not _COMMAND.fullmatch(str(command.get("command"))):
                raise Refused("Bad Request: BOT_COMMAND_INVALID")
            if not 1 <= len(str(command.get("description") or "")) <= 256:
                raise Refused("Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
        self.commands[_scope(params)] = commands
        return True

    def set_menu(self, params: Json) -> bool:
        """setChatMenuButton"""
        menu = decoded(params.get("menu_button")) or {"type": "default"}
        if menu.get("type") not in _MENUS:
            raise Refused("Bad Request: MENU_BUTTON_TYPE_INVALID")
        self.menu = menu
        return True

    def _setter(self, name: str, limit: int) -> Callable[[Json], bool]:
        def set_text(params: Json) -> bool:
            text = str(params.get(name) or "")
            if len(text) > limit:
                raise Refused(f"Bad Request: {name} is too long")
            self.texts[name, str(params.get("language_code") or "")] = text
            return True

        return set_text

    def _getter(self, name: str) -> Callable[[Json], Json]:
        return lambda params: {name: self.texts.get((name, str(params.get("language_code") or "")), "")}


def _scope(params: Json) -> tuple[str, str]:
    scope = decoded(params.get("scope")) or {"type": "default"}
    if scope.get("type") not in _SCOPES:
        raise Refused("Bad Request: can't parse BotCommandScope")
    return json.dumps(scope, sort_keys=True), str(params.get("language_code") or "")
