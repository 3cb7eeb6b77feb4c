"""Builds what both the matcher and its training need: one way to read text, and what it names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations

from bot.content.library import HasRegisters, Library
from bot.content.matching_models import (
    AdviceRules,
    Aspects,
    Concept,
    Courtesies,
    Matching,
    SharedWords,
    TopicSubjects,
    World,
)
from bot.content.models import Register
from bot.content.urgent_models import LanguagesFile, UrgentExamples, UrgentRules
from bot.matching.features import Features
from bot.matching.lexicon import HERE, NUMBER, Lexicon, Tree, tree_of
from bot.matching.mending import SignReader
from bot.matching.parser import Reader
from bot.matching.spelling import Speller
from bot.matching.subjects import FOREIGN, HOLDER, Subjects, concepts_of
from bot.matching.text import (
    FUNCTION,
    STOP,
    Stemmer,
    clean,
    every_word,
    expand,
    is_plain,
    spelled_out,
    split,
    words_only,
)

_MEDICINAL = frozenset({"drug", "remedy", "medicine", "cause"})


_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n")
_SAID = range(3, 31)
"""Words of a sentence of an answer that is like what people ask: a heading is shorter, a list of figures longer."""
TALK = "talk/"
"""Begins the label of a kind of small talk, which is no node."""


@dataclass(frozen=True, slots=True)
class Roles:
    """The nodes with a part of their own; `shared` are about the bot or one person, and belong to no topic."""

    urgent: str
    advice: str
    otherwise: str
    shared: frozenset[str]


@dataclass(frozen=True, slots=True)
class Data:
    """Everything of a library that the matcher is built from."""

    matching: Matching
    advice: AdviceRules
    urgent: UrgentRules
    examples: UrgentExamples
    languages: LanguagesFile
    roles: Roles
    phrases: Mapping[str, Sequence[str]]
    after: Mapping[str, Mapping[str, Sequence[str]]]
    small_talk: Mapping[str, Sequence[str]]
    exact_talk: frozenset[str]
    """Kinds of small talk that only an authored line is: they end or silence something."""
    nodes: frozenset[str]
    renamed: Mapping[str, str]
    texts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """What the answers of families with few lines say themselves: their own lines are too few to tell them apart."""

    @property
    def lines(self) -> Mapping[str, int]:
        """How many lines of its own each answer has."""
        return {node: len(written) for node, written in self.phrases.items()}


def data_of(library: Library) -> Data:
    """Return what the matcher is built from; what a library lacks is empty."""
    empty = Matching(words=SharedWords(), aspects=Aspects(), courtesies=Courtesies(), world=World())
    return Data(
        library.matching or empty,
        library.advice_rules or AdviceRules(),
        library.urgent_rules or UrgentRules(),
        library.urgent_examples or UrgentExamples(),
        library.languages or LanguagesFile(),
        Roles(library.urgent, library.advice, library.otherwise, frozenset(_shared(library))),
        {node: lines for node, lines in library.phrases.items() if node in library.nodes},
        {node: after for node, after in library.after.items() if node in library.nodes},
        {kind: talk.asks for kind, talk in library.small_talk.items()},
        frozenset(kind for kind, talk in library.small_talk.items() if talk.exact),
        frozenset(library.nodes),
        {old: new for old in library.renamed if (new := library.resolve(old)) is not None},
        dict(_texts(library)),
    )


def _texts(library: Library) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the sentences of every answer whose family has few lines."""
    if library.matching:
        subjects = Subjects(library.matching, library.nodes)
        few = subjects.few_lined({node: len(written) for node, written in library.phrases.items()})
        nodes = frozenset[str]().union(*map(subjects.family, few))
        yield from ((node, tuple(dict.fromkeys(_sentences(library, node)))) for node in sorted(nodes))


def _sentences(library: Library, node: str) -> Iterator[str]:
    """Yield the title, the label and each sentence of an answer, in both registers: what could be a line for it."""
    answer = library.answer(node)
    parts: tuple[HasRegisters, ...] = (answer.title, answer.label, *answer.claims)
    for worded in parts:
        for register in Register:
            for said in _SENTENCE_END.split(library.plain(worded, register)):
                if len(said.split()) in _SAID:
                    yield said.strip(" *-#>")


def _shared(library: Library) -> Iterator[str]:
    """Yield the nodes that no subject leads to: they are about the bot, or about one person."""
    held = {
        node
        for topic in (library.matching.topics.values() if library.matching else ())
        for row in topic.answers.values()
        for node in row
    }
    yield from (node for node in library.nodes if node in library.always or node == library.advice)
    yield from (
        node for node in library.nodes if node in library.phrases and node not in held and node != library.otherwise
    )


class Parts:
    """The reader, the subjects and the features over one library's words."""

    def __init__(self, data: Data) -> None:
        self.data = data
        words = data.matching.words
        self.stem = Stemmer(words.irregular, {})
        concepts = concepts_of(data.matching)
        tree = tree_of(concepts, self.stems)
        _leave_held(tree, tuple(f"{topic}/" for topic in data.matching.topics))
        if len(data.matching.topics) > 1:
            _show_narrow(tree, data.matching.topics)
        asked = every_word(_lines(data))
        speller = Speller(self._known(concepts, asked), dict(_medicines(data)), _likely(data), self.stem)
        self.reader = Reader(self.stem, Lexicon(concepts, tree), speller, words.capitals)
        self.subjects = Subjects(data.matching, data.nodes)
        self.features = Features(
            self.subjects, {name: [self.stem(word) for word in kin] for name, kin in words.kin.items()}
        )
        self.ordinary = frozenset(word for kind in words.kin.values() for word in kind)
        self.english = frozenset([*words.common, *asked])
        self.names = frozenset(_names(data))
        self.signs = SignReader(data.urgent, every_word(words.common))

    def stems(self, wording: str) -> list[str]:
        """Return the stems of an authored wording, the sign for a number kept."""
        return [NUMBER if word == NUMBER else self.stem(word) for word in _split(wording)]

    def key(self, text: str) -> str:
        """Return what two messages share that differ in nothing but form, case and punctuation."""
        if is_plain(text):
            return " ".join(map(self.stem, text.split()))
        cleaned = clean(spelled_out(words_only(text), self.data.matching.words.capitals))
        return " ".join(self.stem(word) for word in split(cleaned) if word != STOP)

    def _known(self, concepts: Mapping[str, Concept], asked: Iterable[str]) -> set[str]:
        words = self.data.matching.words
        wordings = (*_wordings(concepts), *_signs(self.data.urgent), *_wordings(self.data.advice.concepts))
        kin = (word for kind in words.kin.values() for word in kind)
        return {*asked, *kin, *words.common, *(word for wording in wordings for word in _split(wording))}


def _leave_held(branch: Tree, topics: tuple[str, ...]) -> None:
    """Take foreign names out where a topic holds the very name."""
    for key, below in branch.items():
        if key != HERE:
            _leave_held(below, topics)
        elif any(name.startswith(topics) for name in below):
            below[:] = [name for name in below if not name.startswith(FOREIGN)]


def _show_narrow(tree: Tree, topics: Mapping[str, TopicSubjects]) -> None:
    """Let a name of a topic show what a narrower one tells inside it: "metformin and B12" is about B12, too."""
    width = {topic: len(held.subjects) for topic, held in topics.items()}
    telling = {
        f"{topic}/{name}" for topic, held in topics.items() for name, one in held.subjects.items() if not one.leaning
    }
    for path, names in list(_leaves(tree, ())):
        own = min(width.get(name.partition("/")[0], 0) for name in names)
        parts = ((start, end) for start, end in combinations(range(len(path) + 1), 2) if end - start < len(path))
        inside = {name for start, end in parts for name in _named(tree, path[start:end])} - {*names}
        narrow = {name for name in inside if width.get(name.partition("/")[0], own) < own}
        names += sorted(narrow) if narrow & telling else ()


def _leaves(branch: Tree, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """Yield every name of a subject of several words, by its stems, with what it names."""
    for key, below in branch.items():
        if key != HERE:
            yield from _leaves(below, (*path, key))
        elif len(path) > 1 and any("/" in name and not name.startswith((FOREIGN, HOLDER)) for name in below):
            yield path, below


def _named(tree: Tree, path: Sequence[str]) -> Sequence[str]:
    """Return what exactly these stems name."""
    for stem in path:
        if stem not in tree:
            return ()
        tree = tree[stem]
    found: Sequence[str] = tree.get(HERE, ())
    return found


def _wordings(concepts: Mapping[str, Concept]) -> Iterator[str]:
    for concept in concepts.values():
        for wording in concept.words:
            yield from expand(wording)


def _signs(rules: UrgentRules) -> Iterator[str]:
    """Yield the wordings of what is urgent, less those that stand for any ending."""
    yield from (wording for wording in _wordings(rules.concepts) if "*" not in wording)


def _lines(data: Data) -> Iterator[str]:
    """Yield every authored line that is asked."""
    for lines in (*data.phrases.values(), *data.matching.aspects.aspects.values()):
        yield from lines
    for nodes in data.after.values():
        for lines in nodes.values():
            yield from lines


def _likely(data: Data) -> Iterator[str]:
    """Yield the words that a message of these topics, or an emergency, is likely to hold."""
    for held in data.matching.topics.values():
        for subject in held.subjects.values():
            for wording in subject.names:
                yield from _split(wording)
    for wording in _signs(data.urgent):
        yield from _split(wording)


def _medicines(data: Data) -> Iterator[tuple[str, str]]:
    """Yield every single word that names a medicine, with the medicine it means."""
    yield from ((word, word) for word in data.matching.words.medicines)
    for foreign in data.matching.world.foreign.values():
        if foreign.kind in _MEDICINAL:
            yield from ((word, word) for word in _single(foreign.names))
    for held in data.matching.topics.values():
        for name, subject in held.subjects.items():
            if subject.kind in _MEDICINAL and not subject.leaning:
                yield from ((word, name) for word in _single(subject.names))


def _names(data: Data) -> Iterator[str]:
    """Yield every word of a medicine's name but words of grammar: names are much the same in every language."""
    yield from data.matching.words.medicines
    foreign = ((one.kind, one.names) for one in data.matching.world.foreign.values())
    held = ((one.kind, one.names) for topic in data.matching.topics.values() for one in topic.subjects.values())
    for kind, wordings in (*foreign, *held):
        if kind in _MEDICINAL:
            yield from (word for wording in wordings for word in _split(wording) if word not in FUNCTION)


def _single(wordings: Iterable[str]) -> Iterator[str]:
    for wording in wordings:
        if " " not in wording:
            yield from _split(wording)


@cache
def _split(wording: str) -> tuple[str, ...]:
    if is_plain(wording):
        return tuple(wording.split())
    parts = ([NUMBER] if part == NUMBER else split(clean(part)) for part in wording.split())
    return tuple(word for part in parts for word in part)
