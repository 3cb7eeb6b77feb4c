"""What a message is about: the subjects of all topics by their names, the answers that hold their aspects, and what
those answers say themselves, down to the sentence that speaks of what is asked."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from bot.content.matching_models import Concept, Matching, Subject
from bot.matching.parser import Lexicon, Message
from bot.matching.text import STOP, clean, is_grammar, split

FOREIGN = "foreign/"
"""Begins the names of things that exist beside the topics."""
HOLDER = "holder"
"""Begins the words that stand in a lesson for the name of a subject."""
PLACEHOLDERS = {
    "X": "remedy",
    "COND": "condition",
    "TEST": "test",
    "CAUSE": "cause",
    "PLAN": "plan",
    "MEASURE": "measure",
    "MED": "medicine",
}
"""What an author writes in a lesson (`@X`), and the kind of subject it stands for."""
_BESIDE = frozenset({"medicine", "elsewhere"})
"""Kinds whose names, in the thread of another subject, are what that subject is asked about together with."""
_TAKEN = frozenset({"drug", "remedy"})
"""Kinds of what one takes."""
_GIVEN = _TAKEN | {"medicine", "elsewhere", "cause"}
"""The same with other medicines, of which some are known as what a drug is mixed with, or as a cause."""
_ONE_DRUG = 2
"""The forms of one drug: its name, and the beginning of that."""
SELF, ANY, NONE = "self", "any", "none"
FEW_LINES = 60
"""An answer with at most so many lines of its own has few: what it is asked for is mostly read from other things."""

OFTEN = 0.2
"""The share of all answers that may hold a word that still tells one from another."""
_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_SHORTEST = 3

_RARE, _MORE = math.log(1 + 1 / 0.25), 1.0
"""How much the rarest word must tell of which a line speaks: no more than a fourth of all answers hold it; and how much
more the line must tell than what is shown."""
_KIND, _SAME, _FAMILY = "~", "^", 6
"""Begin a kind of words, and the beginning of one, of so many letters."""
_RENAMED = 0.9
"""What a name that stands in other words counts of one that stands in the same."""
_LITTLE = frozenset({
    "actual", "again", "already", "also", "always", "anyon", "anyth", "ask", "back", "bad", "best", "better", "bit",
    "bring", "chang", "clinical", "come", "danger", "dangerous", "day", "different", "down", "else", "even", "ever",
    "feel", "felt", "find", "first", "found", "get", "giv", "go", "going", "good", "got", "half", "happen", "happi",
    "hav", "hear", "heard", "hello", "home", "just", "keep", "kept", "kind", "know", "last", "least", "leav", "leg",
    "legs", "let", "like", "long", "look", "lot", "mak", "mayb", "mean", "month", "mov", "need", "never", "new",
    "next", "noth", "now", "number", "nurs", "off", "offer", "often", "ok", "old", "once", "one", "out", "over",
    "pleas", "put", "ran", "read", "right", "risk", "riski", "run", "saf", "safe", "same", "say", "since", "someon",
    "sometimes", "sort", "start", "stay", "still", "such", "sur", "surely", "take", "tell", "thank", "thing",
    "think", "thought", "three", "time", "today", "tomorrow", "tonight", "try", "turn", "twic", "two", "type", "up",
    "want", "way", "week", "well", "whol", "will", "work", "worse", "worth", "wrong", "year", "yes", "yesterday",
})  # fmt: skip
"""Stems of words that say little by themselves, whatever they stand beside."""

Unit = frozenset[str]
"""A word of a question or a name in it, in all the forms in which an answer may hold it."""


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

    @property
    def nothing(self) -> bool:
        """Whether nothing at all is named."""
        return not (self.held or self.leaning or self.foreign)


_NOTHING = Named()


class Subjects:
    """The subjects of every loaded topic, by `topic/subject`; answers that are no node are left out of their rows.

    The topic with the fewest comes first: what a narrow topic names tells more than what everybody names.
    """

    def __init__(self, matching: Matching, nodes: Iterable[str]) -> None:
        known = {*nodes, SELF, NONE}
        self.kind_of = {f"{HOLDER}/{key}": kind for key, kind in PLACEHOLDERS.items()}
        self.kind_of |= {FOREIGN + name: foreign.kind for name, foreign in matching.world.foreign.items()}
        self._subjects: dict[str, Subject] = {}
        self._rows: dict[str, dict[str, str]] = {}
        self._it: dict[str, str] = {}
        for topic, held in sorted(matching.topics.items(), key=lambda one: len(one[1].subjects)):
            rows = {name: _row(row, known) for name, row in held.answers.items()}
            for name, subject in held.subjects.items():
                self._subjects[f"{topic}/{name}"] = subject
                self.kind_of[f"{topic}/{name}"] = subject.kind
                self._rows[f"{topic}/{name}"] = _inherited(name, held.subjects, rows)
            self._it |= {node: f"{topic}/{name}" for node, name in held.it.items()}
        self.harms = frozenset(node for held in matching.topics.values() for node in held.harms)
        self._order = {name: at for at, name in enumerate(self._subjects)}
        self._made_up = [
            (name, frozenset(f"{self.topic(name)}/{part}" for part in subject.together))
            for name, subject in self._subjects.items()
            if subject.together
        ]
        self._nodes = known
        self._members: dict[str, frozenset[str]] = {}
        for name in self._subjects:
            topic, _, short = name.partition("/")
            own = known.intersection(matching.topics[topic].answers.get(short, ())) - {SELF, NONE}
            for one in (name, *self._wholes(name)):
                self._members[one] = self._members.get(one, frozenset()) | own | {self.general(name)}

    def named(self, message: Message) -> Named:
        """Return what a message names."""
        if not message.mentions:
            return _NOTHING
        names = {name for one in message.mentions for name in one.concepts}
        known = sorted((name for name in names if name in self._order), key=self._order.__getitem__)
        held = self._parts_first([name for name in known if not self._subjects[name].leaning])
        leaning = [name for name in known if self._subjects[name].leaning]
        foreign = sorted(name for name in names if name.startswith(FOREIGN))
        return Named((*self._together(held, leaning), *held), tuple(leaning), tuple(foreign))

    def together(self, lent: str, leaning: Sequence[str]) -> str | None:
        """Return the subject that the thread's and leaning names make up together, if any."""
        return next(iter(self._together([lent], leaning)), None)

    def with_lent(self, named: Named, lent: str, *, beside: bool = False) -> str:
        """Return what a question is about that names only leaning words, or nothing, in the thread of a subject; where
        two things are taken `beside` each other, it is about that subject still."""
        if named.held:
            return named.held[0]
        together = self._together([lent], named.leaning)
        if together:
            return together[0]
        own = [name for name in named.leaning if self.topic(name) == self.topic(lent)]
        return own[0] if own and not beside and not self._means_lent(own[0], lent) else lent

    def _means_lent(self, leaning: str, lent: str) -> bool:
        """Tell whether a leaning name leaves the thread's subject what is asked about: it stands beside that, or is a
        word such as "the tablets" for what one takes, and so is the subject."""
        kind = self.kind_of[leaning]
        return kind in _BESIDE or (kind in _TAKEN and self.kind_of[lent] in _TAKEN)

    def _together(self, held: Sequence[str], leaning: Sequence[str]) -> list[str]:
        """Return the subject that the named ones make up together, if any."""
        if not held:
            return []
        wholes = {self.whole(one) for one in (*held, *leaning)} | {*held, *leaning}
        return next(([name] for name, parts in self._made_up if parts <= wholes), [])

    def whole(self, name: str) -> str:
        """Return the subject that `name` is a part of, or itself."""
        whole = self._subjects[name].part_of
        return f"{name.partition('/')[0]}/{whole}" if whole else name

    def _wholes(self, name: str) -> list[str]:
        """Return the subjects that `name` is a part of, the nearest first."""
        found: list[str] = []
        while (whole := self.whole(name)) != name:
            found.append(name := whole)
        return found

    def _parts_first(self, held: Sequence[str]) -> list[str]:
        """Return named subjects with a part before its whole: who names both asks about the part."""
        if len(held) < 2:
            return list(held)
        at = {name: place for place, name in enumerate(held)}

        def place(name: str) -> tuple[int, int]:
            wholes = self._wholes(name)
            return min(at[one] for one in (name, *wholes) if one in at), -len(wholes)

        return sorted(held, key=place)

    def it(self, context: str | None) -> str | None:
        """Return what `it` means after an answer."""
        return self._it.get(context or "")

    def contexts(self) -> list[str]:
        """Return the answers after which `it` means something."""
        return sorted(node for node in self._it if node in self._nodes)

    def other(self, shown: Sequence[str]) -> str | None:
        """Return the answer that says of the other subject spoken of what the last answer says of its own; None where
        there was no other that can stand for it."""
        spoken = [(node, self._widest(self._it[node])) for node in reversed(shown) if node in self._it]
        if not spoken:
            return None
        last, subject = spoken[0]
        others = list(dict.fromkeys(name for _, name in spoken if self._can_stand_for(name, subject)))
        asked = self._asked(last)
        held = (self._rows[name][asked] for name in others if asked in self._rows[name])
        return next(held, self.general(others[0]) if others else None)

    def _widest(self, name: str) -> str:
        """Return the subject that `name` and all it is a part of belong to."""
        return next(reversed(self._wholes(name)), name)

    def same_of(self, name: str, context: str) -> str | None:
        """Return what is said of a subject of that which an answer says of another of the kind; None where that is only
        what it is."""
        it = self._it.get(context)
        another = it is not None and self.kind_of[name] == self.kind_of[it] and name != self._widest(it)
        alike = another and self.general(name) != context
        return self._rows[name].get(self._asked(context)) if alike else None

    def _asked(self, node: str) -> str:
        """Return the aspect of its subject that an answer holds."""
        if node not in self._it:
            return ""
        row = self._rows[self._widest(self._it[node])]
        return next((aspect for aspect, held in row.items() if held == node), "")

    def _can_stand_for(self, name: str, subject: str) -> bool:
        """Tell whether "the other" can be `name` after talk of `subject`: another of its kind, or of another topic."""
        one, two = self._subjects[name], self._subjects[subject]
        parts = {f"{self.topic(name)}/{part}" for part in one.together}
        alike = one.kind == two.kind or self.topic(name) != self.topic(subject)
        return name != subject and alike and subject not in parts

    def each(self) -> Iterable[tuple[str, Subject]]:
        """Return every subject with its id."""
        return self._subjects.items()

    def row(self, name: str) -> Mapping[str, str]:
        """Return which answer holds which aspect of a subject."""
        return self._rows[name]

    def general(self, name: str) -> str:
        """Return the answer for what no other answer holds of a subject."""
        return self._subjects[name].general

    def topic(self, name: str) -> str:
        """Return the topic of a subject."""
        return name.partition("/")[0]

    def leads(self, name: str, aspect: str, context: str | None) -> str:
        """Return the answer an aspect of a subject leads to, after the answer last shown."""
        node = self._rows[name].get(aspect) or self._subjects[name].general
        return (context or self._subjects[name].general) if node == SELF else node

    def answers_of(self, name: str) -> frozenset[str]:
        """Return the answers that hold something of a subject."""
        return frozenset(self._rows[name].values()) | {self.general(name)}

    def members(self, name: str) -> frozenset[str]:
        """Return the answers that hold something of a subject or of a part of it, and not merely of its whole."""
        return self._members[name]

    def family(self, name: str) -> frozenset[str]:
        """Return the answers that hold something of a subject, of its whole, or of another part of that; those of
        another topic, to which a row of this one may lead, are none of the family."""
        return frozenset(node for node in self._members[self._widest(name)] if self._is_of(node, self.topic(name)))

    def _is_of(self, node: str, topic: str) -> bool:
        subject = self.it(node)
        return subject is None or self.topic(subject) == topic

    def few_lined(self, lines: Mapping[str, int]) -> frozenset[str]:
        """Return the subjects of whose family no answer has many lines; an answer that is a family by itself is as few
        as all others of its topic are."""
        families = {name: self.family(name) for name in self._subjects}
        few = {name for name, family in families.items() if all(lines.get(node, 0) <= FEW_LINES for node in family)}
        many = {self.topic(name) for name in families if name not in few}
        alone = {name for name in few if len(families[name]) == 1 and self.topic(name) in many}
        return frozenset(few - alone)

    def names_of(self, kind: str) -> list[str]:
        """Return some telling names of the held subjects of one kind."""
        return [
            name for one in self._subjects.values() if one.kind == kind and not one.leaning for name in one.names[:6]
        ]


class Said:
    """The words of every answer and the names in it; they are read once, when somebody first asks on."""

    def __init__(
        self,
        texts: Mapping[str, Sequence[str]],
        stem: Callable[[str], str],
        lexicon: Lexicon,
        kind_of: Mapping[str, str],
        kin: Mapping[str, Sequence[str]],
        drugs: Collection[str],
        drug_of: Mapping[str, str],
    ) -> None:
        """`kin` are words of one kind, such as all that speak of driving: they stand for one another in a line.
        `drugs` stand for themselves alone; a subject that is one of them is that in whatever words, a brand too
        (`drug_of`)."""
        self._texts, self._stem, self._lexicon, self._kind_of = texts, stem, lexicon, kind_of
        self._drugs = {form for drug in drugs for form in (stem(drug), _beginning(stem(drug)))}
        self._drug_of = {name: stem(drug) for name, drug in drug_of.items()}
        self._lines: dict[str, frozenset[str]] = {}
        self._kinds_of: dict[str, set[str]] = {}
        for kind, words in kin.items():
            for word in words:
                self._kinds_of.setdefault(stem(word), set()).add(_KIND + kind)

    def units(self, question: Message) -> Iterator[Unit]:
        """Yield what is asked about: names, and words that are not mere grammar."""
        named: set[int] = set()
        for one in question.mentions:
            if names := self.names(one.concepts):
                named.update(range(one.start, one.end))
                yield frozenset((*names, " ".join(question.stems[one.start : one.end])))
        for at, stem in enumerate(question.stems):
            grammar = stem == STOP or is_grammar(stem) or len(stem) < _SHORTEST
            if at not in named and not grammar and not stem.isdigit():
                yield frozenset((stem,))

    def names(self, concepts: Sequence[str]) -> list[str]:
        """Return the subjects and foreign things among what is named."""
        return [name for name in concepts if name in self._kind_of]

    def holds(self, node: str, units: Collection[Unit]) -> bool:
        """Tell whether an answer speaks of every word, at least one of which few answers hold."""
        often = OFTEN * len(self._texts)
        found = [[form for form in unit if node in self._holding.get(form, ())] for unit in units]
        return all(found) and any(min(len(self._holding[form]) for form in unit) <= often for unit in found)

    def speaks_of(self, name: str, question: Message, node: str) -> bool:
        """Tell whether an answer holds a word that names this in a question, or one of its family or kind."""
        named = (one for one in question.mentions if name in one.concepts)
        words = " ".join(stem for one in named for stem in question.stems[one.start : one.end])
        return any(node in self._holding.get(form, ()) for form in self._forms(words) - {name} if not is_grammar(form))

    def shares(self, question: Message) -> dict[str, float]:
        """Return how much of what is asked each answer speaks of that speaks of any of it, up to 1; the fewer answers
        hold a word, the more it counts."""
        found: dict[str, float] = {}
        whole = 0.0
        for unit in self.units(question):
            held = [self._holding.get(form, frozenset()) for form in unit]
            weight = math.log(1 + len(self._texts) / max(1, min(map(len, held))))
            whole += weight
            for node in held[0].union(*held[1:]):
                found[node] = found.get(node, 0.0) + weight
        return {node: share / whole for node, share in found.items()}

    def select(self, question: Message, lines: Sequence[str], shown: Sequence[str]) -> int | None:
        """Return which of some lines speaks of more that is asked than any sentence that is `shown`, the rarer a word
        the more; None where it does so by little, or of less than half of what answers speak of at all, or where
        something is shown and every such word is common."""
        seen = [self._of_line(line) for line in shown]
        told = self._apart([self._of_line(line) for line in lines])
        here = frozenset[str]().union(*seen, *told)
        asked = [unit for unit in self._telling(question, here) if any(form in self._holding for form in unit)]
        scores = [self._told(forms, asked) for forms in told]
        wanted = self._forms(question.text)
        scores = [0.0 if self._of_another(line, wanted) else one for one, line in zip(scores, lines, strict=True)]
        best, known = max(scores, default=0.0), max((self._told(forms, asked) for forms in seen), default=0.0)
        whole = sum(max(map(self._rarity, unit)) for unit in asked)
        if best < known + _MORE or best < whole / 2:
            return None
        at = scores.index(best)
        if any(self._differ(told[at], forms, asked) for forms, one in zip(told, scores, strict=True) if one == best):
            return None
        rarest = max(self._told(told[at], [unit]) for unit in asked)
        return at if rarest >= _RARE or not shown else None

    def _telling(self, question: Message, here: Collection[str]) -> list[Unit]:
        """Return what a line can speak of: the words that say something by themselves, and where none `here` holds one
        the names and kinds of words that may stand for it. A text on warfarin is none on apixaban, though both are
        blood thinners."""
        found = set()
        for unit in self.units(question):
            if not unit & _LITTLE:
                names = [form for form in unit if "/" in form and not form.startswith(FOREIGN)]
                drugs = [self._drug_of[name] for name in names if name in self._drug_of]
                for word in drugs or [word for form in unit if "/" not in form for word in form.split()]:
                    said = {word, _beginning(word)}.intersection({*here, *self._drugs} & self._holding.keys())
                    found.add(frozenset(said or (*names, *self._kinds_of.get(word, ()))))
        return sorted((unit for unit in found if unit), key=sorted)

    @staticmethod
    def _apart(told: Sequence[frozenset[str]]) -> list[frozenset[str]]:
        """Return the forms of lines without the names that several hold in whatever words: these tell none apart."""
        often = Counter(form for forms in told for form in forms if "/" in form)
        return [frozenset(form for form in forms if often[form] < 2) for forms in told]

    def unpaired(self, question: Message, lines: Sequence[str]) -> bool:
        """Tell whether things that one takes are named, and no line is about all of them together."""
        named = [
            set(question.stems[one.start : one.end]) | {self._drug_of.get(name, "") for name in one.concepts}
            for one in question.mentions
            if any(self._kind_of.get(name) in _GIVEN for name in one.concepts)
        ]
        told = [self._of_line(line) for line in lines if not self._of_another(line, self._forms(question.text))]
        return bool(named) and not any(all(forms & line for forms in named) for line in told)

    def _of_another(self, line: str, wanted: frozenset[str]) -> bool:
        """Tell whether a line is about another medicine than is asked about: by the drugs before its colon and those
        asked for, both of a pair (one with the other) where several are; or by all the medicines and supplements that
        both name."""
        head, colon, _ = line.partition(":")
        left, _, right = (head if colon else line).partition(" with ")
        of, beside = self._drugs & self._of_line(left), self._drugs & self._of_line(right)
        asked = self._drugs & wanted
        if asked and of and beside and colon:
            return not asked & of or (len(asked) > _ONE_DRUG and not asked & beside)
        if asked and (of or beside):
            return not asked & (of | beside)
        taken, named = self._taken(wanted), self._taken(self._of_line(line))
        return bool(taken and named) and not taken & named

    def _taken(self, forms: Iterable[str]) -> set[str]:
        """Return the medicines and supplements among forms."""
        return {form for form in forms if self._kind_of.get(form) in _TAKEN}

    @staticmethod
    def _differ(one: frozenset[str], other: frozenset[str], units: Iterable[Unit]) -> bool:
        """Tell whether two lines speak of different words that are asked."""
        return any(bool(unit & one) != bool(unit & other) for unit in units)

    def _told(self, forms: frozenset[str], units: Iterable[Unit]) -> float:
        return sum(max(map(self._rarity, unit & forms)) for unit in units if unit & forms)

    def _rarity(self, form: str) -> float:
        """Return how much a form tells one answer from others; less for a name that may stand in other words."""
        held = len(self._holding.get(form, ()))
        weight = _RENAMED if "/" in form or form.startswith(_KIND) else 1.0
        return weight * math.log(1 + len(self._texts) / held) if held else 0.0

    def _of_line(self, line: str) -> frozenset[str]:
        """Return the forms of a line of an answer; there are a few thousand, and each is read once."""
        if line not in self._lines:
            self._lines[line] = self._forms(line)
        return self._lines[line]

    def _forms(self, text: str) -> frozenset[str]:
        forms = self._read(text)
        kinds = (self._kinds_of.get(form, ()) for form in forms)
        return frozenset(forms.union(map(_beginning, forms), *kinds))

    @cached_property
    def _holding(self) -> Mapping[str, frozenset[str]]:
        """The answers in which each word stands."""
        found: dict[str, set[str]] = {}
        for node, texts in self._texts.items():
            for one in self._forms(" . ".join(texts)):
                found.setdefault(one, set()).add(node)
        return {one: frozenset(nodes) for one, nodes in found.items()}

    def _read(self, text: str) -> set[str]:
        """Return the stems of a text and what they name."""
        stems = list(map(self._stem, split(clean(_TEMPLATE.sub(" ", text)))))
        concepts = {name for one in set(self._lexicon.longest(stems)) for name in one.concepts}
        return concepts.intersection(self._kind_of).union(stems)


def _beginning(word: str) -> str:
    """Return the form that a word shares with its family: `pregnant` and `pregnancy`, `drive` and `driving`."""
    return word if "/" in word else f"{_SAME}{word.rstrip('e')[:_FAMILY]}"


def _row(row: Mapping[str, Sequence[str]], known: Iterable[str]) -> dict[str, str]:
    return {aspect: node for node, aspects in row.items() if node in known for aspect in aspects}


def _inherited(name: str, subjects: Mapping[str, Subject], rows: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return the row of a subject over those of its wholes, the widest first."""
    chain = [name]
    while whole := subjects[chain[-1]].part_of:
        chain.append(whole)
    row = dict(rows.get(ANY, {}))
    for part in reversed(chain):
        row |= rows.get(part, {})
    return row


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
