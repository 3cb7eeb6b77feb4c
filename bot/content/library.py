"""What may be said: every dialog, answer, source, note and figure, as one immutable object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from jinja2 import TemplateError

from bot.content import templates
from bot.content.files import ContentPaths
from bot.content.matching_models import AdviceRules, Matching
from bot.content.models import (
    Answer,
    ApprovalRules,
    Article,
    Claim,
    Dialog,
    Node,
    Note,
    Register,
    Registers,
    Review,
    Role,
    SmallTalkText,
    Source,
    Term,
)
from bot.content.picture_models import Drawing, Handout
from bot.content.review import ReviewState, content_hash, shown_parts, state_of
from bot.content.urgent_models import (
    Contact,
    ContactsFile,
    CopyNumber,
    CountryNumbers,
    EmergencyFile,
    LanguagesFile,
    UrgentExamples,
    UrgentRules,
)


class MissingText(KeyError):
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

    @property
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
        path = self.home.content / "interface.yaml"
        if key not in self.interface:
            raise MissingText(path, f"there is no sentence `{key}`")
        return self._filled(path, key, self.interface[key].for_register(register), register, values, markdown=markdown)

    def render_layout(self, name: str, register: Register, **values: Any) -> str:
        """Return the layout `name` (content/layout/<name>.j2) filled with `values`. Raises MissingText."""
        path = self.home.content / "layout" / f"{name}.j2"
        if name not in self.layout:
            raise MissingText(path, "this layout is missing")
        return self._filled(path, name, self.layout[name], register, values)

    def _filled(
        self,
        path: Path,
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
            raise MissingText(path, f"`{name}` cannot be filled: {error}") from error

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
