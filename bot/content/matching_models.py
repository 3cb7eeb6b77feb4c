"""The shapes of the files that tell the matcher what people mean: vocabulary, intents, advice, urgent, phrases.

Lists of words may be written as a YAML list or as one text (words separated by commas or lines), lists of phrases as a
list or as one text with a phrase per line. One text costs the YAML reader one token and needs no quoting.
"""

from __future__ import annotations

import re
from typing import Annotated

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


class Shape(BaseModel):
    """Immutable, and strict about keys nobody knows: a typing error in a file is reported, not ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Concept(Shape):
    """One thing people mean and all the ways they write it; naming it also means everything in `implies`.

    `(a|b)` in a wording stands for both, `(a|b)?` for both and for neither. `range` names numbers by size, ends
    included.
    """

    words: Words
    implies: Nodes = ()
    range: tuple[float, float] | None = None


class Rule(Shape):
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


class Vocabulary(Shape):
    """The words of the topic.

    `outside` are subjects the topic does not hold, and how surely (1: never answered); `drugs` are concepts whose words
    are never repaired into one another, `medicines` further names; `common` are real words that need no repair;
    `capitals` are words that mean something of their own in capital letters; `irregular` maps inflected forms to
    their base; `languages` holds the telling little words of other languages.
    """

    concepts: dict[str, Concept] = {}
    outside: dict[str, float] = {}
    drugs: Nodes = ()
    medicines: Words = ()
    common: Words = ()
    capitals: dict[str, str] = {}
    irregular: dict[str, str] = {}
    kin: dict[str, Words] = {}
    languages: dict[str, Words] = {}


class AdviceRules(Shape):
    """What makes a question one about a person's own treatment: concepts, and rules whose scores add up."""

    concepts: dict[str, Concept] = {}
    rules: tuple[Rule, ...] = ()


class Intent(Shape):
    """One kind of follow-up ("how much?") and the node that answers it for each subject (`about`)."""

    asks: Lines
    about: dict[str, Nodes]


class Intents(Shape):
    """What a short question means after an answer.

    `subjects` maps concepts to subjects, the most telling first; `subject_of` gives each node its subject; `anchors`
    are the concepts (beside the subjects) without which a question is hardly one of this topic. `asides` are remarks
    people make around any question, `openers` around a short one: the models learn to hear the question beside them.
    """

    subjects: dict[str, str] = {}
    subject_of: dict[str, str] = {}
    intents: dict[str, Intent] = {}
    anchors: Nodes = ()
    asides: Lines = ()
    openers: Lines = ()


class Phrases(Shape):
    """How people ask, per node, and in a thread per node last shown. `(a|b)` in a phrase stands for both wordings."""

    phrases: dict[str, Lines] = {}
    after: dict[str, dict[str, Lines]] = {}


class Matching(Shape):
    """Everything a matcher is built from."""

    vocabulary: Vocabulary
    intents: Intents
    advice: AdviceRules
    phrases: Phrases
