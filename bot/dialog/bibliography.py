"""The sources of an answer: numbered lines, citation marks, and the list of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from bot.content.library import Library, Topic
from bot.content.models import Answer, Register, Source
from bot.dialog.turn import SourceLine


class Bibliography:
    """Lays out the sources of one library."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def of_answer(self, answer: Answer, topic: Topic, register: Register) -> Iterator[SourceLine]:
        """Yield the sources an answer uses, by their numbers; `references` uses all."""
        used = set(topic.sources) if self.lists_all(answer) else set(cited(answer, topic, register))
        for id_, source in sorted(topic.sources.items(), key=lambda item: item[1].number):
            if id_ in used:
                yield SourceLine(source.number, id_, self._text(source, register), link(source))

    def lists_all(self, answer: Answer) -> bool:
        """Tell whether this is the answer that lists every source."""
        return answer.id == self._library.role("references")

    def listing(self, topic: Topic, register: Register) -> str:
        """Return the list of all sources as Markdown, in two groups."""
        groups = [self._group(name, topic, register) for name in ("article", "added")]
        return self._library.render_layout("references", register, groups=groups, plain=register is Register.LAYPERSON)

    def _group(self, name: str, topic: Topic, register: Register) -> dict[str, Any]:
        found = sorted((s for s in topic.sources.values() if s.group == name), key=lambda source: source.number)
        lines = [
            {
                "source": source,
                "url": link(source),
                "text": self._text(source, register),
                "supports": self._library.text(source.supports, register),
            }
            for source in found
        ]
        return {"title": self._library.interface_text(f"group-{name}", register), "lines": lines}

    def _text(self, source: Source, register: Register) -> str:
        as_printed = self._library.plain(source.as_printed, register) if source.as_printed else ""
        return " ".join(self._library.render_layout("source", register, source=source, as_printed=as_printed).split())


def cited(answer: Answer, topic: Topic, register: Register) -> Iterator[str]:
    """Yield the ids of the sources that an answer and its notes cite in one register."""
    for claim in answer.claims:
        if claim.for_register(register):
            yield from claim.cites
    for note in answer.notes:
        yield from topic.notes[note].cites


def marks(cites: Iterable[str], topic: Topic) -> str:
    """Return the citation marks that follow a statement, such as ` [5] [6]`, in the order of their numbers."""
    return "".join(f" [{number}]" for number in sorted(topic.sources[id_].number for id_ in cites))


def link(source: Source) -> str | None:
    """Return the best address of a source: its DOI, else where it was seen, else None."""
    return f"https://doi.org/{source.doi}" if source.doi else source.url
