"""Rules about pictures and pages to take along: that they say what a claim says, and can be drawn."""

from __future__ import annotations

from collections.abc import Iterator

from bot.authoring.quantities import figures
from bot.authoring.rules.base import CheckContext, needs
from bot.content.diagnostics import Diagnostic, Location, nearest
from bot.content.files import diagnostic_at
from bot.content.library import MissingText, Topic
from bot.content.models import PicturePart, Register
from bot.content.templates import without_values
from bot.dialog.composer import Composer
from bot.pictures.drawing import NotDrawn, Words, misfit


@needs("answers", "dialogs")
def unbacked(context: CheckContext) -> Iterator[Diagnostic]:
    """P01: a part or line that names an answer or a claim which is not there; an emergency that has a picture."""
    for name, topic in context.library.topics.items():
        path = context.library.home.of_topic(name, "pictures")
        for place, answer, claim in _pictured(topic):
            if problem := _missing(topic, answer, claim):
                yield diagnostic_at(path, place, "P01", *problem)
        for key, picture in topic.pictures.items():
            for number, node in enumerate(picture.answers):
                if node in context.library.urgent_nodes:
                    message = f"`{node}` is an emergency, which is said in words alone"
                    yield diagnostic_at(path, ("pictures", key, "answers", number), "P01", message, "leave it out")
        for place, answer, claim in _printed(topic):
            if problem := _missing(topic, answer, claim):
                yield diagnostic_at(context.library.home.of_topic(name, "handout"), place, "P01", *problem)


def _pictured(topic: Topic) -> Iterator[tuple[Location, str, str]]:
    for key, picture in topic.pictures.items():
        for number, node in enumerate(picture.answers):
            yield ("pictures", key, "answers", number), node, ""
        for number, part in enumerate(picture.parts):
            yield ("pictures", key, "parts", number, "claim"), part.answer or picture.answers[0], part.claim


def _printed(topic: Topic) -> Iterator[tuple[Location, str, str]]:
    if topic.handout is None:
        return
    for number, node in enumerate(topic.handout.answers):
        yield ("handout", "answers", number), node, ""
    for name in ("tell", "evidence"):
        for number, line in enumerate(getattr(topic.handout, name)):
            yield ("handout", name, number, "claim"), line.answer, line.claim


def _missing(topic: Topic, answer: str, claim: str) -> tuple[str, str] | None:
    if answer not in topic.answers:
        return f"`{answer}` is no answer of this topic", nearest(answer, topic.answers)
    claims = [one.id for one in topic.answers[answer].claims]
    if claim and claim not in claims:
        return f"`{claim}` is no claim of the answer `{answer}`", nearest(claim, claims)
    return None


@needs("answers", "dialogs", "interface", "layout", "emergency", "topic", "facts", "notes", "sources")
def undrawn(context: CheckContext) -> Iterator[Diagnostic]:
    """P02: a picture that is too tall for a phone, has a word wider than its box, or a letter that no font has."""
    words = Words(context.library, Composer(context.library))
    for name, topic in context.library.topics.items():
        for key in topic.pictures:
            for register in Register:
                try:
                    problem = misfit(words.sheet(name, key, register))
                except NotDrawn as fault:
                    problem = str(fault)
                except (KeyError, MissingText):
                    continue  # what it is made of is missing, and reported there
                if problem:
                    message = f"in the {register.value} register: {problem}"
                    path = context.library.home.of_topic(name, "pictures")
                    yield diagnostic_at(path, ("pictures", key), "P02", message, "shorten its words", key=True)


def typed(context: CheckContext) -> Iterator[Diagnostic]:
    """P03: a figure that is typed into a picture instead of being taken from the facts."""
    for name, topic in context.library.topics.items():
        path = context.library.home.of_topic(name, "pictures")
        for key, picture in topic.pictures.items():
            for number, part in enumerate(picture.parts):
                for register, found in _typed(part):
                    place = ("pictures", key, "parts", number, register.value)
                    yield diagnostic_at(path, place, "P03", f"`{found}` is typed here", "use {{ facts.… }}")


def _typed(part: PicturePart) -> Iterator[tuple[Register, str]]:
    for register in Register:
        for one in figures(without_values(part.for_register(register), "")):
            if one.sure:
                yield register, str(one)
