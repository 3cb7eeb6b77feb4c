"""Softmax regression over sparse features: hashed, trained by AdaGrad in small batches, kept in two bytes a weight.

Features are known by the checksum of their name, so that a model is two arrays and needs no table of strings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import numpy.typing as npt

EPOCHS = 10
RATE = 0.5
DECAY = 0.0
_BATCH = 256
_RAREST = 2
"""Features of fewer rows say nothing about the next question."""
_HUNDREDTHS = 100
"""Weights are kept as whole hundredths: finer ones decide nothing."""

Values = Mapping[str, float]
Row = tuple[str, Values]
Floats = npt.NDArray[np.float32]
Weights = npt.NDArray[np.int16]
Keys = npt.NDArray[np.uint32]
Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Classifier:
    """`weights` has a row for each of `keys`, which rise, and a column for each of `labels`, in hundredths."""

    labels: tuple[str, ...]
    bias: Floats
    keys: Keys
    weights: Weights

    def probabilities(self, values: Values) -> dict[str, float]:
        """Return the probability of each label."""
        rows, known = self._rows(values)
        strengths = np.fromiter(values.values(), np.float32, len(values))[known]
        scores = self.bias + strengths @ self.weights[rows] / _HUNDREDTHS
        return dict(zip(self.labels, softmax(scores).tolist(), strict=True))

    def telling(self, values: Values, label: str, most: int = 3) -> list[str]:
        """Return the features that speak most for `label`; none for a label the model does not know."""
        if label not in self.labels:
            return []
        rows, known = self._rows(values)
        names = [name for name, seen in zip(values, known.tolist(), strict=True) if seen]
        parts = zip(self.weights[rows, self.labels.index(label)].tolist(), names, strict=True)
        ranked = sorted((-weight * values[name], name) for weight, name in parts if weight > 0)
        return [name for _, name in ranked[:most]]

    def _rows(self, names: Iterable[str]) -> tuple[Places, npt.NDArray[np.bool_]]:
        wanted = _keys(names)
        if not len(self.keys):
            return np.zeros(0, np.intp), np.zeros(len(wanted), np.bool_)
        rows = np.searchsorted(self.keys, wanted).clip(max=len(self.keys) - 1)
        known = self.keys[rows] == wanted
        return rows[known], known


UNTAUGHT = Classifier((), np.zeros(0, np.float32), np.zeros(0, np.uint32), np.zeros((0, 0), np.int16))


def softmax(scores: Floats) -> Floats:
    """Return scores as probabilities, along the last axis."""
    if not scores.size:
        return scores
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def train(rows: Sequence[Row], epochs: int = EPOCHS, *, decay: float = DECAY, even: bool = True) -> Classifier:
    """Return the classifier that tells the rows' labels apart; the same rows always give the same one.

    With `even`, a label with few rows weighs up to three times as much, so that rare answers are found too.
    """
    return _Trainer(rows, decay, even=even).run(epochs) if rows else UNTAUGHT


@dataclass(frozen=True, slots=True)
class _Batch:
    """Rows in the order of their features: `places` into the table, each for a run of `order` from `starts`."""

    row_starts: Places
    columns: Places
    strengths: Floats
    row_of: Places
    order: Places
    starts: Places
    places: Places
    labels: Places


class _Trainer:
    def __init__(self, rows: Sequence[Row], decay: float, *, even: bool) -> None:
        self.labels = sorted({label for label, _ in rows})
        self.decay = decay
        number = {label: at for at, label in enumerate(self.labels)}
        targets = np.array([number[label] for label, _ in rows])
        hashed = [_keys(values) for _, values in rows]
        keys, columns, counts = np.unique(np.concatenate(hashed), return_inverse=True, return_counts=True)
        often = counts >= _RAREST
        self.keys = keys[often]
        renumbered = np.where(often, np.cumsum(often) - 1, -1)
        columns = renumbered[columns]
        strengths = np.concatenate([np.fromiter(values.values(), np.float32, len(values)) for _, values in rows])
        row_of = np.repeat(np.arange(len(rows)), [len(part) for part in hashed])
        known = columns >= 0
        self.columns, self.strengths, self.row_of = columns[known], strengths[known], row_of[known]
        self.targets = targets
        shares = np.bincount(targets, minlength=len(self.labels))
        worth = np.minimum(3.0, len(rows) / len(self.labels) / shares) if even else np.ones(len(self.labels))
        self.worth = worth.astype(np.float32)
        self.weights = np.zeros((len(self.keys), len(self.labels)), np.float32)
        self.speeds = np.full_like(self.weights, 1e-2)
        self.bias = np.zeros(len(self.labels), np.float32)
        self.bias_speed = np.full_like(self.bias, 1.0)

    def run(self, epochs: int) -> Classifier:
        draw = np.random.default_rng(7)
        batches = self._batches(draw.permutation(len(self.targets)))
        for _ in range(epochs):
            for at in draw.permutation(len(batches)):
                self._learn(batches[at])
        hundredths = np.rint(self.weights * _HUNDREDTHS).clip(-32_000, 32_000).astype(np.int16)
        kept = np.flatnonzero(hundredths.any(axis=1))
        return Classifier(tuple(self.labels), self.bias, self.keys[kept], hundredths[kept])

    def _batches(self, order: Places) -> list[_Batch]:
        bounds = np.searchsorted(self.row_of, np.arange(len(order) + 1))
        return [self._batch(order[at : at + _BATCH], bounds) for at in range(0, len(order), _BATCH)]

    def _batch(self, rows: Places, bounds: Places) -> _Batch:
        sizes = bounds[rows + 1] - bounds[rows]
        rows, sizes = rows[sizes > 0], sizes[sizes > 0]
        taken = np.concatenate([np.arange(bounds[row], bounds[row + 1]) for row in rows.tolist()])
        columns = self.columns[taken]
        order = np.argsort(columns, kind="stable")
        places, starts = np.unique(columns[order], return_index=True)
        row_of = np.repeat(np.arange(len(rows)), sizes)
        row_starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        return _Batch(
            row_starts, columns, self.strengths[taken], row_of, order, starts, places, self.targets[rows]
        )

    def _learn(self, batch: _Batch) -> None:
        seen = self.weights[batch.columns] * batch.strengths[:, None]
        errors = softmax(np.add.reduceat(seen, batch.row_starts) + self.bias)
        errors[np.arange(len(batch.labels)), batch.labels] -= 1.0
        errors *= self.worth[batch.labels][:, None]
        pushed = errors[batch.row_of[batch.order]] * batch.strengths[batch.order][:, None]
        slopes = np.add.reduceat(pushed, batch.starts)
        slopes += self.decay * len(batch.labels) * self.weights[batch.places]
        self.speeds[batch.places] += slopes * slopes
        self.weights[batch.places] -= RATE * slopes / np.sqrt(self.speeds[batch.places])
        slope = errors.sum(axis=0) * 0.1
        self.bias_speed += slope * slope
        self.bias -= RATE * slope / np.sqrt(self.bias_speed)


def _keys(names: Iterable[str]) -> Keys:
    return np.array([crc32(name.encode()) for name in names], np.uint32)
