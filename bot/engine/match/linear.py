"""A linear model over sparse features: scores for every label, as probabilities, with the features that decided."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Linear:
    """`weights` holds for each feature the labels it speaks for or against, by their place in `labels`."""

    labels: tuple[str, ...]
    bias: tuple[float, ...]
    weights: Mapping[str, Sequence[tuple[int, float]]]

    def probabilities(self, features: Mapping[str, float]) -> dict[str, float]:
        """Return the probability of each label."""
        scores = list(self.bias)
        for feature, value in features.items():
            for label, weight in self.weights.get(feature, ()):
                scores[label] += weight * value
        return dict(zip(self.labels, softmax(scores), strict=True))

    def because(self, features: Mapping[str, float], label: str, most: int = 3) -> list[str]:
        """Return the features that speak most for `label`."""
        place = self.labels.index(label)
        parts = [
            (weight * value, feature)
            for feature, value in features.items()
            for at, weight in self.weights.get(feature, ())
            if at == place and weight > 0
        ]
        return [feature for _, feature in sorted(parts, key=lambda part: (-part[0], part[1]))[:most]]


def softmax(scores: Sequence[float]) -> list[float]:
    """Return scores as probabilities."""
    top = max(scores, default=0.0)
    powers = [math.exp(score - top) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]
