"""Slack's text as a person reads it: mentions and control sequences taken out, links and entities as plain words."""

from __future__ import annotations

import html
import re

_REFERENCE = re.compile(r"<([^<>]*)>")
_PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")


def mentions(text: str, user: str) -> bool:
    """Tell whether the text names this user."""
    return user in _PERSON.findall(text)


def names_another(text: str, user: str) -> bool:
    """Tell whether the text names anybody but this user: people, groups, or everybody in the channel."""
    others = set(_PERSON.findall(text)) - {user}
    return bool(others) or "<!" in text


def plain(text: str) -> str:
    """Return the words alone: nobody named in them can be notified by repeating them, no markup is left."""
    words = html.unescape(_REFERENCE.sub(_spelt, text)).replace("\x00", "")
    return " ".join(words.split())


def escaped(text: str) -> str:
    """Return text for a place that Slack reads as mrkdwn: the three control characters as entities, so that nothing in
    it is a link or a mention (docs.slack.dev, Formatting message text)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _spelt(reference: re.Match[str]) -> str:
    target, _, label = reference[1].partition("|")
    if target[:1] in {"@", "!"}:
        return " "
    if target[:1] == "#":
        return label or " "
    return label or target.removeprefix("mailto:")
