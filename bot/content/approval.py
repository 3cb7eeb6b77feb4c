"""Everything a reader sees of an answer, part by part: what an approval covers, and what a later change is told by."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from bot.content.models import Answer, Claim, Note, Register, Registers

if TYPE_CHECKING:
    from bot.content.library import Library, Topic


class ShownPart(NamedTuple):
    """One part of an answer in both registers; what is the same for both, such as a source's record, stands twice."""

    name: str
    professional: str
    layperson: str


def shown_parts(library: Library, node: str) -> Iterator[ShownPart]:
    """Yield the parts of an answer in a fixed order: its own, notes, sources, the article, the buttons under it.

    The fields come from the models, so that what is added to an answer tomorrow is covered by an approval, too.
    """
    topic, answer = library.topic_of(node), library.answer(node)
    yield from _fields(library, "", answer, ("id", "review", "claims"))
    for claim in answer.claims:
        yield from _worded(library, f"claim {claim.id}", claim)
    for name in answer.notes:
        if note := topic.notes.get(name):
            yield from _worded(library, f"note {note.number}", note)
    for name in _cited(library, topic, answer):
        if source := topic.sources.get(name):
            yield from _fields(library, f"source {name}", source)
    if topic.article:
        yield from _fields(library, "article", topic.article)
    if node in library.nodes:
        yield _same("buttons below", library.nodes[node].next)


def _worded(library: Library, name: str, worded: Claim | Note) -> Iterator[ShownPart]:
    texts = [library.text(worded, register).strip() for register in Register]
    yield ShownPart(name, *texts)
    yield from _fields(library, name, worded, ("professional", "layperson"))


def _fields(library: Library, name: str, thing: Any, left_out: tuple[str, ...] = ()) -> Iterator[ShownPart]:
    """Yield each field of a model that says something; a new field that nobody fills is no change."""
    for field in fields(thing):
        value = getattr(thing, field.name)
        if field.name in left_out or value is None or value is False or value == ():
            continue
        part = f"{name}: {field.name}" if name else field.name
        if isinstance(value, Registers):
            yield ShownPart(part, *(library.text(value, register) for register in Register))
        else:
            yield _same(part, value)


def _same(name: str, value: Any) -> ShownPart:
    text = _plain(value)
    return ShownPart(name, text, text)


def _plain(value: Any) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(map(_plain, value))
    if is_dataclass(value):
        return json.dumps({one.name: _plain(getattr(value, one.name)) for one in fields(value)}, ensure_ascii=False)
    return str(value)


def _cited(library: Library, topic: Topic, answer: Answer) -> list[str]:
    """Return the sources under an answer, each once; the answer that lists every source has them all."""
    if answer.id == library.role("references"):
        return sorted(topic.sources, key=lambda name: topic.sources[name].number)
    claims = [name for claim in answer.claims for name in claim.cites]
    notes = [name for note in answer.notes if note in topic.notes for name in topic.notes[note].cites]
    return list(dict.fromkeys([*claims, *notes]))
