"""Rules about the form of an answer: the main message comes first, urgent acts first, every channel can show it."""

from __future__ import annotations

from collections.abc import Iterator

from bot.library.check.subject import Subject
from bot.library.document import Paragraph
from bot.library.fault import Fault, nearest
from bot.library.insertions import texts
from bot.library.markdown import UnsupportedMarkdown, parse
from bot.library.models import Claim
from bot.library.readability import split
from bot.library.shelf import fault_at
from bot.library.tone import Tone

MAX_MESSAGE = {Tone.PROFESSIONAL: 2, Tone.LAYPERSON: 3}
"""Longest main message, in sentences; plain language needs shorter ones (CDC Clear Communication Index)."""


def main_message(subject: Subject) -> Iterator[Fault]:
    """C11: the first claim is the main message: one short paragraph for both readers, without heading or bullet."""
    for written in subject.answers():
        for problem in _message_problems(subject, written.answer.claims[0]):
            yield fault_at(
                written.path, ("claims", 0), "C11", f"the main message {problem}", "put the main message first"
            )


def _message_problems(subject: Subject, claim: Claim) -> Iterator[str]:
    if claim.section or claim.bullet:
        yield "begins with a heading or is a list item"
    if claim.layperson is None:
        yield "is missing in the layperson register"
    for tone in Tone:
        document = parse(subject.library.text(claim, tone))
        if len(document) > 1 or not all(isinstance(block, Paragraph) for block in document):
            yield f"is not a single paragraph in the {tone.value} register"
        elif len(split(subject.library.text(claim, tone))) > MAX_MESSAGE[tone]:
            yield f"has more than {MAX_MESSAGE[tone]} sentences in the {tone.value} register"


def unknown_brief(subject: Subject) -> Iterator[Fault]:
    """C17: the brief names a claim that the answer does not have."""
    for written in subject.answers():
        claims = [claim.id for claim in written.answer.claims]
        for number, name in enumerate(written.answer.brief):
            if name not in claims:
                message = f"`{name}` is not a claim of this answer"
                yield fault_at(written.path, ("brief", number), "C17", message, nearest(name, claims))


def unshowable(subject: Subject) -> Iterator[Fault]:
    """C15: Markdown that some channel cannot show."""
    for text in texts(subject.library):
        try:
            parse(text.raw)
        except UnsupportedMarkdown as error:
            yield fault_at(text.path, text.location, "C15", str(error), "use bold, lists, links and tables only")


def urgent_first(subject: Subject) -> Iterator[Fault]:
    """U01: the urgent answer begins with what to do, cites nothing before it, and carries no editor's notes."""
    for written in subject.answers():
        if written.node != subject.library.main.urgent:
            continue
        first = written.answer.claims[0]
        if first.kind != "action" or first.cites:
            message = "the urgent answer must begin with what to do, without a citation"
            yield fault_at(written.path, ("claims", 0), "U01", message, "put a claim of `kind: action` first")
        if written.answer.notes:
            message = "the urgent answer carries no editor's notes"
            yield fault_at(written.path, ("notes",), "U01", message, "remove them", key=True)
