"""Builds what both the matcher and its training need: one way to read text, and what it names."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache, partial
from itertools import combinations
from pathlib import Path
from typing import Any

from bot.content.library import HasRegisters, Library
from bot.content.matching_models import (
    AdviceRules,
    Aspects,
    Concept,
    Courtesies,
    LanguagesFile,
    Matching,
    SharedWords,
    TopicSubjects,
    UrgentExamples,
    UrgentRules,
    World,
)
from bot.content.models import Answer, Register, Role
from bot.matching.classifier import Features
from bot.matching.concepts import SignReader, SignWords
from bot.matching.parser import HERE, NUMBER, Lexicon, Reader, Speller, Tree, lines_by_key, talk_by_key, tree_of
from bot.matching.subjects import FOREIGN, HOLDER, PLACEHOLDERS, Subjects
from bot.matching.text import FUNCTION, PERSONS, Stemmer, clean, every_word, expand, is_plain, key_of, sampled, split

_BOT: tuple[Role, ...] = ("help", "about")
_MEDICINAL = frozenset({"drug", "remedy", "medicine", "cause"})

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n")
_SAID = range(3, 31)
"""Words of a sentence of an answer that is like what people ask: a heading is shorter, a list of figures longer."""

TALK = "talk/"
"""Begins the label of a kind of small talk, which is no node."""


@dataclass(frozen=True, slots=True)
class Roles:
    """The nodes with a part of their own; `shared` are about the bot or one person, and belong to no topic; of these
    `bot` say what it is and what it can do."""

    urgent: str
    advice: str
    otherwise: str
    shared: frozenset[str]
    bot: frozenset[str] = frozenset()


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
    messages: Mapping[str, Sequence[str]]
    """Whole messages as people write them, small talk too: learned from, not found word for word."""
    messages_after: Mapping[str, Mapping[str, Sequence[str]]]
    small_talk: Mapping[str, Sequence[str]]
    exact_talk: frozenset[str]
    """Kinds of small talk that only an authored line is: they end or silence something."""
    nodes: frozenset[str]
    renamed: Mapping[str, str]
    said: Mapping[str, Sequence[str]]
    """What each answer says, as it is authored: nothing is trained from it."""
    texts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The sentences of the answers of families with few lines: their own lines are too few to tell them apart."""

    following: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The ways on from each answer: nothing is trained from them."""
    listed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The answers on what an answer lists, in its order: nothing is trained from them."""
    drugs: frozenset[str] = frozenset()
    """The names of drugs: nothing is trained from them."""
    drug_of: Mapping[str, str] = field(default_factory=dict)
    """The drug that a subject is, where it is one alone: nothing is trained from it."""

    @property
    def cards(self) -> frozenset[str]:
        """The cards of emergencies."""
        return frozenset({self.roles.urgent, *(sign.card for sign in self.urgent.signs.values())})

    @property
    def told(self) -> Mapping[str, int]:
        """How many whole messages want each answer or follow it."""
        after = {node: sum(map(len, asked.values())) for node, asked in self.messages_after.items()}
        return {node: len(self.messages.get(node, ())) + after.get(node, 0) for node in {*self.messages, *after}}

    @property
    def lines(self) -> Mapping[str, int]:
        """How many lines of its own each answer has."""
        return {node: len(written) for node, written in self.phrases.items()}


_CODE = (
    *("build", "classifier", "concepts", "foreign", "lessons", "likeness"),
    *("parser", "sentences", "signs", "subjects", "text", "training"),
    "../content/validation",
)
"""The modules that reading and training depend on: when one of them changes, no cached model is true any more."""


def code() -> str:
    """Return what changes with how texts are read and models trained."""
    here = Path(__file__).parent
    return hashlib.sha256(b"".join((here / f"{name}.py").read_bytes() for name in _CODE)).hexdigest()


def digest(data: Data) -> str:
    """Return what changes with anything the models are trained from."""
    words = data.matching.model_dump(mode="json")
    rest = [one.model_dump(mode="json") for one in (data.urgent, data.examples, data.languages, data.advice)]
    return _told([words, rest, *_lines_of(data), *_asked_in(data)])[:32]


def read_from(data: Data) -> dict[str, str]:
    """Return what changes with anything from which questions, emergencies, and those in other languages are read."""
    shared = [data.urgent.model_dump(mode="json"), data.matching.words.model_dump(mode="json")]
    matching, advice = data.matching.model_dump(mode="json"), data.advice.model_dump(mode="json")
    examples = [one.model_dump(mode="json") for one in (data.examples, data.languages)]
    courtesies = data.matching.courtesies.model_dump(mode="json")
    return {
        "questions": _told([shared, matching, advice, *_lines_of(data), *_asked_in(data)]),
        "emergencies": _told([shared, examples, courtesies, *_lines_of(data)]),
        "languages": _told([shared, examples]),
    }


def _lines_of(data: Data) -> list[object]:
    """Return every line and message that people write."""
    roles = {name: str(one) for name, one in asdict(data.roles).items() if name not in ("shared", "bot")}
    small_talk = {one: list(asks) for one, asks in data.small_talk.items()}
    return [roles, dict(data.phrases), dict(data.messages), _each(data.messages_after), small_talk]


def _asked_in(data: Data) -> list[object]:
    """Return what else tells which answer is meant: threads, what answers say, and which answers there are."""
    texts = {node: list(texts) for node, texts in data.texts.items()}
    return [_each(data.after), texts, sorted(data.nodes), sorted(data.roles.shared)]


def _each(after: Mapping[str, Mapping[str, Sequence[str]]]) -> dict[str, dict[str, Sequence[str]]]:
    return {one: dict(asked) for one, asked in after.items()}


def _told(parts: Sequence[object]) -> str:
    return hashlib.sha256(json.dumps([code(), *parts]).encode()).hexdigest()  # in their order, which counts


def data_of(library: Library) -> Data:
    """Return what the matcher is built from; what a library lacks is empty."""
    empty = Matching(words=SharedWords(), aspects=Aspects(), courtesies=Courtesies(), world=World())
    bot = frozenset(filter(None, map(library.role, _BOT)))
    return Data(
        library.matching or empty,
        library.advice_rules or AdviceRules(),
        library.urgent_rules or UrgentRules(),
        library.urgent_examples or UrgentExamples(),
        library.languages or LanguagesFile(),
        Roles(library.urgent, library.advice, library.otherwise, frozenset(_shared(library)), bot),
        {node: lines for node, lines in library.phrases.items() if node in library.nodes},
        {node: after for node, after in library.after.items() if node in library.nodes},
        dict(_messages(library)),
        {node: after for node, after in library.messages_after.items() if node in library.nodes},
        {kind: talk.asks for kind, talk in library.small_talk.items()},
        frozenset(kind for kind, talk in library.small_talk.items() if talk.exact),
        frozenset(library.nodes),
        {old: new for old in library.renamed if (new := library.resolve(old)) is not None},
        {node: tuple(_said(one)) for topic in library.topics.values() for node, one in topic.answers.items()},
        dict(_texts(library)),
        {name: tuple(node.next) for name, node in library.nodes.items()},
        {name: node.listed for name, node in library.nodes.items() if node.listed},
        frozenset(name for topic in library.topics.values() for name, term in topic.terms.items() if term.drug),
        dict(_drugs(library)),
    )


def _drugs(library: Library) -> Iterator[tuple[str, str]]:
    """Yield the subjects among whose names stands one term that is a drug, with that."""
    for topic, held in (library.matching.topics if library.matching else {}).items():
        terms = library.topics[topic].terms if topic in library.topics else {}
        for name, subject in held.subjects.items():
            taken = subject.names if subject.kind in ("drug", "medicine") else ()
            drugs = [one for one in taken if one in terms and terms[one].drug]
            if len(drugs) == 1:
                yield f"{topic}/{name}", drugs[0]


def _messages(library: Library) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the whole messages that want each node, and those of each kind of small talk that needs no exact words."""
    yield from ((node, lines) for node, lines in library.messages.items() if node in library.nodes)
    for kind, lines in library.talk_messages.items():
        if kind in library.small_talk and not library.small_talk[kind].exact:
            yield TALK + kind, lines


def _said(answer: Answer) -> Iterator[str]:
    """Yield the title and every claim of an answer in both registers, and the words by which it is asked for."""
    yield from (answer.title.professional, answer.title.layperson)
    for claim in answer.claims:
        yield from filter(None, (claim.professional, claim.layperson, claim.asks))


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


@dataclass(frozen=True, slots=True)
class Index:
    """What takes long to find in a library's words, as plain values that are kept with its models.

    `asked` are the words of all lines, `known` these and all others that are no slips, `stems` the stems of them,
    `likely` those that the topics and the signs of an emergency make likely, `tree` the tree of the vocabulary,
    `lines`, `after` and `small_talk` what is found word for word, alone and after an answer, `aspects` what is asked,
    word for word, of whatever is talked about, `signs` the words of emergencies.
    """

    asked: Sequence[str]
    known: Sequence[str]
    likely: Sequence[str]
    stems: Mapping[str, str]
    tree: Tree
    lines: Mapping[str, str]
    after: Mapping[str, Mapping[str, str]]
    small_talk: Mapping[str, str]
    aspects: Mapping[str, str]
    signs: SignWords

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Index:
        """Return the index that plain values are."""
        return cls(**{**values, "signs": SignWords(**values["signs"])})


_WORD = 4
"""Letters from which a word of another language is taken for one, and not for a slip in English."""


class Parts:
    """The reader, the subjects and the features over one library's words; made in less time from its `index`."""

    def __init__(self, data: Data, index: Index | None = None) -> None:
        self.data = data
        words = data.matching.words
        self.stem = Stemmer(words.irregular, index.stems if index else {})
        self.key = partial(key_of, stem=self.stem, shorthand=words.shorthand)
        concepts = concepts_of(data.matching)
        self.index = index or self._index(concepts)
        speller = Speller(self.index.known, dict(_medicines(data)), self.index.likely, self.stem)
        self.lexicon = Lexicon(concepts, self.index.tree)
        self.reader = Reader(self.stem, self.lexicon, speller, words.shorthand, frozenset(_openers(data)))
        self.subjects = Subjects(data.matching, data.nodes)
        self.features = Features(
            self.subjects, {name: [self.stem(word) for word in kin] for name, kin in words.kin.items()}
        )
        self.ordinary = frozenset(word for kind in words.kin.values() for word in kind)
        self.asked = frozenset(self.index.asked)
        self.english = self.asked.union(words.common)
        self.names = frozenset(_names(data))
        # `wann` is no slip of `wanna`; shorter words may be pieces of one that was torn
        others = (word for one in data.languages.languages.values() for word in one.words if len(word) >= _WORD)
        self.signs = SignReader(data.urgent, self.index.signs, every_word((*words.common, *others)))

    def _index(self, concepts: Mapping[str, Concept]) -> Index:
        """Return what an index holds, found anew."""
        data, tree = self.data, tree_of(concepts, self.stems)
        _leave_held(tree, tuple(f"{topic}/" for topic in data.matching.topics), FOREIGN)
        _show_narrow(tree, data.matching.topics, FOREIGN.rstrip("/"))
        asked = sorted(every_word(_lines(data)))
        known = sorted(self._known(concepts, asked))
        stems = {word: self.stem(word) for word in known}
        after = {last: lines_by_key(self._ours(asked), self.key) for last, asked in data.after.items()}
        aspects = _aspects_by_key(data.matching.aspects.aspects, self.key)
        found = lines_by_key(data.phrases, self.key), after, talk_by_key(data.small_talk, self.key), aspects
        return Index(asked, known, sorted({*_likely(data)}), stems, tree, *found, SignWords.of(data.urgent))

    def _ours(self, asked: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
        """Return the lines of the nodes there are."""
        return {node: lines for node, lines in asked.items() if node in self.data.nodes}

    def stems(self, wording: str) -> list[str]:
        """Return the stems of an authored wording, the sign for a number kept."""
        return [NUMBER if word == NUMBER else self.stem(word) for word in _split(wording)]

    def _known(self, concepts: Mapping[str, Concept], asked: Iterable[str]) -> set[str]:
        words = self.data.matching.words
        wordings = (*_wordings(concepts), *_signs(self.data.urgent), *_wordings(self.data.advice.concepts))
        kin = (word for kind in words.kin.values() for word in kind)
        return {*asked, *kin, *words.common, *(word for wording in wordings for word in _split(wording))}


def _aspects_by_key(aspects: Mapping[str, Iterable[str]], key: Callable[[str], str]) -> dict[str, str]:
    """Return the aspect that each authored question with no placeholder asks, by its key, where one alone has it."""
    bare = {aspect: [line for line in lines if "@" not in line] for aspect, lines in aspects.items()}
    found = [lines_by_key({aspect: lines}, key) for aspect, lines in bare.items()]
    several = Counter(asked for one in found for asked in one)
    return {asked: aspect for one in found for asked, aspect in one.items() if several[asked] == 1}


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


def _openers(data: Data) -> Iterator[str]:
    """Yield words of grammar and those with which several remarks begin: their capital begins a sentence. Not `I` and
    what a topic names, which have one anywhere."""
    courtesies, topics = data.matching.courtesies, data.matching.topics.values()
    held = (subject for topic in topics for subject in topic.subjects.values())
    named = {word for subject in held for wording in subject.names for word in _split(wording)} | {*_names(data)}
    lines = (*courtesies.words, *courtesies.before, *courtesies.after, *courtesies.asides)
    firsts = Counter(word for line in lines for form in sampled(line, 1) for word in _split(form)[:1])
    several = {word for word, times in firsts.items() if times > 1} - named
    yield from (FUNCTION | PERSONS | several) - {"i"}


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


# --- names that several topics hold, or that a topic takes from the world ---


def _leave_held(branch: Tree, topics: tuple[str, ...], foreign: str) -> None:
    """Take foreign names out where a topic holds the very name."""
    for key, below in branch.items():
        if key != HERE:
            _leave_held(below, topics, foreign)
        elif any(name.startswith(topics) for name in below):
            below[:] = [name for name in below if not name.startswith(foreign)]


def _show_narrow(tree: Tree, topics: Mapping[str, TopicSubjects], foreign: str) -> None:
    """Let a leaning name of a topic show what a narrower one tells inside it: "metformin and B12" is about B12, too.

    What else it says must name something: "pins and needles" is not about needles. Any other name wins by its length,
    but a foreign one: once a topic holds warfarin, "warfarin dose" is foreign no more.
    """
    width = {topic: len(held.subjects) for topic, held in topics.items()}
    width[foreign] = max(width.values(), default=0)
    subjects = ((f"{topic}/{name}", one) for topic, held in topics.items() for name, one in held.subjects.items())
    telling = {name for name, subject in subjects if not subject.leaning}
    for path, names in [leaf for leaf in _leaves(tree, width) if telling.isdisjoint(leaf[1])]:
        beyond = [name for name in names if name.partition("/")[0] == foreign]
        own = width[foreign] if beyond else min(width.get(name.partition("/")[0], 0) for name in names)
        parts = [(start, end) for start, end in combinations(range(len(path) + 1), 2) if end - start < len(path)]
        joined = [
            (start, end)
            for start, end in parts
            if beyond or any(_named(tree, [stem]) for stem in path[:start] + path[end:])
        ]
        inside = {name for start, end in joined for name in _named(tree, path[start:end])} - {*names}
        narrow = {name for name in inside if width.get(name.partition("/")[0], own) < own}
        if narrow & telling:
            names[:] = [*(name for name in names if name not in beyond), *sorted(narrow)]


def _leaves(
    branch: Tree, topics: Collection[str], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """Yield every name of a subject of several words, by its stems, with what it names."""
    for key, below in branch.items():
        if key != HERE:
            yield from _leaves(below, topics, (*path, key))
        elif len(path) > 1 and any(name.partition("/")[0] in topics for name in below):
            yield path, below


def _named(tree: Tree, path: Sequence[str]) -> Sequence[str]:
    """Return what exactly these stems name."""
    for stem in path:
        if stem not in tree:
            return ()
        tree = tree[stem]
    found: Sequence[str] = tree.get(HERE, ())
    return found


def concepts_of(matching: Matching) -> dict[str, Concept]:
    """Return every concept the reader finds: subjects, placeholders, foreign things and shared words."""
    found: dict[str, Concept] = {}
    for topic, held in matching.topics.items():
        for name, subject in held.subjects.items():
            found[f"{topic}/{name}"] = Concept(words=subject.names)
    for key in PLACEHOLDERS:
        found[f"{HOLDER}/{key}"] = Concept(words=(HOLDER + key.lower(),))
    for name, foreign in matching.world.foreign.items():
        found[FOREIGN + name] = Concept(words=foreign.names)
    return found | matching.words.concepts
