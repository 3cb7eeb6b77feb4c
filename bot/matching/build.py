"""Builds what both the matcher and its training need: one way to read text, and what it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bot.library.models_matching import AdviceRules, Concept, UrgentRules
from bot.matching.data import Aspects, Data, SharedWords, TopicSubjects, World
from bot.matching.features import Features
from bot.matching.lexicon import HERE, NUMBER, Lexicon, Tree, tree_of
from bot.matching.parser import Reader
from bot.matching.spelling import Speller
from bot.matching.subjects import FOREIGN, HOLDER, Subjects, concepts_of
from bot.matching.text import Stemmer, clean, expand, every_word, is_plain, split


class Parts:
    """The reader, the subjects and the features over one library's matching data."""

    def __init__(self, data: Data, nodes: Iterable[str] | None = None) -> None:
        self.data = data
        self.stem = Stemmer(data.words.irregular, {})
        concepts = concepts_of(data)
        tree = tree_of(concepts, self.stems)
        _prune(tree, {f"{topic}/" for topic in data.topics})
        self.signs = Lexicon(data.urgent.concepts, tree_of(data.urgent.concepts, self.stems))
        self.lexicon = Lexicon(concepts, tree)
        wordings = [*_wordings(concepts), *_wordings(data.urgent.concepts), *_wordings(data.advice.concepts)]
        asked = every_word(_lines(data))
        kin = (word for kind in data.words.kin.values() for word in kind)
        likely = {word for topic, held in data.topics.items() for one in held.subjects.values() for wording in one.names for word in _split(wording)}
        likely |= {word for wording in _wordings(data.urgent.concepts) for word in _split(wording)}
        known = {*asked, *kin, *data.words.common, *(word for wording in wordings for word in _split(wording))}
        speller = Speller(known, dict(_medicines(data)), likely, self.stem)
        self.reader = Reader(self.stem, self.lexicon, self.signs, speller, data.words.capitals)
        self.subjects = Subjects(data, nodes)
        self.features = Features(self.subjects, {name: [self.stem(word) for word in words] for name, words in data.words.kin.items()})
        self.english = frozenset([*data.words.common, *asked])

    def stems(self, wording: str) -> list[str]:
        """Return the stems of an authored wording, the sign for a number kept."""
        return [NUMBER if word == NUMBER else self.stem(word) for word in _split(wording)]


def _prune(branch: Tree, topics: set[str]) -> None:
    """Take foreign names out where a topic holds the very name."""
    for key, below in branch.items():
        if key != HERE:
            _prune(below, topics)
        elif any(name.startswith(tuple(topics)) for name in below):
            below[:] = [name for name in below if not name.startswith(FOREIGN)]


def _wordings(concepts: dict[str, Concept]) -> Iterator[str]:
    for concept in concepts.values():
        for wording in concept.words:
            yield from expand(wording)


def _lines(data: Data) -> Iterator[str]:
    for lines in data.phrases.values():
        yield from lines
    for nodes in data.after.values():
        for lines in nodes.values():
            yield from lines
    for lines in data.aspects.aspects.values():
        yield from lines


@cache
def _split(wording: str) -> tuple[str, ...]:
    if is_plain(wording):
        return tuple(wording.split())
    parts = ([NUMBER] if part == NUMBER else split(clean(part)) for part in wording.split())
    return tuple(word for part in parts for word in part)


def _medicines(data: Data) -> Iterator[tuple[str, str]]:
    for word in data.words.medicines:
        yield word, word
    for name, foreign in data.world.foreign.items():
        if foreign.kind in ("drug", "remedy"):
            for wording in foreign.names:
                if " " not in wording:
                    yield from ((word, word) for word in _split(wording))
    for held in data.topics.values():
        for name, subject in held.subjects.items():
            if subject.kind in ("drug", "remedy", "cause") and not subject.leaning:
                for wording in subject.names:
                    if " " not in wording:
                        yield from ((word, name) for word in _split(wording))


def read_data(content: Path, dialogs: Path, topics: tuple[str, ...] = ("neuropathy",)) -> Data:
    """Return the matching data of a content folder."""
    def load(path: Path) -> Any:
        return yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader) if path.exists() else {}

    phrases: dict[str, list[str]] = {}
    after: dict[str, dict[str, list[str]]] = {}
    for path in sorted((dialogs / "phrases").glob("*.yaml")):
        page = load(path)
        for node, lines in (page.get("phrases") or {}).items():
            phrases.setdefault(node, []).extend(lines.splitlines() if isinstance(lines, str) else lines)
        for context, nodes in (page.get("after") or {}).items():
            for node, lines in nodes.items():
                after.setdefault(context, {}).setdefault(node, []).extend(lines.splitlines() if isinstance(lines, str) else lines)
    return Data(
        topics={topic: TopicSubjects.model_validate(load(content / topic / "subjects.yaml")) for topic in topics},
        aspects=Aspects.model_validate(load(content / "matching/aspects.yaml")),
        world=World.model_validate(load(content / "matching/world.yaml")),
        words=SharedWords.model_validate(load(content / "matching/vocabulary.yaml")),
        advice=AdviceRules.model_validate(load(content / "advice.yaml")),
        urgent=UrgentRules.model_validate(load(content / "urgent.yaml")),
        phrases=phrases, after=after,
    )
