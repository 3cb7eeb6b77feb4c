"""The sources of an answer: numbered lines, citation marks, the list of all of them, and one of them by its name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
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
                yield self.line(source, id_, register)

    def lists_all(self, answer: Answer) -> bool:
        """Tell whether this is the answer that lists every source."""
        return answer.id == self._library.role("references")

    def line(self, source: Source, id_: str, register: Register) -> SourceLine:
        """Return one source as a numbered line."""
        return SourceLine(source.number, id_, self._text(source, register), link(source))

    def record(self, source: Source, register: Register) -> str:
        """Return all that is known of a source, to be copied: the reference, then each name it has in a register."""
        named = (("doi: ", source.doi), ("PMID: ", source.pmid), ("PMCID: ", source.pmcid), ("", source.registry))
        lines = [self._text(source, register), *(label + value for label, value in named if value), link(source) or ""]
        return "\n".join(filter(None, lines))

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


KINDS = ("guideline", "statement", "trial", "review", "label", "agency", "overview", "study", "guidance")
"""What a source can be, as content/<topic>/sources.yaml says it."""

_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"[\[(#]?(\d{1,3})[\])]?")
_LONG_NUMBER = re.compile(r"\d{5,9}|10\.\S{4,}|PMC\d+|NCT\d+", re.IGNORECASE)
_LITTLE = frozenset({"the", "a", "an", "of", "on", "by", "from", "et", "al", "in", "and"})
_FEW = 5
"""Sources of one name that are offered to choose from."""


def find(name: str, topics: Iterable[Topic], *, sure: bool) -> list[tuple[str, Source]]:
    """Return the sources that a name or a number means, with their ids: those of the first topic that has any.

    `sure` takes a name only where it can mean nothing but a source: by a number in it, or by what kind of source it is.
    """
    for topic in topics:
        if found := list(_named(name.strip(), topic.sources.items(), sure=sure)):
            return found
    return []


def by_name(name: str, topics: Iterable[Topic], *, bare: bool) -> list[tuple[str, Source]]:
    """Return what a body, a trial or an author is called who is asked for what they say: of the first topic that has
    any, the most binding first, then the newest. A `bare` name is one only with its year or number."""
    said = _words(name)
    kinds = _kinds(said)
    wanted = said - kinds - {f"{kind}s" for kind in kinds} - _LITTLE
    enough = any(word.isalpha() for word in wanted) and not all(word.isalpha() for word in wanted)
    if not any(len(word) > 2 and not word.isdigit() for word in wanted) or (bare and not enough):
        return []
    for topic in topics:
        held = [(id_, one) for id_, one in topic.sources.items() if not kinds or one.kind in kinds]
        whole = [(id_, one) for id_, one in held if enough and wanted <= _words(one.short or "")]
        if found := whole or [(id_, one) for id_, one in held if wanted <= _proper_names(one)]:
            return sorted(found, key=lambda one: (KINDS.index(one[1].kind), -(one[1].year or 0)))[:_FEW]
    return []


def _kinds(said: set[str]) -> set[str]:
    return {kind for kind in KINDS if kind in said or f"{kind}s" in said}


def _proper_names(source: Source) -> set[str]:
    """Return what is written with a capital or in digits in what a source is called and in who wrote it."""
    named = " ".join(filter(None, (source.short, *(source.authors or ()), str(source.year or ""))))
    return _words(" ".join(word for word in _WORD.findall(named) if not word.islower()))


def _named(name: str, sources: Iterable[tuple[str, Source]], *, sure: bool) -> Iterator[tuple[str, Source]]:
    if number := _NUMBER.fullmatch(name):
        yield from (one for one in sources if one[1].number == int(number[1]))
        return
    if _LONG_NUMBER.fullmatch(name):
        yield from (one for one in sources if name.casefold() in _numbers(one[1]))
        return
    said = _words(name)
    kinds = _kinds(said)
    wanted = said - kinds - {f"{kind}s" for kind in kinds} - _LITTLE
    if not wanted or (sure and not kinds and not any(word.isdigit() for word in wanted)):
        return
    found = [(id_, one) for id_, one in sources if wanted <= _all_words(id_, one) and (not kinds or one.kind in kinds)]
    exact = [(id_, one) for id_, one in found if (one.short or "").casefold().startswith(name.casefold())]
    shorts = [(id_, one) for id_, one in found if wanted <= _words(one.short or "")]
    for best in (exact, shorts, found):
        if best:
            yield from best if len(best) <= _FEW else ()
            return


def _words(text: str) -> set[str]:
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return set(_WORD.findall(plain.replace("α", "alpha")))


def _all_words(id_: str, source: Source) -> set[str]:
    parts: Sequence[str | None] = (id_, source.short, source.title, source.journal, *(source.authors or ()))
    return _words(" ".join(filter(None, (*parts, str(source.year or "")))))


def _numbers(source: Source) -> tuple[str, ...]:
    found = (source.doi, source.pmid, source.pmcid, source.registry)
    return tuple(one.casefold() for one in found if one)
