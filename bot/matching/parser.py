"""A message as the matcher sees it: repaired words, their stems, what they name and what stays unknown.

A misspelt word is repaired against known words, never one medicine into another; a tree of stems holds what is named.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.content.matching_models import Concept
from bot.matching.text import (
    ASKED,
    COMMA,
    FUNCTION,
    PERSONS,
    STOP,
    Kept,
    Stemmer,
    clean,
    expand,
    sampled,
    sounds,
    spelled_out,
    tokens,
    words_only,
)

_SHORT = 3
"""Words up to this length are never called unknown: too many of them are abbreviations."""
_MOST_TRIED = 60
"""Unknown words tried for repair in one message; with more of them it is no English, and trying costs the most time."""


@dataclass(frozen=True, slots=True)
class Message:
    """`text` is cleaned; `words` and `stems` run in step, a sentence's end is a word `.`.

    `mentions` do not overlap. `guessed` are the repaired words that prove little. `pauses` are the places before
    which a comma or the like stands, `asked` the ends of sentences that had a question mark.
    """

    text: str
    words: tuple[str, ...]
    stems: tuple[str, ...]
    mentions: tuple[Mention, ...]
    repairs: tuple[tuple[str, str], ...] = ()
    unknown: frozenset[str] = frozenset()
    guessed: frozenset[str] = frozenset()
    pauses: frozenset[int] = frozenset()
    asked: frozenset[int] = frozenset()

    @property
    def concepts(self) -> frozenset[str]:
        """Every concept named anywhere in the message."""
        return frozenset(name for mention in self.mentions for name in mention.concepts)

    @property
    def key(self) -> str:
        """What a line and a message of the same words share."""
        return " ".join(stem for stem in self.stems if stem != STOP)

    def part(self, start: int, end: int) -> Message:
        """Return the words from `start` to `end`, end excluded, as a message of their own."""
        words = self.words[start:end]
        return Message(
            " ".join(words),
            words,
            self.stems[start:end],
            _within(self.mentions, start, end),
            tuple(pair for pair in self.repairs if pair[1] in words),
            self.unknown.intersection(words),
            self.guessed.intersection(words),
            frozenset(at - start for at in self.pauses if start < at < end),
            frozenset(at - start for at in self.asked if start <= at < end),
        )


def joined(parts: Sequence[Message], *, pausing: bool = True) -> Message:
    """Return several messages one after the other; where they are `pausing`, with a pause between them."""
    words, stems, mentions, repairs = list[str](), list[str](), list[Mention](), list[tuple[str, str]]()
    unknown, guessed, pauses, asked = set[str](), set[str](), set[int](), set[int]()
    for part in parts:
        at = len(words)
        words += part.words
        stems += part.stems
        mentions += [Mention(one.concepts, one.start + at, one.end + at) for one in part.mentions]
        repairs += part.repairs
        unknown |= part.unknown
        guessed |= part.guessed
        pauses.update(place + at for place in part.pauses)
        asked.update(place + at for place in part.asked)
        if pausing:
            pauses.add(at)
    return Message(
        " ".join(part.text for part in parts),
        tuple(words),
        tuple(stems),
        tuple(mentions),
        tuple(repairs),
        frozenset(unknown),
        frozenset(guessed),
        frozenset(pauses - {0}),
        frozenset(asked),
    )


def _within(mentions: Sequence[Mention], start: int, end: int) -> tuple[Mention, ...]:
    inside = (one for one in mentions if start <= one.start and one.end <= end)
    return tuple(Mention(one.concepts, one.start - start, one.end - start) for one in inside)


@dataclass(frozen=True, slots=True)
class Reader:
    """Turns text into messages with one vocabulary; `openers` are the words whose capital begins a sentence."""

    stem: Stemmer
    lexicon: Lexicon
    speller: Speller
    shorthand: Mapping[str, str]
    openers: Collection[str]

    def read(self, text: str) -> Message:
        """Return the message a text is, in time bounded by the cap on its length."""
        plain = clean(spelled_out(words_only(text, self.openers), self.shorthand))
        words, pauses, asked = _places(tokens(plain))
        words, repairs, unknown = self._repaired(words)
        guessed = frozenset(repairs[word] for word in repairs if self.speller.guesses(word))
        stems, mended = tuple(map(self.stem, words)), tuple(repairs.items())
        return Message(plain, tuple(words), stems, self.lexicon.longest(stems), mended, unknown, guessed, pauses, asked)

    def _repaired(self, words: Sequence[str]) -> tuple[list[str], dict[str, str], frozenset[str]]:
        """Return the words repaired, what was repaired in them, and the words that stay unknown."""
        strange = [word for word in dict.fromkeys(words) if not self.speller.knows(word)]
        tried = {word: self.speller.repair(word) for word in strange[:_MOST_TRIED]}
        repairs = {word: repaired for word, repaired in tried.items() if repaired != word}
        unknown = (word for word in strange if len(word) > _SHORT and word.isalpha() and word not in repairs)
        return [repairs.get(word, word) for word in words], repairs, frozenset(unknown)


def _places(found: Sequence[str]) -> tuple[list[str], frozenset[int], frozenset[int]]:
    """Return the words with sentence ends, the places of pauses, and those of ends with a question mark."""
    words, pauses, asked = list[str](), set[int](), set[int]()
    for token in found:
        if token == COMMA:
            pauses.add(len(words))
        else:
            if token == ASKED:
                asked.add(len(words))
            words.append(STOP if token == ASKED else token)
    return words, frozenset(pauses), frozenset(asked)


def clauses(message: Message) -> Iterator[tuple[int, int]]:
    """Yield where each stretch of words between sentence ends and pauses begins and ends."""
    at = 0
    for place in range(len(message.words) + 1):
        ends = place == len(message.words) or message.words[place] == STOP
        if (ends or place in message.pauses) and place > at:
            yield at, place
            at = place
        if ends:
            at = place + 1


# --- how words are spelt ---

_SHORTEST, _MIDDLING, _LONG = 4, 6, 8
"""Below 4 letters nothing is repaired; below 6 only a letter too many, too few or swapped; from 8 on two slips are."""
_LONGEST = 24
_LEAST_HEARD = 3
"""A word of three letters is repaired only to one that sounds alike: `wil`, `hav`."""
_MOST_SLIPS = 2
_TOO_FAR = 9.0
_CLEARLY = 0.9
"""How much nearer than any other medicine a medicine must be before a word is taken for it."""
_LIKELIER = 0.15
"""What a word that the topics or the urgent signs name is nearer than any ordinary word."""


class Speller:
    """Knows every word of the vocabulary and the phrases, in all their forms.

    `medicines` maps the names of medicines to the medicine each means: misspellings that were written down for one
    are no rivals of its name. `likely` are the words that the topics and the signs of an emergency make likely.
    """

    def __init__(
        self, known: Iterable[str], medicines: Mapping[str, str], likely: Iterable[str], stem: Callable[[str], str]
    ) -> None:
        self._stem = stem
        self._medicines = {word: name for word, name in medicines.items() if word.isalpha()}
        self._likely = frozenset(likely)
        self._real = {*known, *self._medicines}
        self._stems = {stem(word) for word in self._real}
        self._repaired = Kept(self._nearest)
        self._goals = {word for word in self._real if word.isalpha() and _SHORTEST <= len(word) <= _LONGEST}
        self._begun = defaultdict[tuple[str, int], list[str]](list)
        self._ended, self._first, self._second = (defaultdict[str, list[str]](list) for _ in range(3))
        for goal in self._goals:
            self._begun[goal[0], len(goal)].append(goal)
            self._ended[goal[1:]].append(goal)
        for goal in self._goals & self._likely:
            self._first[goal[0]].append(goal)
            self._second[goal[1]].append(goal)

    def knows(self, word: str) -> bool:
        """Return whether the word needs no repair."""
        return word in self._real or self._stem(word) in self._stems

    def guesses(self, word: str) -> bool:
        """Tell whether a word is only repaired because no other is near: two slips in a short one prove little."""
        return self.repair(word) != word and self._repaired[word][1]

    def repair(self, word: str) -> str:
        """Return the known word that `word` misspells, or `word` itself when none or several medicines are meant."""
        if not word.isalpha() or not _LEAST_HEARD <= len(word) <= _LONGEST or self.knows(word):
            return word
        return self._repaired[word][0]

    def _nearest(self, word: str) -> tuple[str, bool]:
        """Return the word that is meant, and whether that is only guessed."""
        alike = self._alike(word)
        near = [(_cost(word, goal), goal) for goal in set(self._near(word)) - alike if len(word) >= _SHORTEST]
        near += [(_ALIKE + OSA.normalized_distance(word, goal), goal) for goal in alike]
        ranked = sorted((self._discounted(cost, goal), goal) for cost, goal in near if cost < _TOO_FAR)
        guessed = not ranked
        ranked = ranked or sorted((_TOO_FAR, goal) for goal in set(self._likely_near(word)))
        if not ranked:
            return word, False
        nearest, best = ranked[0]
        rivals = {
            self._medicines[goal] for cost, goal in ranked if cost - nearest < _CLEARLY and goal in self._medicines
        }
        if best in self._medicines and len(rivals) > 1:
            return word, False
        return best, guessed

    @cached_property
    def _heard(self) -> Mapping[str, Collection[str]]:
        """The likely words and those of grammar, by how they sound; read when the first word is heard."""
        heard = defaultdict[str, set[str]](set)
        for goal in self._likely | FUNCTION | PERSONS:
            if goal.isalpha() and len(goal) >= _LEAST_HEARD:
                for sound in sounds(goal):
                    heard[sound].add(goal)
        return heard

    def _alike(self, word: str) -> frozenset[str]:
        """Return the words that sound like a word as it is written: `abowt`."""
        return frozenset(goal for sound in sounds(word) for goal in self._heard.get(sound, ()))

    def _discounted(self, cost: float, goal: str) -> float:
        return cost - (_LIKELIER if goal in self._likely else 0.0)

    def _near(self, word: str) -> Iterator[str]:
        """Yield the words a slip or two away; a first letter is only ever left out, put before, or swapped."""
        for size in range(len(word) - _MOST_SLIPS, len(word) + _MOST_SLIPS + 1):
            slips = _slips_in(min(len(word), size))
            if abs(len(word) - size) <= slips:
                yield from _in_reach(slips, word, self._begun.get((word[0], size), ()))
        yield from self._goals & {word[1:], word[1] + word[0] + word[2:]}
        yield from self._ended.get(word, ())

    def _likely_near(self, word: str) -> Iterator[str]:
        """Yield the likely words two slips away: one of them is meant where no other word is near.

        Two slips in a shorter word leave nothing of it: `lmao` is no `lead`.
        """
        if len(word) < _MIDDLING:
            return
        for goals in (self._first.get(word[0], ()), self._first.get(word[1], ()), self._second.get(word[0], ())):
            yield from _in_reach(_MOST_SLIPS, word, goals)


_ALIKE = 0.4
"""What a word that sounds alike costs at least: less than a slip, for who writes as one speaks makes several."""


def _in_reach(slips: int, word: str, goals: Sequence[str]) -> Iterator[str]:
    """Yield the goals that so many slips may have made into a word."""
    for goal, _, _ in process.extract(word, goals, scorer=OSA.distance, score_cutoff=slips, limit=None):
        yield goal


def _cost(word: str, goal: str) -> float:
    slips = OSA.distance(word, goal)
    shorter = min(len(word), len(goal))
    if slips > _slips_in(shorter):
        return _TOO_FAR
    if shorter < _MIDDLING and (word[0] != goal[0] or _substitutes(word, goal)):
        return _TOO_FAR
    if word[0] != goal[0] and (slips > 1 or _substitutes(word, goal)):
        return _TOO_FAR
    swapped = len(word) == len(goal) and not _substitutes(word, goal)
    return slips + (0.2 if word[-1] != goal[-1] and not swapped else 0.0) - (0.1 if swapped else 0.0)


def _slips_in(letters: int) -> int:
    """Return how many slips a word of so many letters may hold."""
    return _MOST_SLIPS if letters >= _LONG else 1


def _substitutes(word: str, goal: str) -> bool:
    return len(word) == len(goal) and sorted(word) != sorted(goal)


NUMBER = "#"
"""Stands for any number in a wording: `# mg`."""


# --- what words name ---


class Mention(NamedTuple):
    """A concept (and what it implies) named by the words `start` to `end`, end excluded."""

    concepts: tuple[str, ...]
    start: int
    end: int


Tree = dict[str, Any]
"""Stems to the trees of what may follow them; under `HERE` the concepts named by the stems so far. It is plain JSON."""

HERE = ""


def tree_of(concepts: Mapping[str, Concept], split: Callable[[str], Sequence[str]]) -> Tree:
    """Return the tree of all wordings of a vocabulary."""
    root: Tree = {}
    for name, concept in concepts.items():
        for wording in concept.words:
            for plain in expand(wording):
                _add(root, split(plain), (name, *concept.implies))
    return root


def _add(branch: Tree, stems: Iterable[str], concepts: Iterable[str]) -> None:
    for stem in stems:
        branch = branch.setdefault(stem, {})
    named = branch.setdefault(HERE, [])
    named += [name for name in concepts if name not in named]


class Lexicon:
    """A vocabulary and the tree of its wordings."""

    def __init__(self, concepts: Mapping[str, Concept], tree: Tree) -> None:
        self._root = tree
        self._ranges = [(name, *concept.range) for name, concept in concepts.items() if concept.range]

    def longest(self, stems: Sequence[str]) -> tuple[Mention, ...]:
        """Return the longest mention at each place, in reading order; mentions do not overlap."""
        found: list[Mention] = []
        end = 0
        for at, stem in enumerate(stems):
            if at >= end and (stem in self._root or stem[0].isdigit()) and (named := self._from(stems, at)):
                found.append(named[-1])
                end = named[-1].end
        return tuple(found)

    def every(self, stems: Sequence[str]) -> list[Mention]:
        """Return every mention, also those inside longer ones, and the numbers that have a name for their size."""
        begins = (at for at, stem in enumerate(stems) if stem in self._root or stem[0].isdigit())
        found = [mention for at in begins for mention in self._from(stems, at)]
        return found + list(self._numbers(stems)) if self._ranges else found

    def _from(self, stems: Sequence[str], start: int) -> list[Mention]:
        """Return every mention that begins at a place, the shortest first."""
        found, branch = list[Mention](), self._root
        for at in range(start, len(stems)):
            stem = stems[at]
            following = branch.get(stem) or (branch.get(NUMBER) if stem[0].isdigit() else None)
            if following is None:
                break
            branch = following
            if HERE in branch:
                found.append(Mention(tuple(branch[HERE]), start, at + 1))
        return found

    def _numbers(self, stems: Sequence[str]) -> Iterator[Mention]:
        for at, stem in enumerate(stems):
            value = _value(stem)
            if value is not None:
                names = tuple(name for name, low, high in self._ranges if low <= value <= high)
                if names:
                    yield Mention(names, at, at + 1)


def _value(stem: str) -> float | None:
    if not stem[0].isdigit():
        return None
    try:
        return float(stem.replace(",", "." if stem.count(",") == 1 and len(stem.split(",")[1]) < 3 else ""))
    except ValueError:
        return None


# --- signs ---

_NAMED_SIGN = re.compile(r":([a-z0-9_+'-]+):")


class Signs:
    """Small talk in signs alone, such as a thumb: each sign that is authored, and any other like the first kind."""

    def __init__(self, small_talk: Mapping[str, Sequence[str]], key: Callable[[str], str]) -> None:
        alone = [(kind, one) for kind, asks in small_talk.items() for one in asks if not key(one)]
        self._kinds = {sign: kind for kind, one in reversed(alone) for sign in one if _is_sign(sign)}
        self._named = {one.strip(": "): kind for kind, one in alone if one.startswith(":")}
        self._marks = {_marks(one): kind for kind, one in alone if not _holds_sign(one)}
        self._any = next((kind for kind, one in alone if _holds_sign(one)), "")

    def kind_of(self, text: str) -> str:
        """Return the kind of small talk that a text without words is; empty where it holds no sign."""
        kinds = [self._kinds.get(sign, self._any) for sign in text if _is_sign(sign)]
        kinds += [self._named.get(name, self._any) for name in _NAMED_SIGN.findall(text)]
        if not kinds:
            return self._marks.get(_marks(text), "")
        return next((kind for kind in kinds if kind != self._any), self._any)


def _is_sign(letter: str) -> bool:
    return unicodedata.category(letter) == "So"


def _holds_sign(text: str) -> bool:
    return text.startswith(":") or any(map(_is_sign, text))


def _marks(text: str) -> str:
    """Return punctuation without its repetitions: `???` says what `?` says."""
    return "".join(dict.fromkeys("".join(text.replace("…", ".").split())))


# --- what is found word for word ---

_FORMS = 16
"""Wordings of one authored line that are found word for word."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is found word for word: the node of each authored line, alone and by the node last shown, and the kind of
    each piece of small talk."""

    lines: Mapping[str, str]
    after: Mapping[str, Mapping[str, str]]
    small_talk: Mapping[str, str]
    signs: Signs

    def node(self, key: str, context: str | None) -> str | None:
        """Return the node of an authored line: one for this very thread comes before one that holds anywhere."""
        return self.after.get(context or "", {}).get(key) or self.lines.get(key)

    def kind(self, key: str, context: str | None) -> str | None:
        """Return the kind of a piece of small talk, unless it was written for an answer in this very thread."""
        return None if key in self.after.get(context or "", {}) else self.small_talk.get(key)

    def is_calm(self, text: str, key: Callable[[str], str], cards: Collection[str]) -> bool:
        """Tell whether a message is authored word for word, and leads to none of these cards."""
        found = key(text)
        node = self.lines.get(found)
        return found in self.small_talk or (node is not None and node not in cards)


def lines_by_key(phrases: Mapping[str, Iterable[str]], key: Callable[[str], str]) -> dict[str, str]:
    """Return the node of every authored line, by the key of each of its forms."""
    lines = ((node, line) for node, written in phrases.items() for line in written)
    return _spoken((key(form), node) for node, line in lines for form in sampled(line, _FORMS))


def talk_by_key(small_talk: Mapping[str, Iterable[str]], key: Callable[[str], str]) -> dict[str, str]:
    """Return the kind of every authored piece of small talk, by its key."""
    return _spoken((key(form), kind) for kind, asks in small_talk.items() for form in asks)


def _spoken(found: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return what has words: signs alone have the empty key, and so has every text in another script."""
    return {key: meant for key, meant in found if key}
