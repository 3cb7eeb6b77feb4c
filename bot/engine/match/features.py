"""What the linear models see of a message: words, neighbours, concepts, pairs of concepts, subjects."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations

from bot.engine.match.message import Message, items

_MOST_CONCEPTS = 14
"""Concepts paired with each other; a long story names many, and their pairs grow with the square."""

Values = dict[str, float]
AFLOAT = "=nothing"
"""The feature of a message that names nothing of the topic."""


class Eye:
    """Turns messages into features.

    `subjects` maps concepts to the subjects a question can have, `anchors` tie it to the topic, `telling` are the
    urgent signs to be seen, `kin` the stems of each kind of ordinary words.
    """

    def __init__(
        self,
        subjects: Mapping[str, str],
        anchors: Iterable[str],
        telling: Iterable[str],
        kin: Mapping[str, Sequence[str]],
    ) -> None:
        self._subjects = subjects
        self._anchors = frozenset(anchors) | frozenset(subjects)
        self._telling = frozenset(telling)
        self._kin: dict[str, tuple[str, ...]] = {}
        for name, stems in kin.items():
            for stem in stems:
                self._kin[stem] = (*self._kin.get(stem, ()), f"~{name}")

    def whole(self, message: Message) -> Values:
        """Return the features of a question by itself, with the set of subjects it names."""
        named = sorted({self._subjects[name] for name in message.concepts if name in self._subjects})
        signs = {f"!{name}" for sign in message.signs for name in sign.concepts if name in self._telling}
        afloat = (AFLOAT,) if self.is_afloat(message) else ()
        return _unit({*self._features(message, bool), *signs, *afloat, "=" + "+".join(named)})

    def is_afloat(self, message: Message) -> bool:
        """Return whether the message names nothing of the topic."""
        return not message.concepts & self._anchors

    def aspect(self, message: Message) -> Values:
        """Return the features of what is asked, whatever it is asked about."""
        return _unit(self._features(message, lambda name: name not in self._subjects))

    def _features(self, message: Message, keep: Callable[[str], bool]) -> set[str]:
        sequence = items(message, keep)
        pairs = zip(["^", *sequence], [*sequence, "$"], strict=True)
        found = {*sequence, *(f"{left} {right}" for left, right in pairs)}
        named = sorted({name for mention in message.mentions for name in mention.concepts if keep(name)})
        found.update(f"@{name}" for name in named)
        found.update(f"@{one}+@{two}" for one, two in combinations(named[:_MOST_CONCEPTS], 2))
        found.update(kin for stem in message.stems for kin in self._kin.get(stem, ()))
        return found


def _unit(found: set[str]) -> Values:
    weight = 1.0 / math.sqrt(len(found)) if found else 0.0
    return dict.fromkeys(sorted(found), weight)
