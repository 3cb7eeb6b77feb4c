"""What the linear models see of a message: words, pairs of neighbours, concepts, pairs of concepts, and the subjects."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from itertools import combinations

from bot.engine.match.message import Message, items

_MOST_CONCEPTS = 14
"""Concepts paired with each other; a long story names many, and their pairs grow with the square."""

Values = dict[str, float]


class Eye:
    """Turns messages into features.

    `subjects` maps concepts to the subjects a question can have; `telling` are the urgent signs to be seen.
    """

    def __init__(self, subjects: Mapping[str, str], telling: Iterable[str]) -> None:
        self._subjects = subjects
        self._telling = frozenset(telling)

    def whole(self, message: Message) -> Values:
        """Return the features of a question by itself, with the set of subjects it names."""
        named = sorted({self._subjects[name] for name in message.concepts if name in self._subjects})
        signs = {f"!{name}" for sign in message.signs for name in sign.concepts if name in self._telling}
        return _unit({*_features(message, bool), *signs, "=" + "+".join(named)})

    def aspect(self, message: Message) -> Values:
        """Return the features of what is asked, whatever it is asked about."""
        return _unit(_features(message, lambda name: name not in self._subjects))


def _features(message: Message, keep: Callable[[str], bool]) -> set[str]:
    sequence = items(message, keep)
    found = {*sequence, *(f"{left} {right}" for left, right in zip(["^", *sequence], [*sequence, "$"], strict=True))}
    named = sorted({name for mention in message.mentions for name in mention.concepts if keep(name)})
    found.update(f"@{name}" for name in named)
    found.update(f"@{one}+@{two}" for one, two in combinations(named[:_MOST_CONCEPTS], 2))
    return found


def _unit(found: set[str]) -> Values:
    weight = 1.0 / math.sqrt(len(found)) if found else 0.0
    return {feature: weight for feature in sorted(found)}
