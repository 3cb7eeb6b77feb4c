"""A linear model over sparse features: scores for every label, as probabilities, with the features that decided.

Features are kept by their checksum and weights in two bytes: names and floats would take a hundred megabytes.
"""

from __future__ import annotations

import math
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

_HUNDREDTHS = 100
"""Weights are whole hundredths: finer ones decide nothing."""

Keys = npt.NDArray[np.uint32]
Table = npt.NDArray[np.int16]
Numbers = npt.NDArray[np.float64]


def _no_keys() -> Keys:
    return np.zeros(0, np.uint32)


def _no_weights() -> Table:
    return np.zeros((0, 0), np.int16)


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """`weights` has a row for each of `keys`, which rise, and a column for each of `labels`, in hundredths."""

    labels: tuple[str, ...] = ()
    bias: tuple[float, ...] = ()
    keys: Keys = field(default_factory=_no_keys)
    weights: Table = field(default_factory=_no_weights)

    def probabilities(self, values: Mapping[str, float]) -> dict[str, float]:
        """Return the probability of each label."""
        rows, known = self._rows(values)
        strengths = np.fromiter(values.values(), np.float64, len(values))[known]
        scores = np.asarray(self.bias) + strengths @ self.weights[rows] / _HUNDREDTHS
        return dict(zip(self.labels, softmax(scores.tolist()), strict=True))

    def because(self, values: Mapping[str, float], label: str, most: int = 3) -> list[str]:
        """Return the features that speak most for `label`; none for a label the model does not know."""
        if label not in self.labels:
            return []
        rows, known = self._rows(values)
        names = np.array(list(values), object)[known].tolist()
        parts = zip(self.weights[rows, self.labels.index(label)].tolist(), names, strict=True)
        ranked = sorted(((part * values[name], name) for part, name in parts), key=lambda one: (-one[0], one[1]))
        return [name for part, name in ranked[:most] if part > 0]

    def _rows(self, names: Iterable[str]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
        """Return the rows of the features the model knows, and which of `names` they are."""
        wanted = _keys(names)
        if not len(self.keys):
            return np.zeros(0, np.intp), np.zeros(len(wanted), np.bool_)
        rows = np.searchsorted(self.keys, wanted).clip(max=len(self.keys) - 1)
        known = self.keys[rows] == wanted
        return rows[known], known


def linear(labels: Sequence[str], bias: Sequence[float], names: Sequence[str], weights: Numbers) -> Linear:
    """Return the model with these weights, less the features that say nothing; the first of two with one key wins."""
    hundredths = np.rint(weights * _HUNDREDTHS).astype(np.int16)
    telling = np.flatnonzero(hundredths.any(axis=1))
    keys, first = np.unique(_keys([names[at] for at in telling.tolist()]), return_index=True)
    return Linear(tuple(labels), tuple(bias), keys, hundredths[telling[first]])


def _keys(names: Iterable[str]) -> Keys:
    return np.array([crc32(name.encode()) for name in names], np.uint32)


def packed(model: Linear) -> dict[str, Any]:
    """Return the model as JSON holds it: of each row only the weights that are not nought."""
    rows, columns = np.nonzero(model.weights)
    return {
        "labels": model.labels,
        "bias": model.bias,
        "keys": _text(model.keys, "<u4"),
        "sizes": _text(np.bincount(rows, minlength=len(model.keys)), "<u2"),
        "columns": _text(columns, "<u2"),
        "weights": _text(model.weights[rows, columns], "<i2"),
    }


def unpacked(stored: Mapping[str, Any]) -> Linear:
    """Return the model that `packed` wrote; raises KeyError, TypeError, IndexError or ValueError for anything else."""
    labels, keys = tuple(stored["labels"]), _array(stored["keys"], "<u4").astype(np.uint32)
    weights = np.zeros((len(keys), len(labels)), np.int16)
    rows = np.repeat(np.arange(len(keys)), _array(stored["sizes"], "<u2"))
    weights[rows, _array(stored["columns"], "<u2")] = _array(stored["weights"], "<i2")
    return Linear(labels, tuple(stored["bias"]), keys, weights)


def _text(numbers: npt.NDArray[Any], kind: str) -> str:
    return b64encode(numbers.astype(kind).tobytes()).decode()


def _array(text: str, kind: str) -> npt.NDArray[Any]:
    return np.frombuffer(b64decode(text), kind)


def softmax(scores: Sequence[float]) -> list[float]:
    """Return scores as probabilities."""
    top = max(scores, default=0.0)
    powers = [math.exp(score - top) for score in scores]
    total = sum(powers) or 1.0
    return [power / total for power in powers]
