"""Trains the linear model from authored phrases: logistic regression by AdaGrad, always the same result."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from bot.matching.linear import Linear, linear

EPOCHS = 8
RATE = 0.6
DECAY = 3e-4
_UNSEEN = 1e-2
"""Errors below this change nothing worth the time."""
_RAREST = 2
"""Features of fewer rows say nothing about the next question."""
_SMALLEST = 0.2
"""Weights below this are not kept: they decide nothing and make the file three times as large."""
_BIAS_SHARE = 0.1
"""How fast the biases learn, beside the weights: a label is no likelier for having had the last row."""

Row = tuple[str, Mapping[str, float]]
_Numbers = npt.NDArray[np.float64]
_Places = npt.NDArray[np.intp]


def train(rows: Sequence[Row], epochs: int = EPOCHS) -> Linear:
    """Return the model that tells the rows' labels apart; each label counts the same, however many rows it has."""
    return _Trainer(rows).run(epochs) if rows else Linear()


class _Trainer:
    """Weights and their speeds are tables of a row per feature and a column per label; the bias is the last row."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.labels = sorted({label for label, _ in rows})
        place = {label: at for at, label in enumerate(self.labels)}
        spread = Counter(feature for _, values in rows for feature in values)
        self.names = sorted(feature for feature, count in spread.items() if count >= _RAREST)
        number = {feature: at for at, feature in enumerate(self.names)}
        self.rows = [(place[label], *self._row(values, number)) for label, values in rows]
        counts = Counter(label for label, *_ in self.rows)
        self.worth = [min(3.0, len(rows) / len(self.labels) / counts[at]) for at in range(len(self.labels))]
        self.weights = np.zeros((len(self.names) + 1, len(self.labels)))
        self.speeds = np.full_like(self.weights, 1e-8)

    def _row(self, values: Mapping[str, float], number: Mapping[str, int]) -> tuple[_Places, _Numbers]:
        known = [(number[feature], value) for feature, value in values.items() if feature in number]
        places, strengths = zip(*known, (len(self.names), 1.0), strict=True)
        return np.array(places), np.array(strengths)

    def run(self, epochs: int) -> Linear:
        order = list(range(len(self.rows)))
        shuffle = random.Random(7).shuffle
        for _ in range(epochs):
            shuffle(order)
            for at in order:
                self._learn(*self.rows[at])
        return self._model()

    def _learn(self, label: int, places: _Places, strengths: _Numbers) -> None:
        errors = _shares(strengths @ self.weights[places])
        errors[label] -= 1.0
        wrong = np.nonzero(abs(errors) > _UNSEEN)[0]
        cells = np.ix_(places, wrong)
        weights = self.weights[cells]
        slopes = np.outer(strengths, errors[wrong] * self.worth[label]) + DECAY * weights
        slopes[-1] *= _BIAS_SHARE
        speeds = self.speeds[cells] + slopes * slopes
        self.speeds[cells] = speeds
        self.weights[cells] = weights - RATE * slopes / np.sqrt(speeds + 0.01)

    def _model(self) -> Linear:
        weights = np.where(abs(self.weights) >= _SMALLEST, self.weights, 0.0)[:-1]
        return linear(self.labels, [round(float(value), 3) for value in self.weights[-1]], self.names, weights)


def _shares(scores: _Numbers) -> _Numbers:
    powers: _Numbers = np.exp(scores - scores.max())
    shares: _Numbers = powers / powers.sum()
    return shares
