"""Slack's text as a person reads it: mentions and control sequences taken out, links and entities as plain words."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any

_REFERENCE = re.compile(r"<([^<>]*)>")
_PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
_ADDRESS = re.compile(r"(?:https?://|www\.|mailto:)\S+", re.IGNORECASE)
_CODE_BLOCK = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_EMOJI = re.compile(r":(?=[\w+'-]*[a-z+-])[\w+'-]{1,100}:|(?<!\S):\d{1,4}:(?!\S)")
"""An emoji as Slack writes it, such as `:+1:`, `:skin-tone-2:`, or `:100:`; not the minutes of 10:30:45."""

_SPOKEN_EMOJI = {":sos:": "🆘", ":ambulance:": "🚑"}
"""Emoji that call for help; all others say nothing that a reader of words could answer."""

_QUOTE = re.compile(r"\s*(?:&gt;|>)(?!\d)")
THUMB = "👍"
"""What stands for a message of emoji alone, whichever they are."""


def mentions(text: str, user: str) -> bool:
    """Tell whether the text names this user."""
    return user in _PERSON.findall(text)


def names_another(text: str, user: str) -> bool:
    """Tell whether the text names anybody but this user: people, groups, or everybody in the channel."""
    others = set(_PERSON.findall(text)) - {user}
    return bool(others) or "<!" in text


def plain(text: str) -> str:
    """Return the words alone, line by line: no people, channels, addresses, code or emoji, of links their labels.

    Nobody named in them can be notified by repeating them. Quoted lines are what somebody else said: they are left out
    where the person says something too. A message of emoji alone is a thumb.
    """
    prose = _CODE.sub(_code, _CODE_BLOCK.sub(" ", text))
    own = "\n".join(line for line in prose.split("\n") if not _QUOTE.match(line))
    words = _words(own)
    if _says_something(words):
        return words
    return _words(prose) or words or (THUMB if _EMOJI.search(text) else "")


def spelt_out(blocks: Any) -> str:
    """Return what the blocks of a message say, as its text would say it; of a kind nobody knows yet, nothing."""
    found, rest = [], [blocks]
    while rest:
        node = rest.pop()
        if isinstance(node, Mapping):
            found.append(_spelling(node))
            rest.extend(reversed([one for one in node.values() if isinstance(one, Mapping | list)]))
        elif isinstance(node, list):
            rest.extend(reversed(node))
    return "".join(found)


def _spelling(node: Mapping[str, Any]) -> str:
    match node.get("type"):
        case "text":
            return escaped(str(node.get("text", "")))
        case "mrkdwn" | "plain_text" | "link":
            return str(node.get("text", "")) + " "
        case "user":
            return f"<@{node.get('user_id')}>"
        case "emoji":
            return f":{node.get('name')}:"
    return ""


def _words(text: str) -> str:
    spelt = _EMOJI.sub(lambda found: _SPOKEN_EMOJI.get(found[0], " "), _REFERENCE.sub(_spelt, text))
    bare = _ADDRESS.sub(" ", html.unescape(spelt)).replace("\x00", "")
    return "\n".join(line for found in bare.split("\n") if (line := " ".join(found.split())))


def _says_something(words: str) -> bool:
    return any(sign.isalnum() for sign in words)


def _code(found: re.Match[str]) -> str:
    """Return a word that is merely set as code, such as `ALA`; what is code says nothing."""
    return found[1] if all(sign.isalpha() or sign in " -" for sign in found[1]) else " "


def escaped(text: str) -> str:
    """Return text for a place that Slack reads as mrkdwn: the three control characters as entities, so that nothing in
    it is a link or a mention (docs.slack.dev, Formatting message text)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _spelt(reference: re.Match[str]) -> str:
    """Return the label of a link: that is a word of the writer's, the address behind it is not."""
    target, _, label = reference[1].partition("|")
    return " " if target[:1] in {"@", "!", "#"} else f" {label} "


MASK = "[…]"

_EMAIL = r"(?<![\w.+%-])[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DATE = (
    r"(?<!\d)(?:"
    r"\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})"
    r"|\d{4}[./-]\d{1,2}[./-]\d{1,2}"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?\s+{_MONTH},?\s+\d{{4}}"
    rf"|{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}"
    r")(?!\d)"
)
_DIGITS = (
    r"(?<![\d.,])(?:"
    r"\d{7,}"
    r"|\+\d(?:[ ()./-]{0,2}\d){6,}"
    r"|0\d{2,4}[ /-]\d{3,4}[ -]?\d{3,4}"
    r"|\d{3}[ -]\d{3}[ -]\d{4}"
    r"|\d{3}-\d{2}-\d{4}"
    r")(?![\d.,]*\d)(?!\s*(?:mg|mcg|µg|g|ml|iu|%))"
)
"""Seven digits in a row, or grouped as telephone, health service and social security numbers are; not dose ranges."""

_IDENTIFIER = re.compile(f"{_EMAIL}|{_DATE}|{_DIGITS}", re.IGNORECASE)


def mask(text: str) -> tuple[str, bool]:
    """Return the text without identifiers, and whether any was found."""
    masked, found = _IDENTIFIER.subn(MASK, text)
    return masked, found > 0
