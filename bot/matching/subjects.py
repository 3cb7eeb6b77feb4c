"""What a message is about: the subjects of all topics by their names, and the answers that hold their aspects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.matching.data import Data, Subject, World
from bot.matching.parser import Message
from bot.library.models_matching import Concept

FOREIGN = "foreign/"
HOLDER = "holder"
_SLOT = {"remedy": "@x", "drug": "@x", "plan": "@x", "condition": "@cond", "test": "@test", "cause": "@cause", "measure": "@measure"}
PLACEHOLDERS = {"X": "remedy", "COND": "condition", "TEST": "test", "CAUSE": "cause", "PLAN": "plan", "MEASURE": "measure"}
TEMP={'ala-how':'ala-dose','ala-drip':'ala-dose','ala-interactions':'ala-safety','drug-side-effects':'first-line','stopping-medicines':'first-line','what-it-is':'overview','outlook':'screening','k2-blood-thinners':'k2','buying':'none','feet-daily':'foot-exam','night-pain':'overview','without-medicine':'algorithm','not-diabetes':'other-causes','low-sugar':'glucose'}
SELF = "self"
ANY = "any"
NONE = "none"


def slot(kind: str) -> str:
    """Return the placeholder that stands for a name of this kind."""
    return _SLOT.get(kind, f"@{kind}")


@dataclass(frozen=True, slots=True)
class Named:
    """What a message names: held subjects (the most telling first), leaning ones, and foreign things."""

    held: tuple[str, ...] = ()
    leaning: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()

    @property
    def subject(self) -> str | None:
        """The subject a question is about, or None."""
        return next(iter((*self.held, *self.leaning)), None)


class Subjects:
    """The subjects of every loaded topic; ids are `topic/subject`."""

    def __init__(self, data: Data, nodes: Iterable[str] | None = None) -> None:
        self._subjects: dict[str, Subject] = {}
        self._rows: dict[str, dict[str, str]] = {}
        self._it: dict[str, str] = {}
        self._world = data.world
        self.kind_of: dict[str, str] = {f"{HOLDER}/{key}": kind for key, kind in PLACEHOLDERS.items()}
        known = None if nodes is None else frozenset(nodes)
        for topic, held in data.topics.items():
            for name, subject in held.subjects.items():
                self._subjects[f"{topic}/{name}"] = subject
                self.kind_of[f"{topic}/{name}"] = subject.kind
            rows = {
                name: {aspect: TEMP.get(node, node) if known is not None and node not in known else node for node, aspects in row.items() for aspect in aspects if _is_node(TEMP.get(node, node) if known is not None and node not in known else node, known)}
                for name, row in held.answers.items()
            }
            for name in held.subjects:
                self._rows[f"{topic}/{name}"] = self._inherited(topic, name, rows)
            self._it |= {node: f"{topic}/{name}" for node, name in held.it.items()}
        for name, foreign in data.world.foreign.items():
            self.kind_of[FOREIGN + name] = foreign.kind
        self._order = {name: at for at, name in enumerate(self._subjects)}

    def _inherited(self, topic: str, name: str, rows: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
        row = dict(rows.get(ANY, {}))
        chain = [name]
        while (whole := self._subjects[f"{topic}/{chain[-1]}"].part_of):
            chain.append(whole)
        for part in reversed(chain):
            row |= rows.get(part, {})
        return row

    def named(self, message: Message) -> Named:
        """Return what a message names."""
        names = {name for one in message.mentions for name in one.concepts}
        held = sorted((name for name in names if name in self._order and not self._subjects[name].leaning), key=self._order.__getitem__)
        leaning = sorted((name for name in names if name in self._order and self._subjects[name].leaning), key=self._order.__getitem__)
        return Named(tuple(self._together(held)), tuple(leaning), tuple(sorted(n for n in names if n.startswith(FOREIGN))))

    def _together(self, held: Sequence[str]) -> Sequence[str]:
        for name, subject in self._subjects.items():
            topic = name.partition("/")[0]
            wholes = {self.whole(one) for one in held} | set(held)
            if subject.together and all(f"{topic}/{part}" in wholes for part in subject.together):
                return [name, *(one for one in held if one != name)]
        return held

    def whole(self, name: str) -> str:
        """Return the subject that `name` is a part of, or itself."""
        whole = self._subjects[name].part_of
        return f"{name.partition('/')[0]}/{whole}" if whole else name

    def it(self, context: str | None) -> str | None:
        """Return what `it` means after an answer."""
        return self._it.get(context or "")

    def contexts(self) -> list[str]:
        """Return the answers after which `it` means something."""
        return sorted(self._it)

    def answers_of(self, name: str) -> frozenset[str]:
        """Return the answers that hold something of a subject."""
        return frozenset(self._rows[name].values()) | {self.general(name)}

    def general(self, name: str) -> str:
        """Return the subject's general answer."""
        return self._subjects[name].general

    def answer(self, name: str, aspect: str) -> str | None:
        """Return the answer that holds the aspect of a subject, or None where none does."""
        return self._rows[name].get(aspect)

    def leads(self, name: str, aspect: str, context: str | None) -> str:
        """Return the answer an aspect of a subject leads to, after the answer last shown."""
        node = self._rows[name].get(aspect) or self._subjects[name].general
        return (context or self._subjects[name].general) if node == SELF else node

    def is_leaning(self, name: str) -> bool:
        """Return whether the subject's names are words everyone uses."""
        return self._subjects[name].leaning

    def foreign_weight(self, name: str) -> float:
        """Return how surely a foreign thing is not answered."""
        return self._world.foreign[name.removeprefix(FOREIGN)].weight


def _is_node(node: str, known: frozenset[str] | None) -> bool:
    return known is None or node in known or node in (SELF, NONE)


def concepts_of(data: Data) -> dict[str, Concept]:
    """Return every concept the reader finds: subjects, placeholders, foreign things and shared words."""
    found: dict[str, Concept] = {}
    for topic, held in data.topics.items():
        for name, subject in held.subjects.items():
            found[f"{topic}/{name}"] = Concept(words=subject.names)
        found |= held.concepts
    for key in PLACEHOLDERS:
        found[f"{HOLDER}/{key}"] = Concept(words=(HOLDER + key.lower(),))
    for name, foreign in data.world.foreign.items():
        found[FOREIGN + name] = Concept(words=foreign.names)
    return found | data.words.concepts


def with_placeholders(lesson: str) -> str:
    """Return a lesson whose placeholders are words the reader knows."""
    for key in sorted(PLACEHOLDERS, key=len, reverse=True):
        lesson = lesson.replace(f"@{key}", f"{HOLDER}{key.lower()}")
    return lesson
