"""Every file an author writes, as a frozen and strict model. The JSON Schemas in content/schema are made from these."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from typing_extensions import TypeAliasType

from bot.library.tone import Tone

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=40)]
"""Lower-case words joined by hyphens. At most 40 characters, so that a button's payload stays within the 64 bytes that
Telegram allows for callback data."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
"""A name that Jinja2 can reach with a dot."""

Words = Annotated[str, StringConstraints(min_length=1)]
Day = Annotated[date, Field(strict=False)]
Status = Literal["submitted", "under-review", "approved"]
Figure = TypeAliasType("Figure", "Words | int | float | dict[Name, Figure]")


class Part(BaseModel):
    """What all models share: frozen, no unknown keys, no silent conversions."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Both(Part):
    """The same thing in both registers."""

    professional: Words
    layperson: Words

    def of(self, tone: Tone) -> str:
        """Return the text of one register, before facts are inserted."""
        return self.professional if tone is Tone.PROFESSIONAL else self.layperson


class Review(Part):
    """Who decided what, and when. `hash` is the content's hash at approval: another hash now means it has changed."""

    status: Status
    by: Words | None = None
    on: Day | None = None
    due: Day | None = None
    hash: Words | None = None


_ONE_REGISTER: dict[str, Any] = {"anyOf": [{"required": ["layperson"]}, {"required": ["professional_only"]}]}


class Claim(Part):
    """One statement in both registers, with its sources."""

    model_config = ConfigDict(json_schema_extra=_ONE_REGISTER)

    id: Id
    kind: Literal["fact", "editorial", "action"] = "fact"
    cites: tuple[Id, ...] = ()
    section: Both | None = None
    bullet: bool = False
    professional: Words
    layperson: Words | None = None
    professional_only: Words | None = Field(None, description="Why this claim has no layperson wording.")

    def of(self, tone: Tone) -> str:
        """Return the text of one register before facts are inserted; empty for a claim that has no such register."""
        return self.professional if tone is Tone.PROFESSIONAL else self.layperson or ""


class Answer(Part):
    """content/<topic>/answers/<node>.yaml: one answer."""

    id: Id = Field(alias="answer")
    label: Both
    title: Both
    claims: tuple[Claim, ...] = Field(min_length=1)
    notes: tuple[Id, ...] = ()
    review: Review | None = None


class Source(Part):
    """One bibliographic record. A field nobody saw is null, never guessed."""

    number: int = Field(ge=1)
    group: Literal["article", "added"]
    kind: Literal["guideline", "statement", "trial", "review", "label", "agency", "overview", "study", "guidance"]
    check: Literal["P", "P-copy", "S", "N"]
    authors: tuple[Words, ...] | None = None
    title: Words | None = None
    journal: Words | None = None
    year: int | None = Field(None, ge=1900, le=2100)
    volume: Words | None = None
    issue: Words | None = None
    pages: Words | None = None
    doi: Words | None = None
    pmid: Words | None = None
    pmcid: Words | None = None
    registry: Words | None = None
    url: Annotated[str, StringConstraints(pattern=r"^https?://\S+$")] | None = None
    as_printed: Both | None = None
    supports: Both


class Note(Both):
    """An editor's note: where newer or better evidence disagrees with the article."""

    number: Annotated[str, StringConstraints(pattern=r"^N[1-9][0-9]?$")]
    cites: tuple[Id, ...] = Field(min_length=1)
    stance: Literal["newer", "limits", "corrects", "adds"]


class Term(Part):
    """A medical term: how many syllables it has, and the plain words that explain it at first use."""

    syllables: int = Field(ge=1)
    explained_by: tuple[Words, ...] = Field(min_length=1)


class Article(Part):
    """The published answer a topic is based on, and what it says about its own review."""

    title: Words
    publisher: Words | None = None
    url: Annotated[str, StringConstraints(pattern=r"^https?://\S+$")] | None = None
    updated: Day | None = None
    status: Words | None = None


class TopicFile(Part):
    """content/<topic>/topic.yaml"""

    topic: Id
    title: Both
    article: Article
    review: Review


class FactsFile(Part):
    """content/<topic>/facts.yaml: every figure, once, under nested names."""

    facts: dict[Name, Figure]


class SourcesFile(Part):
    """content/<topic>/sources.yaml"""

    sources: dict[Id, Source]


class NotesFile(Part):
    """content/<topic>/notes.yaml"""

    notes: dict[Id, Note]


class TermsFile(Part):
    """content/<topic>/terms.yaml"""

    terms: dict[Words, Term]


class InterfaceFile(Part):
    """content/interface.yaml: the bot's own short sentences."""

    interface: dict[Id, Both]


class CopyNumber(Part):
    """A telephone number offered for copying under the urgent answer."""

    label: Words
    number: Words


class EmergencyFile(Part):
    """content/emergency.yaml: what an operator edits. A plain text serves both registers."""

    emergency: dict[Name, Words | Both]
    copy_numbers: tuple[CopyNumber, ...] = Field((), max_length=3)


class Node(Part):
    """One place in the tree; it shows the answer of the same name."""

    next: tuple[Id, ...] = Field((), max_length=6)


class Dialog(Part):
    """dialogs/<dialog>.yaml: the tree."""

    id: Id = Field(alias="dialog")
    default: bool = Field(False, description="With several dialogs: this one starts and answers the rest.")
    start: Id
    urgent: Id | None = None
    advice: Id | None = None
    otherwise: Id | None = None
    always: tuple[Id, ...] = ()
    renamed: dict[Id, Id] = {}
    nodes: dict[Id, Node] = Field(min_length=1)


class PhrasesFile(Part):
    """dialogs/phrases/<dialog>.yaml: how people ask."""

    phrases: dict[Id, tuple[Words, ...]]
