"""Trains the linear model from authored phrases: logistic regression by AdaGrad, always the same result."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence

from bot.engine.match.linear import Linear, softmax

EPOCHS = 6
RATE = 0.6
DECAY = 3e-4
_UNSEEN = 1e-2
"""Gradients below this change nothing worth the time."""
_RAREST = 2
"""Features of fewer rows say nothing about the next question."""
_SMALLEST = 0.2
"""Weights below this are not kept: they decide nothing and make the file three times as large."""

Row = tuple[str, Mapping[str, float]]


def train(rows: Sequence[Row], epochs: int = EPOCHS) -> Linear:
    """Return the model that tells the rows' labels apart; each label counts the same, however many rows it has."""
    return _Trainer(rows).run(epochs)


class _Trainer:
    def __init__(self, rows: Sequence[Row]) -> None:
        self.labels = sorted({label for label, _ in rows})
        place = {label: at for at, label in enumerate(self.labels)}
        spread = Counter(feature for _, values in rows for feature in values)
        names = sorted(feature for feature, count in spread.items() if count >= _RAREST)
        number = {feature: at for at, feature in enumerate(names)}
        self.names = names
        self.rows = [
            (place[label], [(number[f], value) for f, value in values.items() if f in number]) for label, values in rows
        ]
        counts = Counter(label for label, _ in self.rows)
        self.worth = [min(3.0, len(rows) / len(self.labels) / counts[at]) for at in range(len(self.labels))]
        size = len(self.labels)
        self.weights = [[0.0] * size for _ in names]
        self.speed = [[1e-8] * size for _ in names]
        self.bias, self.bias_speed = [0.0] * size, [1e-8] * size

    def run(self, epochs: int) -> Linear:
        order = list(range(len(self.rows)))
        shuffle = random.Random(7).shuffle
        for _ in range(epochs):
            shuffle(order)
            for at in order:
                self._learn(*self.rows[at])
        return self._model()

    def _learn(self, label: int, values: Sequence[tuple[int, float]]) -> None:
        scores = self.bias[:]
        for feature, value in values:
            scores = [score + weight * value for score, weight in zip(scores, self.weights[feature], strict=True)]
        errors = softmax(scores)
        errors[label] -= 1.0
        worth = self.worth[label]
        wrong = [(at, error * worth) for at, error in enumerate(errors) if abs(error) > _UNSEEN]
        for at, error in wrong:
            self._step(self.bias, self.bias_speed, at, 0.1 * error)
        for feature, value in values:
            weights, speed = self.weights[feature], self.speed[feature]
            for at, error in wrong:
                self._step(weights, speed, at, error * value + DECAY * weights[at])

    @staticmethod
    def _step(weights: list[float], speed: list[float], at: int, slope: float) -> None:
        speed[at] += slope * slope
        weights[at] -= RATE * slope / math.sqrt(speed[at] + 0.01)

    def _model(self) -> Linear:
        bias = tuple(round(value, 3) for value in self.bias)
        kept = {name: _flat(row) for name, row in zip(self.names, self.weights, strict=True)}
        return Linear(tuple(self.labels), bias, {name: flat for name, flat in kept.items() if flat})


def _flat(row: Sequence[float]) -> list[float]:
    return [part for at, weight in enumerate(row) if abs(weight) >= _SMALLEST for part in (at, round(weight, 2))]
