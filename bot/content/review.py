"""Who has reviewed an answer, and whether it still says what was reviewed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from bot.content.models import Answer, ApprovalRules, Claim, Note, Register, Registers, Review
from bot.content.picture_models import alternative_text

if TYPE_CHECKING:
    from bot.content.library import Library, Topic


Effective = Literal["submitted", "under-review", "approved", "changed"]


@dataclass(frozen=True, slots=True)
class ReviewState:
    """The review of one answer as it stands today.

    `status` is what the reader may be told: an approval whose content has changed since reads `changed`.
    """

    status: Effective
    by: str | None
    on: date | None
    due: date | None
    second_by: str | None = None
    second_on: date | None = None

    @property
    def reviewers(self) -> str:
        """Everybody who signed it, such as `A. Roe and J. Doe`."""
        return " and ".join(name for name in (self.by, self.second_by) if name)

    @property
    def approved(self) -> bool:
        """Whether a named person approved exactly this text."""
        return self.status == "approved"

    def overdue(self, today: date) -> bool:
        """Whether the next review should have happened before `today`."""
        return self.due is not None and self.due < today


def state_of(review: Review, present: Callable[[], str], rules: ApprovalRules) -> ReviewState:
    """Return the effective state of `review` for content whose hash is `present()`, asked only of what is approved.

    An approval counts only with all that the topic asks for, and with the hash of what was approved.
    """
    status: Effective = review.status
    if review.status == "approved":
        complete = not missing_of(review, rules)
        status = "submitted" if not complete else "approved" if review.hash == present() else "changed"
    return ReviewState(status, review.by, review.on, review.due, review.second_by, review.second_on)


def missing_of(review: Review, rules: ApprovalRules) -> list[str]:
    """Return what an approval lacks of what it must have."""
    names = ["by", "on", "due", "hash", *(["note"] if rules.note else [])]
    if rules.reviewers == 2:
        names += ["second_by", "second_on", *(["second_note"] if rules.note else [])]
    missing = [name for name in names if getattr(review, name) is None]
    if review.by and review.second_by and same_person(review.by, review.second_by):
        missing.append("second_by")
    return list(dict.fromkeys(missing))


def same_person(one: str, other: str) -> bool:
    """Tell whether two names are one, however they are spaced and capitalised."""
    return "".join(one.casefold().split()) == "".join(other.casefold().split())


def content_hash(words: Sequence[object]) -> str:
    """Return the short hash of what a reader would see (plain data only)."""
    text = json.dumps(words, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


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
    for name, picture in topic.pictures.items():
        if node in picture.answers:
            said = (alternative_text(picture, partial(library.text, register=register)) for register in Register)
            yield ShownPart(f"picture {name}", *said)
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
