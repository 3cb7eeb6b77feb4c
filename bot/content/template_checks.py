"""Every authored text with a Jinja2 mark in it, rendered once so that a missing figure stops the load, not a reader."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.content import templates
from bot.content.diagnostics import Diagnostic, Location, Place
from bot.content.files import page_of
from bot.content.library import Library, Topic
from bot.content.models import Claim, Note, Register, Registers
from bot.content.templates import TemplateProblem
from bot.content.yaml_reader import YamlFile


@dataclass(frozen=True, slots=True)
class Text:
    """One authored text: its file, its place in the file, its register and what it says before figures are inserted."""

    path: Path
    location: Location
    register: Register
    raw: str

    def for_register(self, register: Register) -> str:
        """Return what it says, if this is its register."""
        return self.raw if register is self.register else ""


def texts(library: Library) -> Iterator[Text]:
    """Yield every authored text about a topic, answer by answer, then notes and sources; then the small talk."""
    for name, topic in library.topics.items():
        yield from _pair(library.home.of_topic(name, "topic"), ("title",), topic.title)
        for node, answer in topic.answers.items():
            path = library.home.answer(name, node)
            yield from _pair(path, ("label",), answer.label)
            yield from _pair(path, ("title",), answer.title)
            for number, claim in enumerate(answer.claims):
                yield from _pair(path, ("claims", number), claim)
                if claim.section:
                    yield from _pair(path, ("claims", number, "section"), claim.section)
        yield from _drawn(library, topic)
        for note_id, note in topic.notes.items():
            yield from _pair(library.home.of_topic(name, "notes"), ("notes", note_id), note)
        for source_id, source in topic.sources.items():
            path = library.home.of_topic(name, "sources")
            yield from _pair(path, ("sources", source_id, "supports"), source.supports)
            if source.as_printed:
                yield from _pair(path, ("sources", source_id, "as_printed"), source.as_printed)
    for kind, talk in library.small_talk.items():
        yield from _pair(library.home.small_talk, ("small_talk", kind, "says"), talk.says)


def _drawn(library: Library, topic: Topic) -> Iterator[Text]:
    """Yield the words of pictures and of the page to take along."""
    path = library.home.of_topic(topic.id, "pictures")
    for key, picture in topic.pictures.items():
        for name in ("label", "title", "alt"):
            yield from _pair(path, ("pictures", key, name), getattr(picture, name))
        for number, part in enumerate(picture.parts):
            place = ("pictures", key, "parts", number)
            yield from _pair(path, place, part)
            for name in ("head", "then"):
                if words := getattr(part, name):
                    yield from _pair(path, (*place, name), words)
            if part.lasted:
                yield Text(path, (*place, "lasted"), Register.PROFESSIONAL, part.lasted)
    if topic.handout:
        path = library.home.of_topic(topic.id, "handout")
        for name in ("title", "lead"):
            yield from _pair(path, ("handout", name), getattr(topic.handout, name))
        for name in ("questions", "tell"):
            for number, line in enumerate(getattr(topic.handout, name)):
                yield from _pair(path, ("handout", name, number), line)
        for number, row in enumerate(topic.handout.evidence):
            yield Text(path, ("handout", "evidence", number, "says"), Register.PROFESSIONAL, row.says)


def template_diagnostics(library: Library) -> Iterator[Diagnostic]:
    """Yield what Jinja2 cannot render with today's figures; layouts and own sentences get further values later."""
    for text in texts(library):
        for trouble in templates.troubles(text.raw, library.values(text.register)):
            yield _located(page_of(text.path), text.location, trouble)
    path = library.home.content / "interface.yaml"
    for key, pair in library.interface.items():
        for text in _pair(path, ("interface", key), pair):
            for trouble in templates.troubles(text.raw, library.values(text.register), open_ended=True):
                yield _located(page_of(path), text.location, trouble)
    for name, source in library.layout.items():
        page = YamlFile((library.home.content / "layout" / f"{name}.j2").as_posix(), source)
        for trouble in templates.troubles(source, library.values(Register.PROFESSIONAL), open_ended=True):
            yield _diagnostic(page, (trouble.line - 1, 0), trouble)


def _pair(path: Path, location: tuple[str | int, ...], worded: Registers | Claim | Note) -> Iterator[Text]:
    for register in Register:
        if raw := worded.for_register(register):
            yield Text(path, (*location, register.value), register, raw)


def _located(page: YamlFile, location: Location, trouble: TemplateProblem) -> Diagnostic:
    """Return the fault at the name itself where the file shows it, else at the template's line."""
    source_range = page.source_map.source_range(location)
    for line in range(source_range.start[0], min(source_range.end[0] + 1, len(page.lines))):
        if trouble.name and (column := page.lines[line].find(trouble.name)) >= 0:
            return _diagnostic(page, (line, column), trouble)
    first, column = source_range.start
    return _diagnostic(
        page, (first + trouble.line, 0) if source_range.block else (first + trouble.line - 1, column), trouble
    )


def _diagnostic(page: YamlFile, place: Place, trouble: TemplateProblem) -> Diagnostic:
    return page.diagnostic(place, "F10", trouble.message, trouble.suggestion)
