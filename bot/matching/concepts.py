"""Which concepts a message names, and where: authored wordings, read through a tree of their words; and what the rules
over them say of somebody's own treatment.

Misspelt signs are mended first: a word that sounds like one or is a slip away, two run together, one torn apart.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import NamedTuple

from bot.content.matching_models import AdviceRules, Concept, Rule, UrgentRules
from bot.matching.parser import HERE, NUMBER, Lexicon, Mention, Message, Tree
from bot.matching.sentences import Break, Word, joins, seen, words_of
from bot.matching.subjects import FOREIGN
from bot.matching.text import Kept, expand, sounds

_MOST_SKIPPED = 3
"""Little words that may stand between two words of a wording: `pain (in my) chest`."""
_SHORTEST_FORM = 6
_ANY_ENDING = "*"
_LENGTHS = " "
"""No word: under it a branch has the lengths of the beginnings it goes on with."""


class Sighting(NamedTuple):
    """A concept named by the words `first` to `last`, both included."""

    concept: str
    first: int
    last: int


@lru_cache(maxsize=20_000)
def forms(word: str) -> tuple[str, ...]:
    """Return a word and the verbs it may be a form of: who writes `kill herself` means `killing herself` too."""
    ending = next((end for end in ("ing", "ed") if word.endswith(end)), "")
    if not ending or len(word) < _SHORTEST_FORM:
        return (word,)
    base = word.removesuffix(ending)
    doubled = (base[:-1],) if base[-1] == base[-2] else ()
    return (word, base, base + "e", *doubled)


def tree_of_signs(concepts: Mapping[str, Concept]) -> Tree:
    """Return the tree of the wordings of many concepts; beginnings of words end in `*`."""
    root: Tree = {}
    for name, concept in concepts.items():
        for wording in concept.words:
            for plain in expand(wording):
                _add(root, parts(plain), (name, *concept.implies))
    return root


def _add(branch: Tree, wording: Sequence[str], names: Sequence[str]) -> None:
    for part in wording:
        if part.endswith(_ANY_ENDING):
            branch[_LENGTHS] = sorted({*branch.get(_LENGTHS, ()), len(part) - 1})
        branch = branch.setdefault(part, {})
    branch[HERE] = list(dict.fromkeys((*branch.get(HERE, ()), *names)))


def _after(branch: Tree, word: str) -> list[Tree]:
    """Return the branches that a word leads to."""
    found = list[Tree]()
    for form in forms(word):
        if form in branch:
            found.append(branch[form])  # a comprehension would take longer for so few
    if _LENGTHS in branch:
        beginnings = (word[:size] + _ANY_ENDING for size in branch[_LENGTHS] if size <= len(word))
        found += [branch[beginning] for beginning in beginnings if beginning in branch]
    if NUMBER in branch and word[0].isdigit():
        found.append(branch[NUMBER])
    return found


class ConceptTree:
    """The wordings of many concepts, in the tree of them where it is made already."""

    def __init__(self, concepts: Mapping[str, Concept], little: Iterable[str] = (), tree: Tree | None = None) -> None:
        self._root = tree_of_signs(concepts) if tree is None else tree
        self._begun = Kept(partial(_after, self._root))
        self._little = frozenset(little)
        sized = ((name, one.range, frozenset(one.after)) for name, one in concepts.items() if one.range)
        self._ranges = [(name, *ends, after) for name, ends, after in sized if ends]

    def begins(self, word: str) -> bool:
        """Tell whether some wording begins with this word, whole or by its beginning."""
        return bool(self._begun[word])

    def mentions(self, words: Sequence[Word], is_reading: Callable[[int], bool]) -> list[Sighting]:
        """Return every concept the words name; a number counts by its size where `is_reading` says it is a reading."""
        found, told = list[Sighting](), [word.text for word in words]
        for first, word in enumerate(told):
            for branch in self._begun[word]:
                self._along(told, branch, first, first, found)
            if self._ranges and word[0].isdigit():
                found += self._sized(told, first, is_reading(first))
        return found

    def _along(self, words: Sequence[str], branch: Tree, first: int, last: int, found: list[Sighting]) -> None:
        here = branch.get(HERE)
        if here is not None:
            found += [Sighting(name, first, last) for name in here]
            if len(branch) == 1:
                return
        for at in range(last + 1, min(last + 2 + _MOST_SKIPPED, len(words))):
            for following in _after(branch, words[at]):
                self._along(words, following, first, at, found)
            if words[at] not in self._little:
                return

    def _sized(self, words: Sequence[str], at: int, is_reading: bool) -> Iterator[Sighting]:
        value, before = _value(words[at]), self._before(words, at)
        for name, low, high, after in self._ranges:
            if low <= value <= high and (before in after if after else is_reading):
                yield Sighting(name, at, at)

    def _before(self, words: Sequence[str], at: int) -> str:
        """Return the word that a number stands behind, whatever little ones stand between: `sugar is at 22`."""
        near = words[max(0, at - 1 - _MOST_SKIPPED) : at]
        return next((word for word in reversed(near) if word not in self._little), "")


def vocabulary(concepts: Iterable[Concept]) -> set[str]:
    """Return every word of every wording of some concepts."""
    plain = {wording for concept in concepts for each in concept.words for wording in expand(each)}
    return {part for wording in plain for part in parts(wording)}


def parts(wording: str) -> list[str]:
    """Return the words of an authored wording as a message would have them, `#` and `*` kept."""
    found: list[str] = []
    for part in wording.split():
        if part == NUMBER:
            found.append(part)
        elif part.endswith(_ANY_ENDING):
            found.append(part.lower())
        else:
            found += _plain(part)
    return _joined(found)


@lru_cache(maxsize=20_000)
def _plain(part: str) -> tuple[str, ...]:
    """Return the words of a piece without spaces; the same few thousand pieces make up all wordings."""
    return tuple(word.text for word in words_of(part))


def _joined(found: list[str]) -> list[str]:
    """Return the words with those joined that a message's reading joins (`can not`, `want to`)."""
    if not joins(found) or any(part in (NUMBER, "%") or part.endswith(_ANY_ENDING) for part in found):
        return found
    return [word.text for word in words_of(" ".join(found))]


def _value(number: str) -> float:
    """Return the size of a number; one in digits that count no decimals has none."""
    if not number.replace(",", "").replace(".", "").isdecimal():
        return math.nan
    whole, comma, decimals = number.replace(",", ".").partition(".")
    if comma and (len(decimals) > 2 or "." in decimals):
        return float(whole + decimals.replace(".", ""))
    return float(f"{whole}.{decimals or 0}")


# --- misspelt signs ---

_SHORTEST = 5
"""Shorter words are one slip away from too many others."""
_SHORTEST_SWAPPED = 3
"""But two neighbours swapped, or one of a pair lost, is no other word: `pian`, `fot`."""
_TWO_SLIPS_FROM = 9
_LONGEST = 40
"""Longer than any word: trying every letter of a flood would cost its square."""
_MOST_TRIED = 80
"""Unknown words tried in one message: with more of them it is no English."""
_TELLING = 3
"""Words after its first of an idiom that is itself with a comma, too: nobody says four such words by chance."""
_ENDINGS = ("s", "es", "ed", "d", "ing", "er", "ers", "ly", "y")
_ALIKE = (
    (re.compile("ph"), "f"), (re.compile("ae|oe"), "e"), (re.compile("y"), "i"), (re.compile("ck|q"), "k"),
    (re.compile("c(?=[eiy])"), "s"), (re.compile("c"), "k"), (re.compile("z"), "s"), (re.compile(r"(.)\1+"), r"\1"),
)  # fmt: skip


def sound(word: str) -> str:
    """Return a word with letters that sound alike made one."""
    for pattern, letter in _ALIKE:
        word = pattern.sub(letter, word)
    return word


_MG_PER_DL = frozenset([("mg", "dl"), ("mgs", "dl"), ("mg", "per")])


@dataclass(frozen=True, slots=True)
class SignWords:
    """The tree of the wordings of the rules, every word in them, and the words that misspelt ones are mended to."""

    tree: Tree
    words: Sequence[str]
    mendable: Sequence[str]

    @classmethod
    def of(cls, rules: UrgentRules) -> SignWords:
        """Return the words of some rules."""
        signs = {name for rule in rules.rules for group in rule.all for name in group.split("|")}
        mendable = (rules.concepts[name] for name in signs & rules.concepts.keys())
        words = vocabulary(rules.concepts.values())
        return cls(tree_of_signs(rules.concepts), sorted(words), sorted(vocabulary(mendable)))


class SignReader:
    """Reads messages by the concepts of content/urgent.yaml; keeps nothing of any but how words are spelt."""

    def __init__(self, rules: UrgentRules, words: SignWords, known: Collection[str] = ()) -> None:
        """`known` are ordinary English words, which are no misspelt signs."""
        self._concepts = ConceptTree(rules.concepts, rules.little, words.tree)
        self._vocabulary = frozenset(words.words)
        self._harmless = frozenset(rules.excuses.harmless)
        self._units, self._counted = frozenset(rules.units), frozenset(rules.counted)
        ordinary = frozenset((*known, *rules.known, *rules.little))
        self._mender = Mender(words.mendable, ordinary, self._knows)

    def mended(self, words: Sequence[Word]) -> tuple[Word, ...]:
        """Return words with misspelt signs mended."""
        return self._mender.mended(words)

    def read(self, text: str) -> tuple[Word, ...]:
        """Return the words of a message, whatever hides them."""
        return self.mended(words_of(seen(text).text))

    def named(self, words: Sequence[Word]) -> list[Sighting]:
        """Return the concepts that words name, without those inside an idiom: `dying to know` is nobody's dying."""
        found = self.of(self._concepts, words)
        harmless = sorted((one for one in found if one.concept in self._harmless), key=lambda one: one.first)
        idioms = _idioms(harmless, words)
        return [one for one in found if not any(_inside(one, idiom) for idiom in idioms)] if idioms else found

    def of(self, tree: ConceptTree, words: Sequence[Word]) -> list[Sighting]:
        """Return every concept of a tree that words name."""
        return tree.mentions(words, lambda at: self._is_reading(words, at))

    def _knows(self, word: str) -> bool:
        """Tell whether some wording holds this word, or begins with a beginning of it."""
        return word in self._vocabulary or self._concepts.begins(word)

    def _is_reading(self, words: Sequence[Word], at: int) -> bool:
        """Tell whether a number may be read off a meter: nothing says that it counts pills, years or milligrams."""
        following = [word.text for word in words[at + 1 : at + 3] if word.before is Break.NONE]
        after, then = (*following, "", "")[:2]
        if (after, then) in _MG_PER_DL or after == "%":
            return True
        before = words[at - 1].text if at else ""
        return after not in self._units and before not in self._counted


def _idioms(found: Sequence[Sighting], words: Sequence[Word]) -> list[Sighting]:
    """Return the idioms that are meant: no comma stands in a short one, none begins inside another (`at once we`)."""
    meant = list[Sighting]()
    for one in found:
        short = one.last - one.first < _TELLING
        paused = short and any(words[at].before >= Break.PAUSE for at in range(one.first + 1, one.last + 1))
        if not paused and not (meant and meant[-1].first < one.first <= meant[-1].last):
            meant.append(one)
    return meant


def _inside(mention: Sighting, idiom: Sighting) -> bool:
    """Tell whether a mention is a part of an idiom, and not as long as the whole."""
    shorter = mention.last - mention.first < idiom.last - idiom.first
    return shorter and idiom.first <= mention.first and mention.last <= idiom.last


class Mender:
    """Knows the words of signs and the ordinary ones that are no misspelling."""

    def __init__(self, signs: Iterable[str], known: Collection[str], knows: Callable[[str], bool]) -> None:
        self._signs = frozenset(word for word in signs if word.isalpha() and word.isascii())
        self._known, self._knows = known, knows
        self._near: dict[str, list[str]] = {}
        self._heard: dict[str, list[str]] = {}
        for word in sorted(self._signs):
            if len(word) >= _SHORTEST:
                for shorter in _shorter(word) | _shorter(sound(word)):
                    self._near.setdefault(shorter, []).append(word)
            for heard in sounds(word) if word in known else ():
                self._heard.setdefault(heard, []).append(word)
        short = (word for word in sorted(self._signs) if _SHORTEST_SWAPPED <= len(word) < _SHORTEST)
        self._short = {form: word for word in short for form in _slipped(word)}
        self._mended, self._words = Kept(self._one), Kept(self._is_real)

    def mended(self, words: Sequence[Word]) -> tuple[Word, ...]:
        """Return the words with misspelt signs mended."""
        unknown = [at for at, word in enumerate(words) if not self._words[word.text]][:_MOST_TRIED]
        if not unknown:
            return tuple(words)
        found: list[Word | None] = list(words)
        for at in unknown:
            self._mend(found, words, at)
        return tuple(self._parted(word for word in found if word))

    def _is_real(self, word: str) -> bool:
        if not word.isalpha() or not word.isascii():
            return True
        return any(form in self._known or self._knows(form) for form in _forms(word))

    def _mend(self, found: list[Word | None], words: Sequence[Word], at: int) -> None:
        word = words[at]
        torn = word.text + words[at + 1].text if at + 1 < len(words) else ""
        if torn in self._signs and len(torn) >= _SHORTEST and found[at]:
            found[at], found[at + 1] = word._replace(text=torn, end=words[at + 1].end), None
        elif at and (torn := words[at - 1].text + word.text) in self._signs and found[at] and found[at - 1]:
            found[at - 1], found[at] = words[at - 1]._replace(text=torn, end=word.end), None
        elif found[at]:
            found[at] = word._replace(text=self._mended[word.text])

    def _parted(self, words: Iterable[Word]) -> Iterable[Word]:
        """Yield the words, those apart that were run together."""
        for word in words:
            two = self._run_together(word.text) if _SHORTEST + 1 < len(word.text) <= _LONGEST else None
            if two:
                yield word._replace(text=two[0])
                yield word._replace(text=two[1])
            else:
                yield word

    def _run_together(self, word: str) -> tuple[str, str] | None:
        if self._words[word]:
            return None
        halves = ((word[:at], word[at:]) for at in range(3, len(word) - 2))
        return next((pair for pair in halves if pair[0] in self._signs and pair[1] in self._signs), None)

    def _one(self, word: str) -> str:
        mendable = _SHORTEST_SWAPPED <= len(word) <= _LONGEST
        return (self._short.get(word) or self._said(word) or self._nearest(word)) if mendable else word

    def _said(self, word: str) -> str:
        """Return the sign that sounds as a word is written, however many slips that takes: `payn`, `tite`."""
        alike = {sign for heard in sounds(word) for sign in self._heard.get(heard, ())}
        return min(alike, key=lambda sign: (_slips(word, sign), sign), default="")

    def _nearest(self, word: str) -> str:
        heard = sound(word)
        near = {one for shorter in _shorter(heard) | _shorter(word) for one in self._near.get(shorter, ())}
        alike = (one for one in near if one[0] == word[0] or one[:2] == word[1::-1])
        scored = ((min(_slips(heard, sound(one)), _slips(word, one)), one not in self._known, one) for one in alike)
        slips, _, found = min(scored, default=(_LONGEST, True, word))
        return found if slips <= (len(word) >= _SHORTEST - 1) + (len(word) >= _TWO_SLIPS_FROM) else word


def _forms(word: str) -> Iterator[str]:
    """Yield a word and what it may be a form of: `sitting`, `sitt`, `sit`, `sitte`."""
    yield word
    for ending in _ENDINGS:
        base = word.removesuffix(ending)
        if base != word and len(base) > 2:
            yield base
            yield base + "e"
            if base[-1] == base[-2]:
                yield base[:-1]


def _slipped(word: str) -> set[str]:
    """Return what a short word becomes when two neighbours are swapped (the first stays) or one of a pair is lost."""
    swapped = {word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(1, len(word) - 1)}
    lost = {word[:at] + word[at + 1 :] for at in range(len(word) - 1) if word[at] == word[at + 1]}
    return (swapped | lost) - {word}


def _shorter(word: str) -> set[str]:
    """Return the word and every word that lacks one of its letters."""
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


def _slips(one: str, other: str) -> int:
    """Return how many letters were missed, added, changed or swapped (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, mine in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, theirs in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (mine != theirs))
            if last and j > 1 and mine == other[j - 2] and theirs == one[i - 2]:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]


# --- whether it is about somebody's own treatment ---

IN_THREAD = "in-thread"
"""The concept every message names that follows an answer, so that `it` can be a treatment."""
_A = "a-"
"""Begins the concept that a held subject is for the rules: whatever the topic, `a-drug` is a drug it holds."""


class Advice:
    """The advice rules over their own vocabulary; `kinds` are those of the subjects that topics hold."""

    def __init__(self, rules: AdviceRules, lexicon: Lexicon, kinds: Mapping[str, str]) -> None:
        self._rules = rules.rules
        self._facts = frozenset(rules.facts)
        self._lexicon = lexicon
        self._kinds = kinds

    def weigh(self, message: Message, *, in_thread: bool) -> float:
        """Return how surely (0..1) the message asks about a person's own treatment."""
        thread = [Mention((IN_THREAD,), 0, 0)] if in_thread else []
        named = [Mention(self._called(one), one.start, one.end) for one in message.mentions]
        places = Places([*self._lexicon.every(message.stems), *named, *thread])
        return min(1.0, sum(rule.score for rule in fired(self._rules, places)))

    def states_facts(self, message: Message) -> bool:
        """Tell whether a part of a message says something that decides for one person."""
        return any(self._facts.intersection(one.concepts) for one in self._lexicon.every(message.stems))

    def _called(self, mention: Mention) -> tuple[str, ...]:
        held = (name for name in mention.concepts if name in self._kinds and not name.startswith(FOREIGN))
        return (*mention.concepts, *(f"{_A}{self._kinds[name]}" for name in held))


_NEARBY = 3
"""Words around a rule's own in which a concept of `none` still forbids it."""
_MOST = 40
"""Places of one concept looked at from either end; a message that names it more often says nothing new in between."""

_Span = tuple[int, int]
"""The words from the first to the second, the second excluded."""


class Places:
    """Where each concept of one message stands."""

    def __init__(self, mentions: Iterable[Mention]) -> None:
        self._at: dict[str, list[Mention]] = {}
        for mention in mentions:
            for name in mention.concepts:
                self._at.setdefault(name, []).append(mention)

    def any_of(self, concepts: Iterable[str]) -> bool:
        """Tell whether one of the concepts is named."""
        return not self._at.keys().isdisjoint(concepts)

    def of(self, concepts: Iterable[str]) -> list[Mention]:
        """Return the mentions of any of the concepts, in reading order; of very many only those near either end."""
        found = sorted((mention for name in concepts for mention in self._at.get(name, ())), key=_start)
        return found if len(found) <= 2 * _MOST else [*found[:_MOST], *found[-_MOST:]]


def _start(mention: Mention) -> int:
    return mention.start


def fired(rules: Iterable[Rule], places: Places) -> Iterator[Rule]:
    """Yield every rule that fires at the place where its words stand closest."""
    for rule in rules:
        if all(map(places.any_of, rule.all)):
            span = _tightest(rule, [places.of(group) for group in rule.all])
            if span and not _beside(places.of(rule.none), *span):
                yield rule


def _beside(mentions: Sequence[Mention], start: int, end: int) -> bool:
    return any(start - _NEARBY < mention.end and mention.start < end + _NEARBY for mention in mentions)


def _tightest(rule: Rule, groups: Sequence[Sequence[Mention]]) -> _Span | None:
    """Return the narrowest span with one mention of each group: from every mention of the first, the nearest others."""
    best: _Span | None = None
    for first in groups[0]:
        span = _around(first, groups[1:], rule.ordered)
        if span and (best is None or span[1] - span[0] < best[1] - best[0]):
            best = span
    if best is None or (rule.near and best[1] - best[0] > rule.near):
        return None
    return best


def _around(first: Mention, groups: Sequence[Sequence[Mention]], ordered: bool) -> _Span | None:
    start, end, after = first.start, first.end, first.end
    for group in groups:
        nearest = _nearest(group, start, end, after if ordered else None)
        if nearest is None:
            return None
        start, end, after = min(start, nearest.start), max(end, nearest.end), nearest.end
    return start, end


def _nearest(group: Sequence[Mention], start: int, end: int, after: int | None) -> Mention | None:
    at = bisect_left(group, start if after is None else after, key=_start)
    candidates = group[at : at + 3] if after is not None else group[max(0, at - 3) : at + 3]
    return min(candidates, key=lambda mention: max(mention.start - end, start - mention.end), default=None)
