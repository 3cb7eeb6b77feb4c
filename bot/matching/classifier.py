"""Softmax regression over sparse features: hashed, trained by AdaGrad in small batches, kept in two bytes a weight.

Features are known by the checksum of their name, so that a model is two arrays and needs no table of strings.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import numpy.typing as npt

EPOCHS = 10
RATE = 0.5
_BATCH = 256
_BIAS_SHARE = 0.1
"""How fast the biases learn, beside the weights: a label is no likelier for having had the last row."""
_LEAST_ERROR = 0.01
"""Errors below this teach nothing worth the time."""
_MOST_WORTH = 3.0
_SMALLEST = 10
"""Features whose weights all stay below this, in hundredths, decide nothing."""
_RAREST = 2
"""Features of fewer rows say nothing about the next question."""
_TWO = 2
_LEAST = 1e-6
"""The least probability that counts: an opinion that rules a label out does not outweigh all others."""
SLIGHT = 0.25
"""The strength of each feature of a word."""
_HUNDREDTHS = 100
"""Weights are kept as whole hundredths: finer ones decide nothing."""

Floats = npt.NDArray[np.float32]
Weights = npt.NDArray[np.int16]
Keys = npt.NDArray[np.uint32]
Places = npt.NDArray[np.intp]


class Values:
    """The features of one text: their different names, the checksums of these, and how strong each is.

    The checksums are found once, however many models look at them.
    """

    __slots__ = ("keys", "names", "strengths")

    def __init__(self, names: Iterable[str], strength: float) -> None:
        """All of one strength; `and_also` adds others."""
        self.names: tuple[str, ...] = tuple(names)
        self.keys = array("I", map(crc32, map(str.encode, self.names)))
        self.strengths = array("f", (strength,)) * len(self.names)

    def at(self, strength: float) -> Values:
        """Return the same features, all of another strength."""
        found = Values.__new__(Values)
        found.names, found.keys = self.names, self.keys
        found.strengths = array("f", (strength,)) * len(self.names)
        return found

    def unnamed(self) -> Values:
        """Return the same without the names, which take the most memory, and of which nothing is learned."""
        found = Values.__new__(Values)
        found.names, found.keys, found.strengths = (), self.keys, self.strengths
        return found

    def and_also(self, *others: Values) -> Values:
        """Return these features and others, of which none is among these."""
        found = Values.__new__(Values)
        found.names, found.keys, found.strengths = self.names, self.keys, self.strengths
        for one in others:
            found.names, found.keys = found.names + one.names, found.keys + one.keys
            found.strengths = found.strengths + one.strengths
        return found


Row = tuple[str, Values]


@dataclass(frozen=True, slots=True, eq=False)
class Classifier:
    """`weights` has a row for each of `keys`, which rise, and a column for each of `labels`, in hundredths."""

    labels: tuple[str, ...]
    bias: Floats
    keys: Keys
    weights: Weights

    def probabilities(self, values: Values) -> dict[str, float]:
        """Return the probability of each label."""
        rows, known = self._rows(values.keys)
        strengths = np.frombuffer(values.strengths, np.float32)[known]
        scores = self.bias + strengths @ self.weights.take(rows, axis=0).astype(np.float32) / np.float32(_HUNDREDTHS)
        return dict(zip(self.labels, softmax(scores).tolist(), strict=True))

    def log_odds(self, several: Sequence[Iterable[str]], label: str) -> list[float]:
        """Return the log-odds of one of two labels for several sets of features of one strength, all at once."""
        if len(self.labels) != _TWO or label not in self.labels:
            return [0.0] * len(several)
        names = [list(one) for one in several]
        rows, known = self._rows(Values((name for one in names for name in one), SLIGHT).keys)
        at = self.labels.index(label)
        weights = self.weights.take(rows, axis=0)
        margins = (weights[:, at] - weights[:, 1 - at]).astype(np.float32) / np.float32(_HUNDREDTHS)
        owners = np.repeat(np.arange(len(names)), [len(one) for one in names])[known]
        sums = SLIGHT * np.bincount(owners, margins, len(names)) + float(self.bias[at] - self.bias[1 - at])
        return [float(value) if one else 0.0 for value, one in zip(sums, names, strict=True)]

    def telling(self, values: Values, label: str, most: int = 3) -> list[str]:
        """Return the features that speak most for `label`; none for a label the model does not know."""
        if label not in self.labels:
            return []
        rows, known = self._rows(values.keys)
        weights = self.weights[rows, self.labels.index(label)] * np.frombuffer(values.strengths, np.float32)[known]
        at = np.flatnonzero(known)[weights > 0].tolist()
        ranked = sorted(zip((-weights[weights > 0]).tolist(), (values.names[one] for one in at), strict=True))
        return [name for _, name in ranked[:most]]

    def relabelled(self, label_of: Callable[[str], str | None]) -> Classifier:
        """Return the classifier with other labels; what `label_of` has none for is left out."""
        found = [(at, label) for at, old in enumerate(self.labels) if (label := label_of(old)) is not None]
        labels, places = tuple(label for _, label in found), [at for at, _ in found]
        if labels == self.labels:
            return self
        # `take` keeps the weights of a feature side by side; an index would turn them, and every look-up be slower
        return Classifier(labels, self.bias[places], self.keys, self.weights.take(places, axis=1))

    def _rows(self, hashed: array[int]) -> tuple[Places, npt.NDArray[np.bool_]]:
        wanted = np.frombuffer(hashed, np.uint32) if hashed else np.zeros(0, np.uint32)
        if not len(self.keys):
            return np.zeros(0, np.intp), np.zeros(len(wanted), np.bool_)
        rows = self.keys.searchsorted(wanted)
        known = self.keys.take(rows, mode="clip") == wanted
        return rows[known], known


UNTAUGHT = Classifier((), np.zeros(0, np.float32), np.zeros(0, np.uint32), np.zeros((0, 0), np.int16))


def softmax(scores: Floats) -> Floats:
    """Return scores as probabilities, along the last axis."""
    if not scores.size:
        return scores
    powers: Floats = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def as_shares(labels: Sequence[str], logs: npt.NDArray[np.float64]) -> dict[str, float]:
    """Return the probabilities of labels whose logarithms are known but for what they share."""
    if not len(labels):
        return {}
    powers = np.exp(logs - logs.max())
    return dict(zip(labels, (powers / powers.sum()).tolist(), strict=True))


def multiplied(one: Mapping[str, float], two: Mapping[str, float], weights: tuple[float, float]) -> dict[str, float]:
    """Return two opinions multiplied, each to the power of its weight."""
    both = list(one) if one.keys() == two.keys() else sorted({*one, *two})
    opinions = np.array([[opinion.get(label, _LEAST) for label in both] for opinion in (one, two)])
    return as_shares(both, np.array(weights) @ np.log(np.maximum(opinions, _LEAST)))


def divided(scores: Mapping[str, float], among: Mapping[str, float], weight: float) -> dict[str, float]:
    """Return shares, what some labels have of them divided among these as a second opinion says too."""
    mass = sum(scores.get(label, 0.0) for label in among)
    if not mass:
        return dict(scores)
    own = {label: scores.get(label, 0.0) / mass for label in among}
    return {**scores, **{label: share * mass for label, share in multiplied(own, among, (1.0, weight)).items()}}


def shifted(scores: Mapping[str, float], node: str, by: float) -> dict[str, float]:
    """Return the shares with the log-odds of `node` moved, the others sharing the rest as before."""
    old = scores.get(node, 0.0)
    share = min(max(old, 1e-4), 1 - 1e-4)
    new = 1 / (1 + math.exp(-(math.log(share / (1 - share)) + by)))
    shrink = (1 - new) / (1 - old) if old < 1 else 0.0
    return {one: value * shrink for one, value in scores.items() if one != node} | {node: new}


def ranked(scores: Mapping[str, float]) -> dict[str, float]:
    """Return the shares, the likeliest first."""
    return dict(sorted(scores.items(), key=lambda one: (-one[1], one[0])))


class Rows:
    """Rows to learn from, kept as checksums and strengths: their names would take many times the memory."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self.labels: list[str] = []
        self.sizes: list[int] = []
        self.keys = array("I")
        self.strengths = array("f")
        for label, values in rows:
            self.add(label, values)

    def add(self, label: str, values: Values) -> None:
        """Add one row."""
        self.labels.append(label)
        self.sizes.append(len(values.keys))
        self.keys.extend(values.keys)
        self.strengths.extend(values.strengths)

    def add_all(self, labels: Sequence[str], several: Sequence[Collection[str]], strength: float) -> None:
        """Add many small rows, whose features are all of one strength."""
        self.labels += labels
        self.sizes += map(len, several)
        together = Values((name for one in several for name in one), strength)
        self.keys.extend(together.keys)
        self.strengths.extend(together.strengths)

    def __len__(self) -> int:
        return len(self.labels)


def train(rows: Rows, epochs: int = EPOCHS, *, even: bool = False) -> Classifier:
    """Return the classifier that tells the rows' labels apart; the same rows always give the same one.

    With `even`, a label with few rows weighs up to three times as much, so that rare answers are found too.
    """
    return _Trainer(rows, even=even).run(epochs) if rows else UNTAUGHT


class _Trainer:
    """Rows padded to one length per batch, so that a batch is two small multiplications and a count per label."""

    def __init__(self, rows: Rows, *, even: bool) -> None:
        self._labels = sorted(set(rows.labels))
        number = {label: at for at, label in enumerate(self._labels)}
        self._targets = np.array([number[label] for label in rows.labels])
        hashed = np.frombuffer(rows.keys, np.uint32)
        # with the index, which nobody needs, `unique` sorts by digits, in less than half the time
        keys, _, numbers, counts = np.unique(hashed, return_index=True, return_inverse=True, return_counts=True)
        ordered = np.argsort(-counts, kind="stable")  # what comes often lies together, and is near at hand
        self._keys = keys[ordered[: np.count_nonzero(counts >= _RAREST)]]
        place = np.empty_like(ordered)
        place[ordered] = np.arange(len(ordered))
        columns = place[numbers]
        kept = columns < len(self._keys)
        self._columns = columns[kept]
        self._strengths = np.frombuffer(rows.strengths, np.float32)[kept]
        self._order = np.argsort(rows.sizes, kind="stable")
        self._bounds = np.concatenate([[0], np.cumsum(kept)])[np.concatenate([[0], np.cumsum(rows.sizes)])]
        shares = np.bincount(self._targets, minlength=len(self._labels))
        worth = np.minimum(_MOST_WORTH, len(rows) / len(self._labels) / shares) if even else np.ones(len(shares))
        self._worth = worth.astype(np.float32)
        self._weights = np.zeros((len(self._keys) + 1, len(self._labels)), np.float32)
        self._speeds = np.full_like(self._weights, 1e-2)
        self._slopes = np.zeros_like(self._weights)
        self._bias = np.zeros(len(self._labels), np.float32)
        self._bias_speed = np.ones_like(self._bias)

    def run(self, epochs: int) -> Classifier:
        draw = np.random.default_rng(7)
        order = (self._order[at : at + _BATCH] for at in range(0, len(self._order), _BATCH))
        batches = [self._batch(draw.permutation(rows)) for rows in order]
        for _ in range(epochs):
            for at in draw.permutation(len(batches)):
                self._learn(*batches[at])
        hundredths = np.rint(self._weights[:-1] * _HUNDREDTHS).clip(-32_000, 32_000).astype(np.int16)
        kept = np.flatnonzero((abs(hundredths) >= _SMALLEST).any(axis=1))
        kept = kept[np.argsort(self._keys[kept])]
        return Classifier(tuple(self._labels), self._bias, self._keys[kept], hundredths[kept])

    def _batch(self, rows: Places) -> tuple[Places, Places, Floats]:
        """Return rows of nearly one length, with their columns and strengths; the last column stands for nothing."""
        sizes = self._bounds[rows + 1] - self._bounds[rows]
        places = self._bounds[rows][:, None] + np.arange(sizes.max())
        inside = np.arange(sizes.max()) < sizes[:, None]
        places = np.where(inside, places, 0)
        columns = np.where(inside, self._columns[places], len(self._keys))
        return rows, columns, np.where(inside, self._strengths[places], np.float32(0))

    def _learn(self, rows: Places, columns: Places, strengths: Floats) -> None:
        weights = self._weights.take(columns, axis=0)
        scores = np.matmul(strengths[:, None, :], weights)[:, 0, :] + self._bias
        errors = softmax(scores)
        errors[np.arange(len(rows)), self._targets[rows]] -= 1.0
        errors *= self._worth[self._targets[rows]][:, None]
        self._change(columns, strengths, errors)
        slope = errors.sum(axis=0) * _BIAS_SHARE
        self._bias_speed += slope * slope
        self._bias -= RATE * slope / np.sqrt(self._bias_speed)

    def _change(self, columns: Places, strengths: Floats, errors: Floats) -> None:
        """Move the weights that had a part in an error worth the time; most rows err in two or three labels."""
        row, label = np.nonzero(abs(errors) > _LEAST_ERROR)
        cells = (columns[row] * len(self._labels) + label[:, None]).ravel()
        weights, speeds, slopes = self._weights.ravel(), self._speeds.ravel(), self._slopes.ravel()
        np.add.at(slopes, cells, (strengths[row] * errors[row, label][:, None]).ravel())
        slope = slopes.take(cells)  # a cell met twice has the whole sum both times: setting it twice does no harm
        speed = speeds.take(cells) + slope * slope
        speeds[cells] = speed
        weights[cells] = weights.take(cells) - RATE * slope / np.sqrt(speed)
        slopes[cells] = 0.0
        self._weights[-1] = 0.0
