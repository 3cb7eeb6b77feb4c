"""Similarity to authored phrases: sparse TF-IDF over words, concepts and their pairs, through an inverted index."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Near:
    """A label's best phrase for a question: how similar (0..1) and which."""

    score: float
    phrase: str


def features(items: Sequence[str]) -> list[str]:
    """Return the items and each pair of neighbours, with the ends marked."""
    pairs = zip(["^", *items], [*items, "$"], strict=True)
    return [*items, *(f"{left} {right}" for left, right in pairs)]


class Index:
    """Phrases by label, searched by cosine similarity."""

    def __init__(self, phrases: Iterable[tuple[str, str, Sequence[str]]]) -> None:
        rows = [(label, phrase, Counter(features(items))) for label, phrase, items in phrases]
        spread = Counter(feature for _, _, counts in rows for feature in counts)
        self._rare = math.log(1 + len(rows))
        self._idf = {feature: math.log((1 + len(rows)) / (1 + count)) + 0.1 for feature, count in spread.items()}
        self._labels = [(label, phrase) for label, phrase, _ in rows]
        self._postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for row, (_, _, counts) in enumerate(rows):
            for feature, weight in self._unit(counts).items():
                self._postings[feature].append((row, weight))

    def _unit(self, counts: Counter[str]) -> dict[str, float]:
        weights = {feature: self._weight(feature) for feature in counts}
        length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        return {feature: weight / length for feature, weight in weights.items()}

    def _weight(self, feature: str) -> float:
        weight = self._idf.get(feature)
        if weight is None:
            return 0.0 if " " in feature else self._rare * 0.6
        return weight * (0.6 if " " in feature else 1.0)

    def nearest(self, items: Sequence[str]) -> dict[str, Near]:
        """Return each label that shares anything with the question, with its most similar phrase."""
        sums: dict[int, float] = defaultdict(float)
        for feature, weight in self._unit(Counter(features(items))).items():
            for row, other in self._postings.get(feature, ()):
                sums[row] += weight * other
        best: dict[str, Near] = {}
        for row, score in sums.items():
            label, phrase = self._labels[row]
            if label not in best or score > best[label].score:
                best[label] = Near(score, phrase)
        return best
