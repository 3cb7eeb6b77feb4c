"""Rules about small talk: one message leads to one reply, and a reply is as short as a person's."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from bot.authoring.rules.base import CheckContext
from bot.authoring.rules.phrases import plain
from bot.content.diagnostics import Diagnostic
from bot.content.files import diagnostic_at
from bot.content.models import Register

LINE = 40
"""Characters of one line on a phone."""

LINES = 3
"""Most lines of a reply: who says thanks wants no page."""


def repeated(check_context: CheckContext) -> Iterator[Diagnostic]:
    """T01: a message that belongs to two kinds of small talk, or stands twice in one."""
    owners = dict[str, str]()
    for kind, talk in check_context.library.small_talk.items():
        for number, ask in enumerate(talk.asks):
            said = plain(ask) or ask
            if said in owners:
                message = f"`{ask}` stands in `{owners[said]}` already"
                place = ("small_talk", kind, "asks", number)
                path = check_context.library.home.small_talk
                yield diagnostic_at(path, place, "T01", message, "keep one of the two")
            owners.setdefault(said, kind)


def too_long(check_context: CheckContext) -> Iterator[Diagnostic]:
    """T02: small talk that fills more than three lines of a phone."""
    library = check_context.library
    for kind, talk in library.small_talk.items():
        for register in Register:
            count = lines_of(library.text(talk.says, register))
            if count > LINES:
                message = f"{count} lines of {LINE} characters; {LINES} are the most"
                place = ("small_talk", kind, "says", register.value)
                yield diagnostic_at(library.home.small_talk, place, "T02", message, "shorten it")


def lines_of(text: str) -> int:
    """Return how many lines a text fills on a phone."""
    return sum(len(textwrap.wrap(line, LINE)) for line in text.splitlines())
