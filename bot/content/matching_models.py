"""The shapes of the files that tell the matcher what people mean: subjects, aspects, advice, urgent.

Lists of words may be written as a YAML list or as one text (words separated by commas or lines), lists of phrases as a
list or as one text with a phrase per line. One text costs the YAML reader one token and needs no quoting.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _split(pattern: str) -> BeforeValidator:
    def split(value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(part.strip() for part in re.split(pattern, value) if part.strip())

    return BeforeValidator(split, json_schema_input_type=str | tuple[str, ...])


Words = Annotated[tuple[str, ...], _split(r"[,\n]")]
Lines = Annotated[tuple[str, ...], _split(r"\n")]
Nodes = Annotated[tuple[str, ...], _split(r",")]


SubjectKind = Literal[
    "condition", "cause", "signs", "low", "test", "measure", "medicine", "drug", "remedy", "therapy", "care", "plan",
    "elsewhere",
]  # fmt: skip
"""What a subject can be. Nobody is told to take a `medicine`, `drug` or `remedy`: the rules of advice name those."""


class MatchingModel(BaseModel):
    """Immutable, and strict about keys nobody knows: a typing error in a file is reported, not ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Concept(MatchingModel):
    """One thing people mean and all the ways they write it; naming it also means everything in `implies`.

    `(a|b)` in a wording stands for both, `(a|b)?` for both and for neither. `range` names numbers by size, ends
    included.
    """

    words: Words
    implies: Nodes = ()
    range: tuple[float, float] | None = None


class Rule(MatchingModel):
    """Fires when every group of `all` has one of its concepts within `near` words (0: anywhere), `none` not beside.

    `ordered` asks for the groups in the given order. `score` is what the rule adds, from 0 to 1.
    """

    id: str
    all: tuple[Nodes, ...] = Field(min_length=1)
    none: Nodes = ()
    near: int = 0
    ordered: bool = False
    score: float = 1.0
    reason: str = ""


class AdviceRules(MatchingModel):
    """What makes a question one about a person's own treatment: concepts, and rules whose scores add up.

    `facts` are the concepts that decide for one person, so that the remark that names one is no mere remark.
    """

    concepts: dict[str, Concept] = {}
    facts: Nodes = ()
    rules: tuple[Rule, ...] = ()


class Subject(MatchingModel):
    """What a question can be about.

    `general` answers what no other answer holds. A part inherits the answers of its whole. A `leaning` name is a word
    everyone uses, which counts only beside a telling one or in the topic's own thread. `together` names the subjects
    that make up this one where a question names them all.
    """

    kind: SubjectKind
    general: str
    names: Words = ()
    part_of: str = Field("", alias="part-of")
    leaning: bool = False
    together: Nodes = ()


class TopicSubjects(MatchingModel):
    """What one topic holds: its subjects, which answer holds which aspects of each, and what `it` means after one.

    In `answers`, `any` is the row every subject inherits; the answer `self` is the one last shown, and `none` says
    that the topic does not hold the aspect. `harms` are the answers that say what may harm: one of them stands beside
    the refusal to decide for one person, where it is what that person's question is about.
    """

    subjects: dict[str, Subject]
    answers: dict[str, dict[str, Nodes]]
    it: dict[str, str] = {}
    harms: Nodes = ()


class Aspects(MatchingModel):
    """What can be asked of anything, each with lessons: how people ask it, placeholders for what it is asked of."""

    aspects: dict[str, Lines] = {}


class Courtesies(MatchingModel):
    """What stands around a question: remarks before and after it, frames that lead into it, openers of a short one.

    `words` are mere courtesy, such as thanks, which says nothing at either end of any clause.
    """

    words: Lines = ()
    before: Lines = ()
    after: Lines = ()
    frames: Lines = ()
    openers: Lines = ()
    asides: Lines = ()


class Foreign(MatchingModel):
    """Names of one kind of thing that a topic may not hold."""

    kind: str
    names: Words


class World(MatchingModel):
    """What exists beside the topics. A name that a loaded topic holds is not foreign."""

    foreign: dict[str, Foreign] = {}


class SharedWords(MatchingModel):
    """The words every topic shares.

    `medicines` are further names that are never repaired into another; `common` are real words that need no repair;
    `capitals` are words that mean something of their own in capital letters; `irregular` maps inflected forms to
    their base; `kin` holds words of one kind; `languages` holds the telling little words of other languages.
    """

    concepts: dict[str, Concept] = {}
    medicines: Words = ()
    common: Words = ()
    capitals: dict[str, str] = {}
    irregular: dict[str, str] = {}
    kin: dict[str, Words] = {}
    languages: dict[str, Words] = {}


class Matching(MatchingModel):
    """Everything about words that lies in content/matching/ and in each topic's subjects.yaml."""

    words: SharedWords
    aspects: Aspects
    courtesies: Courtesies
    world: World
    topics: dict[str, TopicSubjects] = {}
