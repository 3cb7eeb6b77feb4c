"""The models, trained from what was authored, and kept in a cache under the digest of all they were trained from.

They learn by AdaGrad in small batches. Training takes seconds, so the first command that needs the models makes them
and every later one reads them. A cached file is found by its digest alone: models of other content are never taken for
these. Single models of the newest file are, where they were read from the same or trained from the same rows.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields, replace
from functools import partial
from itertools import chain
from pathlib import Path
from queue import SimpleQueue
from time import monotonic
from typing import IO, Any, cast
from zipfile import BadZipFile

import numpy as np

from bot.content.loader import no_collection
from bot.matching.build import Data, Index, Parts, code, digest, read_from
from bot.matching.classifier import STEPS, UNTAUGHT, Classifier, Floats, Keys, Places, softmax
from bot.matching.foreign import tongues_of
from bot.matching.lessons import Lessons, Rows
from bot.matching.likeness import likeness_of

if sys.platform != "win32":
    import fcntl

log = logging.getLogger(__name__)

_FIRST_EPOCHS, _EPOCHS, _FEW_EPOCHS, _SIBLING_EPOCHS = 3, 4, 5, 10
_WORTH_A_PROCESS = 1_000
"""Lines of answers from which starting other processes takes less time than it saves."""
_MOST_PROCESSES = 4
_READABLE = 0o644
"""A temporary file is its owner's alone, and an image is built by another user than the one who serves from it."""
_BROKEN = (OSError, EOFError, ValueError, KeyError, TypeError, BadZipFile)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Models:
    """`aspects` tells what is asked; `names` and `about` which answer, by names and by placeholders with the subject;
    `standing` whether a question leans on what was said before; `words` which words only stand around a question;
    `urgent` which sign of an emergency a sentence is like, `spelt` whether one by the pieces of its words, `after` what
    is said after its card; `kinds`, `pieces` and `language` the same of a message in another language; `siblings` which
    of the answers with few lines is meant; `whole` the same as `names`, with the answer that messages followed."""

    aspects: Classifier
    names: Classifier
    about: Classifier
    standing: Classifier
    words: Classifier
    urgent: Classifier = UNTAUGHT
    spelt: Classifier = UNTAUGHT
    after: Classifier = UNTAUGHT
    kinds: Classifier = UNTAUGHT
    pieces: Classifier = UNTAUGHT
    language: Classifier = UNTAUGHT
    siblings: Classifier = UNTAUGHT
    whole: Classifier = UNTAUGHT


@dataclass(frozen=True, slots=True)
class Before:
    """Models that were trained before, and what each group of them was read from (`read_from`)."""

    models: Mapping[str, Classifier] = field(default_factory=dict)
    read_from: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Lesson:
    """What one model is trained from, and how; `origin` changes with either."""

    model: str
    rows: Rows
    train: Callable[[Rows], Classifier]
    origin: str

    def learned(self) -> Classifier:
        return replace(self.train(self.rows), origin=self.origin)


def _lesson(model: str, rows: Rows, epochs: int, *, even: bool = False, counted: float = 0.0) -> _Lesson:
    told = hashlib.sha256(json.dumps([code(), rows.labels, rows.sizes, epochs, even, counted]).encode())
    for numbers in (rows.keys, rows.strengths, rows.worths):
        told.update(numbers)
    return _Lesson(model, rows, partial(train, epochs=epochs, even=even, counted=counted), told.hexdigest())


def _questions(parts: Parts) -> Iterator[_Lesson]:
    lessons = Lessons(parts)
    names, about = lessons.lines()
    yield _lesson("about", about, _EPOCHS)
    yield _lesson("names", names, _EPOCHS)
    del names, about
    yield _lesson("whole", lessons.whole(), _EPOCHS)
    yield _lesson("siblings", lessons.siblings(), _SIBLING_EPOCHS, even=True, counted=_COUNTED)
    first = train(lessons.aspects(), _FIRST_EPOCHS, even=True)
    yield _lesson("aspects", lessons.aspects(first), _EPOCHS, even=True)
    yield _lesson("standing", lessons.standing(), _EPOCHS, even=True)
    yield _lesson("words", lessons.words(), _EPOCHS)


def _emergencies(parts: Parts) -> Iterator[_Lesson]:
    like = likeness_of(parts)
    urgent, spelt = like.rows(parts.data)
    yield _lesson("urgent", urgent, _EPOCHS)
    yield _lesson("spelt", spelt, _EPOCHS)
    del urgent, spelt
    yield _lesson("after", like.rows_after(parts.data), _SIBLING_EPOCHS, even=True)


def _languages(parts: Parts) -> Iterator[_Lesson]:
    for name, rows in tongues_of(parts).rows(parts.data, likeness_of(parts).kinds).items():
        yield _lesson(name, rows, _FEW_EPOCHS)


_READ: Mapping[str, Callable[[Parts], Iterator[_Lesson]]] = {
    "questions": _questions,
    "emergencies": _emergencies,
    "languages": _languages,
}
"""What is read independently of the rest, the longest first; each text once, for all that is learned from it."""
_GROUPS = {
    "questions": ("about", "names", "whole", "siblings", "aspects", "standing", "words"),
    "emergencies": ("urgent", "spelt", "after"),
    "languages": ("kinds", "pieces", "language"),
}
"""The models that are learned from each."""
_TOLD = {
    "about": "which answer is meant",
    "urgent": "what is an emergency",
    "aspects": "what can be asked",
    "words": "what only stands around a question",
}
"""What somebody who waits is told of, by its model."""

_Done = Callable[[str, Classifier], None]


def learn(parts: Parts, say: Say = log.info, before: Before = Before()) -> Models:
    """Return models trained from the library's words; the same words always give the same models. What is read from
    the same as `before`, or trained from the same rows, is taken from there: it would be the very same."""
    began = monotonic()
    say("learning how people ask: words were changed, or it is the first time; up to a minute, so gather changes ...")
    found: dict[str, Classifier] = {}

    def done(name: str, model: Classifier) -> None:
        found[name] = model
        if name in _TOLD:
            say(f"  {_TOLD[name]}: {monotonic() - began:.0f} s")

    now = read_from(parts.data)
    left = [name for name in _READ if now[name] != before.read_from.get(name)]
    found |= {model: before.models[model] for name in _READ if name not in left for model in _GROUPS[name]}
    _learn(parts, left, done, {one.origin: one for one in before.models.values()})
    return Models(**found)


def _learn(parts: Parts, names: Sequence[str], done: _Done, trained: Mapping[str, Classifier]) -> None:
    """Read and learn: side by side where there are cores for it and enough to learn, else here. What was `trained`
    before from the same rows is done at once."""
    if (cores := _cores()) > 1 and sum(map(len, parts.data.phrases.values())) >= _WORTH_A_PROCESS:
        try:
            _side_by_side(parts, names, min(cores, _MOST_PROCESSES), done, trained)
            return
        except (OSError, EOFError, subprocess.SubprocessError) as fault:  # no memory, or a process that was killed
            log.info("learning in one process, since no other can be started: %s", fault)
    with no_collection():
        for name in names:
            for lesson in _READ[name](parts):
                done(lesson.model, trained.get(lesson.origin) or lesson.learned())


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _side_by_side(
    parts: Parts, names: Sequence[str], processes: int, done: _Done, trained: Mapping[str, Classifier]
) -> None:
    """Read and learn in so many processes: whichever is free takes what has waited longest."""
    jobs: list[Future[None]] = []
    free = SimpleQueue[_Process]()

    def do(task: str | _Lesson) -> None:
        process = free.get()  # never waits: there are as many processes as threads
        try:
            for found in _answers(process, task):
                if not isinstance(found, _Lesson):
                    done(*found)
                elif model := trained.get(found.origin):
                    done(found.model, model)
                else:
                    jobs.append(pool.submit(do, found))
        finally:
            free.put(process)  # a killed one too: what it is asked next fails as well, and nobody waits for it

    given = pickle.dumps((parts.data, parts.index))
    with ExitStack() as stack:
        started = [stack.enter_context(_started()) for _ in range(processes)]
        for process in started:
            cast(IO[bytes], process.stdin).write(given)
            free.put(process)
        pool = stack.enter_context(ThreadPoolExecutor(processes))
        stack.callback(pool.shutdown, cancel_futures=True)
        jobs += [pool.submit(do, name) for name in names]
        for job in jobs:  # which grow while they are done
            job.result()


_Process = subprocess.Popen[bytes]


def _started() -> _Process:
    """Return another process: a plain one, since those of `multiprocessing` begin by running the program anew that
    asked for them, and a fork would take over locks that threads hold."""
    command = (sys.executable, "-P", "-c", f"from {__name__} import work; work()")
    place = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=place)  # noqa: S603


def _answers(process: _Process, task: str | _Lesson) -> Iterator[_Lesson | tuple[str, Classifier]]:
    """Yield what a process makes of a task: lessons of what is to be read, the model of a lesson."""
    given, found = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
    pickle.dump(task, given)
    given.flush()
    while (one := pickle.load(found)) is not None:  # noqa: S301 (written by ourselves, a moment ago)
        yield one


def work() -> None:
    """Do the tasks that come by the standard input until it ends, and write what becomes of each to the standard
    output, with None after it."""
    given = sys.stdin.buffer
    data, index = pickle.load(given)  # noqa: S301 (from the process that started this one)
    with no_collection(), suppress(EOFError):
        while True:
            task = pickle.load(given)  # noqa: S301
            found = [(task.model, task.learned())] if isinstance(task, _Lesson) else _READ[task](Parts(data, index))
            for one in chain(found, (None,)):
                pickle.dump(one, sys.stdout.buffer)
                sys.stdout.buffer.flush()
    os._exit(0)  # to give back so many small things one by one takes a second or two


def learned(data: Data, cache: Path | None, say: Say = log.info) -> tuple[Parts, Models]:
    """Return what reads a library and its models from the cache, or train them and put them there; what another
    process is training at the moment is waited for."""
    if cache is None:
        parts = Parts(data)
        return parts, learn(parts, say)
    found = stored(data, cache)
    if not found:
        with _alone(_file(data, cache), say):
            found = stored(data, cache) or _trained(data, cache, say)
    return found


def _trained(data: Data, cache: Path, say: Say) -> tuple[Parts, Models]:
    parts = Parts(data)
    models = learn(parts, say, _newest(cache))
    try:
        save(_file(data, cache), models, parts.index, read_from(data))
    except OSError as fault:
        log.warning("the matcher's models cannot be kept in %s: %s", cache, fault)
    return parts, models


def _newest(cache: Path) -> Before:
    """Return what was put into a cache last: a change of words leaves most of it as it is."""
    with suppress(*_BROKEN):
        path = max(cache.glob("matcher-*.npz"), key=lambda one: one.stat().st_mtime)
        with np.load(path, allow_pickle=False) as file:
            return Before({one.name: _model(file, one.name) for one in fields(Models)}, json.loads(str(file["from"])))
    return Before()


@contextmanager
def _alone(path: Path, say: Say) -> Iterator[None]:
    """Let one process at a time make a file of models; where none can be locked out, each makes its own."""
    with ExitStack() as stack:
        if sys.platform != "win32":
            with suppress(OSError):  # a folder nobody may write to, or a disk that knows no locks
                path.parent.mkdir(parents=True, exist_ok=True)
                place = path.with_suffix(".lock")
                _wait_for(stack.enter_context(place.open("wb")), say)
                stack.callback(place.unlink, missing_ok=True)  # whoever waited for it has it open
        yield


def _wait_for(lock: IO[bytes], say: Say) -> None:
    """Hold a file's lock; the system frees it when the process that holds it dies."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("another command is learning these words already: waiting, to take over what it learns ...")
        fcntl.flock(lock, fcntl.LOCK_EX)


def stored(data: Data, cache: Path) -> tuple[Parts, Models] | None:
    """Return the models that were trained from exactly this, with what reads it, or None."""
    found = load(_file(data, cache))
    return (Parts(data, found[1]), found[0]) if found else None


def _file(data: Data, cache: Path) -> Path:
    return cache / f"matcher-{digest(data)}.npz"


_PARTS = ("labels", "bias", "keys", "weights", "origin")


def load(path: Path) -> tuple[Models, Index] | None:
    """Return the models a file holds and the index of what they learned from, or None where it holds none."""
    try:
        with np.load(path, allow_pickle=False) as file:
            models = Models(*(_model(file, one.name) for one in fields(Models)))
            return models, Index.read(json.loads(file["index"].tobytes()))
    except _BROKEN:
        return None


def _model(file: Mapping[str, Any], name: str) -> Classifier:
    labels, bias, keys, weights, origin = (file[f"{name}.{part}"] for part in _PARTS)
    return Classifier(tuple(json.loads(str(labels))), bias, keys, weights, str(origin))


def save(path: Path, models: Models, index: Index, origins: Mapping[str, str]) -> None:
    """Write the models, with what each group was read from; another process that reads the file meanwhile finds the old
    one or the new one."""
    arrays = {"index": np.frombuffer(json.dumps(asdict(index)).encode(), np.uint8)}
    arrays["from"] = np.array(json.dumps(dict(origins)))
    for one in fields(Models):
        model: Classifier = getattr(models, one.name)
        arrays[f"{one.name}.labels"] = np.array(json.dumps(model.labels))
        arrays[f"{one.name}.origin"] = np.array(model.origin)
        arrays |= {f"{one.name}.{part}": getattr(model, part) for part in ("bias", "keys", "weights")}
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
        np.savez(file, allow_pickle=False, **arrays)
    os.chmod(file.name, _READABLE)
    os.replace(file.name, path)


# --- learning from rows ---

_RATE = 0.5
_BATCH, _NEAR = 256, 5_000
"""Rows learned from at once: as many as have their weights near at hand, with many labels fewer."""
_BIAS_SHARE = 0.1
"""How fast the biases learn, beside the weights: a label is no likelier for having had the last row."""
_LEAST_ERROR = 0.01
"""Errors below this teach nothing worth the time."""
_WHOLE_EPOCHS, _LEARNED = 2, 0.03
"""Epochs that go through all rows, and the error below which later ones leave a row out: a third of the rows are
learned by then and half in the end, and going through them again told no question apart (measured 2026-11)."""
_MOST_WORTH = 3.0
_SMALLEST = 0.15
"""Features whose weights all stay below this decide nothing."""
_LARGEST = np.iinfo(np.int8).max
_RAREST, _FEW = 3, 10_000
"""Features of fewer rows say nothing: with those of two, models were half as large again. Of few rows, two do."""
_COUNTED, _DOUBT = 0.5, 0.2
"""The part of counting where lines are few, and what is counted of every feature beside where it was seen."""


def train(rows: Rows, epochs: int, *, even: bool = False, counted: float = 0.0) -> Classifier:
    """Return the classifier that tells the rows' labels apart; the same rows always give the same one.

    With `even`, labels with few rows weigh up to three times as much; `counted` is the part of counting (naive Bayes).
    """
    rarest = 1 if counted else _RAREST - (len(rows) < _FEW)
    return _Trainer(rows, rarest, even=even).run(epochs, counted) if rows else UNTAUGHT


class _Trainer:
    """Rows padded to one length per batch, so that a batch is two small multiplications and a count per label."""

    def __init__(self, rows: Rows, rarest: int, *, even: bool) -> None:
        self._labels = sorted(set(rows.labels))
        number = {label: at for at, label in enumerate(self._labels)}
        self._targets = np.array([number[label] for label in rows.labels])
        self._keys, columns = _numbered(np.frombuffer(rows.keys, np.uint32), rarest)
        kept = columns < len(self._keys)
        self._columns = np.append(columns[kept], len(self._keys))
        self._strengths = np.append(np.frombuffer(rows.strengths, np.float32)[kept], np.float32(0))
        self._bounds = np.concatenate([[0], np.cumsum(kept)])[np.concatenate([[0], np.cumsum(rows.sizes)])]
        self._order = np.argsort(rows.sizes, kind="stable")
        self._errors = np.ones(len(rows), np.float32)
        shares = np.bincount(self._targets, minlength=len(self._labels))
        worth = np.minimum(_MOST_WORTH, len(rows) / len(self._labels) / shares) if even else np.ones(len(shares))
        self._worth = worth.astype(np.float32)[self._targets] * np.frombuffer(rows.worths, np.float32)
        self._weights = np.zeros((len(self._keys) + 1, len(self._labels)), np.float32)
        self._speeds = np.full_like(self._weights, 1e-2)
        self._slopes = np.zeros_like(self._weights)
        self._bias = np.zeros(len(self._labels), np.float32)
        self._bias_speed = np.ones_like(self._bias)
        self._taken = np.zeros(0, np.float32)

    def run(self, epochs: int, counted: float) -> Classifier:
        draw, size = np.random.default_rng(7), min(_BATCH, max(1, _NEAR // len(self._labels)))
        for epoch in range(epochs):
            rows = self._order if epoch < _WHOLE_EPOCHS else self._order[self._errors[self._order] >= _LEARNED]
            batches = [rows[at : at + size] for at in range(0, len(rows), size)]
            for at in draw.permutation(len(batches)):
                self._learn(*self._batch(batches[at]))
        weights = self._weights[:-1] + (counted * self._counts() if counted else 0.0)
        kept = np.flatnonzero((abs(weights) >= _SMALLEST).any(axis=1))
        kept = kept[np.argsort(self._keys[kept])]
        steps = np.rint(weights[kept] * STEPS).clip(-_LARGEST, _LARGEST).astype(np.int8)
        return Classifier(tuple(self._labels), self._bias, self._keys[kept], steps)

    def _counts(self) -> Floats:
        """Return how much likelier than in others each feature is in the rows of each label, as a logarithm."""
        seen = np.full((len(self._keys), len(self._labels)), _DOUBT, np.float32)
        np.add.at(seen, (self._columns[:-1], self._targets.repeat(np.diff(self._bounds))), 1.0)
        likely: Floats = np.log(seen / (np.bincount(self._targets) + 2 * _DOUBT).astype(np.float32))
        likely -= likely.mean(axis=1, keepdims=True)
        return likely

    def _batch(self, rows: Places) -> tuple[Places, Places, Floats]:
        """Return rows of nearly one length, with their columns and strengths; the last column stands for nothing."""
        starts, ends = self._bounds[rows], self._bounds[rows + 1]
        places = starts[:, None] + np.arange((ends - starts).max())
        places[places >= ends[:, None]] = len(self._columns) - 1
        return rows, self._columns.take(places), self._strengths.take(places)

    def _learn(self, rows: Places, columns: Places, strengths: Floats) -> None:
        targets = self._targets[rows]
        scores = np.matmul(strengths[:, None, :], self._of(columns))[:, 0, :] + self._bias
        errors = softmax(scores)
        errors[np.arange(len(rows)), targets] -= 1.0
        sizes = abs(errors)
        self._errors[rows] = sizes.max(axis=1)
        errors *= self._worth[rows][:, None]
        self._change(columns, strengths, errors)
        slope = errors.sum(axis=0) * _BIAS_SHARE
        self._bias_speed += slope * slope
        self._bias -= _RATE * slope / np.sqrt(self._bias_speed)

    def _of(self, columns: Places) -> Floats:
        """Return the weights of some columns, in memory that is used again: to be given new takes as long as this."""
        size = columns.size * len(self._labels)
        if self._taken.size < size:
            self._taken = np.empty(size, np.float32)
        taken = self._taken[:size].reshape(*columns.shape, len(self._labels))
        return self._weights.take(columns, axis=0, out=taken, mode="clip")

    def _change(self, columns: Places, strengths: Floats, errors: Floats) -> None:
        """Move the weights that had a part in an error worth the time; most rows err in two or three labels."""
        row, label = np.nonzero(abs(errors) > _LEAST_ERROR)
        cells = columns.take(row, axis=0)
        cells *= len(self._labels)
        cells += label[:, None]
        cells = cells.ravel()
        weights, speeds, slopes = self._weights.ravel(), self._speeds.ravel(), self._slopes.ravel()
        np.add.at(slopes, cells, (strengths.take(row, axis=0) * errors[row, label][:, None]).ravel())
        slope = slopes.take(cells)  # a cell met twice has the whole sum both times: setting it twice does no harm
        speed = speeds.take(cells) + slope * slope
        speeds[cells] = speed
        slope *= _RATE
        slope /= np.sqrt(speed, out=speed)
        weights[cells] = weights.take(cells) - slope
        slopes[cells] = 0.0
        self._weights[-1] = 0.0


def _numbered(hashed: Keys, rarest: int) -> tuple[Keys, Places]:
    """Return the keys that are no rarities, what comes often first, and the number of each key in that order.

    Every key is sorted together with its place: that is many times faster than to sort the places by the keys.
    """
    both = hashed.astype(np.uint64) << np.uint64(32) | np.arange(len(hashed), dtype=np.uint64)
    both.sort()
    ordered = (both >> np.uint64(32)).astype(np.uint32)
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    counts = np.diff(starts, append=len(ordered))
    often = np.argsort(-counts, kind="stable")  # what comes often lies together, and is near at hand
    numbers = np.empty(len(often), np.intp)
    numbers[often] = np.arange(len(often))
    found = np.empty(len(hashed), np.intp)
    found[both & np.uint64(0xFFFFFFFF)] = np.repeat(numbers, counts)
    return ordered[starts[often[: np.count_nonzero(counts >= rarest)]]], found
