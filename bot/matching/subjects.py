"""What a message is about: the subjects of all topics by their names, the answers that hold their aspects, and what
those answers say themselves, down to the sentence that speaks of what is asked."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from bot.content.matching_models import Matching, Subject
from bot.matching.parser import Lexicon, Message
from bot.matching.text import LITTLE, STOP, Kept, answered, asked_for, clean, is_grammar, split

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
_KIND, _FIGURE, _SAME, _FAMILY = "~", "=", "^", 6
"""Begin a kind of words, one of figures, and the beginning of a word, of so many letters."""
_RENAMED = 0.9
"""What a name that stands in other words counts of one that stands in the same."""

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
        """`kin` are words of one kind, such as all that speak of driving: they stand for one another in a line. `drugs`
        stand for themselves alone; a subject that is one of them is that in whatever words, a brand too (`drug_of`)."""
        self._texts, self._stem, self._lexicon, self._kind_of = texts, stem, lexicon, kind_of
        self._drugs = {form for drug in drugs for form in (stem(drug), _beginning(stem(drug)))}
        self._drug_of = {name: stem(drug) for name, drug in drug_of.items()}
        self._lines = Kept(self._forms)
        self._rows = Kept(lambda line: f" {' '.join(self._stems(line))} ")
        self._kinds_of: dict[str, set[str]] = {}
        for kind, words in kin.items():
            for word in words:
                self._kinds_of.setdefault(stem(word), set()).add(_KIND + kind)

    def units(self, question: Message) -> Iterator[Unit]:
        """Yield what is asked about: names, and words that are not mere grammar."""
        for _, unit in self._asked(question):
            if len(unit) > 1 or not any(len(form) < _SHORTEST or form.isdigit() for form in unit):
                yield unit

    def _asked(self, question: Message) -> Iterator[tuple[range, Unit]]:
        """Yield the places of every name, and of every word or figure that is not mere grammar, with its forms."""
        named: set[int] = set()
        for one in question.mentions:
            if names := self.names(one.concepts):
                named.update(place := range(one.start, one.end))
                yield place, frozenset((*names, " ".join(question.stems[one.start : one.end])))
        for at, stem in enumerate(question.stems):
            if at not in named and stem != STOP and not is_grammar(stem):
                yield range(at, at + 1), frozenset((stem,))

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
        """Return how much of what is asked each answer speaks of, up to 1; what few hold counts more."""
        found, whole = dict[str, float](), 0.0
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
        if not shown and (at := self._echoed(question, lines)) is not None:
            return at
        seen = [self._lines[line] for line in shown]
        told = self._apart([self._lines[line] for line in lines])
        here = frozenset[str]().union(*seen, *told)
        asked = [unit for unit in self._telling(question, here) if any(form in self._holding for form in unit)]
        scores = [self._told(forms, asked) for forms in told]
        wanted = self._forms(question.text)
        scores = [0.0 if self._of_another(line, wanted) else one for one, line in zip(scores, lines, strict=True)]
        best, known = max(scores, default=0.0), max((self._told(forms, asked) for forms in seen), default=0.0)
        whole = sum(max(map(self.rarity, unit)) for unit in asked)
        if best < known + _MORE or best < whole / 2:
            return None
        at = scores.index(best)
        spoken = [[bool(unit & forms) for unit in asked] for forms in told]
        if any(one != spoken[at] for one, score in zip(spoken, scores, strict=True) if score == best):
            return None  # of different words
        rarest = max(self._told(told[at], [unit]) for unit in asked)
        return at if rarest >= _RARE or not shown else None

    def _echoed(self, question: Message, lines: Sequence[str]) -> int | None:
        """Return the line that speaks of every word asked, best in a row or with the figure asked for; else None."""
        units = [self._spoken(unit) for _, unit in self._asked(question)]
        figures = [frozenset({_FIGURE + one}) for one in asked_for(" ".join(question.words))]
        asked = [unit for unit in units if not unit & LITTLE] or figures or units
        telling = [at for at, stem in enumerate(question.stems) if stem != STOP and not is_grammar(stem)] or [0]
        row = f" {' '.join(question.stems[telling[0] : telling[-1] + 1])} "
        told = [self._lines[line] for line in lines]
        full = [bool(asked) and all(unit & forms for unit in asked) for forms in told]
        same = [1 + (row in self._rows[line]) for line in lines]
        scores = [full[at] * (same[at] + self._told(told[at], {*asked, *figures})) for at in range(len(lines))]
        return scores.index(max(scores)) if any(scores) else None

    def _spoken(self, unit: Unit) -> Unit:
        """Return the forms in which a line may speak of a name or a word; a drug stands for itself alone."""
        words = [word for form in unit if "/" not in form for word in form.split()]
        drugs = [self._drug_of[name] for name in unit if name in self._drug_of]
        if drugs or not self._drugs.isdisjoint(words):
            return frozenset((*drugs, *words))
        kinds = (kind for word in words for kind in self._kinds_of.get(word, ()))
        return frozenset((*unit, *words, *map(_beginning, words), *kinds))

    def unsaid(
        self, question: Message, lines: Sequence[str], is_unread: Callable[[str, Message], bool], *, together: bool
    ) -> tuple[str, bool]:
        """Return the words asked of which no line speaks, and whether they were read: where some were not, those. Of
        what one takes `together`, no line speaks that is not about all of it."""
        if together:
            return self._unpaired(question, lines), True
        here = frozenset[str]().union(*map(self._lines.__getitem__, lines))
        telling = ((place, self._spoken(unit)) for place, unit in self._asked(question) if not unit & LITTLE)
        words = [question.words[at] for at in sorted(at for place, unit in telling if not unit & here for at in place)]
        unread = [word for word in words if word.isalpha() and is_unread(word, question)]
        return " ".join(unread or words), not unread

    def holds_word(self, line: str, stem: str) -> bool:
        """Tell whether a line holds a word or one of its family, and no other word of its kind."""
        return not self._lines[line].isdisjoint((stem, _beginning(stem)))

    def _telling(self, question: Message, here: Collection[str]) -> list[Unit]:
        """Return what a line can speak of: the words that say something by themselves, and where none `here` holds one
        the names and kinds of words that may stand for it. A text on warfarin is none on apixaban, though both are
        blood thinners."""
        found = set()
        for unit in self.units(question):
            if not unit & LITTLE:
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

    def _unpaired(self, question: Message, lines: Sequence[str]) -> str:
        """Return the things named that one takes, where no line is about all of them together."""
        given = [one for one in question.mentions if any(self._kind_of.get(name) in _GIVEN for name in one.concepts)]
        drugs = [{self._drug_of.get(name, "") for name in one.concepts} for one in given]
        named = [drug.union(question.stems[one.start : one.end]) for drug, one in zip(drugs, given, strict=True)]
        told = [self._lines[line] for line in lines if not self._of_another(line, self._forms(question.text))]
        held = any(all(forms & line for forms in named) for line in told)
        return "" if held else " ".join(word for one in given for word in question.words[one.start : one.end])

    def _of_another(self, line: str, wanted: frozenset[str]) -> bool:
        """Tell whether a line is about another medicine than is asked about: by the drugs before its colon and those
        asked for, both of a pair (one with the other) where several are; or by all the medicines and supplements that
        both name."""
        head, colon, _ = line.partition(":")
        left, _, right = (head if colon else line).partition(" with ")
        of, beside = self._drugs & self._lines[left], self._drugs & self._lines[right]
        asked = self._drugs & wanted
        if asked and of and beside and colon:
            return not asked & of or (len(asked) > _ONE_DRUG and not asked & beside)
        if asked and (of or beside):
            return not asked & (of | beside)
        taken, named = (
            {form for form in forms if self._kind_of.get(form) in _TAKEN} for forms in (wanted, self._lines[line])
        )
        return bool(taken and named) and not taken & named

    def _told(self, forms: frozenset[str], units: Iterable[Unit]) -> float:
        return sum(max(map(self.rarity, unit & forms)) for unit in units if unit & forms)

    def rarity(self, form: str) -> float:
        """Return how much a form tells one answer from others; less for a name that may stand in other words."""
        held = len(self._holding.get(form, ()))
        weight = _RENAMED if "/" in form or form.startswith(_KIND) else 1.0
        return weight * math.log(1 + len(self._texts) / held) if held else 0.0

    def _stems(self, text: str) -> list[str]:
        return list(map(self._stem, split(clean(_TEMPLATE.sub(" ", text)))))

    def _forms(self, text: str) -> frozenset[str]:
        """Return the stems of a text, what they name, their families and kinds, and the figures in it."""
        stems = self._stems(text)
        concepts = {name for one in set(self._lexicon.longest(stems)) for name in one.concepts}
        forms = concepts.intersection(self._kind_of).union(stems)
        kinds = (self._kinds_of.get(form, ()) for form in forms)
        figures = (_FIGURE + one for one in answered(clean(text)))
        return frozenset(forms.union(map(_beginning, forms), figures, *kinds))

    @cached_property
    def _holding(self) -> Mapping[str, frozenset[str]]:
        """The answers in which each word stands."""
        found: dict[str, set[str]] = {}
        for node, texts in self._texts.items():
            for one in self._forms(" . ".join(texts)):
                found.setdefault(one, set()).add(node)
        return {one: frozenset(nodes) for one, nodes in found.items()}


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
