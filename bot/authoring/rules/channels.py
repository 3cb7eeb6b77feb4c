"""Rules about what the channels can show: button labels, and whole answers as they would really be sent."""

from __future__ import annotations

from collections.abc import Iterator

from bot.authoring.rules.base import CheckContext, needs
from bot.content.diagnostics import Diagnostic
from bot.content.files import diagnostic_at
from bot.content.library import MissingText
from bot.content.models import Register


def long_labels(context: CheckContext) -> Iterator[Diagnostic]:
    """L01: a button label that a channel cuts off (warning) or refuses (error)."""
    for answer_ref in context.answers():
        for register in Register:
            length = len(context.library.plain(answer_ref.answer.label, register))
            if broken := [limit for limit in context.label_limits if length > limit.characters]:
                limit = max(broken, key=lambda one: (one.refused, -one.characters))
                yield diagnostic_at(
                    answer_ref.path,
                    ("label", register.value),
                    "L01",
                    f"the label has {length} characters; {limit.reason}",
                    "shorten it",
                    level="error" if limit.refused else "warning",
                )


@needs("dialogs", "interface", "layout", "emergency", "topic", "facts", "notes", "sources")
def too_long(context: CheckContext) -> Iterator[Diagnostic]:
    """L02: an answer that breaks a limit of a channel, as sent there. F11: what the program needs to say is missing."""
    for answer_ref in context.answers():
        if answer_ref.node not in context.library.nodes:
            continue
        for register in Register:
            try:
                problems = [
                    problem
                    for limit_check in context.limit_checks
                    for problem in limit_check(answer_ref.node, register)
                ]
            except MissingText as error:
                yield Diagnostic(
                    error.path.as_posix(), 1, 1, "F11", error.message, "", "take it from the file as shipped"
                )
                return
            except KeyError:  # something the card is made of is faulty, and reported there
                if context.sound:
                    raise
                continue
            for problem in problems:
                message = f"in the {register.value} register: {problem}"
                yield diagnostic_at(answer_ref.path, ("claims",), "L02", message, "shorten the answer", key=True)


@needs("dialogs", "interface", "layout", "emergency", "topic", "facts", "notes", "sources")
def too_many_screens(context: CheckContext) -> Iterator[Diagnostic]:
    """L03: an answer that fills more of a phone than a channel allows."""
    for answer_ref in context.answers():
        if answer_ref.node in context.library.nodes:
            for register in Register:
                for message in _screen_problems(context, answer_ref.node, register):
                    place, remedy = ("brief",) if answer_ref.answer.brief else ("claims",), "shorten its brief"
                    words = f"in the {register.value} register: {message}"
                    yield diagnostic_at(answer_ref.path, place, "L03", words, remedy, key=True)


def _screen_problems(context: CheckContext, node: str, register: Register) -> Iterator[str]:
    for limit, measure in context.screen_limits:
        try:
            yield from limit.broken(measure(node, register))
        except (MissingText, KeyError):
            return  # what the card is made of is missing or faulty, and reported there
