"""A linear model over sparse features: scores for every label, as probabilities, with the features that decided."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Linear:
    """`weights` holds for each feature, flat, the places in `labels` it speaks for or against, each with its weight."""

    labels: tuple[str, ...]
    bias: tuple[float, ...]
    weights: Mapping[str, Sequence[float]]

    def probabilities(self, features: Mapping[str, float]) -> dict[str, float]:
        """Return the probability of each label."""
        scores = list(self.bias)
        for feature, value in features.items():
            flat = self.weights.get(feature, ())
            for at in range(0, len(flat), 2):
                scores[int(flat[at])] += flat[at + 1] * value
        return dict(zip(self.labels, softmax(scores), strict=True))

    def because(self, features: Mapping[str, float], label: str, most: int = 3) -> list[str]:
        """Return the features that speak most for `label`."""
        place = self.labels.index(label)
        parts = [(self._weight(feature, place) * value, feature) for feature, value in features.items()]
        return [feature for part, feature in sorted(parts, key=lambda one: (-one[0], one[1]))[:most] if part > 0]

    def _weight(self, feature: str, place: int) -> float:
        flat = self.weights.get(feature, ())
        return next((flat[at + 1] for at in range(0, len(flat), 2) if flat[at] == place), 0.0)


def softmax(scores: Sequence[float]) -> list[float]:
    """Return scores as probabilities."""
    top = max(scores, default=0.0)
    powers = [math.exp(score - top) for score in scores]
    total = sum(powers) or 1.0
    return [power / total for power in powers]
