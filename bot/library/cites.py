"""What an answer refers to within its topic, and what must be unique across topics."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bot.library.fault import Fault, nearest
from bot.library.library import Library, Topic
from bot.library.models import Review
from bot.library.shelf import fault_at
from bot.library.survey import Location


def cite_faults(library: Library, broken: set[Path]) -> Iterator[Fault]:
    """Yield every unknown source or note, every clash of ids, figures or numbers, every unsigned approval."""
    for name, topic in library.topics.items():
        sources_known = library.home.of_topic(name, "sources") not in broken
        notes_known = library.home.of_topic(name, "notes") not in broken
        for location_of in _uses(library, topic):
            path, location, kind, used = location_of
            known, readable = (topic.sources, sources_known) if kind == "source" else (topic.notes, notes_known)
            if readable and used not in known:
                code = "C03" if kind == "source" else "C07"
                yield fault_at(path, location, code, f"`{used}` is not a {kind}", nearest(used, known))
        yield from _numbers(library, topic)
        yield from _approvals(library, topic)
        yield from _repeated_claims(library, topic)
    yield from _clashes(library)


def _uses(library: Library, topic: Topic) -> Iterator[tuple[Path, Location, str, str]]:
    """Yield each place that names a source or a note: file, location, which of the two, the name."""
    for name, answer in topic.answers.items():
        path = library.home.answer(topic.id, name)
        for number, claim in enumerate(answer.claims):
            for index, source in enumerate(claim.cites):
                yield path, ("claims", number, "cites", index), "source", source
        for index, note in enumerate(answer.notes):
            yield path, ("notes", index), "note", note
    for name, entry in topic.notes.items():
        for index, source in enumerate(entry.cites):
            yield library.home.of_topic(topic.id, "notes"), ("notes", name, "cites", index), "source", source


def _numbers(library: Library, topic: Topic) -> Iterator[Fault]:
    """Yield a fault for each citation or note number used twice."""
    for file, entries in (("sources", topic.sources), ("notes", topic.notes)):
        taken = dict[object, str]()
        for name, entry in entries.items():
            if taken.setdefault(entry.number, name) != name:
                remedy = "give it the next free number"
                message = f"the number {entry.number} already belongs to `{taken[entry.number]}`"
                yield fault_at(library.home.of_topic(topic.id, file), (file, name, "number"), "C08", message, remedy)


def _approvals(library: Library, topic: Topic) -> Iterator[Fault]:
    if fault := _unsigned(library.home.of_topic(topic.id, "topic"), topic.review):
        yield fault
    for name, answer in topic.answers.items():
        if answer.review and (fault := _unsigned(library.home.answer(topic.id, name), answer.review)):
            yield fault


def _unsigned(path: Path, review: Review) -> Fault | None:
    absent = [name for name in ("by", "on", "due", "hash") if getattr(review, name) is None]
    if review.status != "approved" or not absent:
        return None
    message = f"approved, but {_listed(absent)} missing: only `footnote review record` writes an approval"
    return fault_at(path, ("review",), "R01", message, "take the status back to submitted", key=True)


def _listed(names: list[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return quoted[0] + " is" if len(quoted) == 1 else ", ".join(quoted[:-1]) + f" and {quoted[-1]} are"


def _repeated_claims(library: Library, topic: Topic) -> Iterator[Fault]:
    for name, answer in topic.answers.items():
        seen = set[str]()
        for number, claim in enumerate(answer.claims):
            if claim.id in seen:
                place = ("claims", number, "id")
                message = f"the claim id `{claim.id}` stands twice in this answer"
                yield fault_at(library.home.answer(topic.id, name), place, "F09", message, "give it another id")
            seen.add(claim.id)


def _clashes(library: Library) -> Iterator[Fault]:
    """Yield a fault for each answer id or figure that two topics claim."""
    answers, figures = dict[str, str](), dict[str, str]()
    for name, topic in library.topics.items():
        for answer in topic.answers:
            if answers.setdefault(answer, name) != name:
                yield _clash(library.home.answer(name, answer), ("answer",), answer, answers[answer])
        for figure in topic.facts:
            if figures.setdefault(figure, name) != name:
                yield _clash(library.home.of_topic(name, "facts"), ("facts", figure), figure, figures[figure])


def _clash(path: Path, location: Location, name: str, owner: str) -> Fault:
    return fault_at(path, location, "F09", f"`{name}` is already in the topic `{owner}`", "give it another name")
