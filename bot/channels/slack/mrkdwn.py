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
