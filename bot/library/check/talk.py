"""Rules about small talk: one message leads to one reply, and a reply is as short as a person's."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from bot.library.check.asking import plain
from bot.library.check.subject import Subject
from bot.library.fault import Fault
from bot.library.shelf import fault_at
from bot.library.tone import Tone

LINE = 40
"""Characters of one line on a phone."""

LINES = 3
"""Most lines of a reply: who says thanks wants no page."""


def repeated(subject: Subject) -> Iterator[Fault]:
    """T01: a message that belongs to two kinds of small talk, or stands twice in one."""
    owners = dict[str, str]()
    for kind, talk in subject.library.small_talk.items():
        for number, ask in enumerate(talk.asks):
            said = plain(ask) or ask
            if said in owners:
                message = f"`{ask}` stands in `{owners[said]}` already"
                place = ("small_talk", kind, "asks", number)
                yield fault_at(subject.library.home.small_talk, place, "T01", message, "keep one of the two")
            owners.setdefault(said, kind)


def too_long(subject: Subject) -> Iterator[Fault]:
    """T02: small talk that fills more than three lines of a phone."""
    library = subject.library
    for kind, talk in library.small_talk.items():
        for tone in Tone:
            count = lines_of(library.text(talk.says, tone))
            if count > LINES:
                message = f"{count} lines of {LINE} characters; {LINES} are the most"
                place = ("small_talk", kind, "says", tone.value)
                yield fault_at(library.home.small_talk, place, "T02", message, "shorten it")


def lines_of(text: str) -> int:
    """Return how many lines a text fills on a phone."""
    return sum(len(textwrap.wrap(line, LINE)) for line in text.splitlines())
