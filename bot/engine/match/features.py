"""What the linear model sees of a message: words, pairs of neighbours, concepts and pairs of concepts."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations

from bot.engine.match.message import Message, items

_MOST_CONCEPTS = 14
"""Concepts paired with each other; a long story names many, and their pairs grow with the square."""

Keep = Callable[[str], bool]


def features(message: Message, keep: Keep = bool) -> dict[str, float]:
    """Return the features with weights of unit length; concepts that `keep` refuses are not seen at all."""
    found = set(items(message, keep))
    sequence = items(message, keep)
    found.update(f"{left} {right}" for left, right in zip(["^", *sequence], [*sequence, "$"], strict=True))
    named = sorted({name for mention in message.mentions for name in mention.concepts if keep(name)})
    found.update(f"@{name}" for name in named)
    found.update(f"@{one}+@{two}" for one, two in combinations(named[:_MOST_CONCEPTS], 2))
    weight = 1.0 / math.sqrt(len(found)) if found else 0.0
    return {feature: weight for feature in sorted(found)}
