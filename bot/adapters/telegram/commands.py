"""Slash commands and mentions: which words are meant for this bot, and what they ask."""

from __future__ import annotations

import re
from functools import cache

from bot.engine.turn import Incoming, Kind

NAMES = ("start", "help", "tone", "sources", "privacy", "forget", "export")
"""The commands in the menu. Any other node can be named too: /ala_dose shows `ala-dose`."""

_COMMAND = re.compile(r"/(?P<name>\w{1,32})(?:@(?P<bot>\w{1,64}))?(?:\s+(?P<rest>.*))?", re.ASCII | re.DOTALL)
_NODE = re.compile(r"[a-z][a-z0-9-]{0,39}")


def read_words(text: str, username: str, *, group: bool, replies: bool) -> Incoming | None:
    """Return what `text` asks, or None when in a group it is meant for others.

    In a group a message is for the bot when it is a command, names it (`@username`) or replies to one of its answers.
    """
    found = _COMMAND.fullmatch(text.strip())
    if found:
        return _command(found["name"].lower(), found["bot"], (found["rest"] or "").strip(), username, group=group)
    mention = _mention(username)
    if group and not replies and not mention.search(text):
        return None
    words = " ".join(mention.sub(" ", text).split(" ")).strip() if group else text
    return Incoming(Kind.TEXT, words, "telegram") if words else Incoming(Kind.COMMAND, "start", "telegram")


def _command(name: str, target: str | None, rest: str, username: str, *, group: bool) -> Incoming | None:
    if group and (target or username).lower() != username.lower():
        return None
    if group and not target and name not in NAMES:
        return None
    if name == "start" and _NODE.fullmatch(rest):
        return Incoming(Kind.COMMAND, rest, "telegram")
    if rest:  # words after a command are a question, and may be an urgent one
        return Incoming(Kind.TEXT, rest, "telegram")
    return Incoming(Kind.COMMAND, name.replace("_", "-"), "telegram")


@cache
def _mention(username: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)@{re.escape(username)}(?!\w)", re.IGNORECASE)
