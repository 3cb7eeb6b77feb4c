"""Rules about what the channels can show: button labels, and whole answers as they would really be sent."""

from __future__ import annotations

from collections.abc import Iterator

from bot.authoring.rules.base import Subject
from bot.content.diagnostics import Fault
from bot.content.files import fault_at
from bot.content.library import Unsayable
from bot.content.models import Tone

SHOWN = 30
"""Longest label, in characters, that a phone shows whole."""

SENT = 75
"""Longest label, in characters, that Slack accepts (Block Kit, button element); longer: no message at all."""


def long_labels(subject: Subject) -> Iterator[Fault]:
    """L01: a button label that a phone cuts off (warning) or that Slack refuses (error)."""
    for written in subject.answers():
        for tone in Tone:
            length = len(subject.library.text(written.answer.label, tone))
            if length > SHOWN:
                refused = length > SENT
                why = f"Slack refuses more than {SENT}" if refused else f"a phone shows {SHOWN}"
                yield fault_at(
                    written.path,
                    ("label", tone.value),
                    "L01",
                    f"the label has {length} characters; {why}",
                    "shorten it",
                    level="error" if refused else "warning",
                )


def too_long(subject: Subject) -> Iterator[Fault]:
    """L02: an answer that breaks a limit of a channel, as sent there. F11: what the program needs to say is missing."""
    for written in subject.answers():
        if written.node not in subject.library.nodes:
            continue
        for tone in Tone:
            try:
                problems = [problem for measure in subject.measures for problem in measure(written.node, tone)]
            except Unsayable as error:
                yield Fault(error.path.as_posix(), 1, 1, "F11", error.message, "", "take it from the file as shipped")
                return
            for problem in problems:
                message = f"in the {tone.value} register: {problem}"
                yield fault_at(written.path, ("claims",), "L02", message, "shorten the answer", key=True)
