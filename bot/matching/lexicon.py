"""Finds the concepts a text mentions, word by word through a tree of stems, and small talk in signs alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple

from bot.content.matching_models import Concept, TopicSubjects
from bot.matching.text import FUNCTION, PERSONS, expand, sampled

NUMBER = "#"
"""Stands for any number in a wording: `# mg`."""


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


def leave_held(branch: Tree, topics: tuple[str, ...], foreign: str) -> None:
    """Take foreign names out where a topic holds the very name."""
    for key, below in branch.items():
        if key != HERE:
            leave_held(below, topics, foreign)
        elif any(name.startswith(topics) for name in below):
            below[:] = [name for name in below if not name.startswith(foreign)]


def show_narrow(tree: Tree, topics: Mapping[str, TopicSubjects]) -> None:
    """Let a name of a topic show what a narrower one tells inside it: "metformin and B12" is about B12, too."""
    width = {topic: len(held.subjects) for topic, held in topics.items()}
    telling = {
        f"{topic}/{name}" for topic, held in topics.items() for name, one in held.subjects.items() if not one.leaning
    }
    for path, names in list(_leaves(tree, width)):
        own = min(width.get(name.partition("/")[0], 0) for name in names)
        parts = ((start, end) for start, end in combinations(range(len(path) + 1), 2) if end - start < len(path))
        inside = {name for start, end in parts for name in _named(tree, path[start:end])} - {*names}
        narrow = {name for name in inside if width.get(name.partition("/")[0], own) < own}
        names += sorted(narrow) if narrow & telling else ()


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


class Lexicon:
    """A vocabulary and the tree of its wordings."""

    def __init__(self, concepts: Mapping[str, Concept], tree: Tree) -> None:
        self._root = tree
        self._ranges = [(name, *concept.range) for name, concept in concepts.items() if concept.range]

    def longest(self, stems: Sequence[str]) -> tuple[Mention, ...]:
        """Return the longest mention at each place, in reading order; mentions do not overlap."""
        found: list[Mention] = []
        at = 0
        while at < len(stems):
            best = None
            for best in self._from(stems, at):  # noqa: B007 (the last one is the longest)
                pass
            if best:
                found.append(best)
            at = best.end if best else at + 1
        return tuple(found)

    def every(self, stems: Sequence[str]) -> list[Mention]:
        """Return every mention, also those inside longer ones, and the numbers that have a name for their size."""
        found = [mention for at in range(len(stems)) for mention in self._from(stems, at)]
        return found + list(self._numbers(stems)) if self._ranges else found

    def _from(self, stems: Sequence[str], start: int) -> Iterator[Mention]:
        branch = self._root
        for at in range(start, len(stems)):
            stem = stems[at]
            following = branch.get(stem) or (branch.get(NUMBER) if stem[0].isdigit() else None)
            if following is None:
                return
            branch = following
            if HERE in branch:
                yield Mention(tuple(branch[HERE]), start, at + 1)

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
    """What is found word for word: the node of each authored line, and the kind of each piece of small talk."""

    lines: Mapping[str, str]
    small_talk: Mapping[str, str]
    signs: Signs

    def names(self, kind: str, stems: Iterable[str]) -> bool:
        """Tell whether a word that is not mere grammar stands in what is authored of a kind of small talk too."""
        telling = set(stems) - FUNCTION - PERSONS
        return any(of == kind and not telling.isdisjoint(key.split()) for key, of in self.small_talk.items())


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
