"""What authors write about pictures and the page to take along: content/<topic>/pictures.yaml and handout.yaml."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from pydantic import Field

from bot.content.models import Id, Registers, StrictBool, StrictInt, Words, model

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
