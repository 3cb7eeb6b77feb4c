"""What may be said: every dialog, answer, source, note and figure, as one immutable object.

And who has reviewed an answer, and whether it still says what was reviewed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from jinja2 import TemplateError

from bot.content import templates
from bot.content.files import ContentPaths
from bot.content.matching_models import (
    AdviceRules,
    Contact,
    ContactsFile,
    CopyNumber,
    CountryNumbers,
    EmergencyFile,
    LanguagesFile,
    Matching,
    UrgentExamples,
    UrgentRules,
)
from bot.content.models import (
    Answer,
    ApprovalRules,
    Article,
    Claim,
    Dialog,
    Drawing,
    Handout,
    Node,
    Note,
    Register,
    Registers,
    Review,
    Role,
    SmallTalkText,
    Source,
    Term,
    alternative_text,
)
from bot.errors import FootnoteError


class MissingText(FootnoteError, KeyError):
    """A sentence or layout that the program needs is missing from its file, or cannot be filled."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(message)
        self.path = path
        self.message = message

    def __str__(self) -> str:
        return f"{self.path.as_posix()}: {self.message}"


class HasRegisters(Protocol):
    """Anything authored in both registers: a pair, a claim, a note."""

    def for_register(self, register: Register) -> str:
        """Return the text of one register, before facts are inserted."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One folder of content. `answers`, `sources`, `notes` and `terms` are keyed by id."""

    id: str
    title: Registers
    article: Article | None
    review: Review
    facts: Mapping[str, Any]
    sources: Mapping[str, Source]
    notes: Mapping[str, Note]
    terms: Mapping[str, Term]
    answers: Mapping[str, Answer]
    approval: ApprovalRules = field(default_factory=ApprovalRules)
    pictures: Mapping[str, Drawing] = field(default_factory=dict)
    handout: Handout | None = None


@dataclass(frozen=True)
class Library:
    """Everything the bot may say. Node ids, answer ids and figures are unique across dialogs and topics.

    `phrases` are how people ask for each node, `after` how they ask in a thread, by the node last shown;
    `messages`, `messages_after` and `talk_messages` are whole messages as people write them, to learn from;
    `small_talk` is what is said around the questions, by its kind; `wishes` how people ask for what is no answer.
    `country` is whose emergency numbers stand in the texts: the operator's, or a reader's (`in_country`).
    `matching`, `advice_rules` and `urgent_rules` are the matcher's files, all or none;
    `urgent_examples` may be missing;
    `main` is the dialog that starts the conversation and answers the rest; `version` changes with any byte of any file.
    """

    home: ContentPaths
    dialogs: Mapping[str, Dialog]
    topics: Mapping[str, Topic]
    nodes: Mapping[str, Node]
    renamed: Mapping[str, str]
    phrases: Mapping[str, tuple[str, ...]]
    after: Mapping[str, Mapping[str, tuple[str, ...]]]
    messages: Mapping[str, tuple[str, ...]]
    messages_after: Mapping[str, Mapping[str, tuple[str, ...]]]
    talk_messages: Mapping[str, tuple[str, ...]]
    interface: Mapping[str, Registers]
    emergency: EmergencyFile | None
    country: str | None
    contacts: ContactsFile
    small_talk: Mapping[str, SmallTalkText]
    wishes: Mapping[str, tuple[str, ...]]
    layout: Mapping[str, str]
    matching: Matching | None
    advice_rules: AdviceRules | None
    urgent_rules: UrgentRules | None
    urgent_examples: UrgentExamples | None
    languages: LanguagesFile | None
    main: Dialog
    version: str
    _topic_of: Mapping[str, str] = field(repr=False)
    _values: Mapping[Register, templates.Values] = field(repr=False)
    missing: str | None = None
    """What stands for a value that cannot be inserted, while a faulty library is checked; None: it is an error."""
    _rendered: dict[tuple[str, Register], str] = field(default_factory=dict, repr=False, compare=False)
    _hashes: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def start(self) -> str:
        """The node a conversation begins with."""
        return self.main.start

    @cached_property
    def answered_nodes(self) -> frozenset[str]:
        """The nodes that have an answer to show."""
        return frozenset(filter(self.has_answer, self.nodes))

    @cached_property
    def urgent_nodes(self) -> frozenset[str]:
        """The list of signs and the card of each: their names begin with the list's."""
        urgent = self.urgent
        return frozenset(node for node in self.nodes if node == urgent or node.startswith(f"{urgent}-"))

    def say_in(self, language: str, *, urgent: bool) -> str:
        """Return the sentence of another language that goes before an answer in English."""
        found = self.languages.languages.get(language) if self.languages else None
        return (found.emergency if urgent else found.only_english) if found else ""

    @property
    def countries(self) -> Mapping[str, CountryNumbers]:
        """The countries whose numbers are known, by their two letters."""
        return self.emergency.countries if self.emergency else {}

    @property
    def copy_numbers(self) -> tuple[CopyNumber, ...]:
        """The numbers offered to call or copy."""
        return self.emergency.numbers(self.country) if self.emergency else ()

    def in_country(self, country: str) -> Library:
        """Return the same content with the emergency numbers of a country; one without any keeps the general words."""
        values = templates.values_for(facts_of(self.topics), self.emergency.lines(country) if self.emergency else {})
        return replace(self, country=country, _values=values, _rendered={})

    def contacts_for(self, help_with: str, channel: str) -> Iterator[Contact]:
        """Yield whom an operator named for a kind of need, on this channel and in this country."""
        for one in self.contacts.contacts:
            here = one.channel in (None, channel) and one.country in (None, self.country)
            if here and one.help_with == help_with:
                yield one

    @property
    def urgent(self) -> str:
        """The node for what needs help now."""
        return self.main.urgent or self.main.start

    @property
    def advice(self) -> str:
        """The node for a decision about one person's treatment."""
        return self.main.advice or self.main.start

    @property
    def otherwise(self) -> str:
        """The node that answers what nothing else does."""
        return self.main.otherwise or self.main.start

    @property
    def always(self) -> tuple[str, ...]:
        """The nodes reachable from everywhere."""
        return self.main.always

    def role(self, name: Role) -> str | None:
        """Return the node that plays a part, such as `help`; None where the dialog has none."""
        return self.main.roles.get(name)

    def answer(self, node: str) -> Answer:
        """Return what `node` shows; raises KeyError for an unknown node."""
        return self.topic_of(node).answers[node]

    def has_answer(self, node: str) -> bool:
        """Tell whether some topic holds an answer of this name."""
        return node in self._topic_of

    def topic_of(self, node: str) -> Topic:
        """Return the topic whose folder holds the answer of `node`; raises KeyError for an unknown node."""
        return self.topics[self._topic_of[node]]

    def resolve(self, node: str) -> str | None:
        """Return today's id of `node`, following renames, or None for an id nobody ever had."""
        while node not in self.nodes:
            if node not in self.renamed:
                return None
            node = self.renamed[node]
        return node

    def text(self, worded: HasRegisters, register: Register) -> str:
        """Return one register as Markdown with its figures inserted; empty where there is no such register.

        Whatever is inserted is shown character for character: `2*300 mg` stays `2*300 mg`.
        """
        raw = worded.for_register(register)
        if not templates.is_template(raw):
            return raw
        key = (raw, register)
        if key not in self._rendered:
            self._rendered[key] = self._render(raw, register, markdown=True)
        return self._rendered[key]

    def plain(self, worded: HasRegisters, register: Register) -> str:
        """Return one register with its figures inserted, for what is not read as Markdown: labels, titles, lines."""
        return self.inserted(worded.for_register(register), register)

    def inserted(self, raw: str, register: Register) -> str:
        """Return authored text with its figures inserted as they stand in their file."""
        return self._render(raw, register, markdown=False)

    def _render(self, raw: str, register: Register, *, markdown: bool) -> str:
        try:
            return templates.render(raw, self._values[register], markdown=markdown)
        except templates.RENDER_ERRORS:
            if self.missing is None:
                raise
            return templates.without_values(raw, self.missing)

    def values(self, register: Register) -> templates.Values:
        """Return what templates of this register may use: `facts` and `emergency`."""
        return self._values[register]

    def interface_text(self, key: str, register: Register, *, markdown: bool = False, **values: Any) -> str:
        """Return one of the bot's own sentences; `values` fill the variables it names. Raises MissingText.

        With `markdown` the sentence is Markdown, and its values are shown character for character.
        """
        values = dict(templates.isolated(values))
        file = "interface.yaml"
        if key not in self.interface:
            raise MissingText(self.home.content / file, f"there is no sentence `{key}`")
        return self._filled(file, key, self.interface[key].for_register(register), register, values, markdown=markdown)

    def render_layout(self, name: str, register: Register, **values: Any) -> str:
        """Return the layout `name` (content/layout/<name>.j2) filled with `values`. Raises MissingText."""
        file = f"layout/{name}.j2"
        if name not in self.layout:
            raise MissingText(self.home.content / file, "this layout is missing")
        return self._filled(file, name, self.layout[name], register, values)

    def _filled(
        self,
        file: str,
        name: str,
        text: str,
        register: Register,
        values: Mapping[str, Any],
        *,
        markdown: bool = False,
    ) -> str:
        try:
            return templates.render(text, {**self._values[register], **values}, markdown=markdown)
        except TemplateError as error:
            raise MissingText(self.home.content / file, f"`{name}` cannot be filled: {error}") from error

    def claims(self, answer: Answer, register: Register) -> Iterator[Claim]:
        """Yield the claims that have a wording in this register."""
        return (claim for claim in answer.claims if claim.for_register(register))

    def review_of(self, node: str) -> ReviewState:
        """Return the review of an answer as it stands: its own, or else its topic's."""
        topic, answer = self.topic_of(node), self.answer(node)
        if answer.review is not None:
            return state_of(answer.review, lambda: self.hash_of(node), topic.approval)
        return state_of(topic.review, lambda: self.topic_hash(topic.id), topic.approval)

    def servable(self, node: str) -> bool:
        """Tell whether a named reviewer approved exactly what `node` says now."""
        return self.review_of(node).approved

    def hash_of(self, node: str) -> str:
        """Return the hash of everything a reader of either register sees of this answer (see `shown_parts`)."""
        return content_hash(list(shown_parts(self, node)))

    def topic_hash(self, topic: str) -> str:
        """Return the hash of all answers of a topic that have no review of their own."""
        if topic not in self._hashes:  # every card of what is approved asks, and the content never changes
            answers = self.topics[topic].answers
            hashes = [self.hash_of(node) for node in sorted(answers) if answers[node].review is None]
            self._hashes[topic] = content_hash(hashes)
        return self._hashes[topic]


def facts_of(topics: Mapping[str, Topic]) -> dict[str, Any]:
    """Return every topic's figures under one roof."""
    return {name: figure for topic in topics.values() for name, figure in topic.facts.items()}


# --- reviews ----------------------------------------------------------------------------------------------------------

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

    An approval counts only with all that the topic asks for, and with the hash of what was approved. Whoever stands in
    the file of what is only submitted has approved nothing of it.
    """
    if review.status == "submitted":
        return ReviewState("submitted", None, None, review.due)
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
    for one in fields(thing):
        value = getattr(thing, one.name)
        if one.name in left_out or value is None or value is False or value == ():
            continue
        part = f"{name}: {one.name}" if name else one.name
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
