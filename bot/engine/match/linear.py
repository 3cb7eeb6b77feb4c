"""A linear model over sparse features: scores for every label, as probabilities, with the features that decided."""

from __future__ import annotations

import math
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from sys import intern
from typing import Any

import numpy as np
import numpy.typing as npt

_HUNDREDTHS = 100
"""Weights are whole hundredths in two bytes: finer ones decide nothing, and the tables are large."""

Table = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """`weights` has a row for each of `features` and a column for each of `labels`, in hundredths."""

    labels: tuple[str, ...] = ()
    bias: tuple[float, ...] = ()
    features: Mapping[str, int] = field(default_factory=dict)
    weights: Table = field(default_factory=lambda: np.zeros((0, 0), np.int16))

    def probabilities(self, values: Mapping[str, float]) -> dict[str, float]:
        """Return the probability of each label."""
        rows, strengths = self._known(values)
        scores = np.asarray(self.bias) + strengths @ self.weights[rows] / _HUNDREDTHS if rows else self.bias
        return dict(zip(self.labels, softmax(list(map(float, scores))), strict=True))

    def because(self, values: Mapping[str, float], label: str, most: int = 3) -> list[str]:
        """Return the features that speak most for `label`; none for a label the model does not know."""
        if label not in self.labels:
            return []
        column = self.weights[:, self.labels.index(label)]
        parts = [(float(column[self.features[name]]), name) for name in values if name in self.features]
        return [name for part, name in sorted(parts, key=lambda one: (-one[0], one[1]))[:most] if part > 0]

    def _known(self, values: Mapping[str, float]) -> tuple[list[int], npt.NDArray[np.float32]]:
        rows, strengths, number = [], [], self.features.get
        for feature, value in values.items():
            row = number(feature)
            if row is not None:
                rows.append(row)
                strengths.append(value)
        return rows, np.array(strengths, np.float32)


def linear(
    labels: Sequence[str], bias: Sequence[float], names: Sequence[str], weights: npt.NDArray[np.float64]
) -> Linear:
    """Return the model with these weights, less the features that say nothing."""
    hundredths = np.rint(weights * _HUNDREDTHS).astype(np.int16)
    telling = np.flatnonzero(hundredths.any(axis=1))
    features = {names[at]: row for row, at in enumerate(telling.tolist())}
    return Linear(tuple(labels), tuple(bias), features, hundredths[telling])


def packed(model: Linear) -> dict[str, Any]:
    """Return the model as JSON holds it: of each row only the weights that are not nought."""
    rows, columns = np.nonzero(model.weights)
    return {
        "labels": model.labels,
        "bias": model.bias,
        "features": list(model.features),
        "sizes": np.bincount(rows, minlength=len(model.features)).tolist(),
        "columns": b64encode(columns.astype("<u2").tobytes()).decode(),
        "weights": b64encode(model.weights[rows, columns].astype("<i2").tobytes()).decode(),
    }


def unpacked(stored: Mapping[str, Any]) -> Linear:
    """Return the model that `packed` wrote; raises KeyError, TypeError, IndexError or ValueError for anything else."""
    labels, features = tuple(stored["labels"]), stored["features"]
    weights = np.zeros((len(features), len(labels)), np.int16)
    rows = np.repeat(np.arange(len(features)), stored["sizes"])
    columns = np.frombuffer(b64decode(stored["columns"]), "<u2")
    weights[rows, columns] = np.frombuffer(b64decode(stored["weights"]), "<i2")
    return Linear(labels, tuple(stored["bias"]), {intern(name): row for row, name in enumerate(features)}, weights)


def softmax(scores: Sequence[float]) -> list[float]:
    """Return scores as probabilities."""
    top = max(scores, default=0.0)
    powers = [math.exp(score - top) for score in scores]
    total = sum(powers) or 1.0
    return [power / total for power in powers]
