"""The shapes of the files the matcher learns from: what a topic holds, what can be asked, and the words all share."""

from __future__ import annotations

from pydantic import Field

from bot.library.models_matching import AdviceRules, Concept, Lines, Nodes, Shape, UrgentRules, Words


class Subject(Shape):
    """What a question can be about.

    `general` answers what no other answer holds. A part inherits the answers of its whole. A `leaning` name is a word
    everyone uses and counts only beside a telling one or in the topic's own thread. `together` names the subjects
    that make up this one where a question names them all.
    """

    kind: str
    names: Words = ()
    general: str
    part_of: str = Field("", alias="part-of")
    leaning: bool = False
    together: Nodes = ()


class TopicSubjects(Shape):
    """What one topic holds: its subjects, which answer holds which aspects of each, and what `it` means after one."""

    subjects: dict[str, Subject] = {}
    answers: dict[str, dict[str, Nodes]] = {}
    it: dict[str, str] = {}
    concepts: dict[str, Concept] = {}


class Aspects(Shape):
    """What can be asked of anything. `asides` are remarks around a question, `openers` around a short one."""

    aspects: dict[str, Lines] = {}
    openers: Lines = ()
    asides: Lines = ()


class Foreign(Shape):
    """Names of one kind of thing that a topic may not hold; `weight` is how surely (1: never answered)."""

    kind: str
    names: Words
    weight: float = 1.0


class World(Shape):
    """What exists beside the topics."""

    foreign: dict[str, Foreign] = {}


class SharedWords(Shape):
    """The words every topic shares; see content/matching/vocabulary.yaml."""

    concepts: dict[str, Concept] = {}
    medicines: Words = ()
    common: Words = ()
    capitals: dict[str, str] = {}
    irregular: dict[str, str] = {}
    kin: dict[str, Words] = {}
    languages: dict[str, Words] = {}


class Data(Shape):
    """Everything a matcher is built from; topics by name, the main one first."""

    topics: dict[str, TopicSubjects]
    aspects: Aspects
    world: World
    words: SharedWords
    advice: AdviceRules
    urgent: UrgentRules
    phrases: dict[str, Lines] = {}
    after: dict[str, dict[str, Lines]] = {}
    topic_of: dict[str, str] = {}
