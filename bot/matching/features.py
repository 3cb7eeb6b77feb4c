"""What the linear models see of a message: words, neighbours, concepts and their pairs, pieces of words, subjects."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations

from bot.matching.message import Message, items

_MOST_CONCEPTS = 14
"""Concepts paired with each other; a long story names many, and their pairs grow with the square."""
_PIECES = (3, 4)
"""Lengths in letters of the pieces of words: they tell kin and misspelt words, and what no vocabulary holds."""
_FIRST, _LAST = 300, 100
"""Words at either end that the models see; a question has twenty, more is a page of text. The urgent rules see all."""

_PIECE = "#"

Values = dict[str, float]
AFLOAT = "=nothing"
"""The feature of a message that names nothing of the topic."""


class Eye:
    """Turns messages into features.

    `subjects` maps concepts to the subjects a question can have, `anchors` tie it to the topic, `kin` are the
    stems of each kind of ordinary words.
    """

    def __init__(
        self,
        subjects: Mapping[str, str],
        anchors: Iterable[str],
        kin: Mapping[str, Sequence[str]],
    ) -> None:
        self._subjects = subjects
        self._anchors = frozenset(anchors) | frozenset(subjects)
        self._kin: dict[str, tuple[str, ...]] = {}
        for name, stems in kin.items():
            for stem in stems:
                self._kin[stem] = (*self._kin.get(stem, ()), f"~{name}")

    def whole(self, message: Message) -> Values:
        """Return the features of a question by itself, with the set of subjects it names."""
        named = sorted({self._subjects[name] for name in message.concepts if name in self._subjects})
        afloat = () if message.concepts & self._anchors else (AFLOAT,)
        words = {*self._words(message, bool), *afloat, "=" + "+".join(named)}
        return _unit(words) | _unit(_pieces(message.words))

    def aspect(self, message: Message) -> Values:
        """Return the features of what is asked, whatever it is asked about."""
        return _unit(self._asked(message)) | _unit(_pieces(self._unnamed(message)))

    def after(self, aspect: Values, context: str, subject: str, named: str | None) -> Values:
        """Return the features of an aspect asked after `context`, an answer about `subject`, when `named` is named."""
        asked = [feature for feature in aspect if not feature.startswith(_PIECE)]
        weight = 1.0 / math.sqrt(len(asked) + 1)
        found = dict(aspect)
        found |= dict.fromkeys((f"after {context}", f"about {subject}", f"named {named}"), 1.5 * weight)
        for feature in asked:
            found[f"{subject}|{feature}"] = weight
            found[f"{named}||{feature}"] = weight
            if " " not in feature:
                found[f"{context}|||{feature}"] = weight
        return found

    def _asked(self, message: Message) -> list[str]:
        return sorted(self._words(message, lambda name: name not in self._subjects))

    def _unnamed(self, message: Message) -> list[str]:
        """Return the words outside the mentions of a subject."""
        named = [one for one in message.mentions if any(name in self._subjects for name in one.concepts)]
        gone = {at for one in named for at in range(one.start, one.end)}
        return [word for at, word in enumerate(message.words) if at not in gone]

    def _words(self, message: Message, keep: Callable[[str], bool]) -> set[str]:
        sequence = _ends(items(message, keep))
        pairs = zip(["^", *sequence], [*sequence, "$"], strict=True)
        found = {*sequence, *(f"{left} {right}" for left, right in pairs)}
        named = sorted({name for mention in message.mentions for name in mention.concepts if keep(name)})
        found.update(f"@{name}" for name in named)
        found.update(f"@{one}+@{two}" for one, two in combinations(named[:_MOST_CONCEPTS], 2))
        found.update(kin for stem in message.stems for kin in self._kin.get(stem, ()))
        return found


def _ends(words: Sequence[str]) -> Sequence[str]:
    return words if len(words) <= _FIRST + _LAST else [*words[:_FIRST], *words[-_LAST:]]


def _pieces(words: Sequence[str]) -> list[str]:
    """Return the pieces of the words; the space between two words counts as a letter of both."""
    text = f" {' '.join(_ends(words))} "
    found = {text[at : at + size] for size in _PIECES for at in range(len(text) - size + 1)}
    return [f"{_PIECE}{piece}" for piece in found]


def _unit(found: Iterable[str]) -> Values:
    ordered = sorted(found)
    return dict.fromkeys(ordered, 1.0 / math.sqrt(len(ordered))) if ordered else {}
