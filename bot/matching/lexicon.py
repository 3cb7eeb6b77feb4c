"""Finds the concepts a text mentions, word by word through a tree of stems, and small talk in signs alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.content.matching_models import Concept
from bot.matching.text import expand

NUMBER = "#"
"""Stands for any number in a wording: `# mg`."""


@dataclass(frozen=True, slots=True)
class Mention:
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
