"""Every file an author writes, as a frozen and strict model. The JSON Schemas in content/schema are made from these."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeVar, cast, dataclass_transform

from pydantic import ConfigDict, Field, Strict, StringConstraints
from pydantic.dataclasses import dataclass
from typing_extensions import TypeAliasType

ID = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
Id = Annotated[str, StringConstraints(strict=True, pattern=ID, max_length=40)]
"""Lower-case words joined by hyphens; at most 40 characters, so that a button's payload stays within 64 bytes."""

NAME = r"^[a-z][a-z0-9_]*$"
Name = Annotated[str, StringConstraints(strict=True, pattern=NAME)]
"""A name that Jinja2 can reach with a dot."""

Words = Annotated[str, StringConstraints(strict=True, min_length=1)]
StrictInt = Annotated[int, Strict()]
StrictBool = Annotated[bool, Strict()]
LINK = r"^https?://\S+$"
Link = Annotated[str, StringConstraints(strict=True, pattern=LINK)]
DOI, PMID, COUNTRY = r"^10\.[0-9.]+/\S+$", r"^\d{1,9}$", r"^[A-Z]{2}$"
PHONE = r"^\+?[0-9][0-9 ()-]{1,18}$"
NOTE_NUMBER = r"^N[1-9][0-9]?$"
Role = Literal["help", "privacy", "references", "disclaimer", "review-status", "tone", "about"]
SourceWish = Literal["source", "source-if-known", "source-kind", "source-shown", "source-says", "source-named"]
Wish = (
    SourceWish
    | Literal[
        "share", "report", "country", "country-if-known", "settings", "unfold", "fold", "professional", "layperson"
    ]
)
Status = Literal["submitted", "under-review", "approved"]
Figure = TypeAliasType("Figure", "Words | StrictInt | Annotated[float, Strict()] | dict[Name, Figure]")

Made = TypeVar("Made")


def is_id(text: str) -> bool:
    """Tell whether `text` may be the id of a node, a claim, a source or a topic."""
    return len(text) <= 40 and re.match(ID, text) is not None


_CONFIG = ConfigDict(extra="forbid", use_attribute_docstrings=True)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(Field,))
def model(model: type[Made]) -> type[Made]:
    """Make a model: immutable, without unknown names, and with slots, which halve the memory of a large tree."""
    made: Any = dataclass(frozen=True, slots=True, kw_only=True, config=_CONFIG)(model)
    return cast(type[Made], made)


class Register(StrEnum):
    """The register a person reads."""

    PROFESSIONAL = "professional"
    LAYPERSON = "layperson"


@model
class Registers:
    """The same thing in both registers."""

    professional: Words
    layperson: Words

    def for_register(self, register: Register) -> str:
        """Return the text of one register, before facts are inserted."""
        return self.professional if register is Register.PROFESSIONAL else self.layperson


@model
class Review:
    """Who decided what, and when. `hash` is the content's hash at approval: another hash now means it has changed.

    Where a topic asks for two reviewers, the first one's decision waits (`under-review`) for the second's.
    """

    status: Status
    by: Words | None = None
    on: date | None = None
    due: date | None = None
    hash: Words | None = None
    note: Words | None = None
    """What the reviewer remarked."""
    second_by: Words | None = None
    second_on: date | None = None
    second_note: Words | None = None


@model
class ApprovalRules:
    """What a topic asks of an approval."""

    reviewers: Literal[1, 2] = 1
    """How many people must approve the same text."""
    note: StrictBool = False
    """Whether each must say in a note what was looked at."""


@model
class Claim:
    """One statement in both registers, with its sources."""

    id: Id
    kind: Literal["fact", "report", "editorial", "action"] = "fact"
    """`fact` cites sources; `report` tells what a source says and the answer need not share, so it never stands without
    its heading; `editorial` says nothing factual; `action` is one thing the reader can do."""
    cites: tuple[Id, ...] = ()
    """Ids from sources.yaml. The numbers in the text come from here."""
    section: Registers | None = None
    """Begins a new part of the answer under this heading."""
    bullet: StrictBool = False
    """Shows the claim as a list item."""
    asks: Words | None = None
    """Words by which people ask for this very claim and that its text does not say; they are heard, never shown."""
    professional: Words | None = None
    layperson: Words | None = None
    professional_only: Words | None = None
    """Why this claim has no layperson wording."""
    layperson_only: Words | None = None
    """Why this claim has no professional wording."""

    def for_register(self, register: Register) -> str:
        """Return the text of one register before facts are inserted; empty for a claim that has no such register."""
        return (self.professional if register is Register.PROFESSIONAL else self.layperson) or ""


@model
class Answer:
    """content/<topic>/answers/<node>.yaml: one answer."""

    id: Id = Field(alias="answer")
    """The node that shows it, and the name of this file."""
    label: Registers
    """The text of buttons that lead here: at most 30 characters."""
    title: Registers
    claims: tuple[Claim, ...] = Field(min_length=1)
    """The first is the main message."""
    brief: tuple[Id, ...] = ()
    """Ids of the claims that are shown at once, in this order; the others are the detail. Without it: the first."""
    reminder: Id | None = None
    """In an emergency card: the claim that is said again to what follows the card. Without it: the brief's first."""
    eased: Id | None = None
    """In an emergency card: the claim that is said instead where it got better, as when somebody woke up."""
    pairs: StrictBool = False
    """Whether it tells pair by pair which medicines clash: who asks about a pair it does not hold is told so."""
    notes: tuple[Id, ...] = ()
    """Ids from notes.yaml."""
    for_review: Words | None = None
    """What whoever reviews it must know, such as what has no source; it stands on the review page alone."""
    review: Review | None = None
    """Written by `footnote review`; without it the topic's review holds."""


@model
class Source:
    """One bibliographic record. A field nobody saw is null, never guessed."""

    number: StrictInt = Field(ge=1)
    """How readers know it; the article's own 1 to 5 stay."""
    short: Words | None = None
    """The name used in the list of all sources, such as `Cochrane 2024`."""
    group: Literal["article", "added"]
    """Whether the article cites it or we added it."""
    kind: Literal["guideline", "statement", "trial", "review", "label", "agency", "overview", "study", "guidance"]
    check: Literal["P", "P-copy", "A-part", "S", "cited", "N"]
    """P: its own page was read; P-copy: its text on another host; A-part: a part of its abstract; S: another page
    reports it; cited: only its name was seen, where another cites it; N: not found."""
    authors: tuple[Words, ...] | None = None
    title: Words | None = None
    journal: Words | None = None
    year: StrictInt | None = Field(None, ge=1900, le=2100)
    volume: Words | None = None
    issue: Words | None = None
    pages: Words | None = None
    doi: Annotated[str, StringConstraints(strict=True, pattern=DOI)] | None = None
    pmid: Annotated[str, StringConstraints(strict=True, pattern=PMID)] | None = None
    pmcid: Words | None = None
    registry: Words | None = None
    url: Link | None = None
    """Where it was seen; readers are led to the DOI where there is one."""
    as_printed: Registers | None = None
    """What the article prints, or fails to print, about it; or how far it was read."""
    to_settle: Words | None = None
    """What only a look at the page itself settles, for its reviewer."""
    supports: Registers
    """What it supports here."""


@model
class Note(Registers):
    """An editor's note: where newer or better evidence disagrees with the article."""

    number: Annotated[str, StringConstraints(strict=True, pattern=NOTE_NUMBER)]
    cites: tuple[Id, ...] = Field(min_length=1)
    stance: Literal["newer", "limits", "corrects", "adds"]
    """What it does to the article's statement."""


@model
class Term:
    """A medical term a layperson will meet."""

    syllables: StrictInt = Field(ge=1)
    """How many it truly has."""
    explained_by: tuple[Words, ...] = Field(min_length=1)
    """Plain words; one of them must stand no later than the term itself."""
    drug: StrictBool = False
    """Its name then stands in both registers of a claim or in neither."""


@model
class Article:
    """The published answer a topic is based on, and what it says about its own review."""

    title: Words
    publisher: Words | None = None
    url: Link | None = None
    updated: date | None = None
    status: Words | None = None


@model
class TopicFile:
    """content/<topic>/topic.yaml"""

    topic: Id
    title: Registers
    article: Article | None = None
    """The published answer the topic is based on; null where the editors wrote it from its sources."""
    review: Review
    approval: ApprovalRules = ApprovalRules()


@model
class FactsFile:
    """content/<topic>/facts.yaml: every figure, once, under nested names."""

    facts: dict[Name, Figure]


@model
class SourcesFile:
    """content/<topic>/sources.yaml"""

    sources: dict[Id, Source]


@model
class NotesFile:
    """content/<topic>/notes.yaml"""

    notes: dict[Id, Note]


@model
class TermsFile:
    """content/<topic>/terms.yaml"""

    terms: dict[Words, Term]


@model
class InterfaceFile:
    """content/interface.yaml: the bot's own short sentences."""

    interface: dict[Id, Registers]


@model
class SmallTalkText:
    """One kind of small talk: the messages that are it, and the few words that answer it."""

    asks: tuple[Words, ...] = Field(min_length=1)
    """Whole messages of this kind, as people write them; case, accents and punctuation do not matter."""
    says: Registers
    """At most three lines on a phone. It claims nothing, so that it needs no source and no disclaimer."""
    next: tuple[Id, ...] = Field((), max_length=2)
    """Buttons under it."""
    yes: Id | None = None
    """The emergency card that "yes" opens, where it asks whether help is needed."""
    group: Literal["silent", "speak"] = "silent"
    """`silent` gets no reply where several people talk, even when it names the bot; `speak` is like a question."""
    exact: bool = False
    """Only one of `asks` is of this kind, never what is only like one: for a kind that ends or silences something."""


@model
class SmallTalkFile:
    """content/small-talk.yaml: what is said around the questions, kind by kind."""

    small_talk: dict[Id, SmallTalkText]
    wishes: dict[Wish, tuple[Words, ...]] = Field(default_factory=dict)
    """How people ask for what is no answer. `*` is what they name, `(a|b)` either of both, `(a|b)?` also neither."""


@model
class Node:
    """One place in the tree; it shows the answer of the same name."""

    next: tuple[Id, ...] = Field((), max_length=6)
    """Follow-up buttons, in this order."""
    listed: tuple[Id, ...] = ()
    """The answers on what this one lists, in its order: "the second one" after it means the second."""


@model
class Dialog:
    """dialogs/<dialog>.yaml: the tree."""

    id: Id = Field(alias="dialog")
    default: StrictBool = False
    """With several dialogs: this one starts and answers the rest."""
    start: Id
    urgent: Id | None = None
    """Matched first on every turn."""
    advice: Id | None = None
    """Answers what is a decision about one person's treatment."""
    otherwise: Id | None = None
    """Answers what nothing else does."""
    always: tuple[Id, ...] = ()
    """Reachable from everywhere."""
    roles: dict[Role, Id] = Field(default_factory=dict)
    """Nodes with a part of their own, such as `help: help`: what a command shows, and what a button leads to."""
    renamed: dict[Id, Id] = Field(default_factory=dict)
    """Old ids and what they are called today; old buttons carry them for ever."""
    nodes: dict[Id, Node] = Field(min_length=1)

    @property
    def duties(self) -> tuple[str, ...]:
        """What this dialog says that counts in the main one alone."""
        return tuple(name for name in ("urgent", "advice", "otherwise", "always", "roles") if getattr(self, name))


@model
class PhrasesFile:
    """content/<topic>/phrases.yaml: how people ask; a list of phrases, or one text with a phrase per line.

    `after` holds what is asked in a thread: the node last shown, then the node that answers.
    """

    phrases: dict[Id, Words | tuple[Words, ...]] = Field(default_factory=dict)
    after: dict[Id, dict[Id, Words | tuple[Words, ...]]] = Field(default_factory=dict)


@model
class MessagesFile:
    """content/<topic>/messages.yaml: whole messages as people write them, one a line, under the node they want.

    The models learn from them. They are no lines to be found word for word, and their names, slips and foreign words
    stay unknown. `after` holds what is written in a thread: the node last shown, then the node that answers; it may
    stand in content/<topic>/thread-messages.yaml, too.
    """

    messages: dict[Id, Words] = Field(default_factory=dict)
    small_talk: dict[Id, Words] = Field(default_factory=dict)
    """What is said around the questions, under its kind in content/small-talk.yaml."""
    after: dict[Id, dict[Id, Words]] = Field(default_factory=dict)


# --- pictures and the page to take along: content/<topic>/pictures.yaml and handout.yaml ------------------------------

Draws = Literal["steps", "flow", "places", "trials"]
"""`steps`: numbered boxes; `flow`: numbered boxes joined by arrows; `places`: legs and feet with marks; `trials`: what
each study found, along an axis of time."""


@model
class PicturePart(Registers):
    """One box, step, place or study: a few words that say what a claim says."""

    claim: Id
    """The claim that this says in short. Its sources stand under the picture."""
    answer: Id | None = None
    """The answer that holds the claim, if it is not the picture's first."""
    head: Registers | None = None
    """The bold words it begins with."""
    then: Registers | None = None
    """`flow`: the words beside the arrow to the next box."""
    beside: StrictBool = False
    """`flow`: it holds all the time, and stands below the sequence."""
    place: Literal["feet", "legs"] | None = None
    """`places`: where it is."""
    lasted: Words | None = None
    """`trials`: a figure such as `{{ facts.ala.duration }}`, from which the place on the axis follows."""
    found: Literal["better", "alike"] | None = None
    """`trials`: a filled or an open mark."""
    professional_only: Words | None = None
    """Why this part holds figures that the layperson's does not."""


@model
class Tick(Registers):
    """One line across the axis of time."""

    weeks: StrictInt = Field(ge=1)


@model
class TrialMarks:
    """What the two marks of `trials` mean."""

    better: Registers
    alike: Registers


@model
class Drawing:
    """One picture, in both registers. What is drawn is also said: the alternative text ends with every part."""

    draws: Draws
    answers: tuple[Id, ...] = Field(min_length=1)
    """The answers it goes with; the first holds the claims."""
    label: Registers
    """The text of buttons that show it: at most 30 characters."""
    title: Registers
    alt: Registers
    """What kind of picture it is and how to read it, in a sentence; the words of every part follow by themselves."""
    parts: tuple[PicturePart, ...] = Field(min_length=1, max_length=8)
    axis: tuple[Tick, ...] = Field((), max_length=6)
    """`trials`: the lines across the axis, from the left."""
    marks: TrialMarks | None = None
    """`trials`: what the marks mean."""


@model
class PicturesFile:
    """content/<topic>/pictures.yaml"""

    pictures: dict[Id, Drawing]


@model
class HandoutLine(Registers):
    """One line of the page to take along, which says what a claim says."""

    answer: Id
    claim: Id


@model
class EvidenceRow:
    """One row of the clinicians' table: a claim in short; its sources and their kinds follow by themselves."""

    answer: Id
    claim: Id
    says: Words
    certainty: Words
    """How sure the source is, in its own terms, such as `probably`; or that it gives no grade."""


@model
class Handout:
    """content/<topic>/handout.yaml: one page to print, in both registers."""

    title: Registers
    lead: Registers
    """What it is for, in a sentence."""
    answers: tuple[Id, ...] = Field(min_length=1, max_length=6)
    """Whose briefs stand on it, unless it is made of what was asked in a conversation."""
    questions: tuple[Registers, ...] = Field((), max_length=6)
    """What to ask."""
    tell: tuple[HandoutLine, ...] = Field((), max_length=6)
    """What to say without being asked."""
    steps: Id | None = None
    """A picture whose parts stand on it as a list, such as the foot check."""
    evidence: tuple[EvidenceRow, ...] = Field((), max_length=8)
    """The clinicians' table."""


@model
class HandoutFile:
    """content/<topic>/handout.yaml"""

    handout: Handout


Say = Callable[[Registers], str]
"""Returns the words of one register, with their figures."""


def lines_of(part: PicturePart, say: Say) -> Iterator[str]:
    """Yield the words of one part of a picture, each line a sentence or ending like one."""
    for words in (part.head, part, part.then):
        if words is not None:
            said = say(words).strip()
            yield said if said[-1:] in tuple(".?!:") else f"{said}{':' if words is part.head else '.'}"


def alternative_text(picture: Drawing, say: Say) -> str:
    """Return what a picture says to those who do not see it: what kind of picture it is, then all that stands in it."""
    return " ".join([say(picture.alt), *(line for part in picture.parts for line in lines_of(part, say))])
