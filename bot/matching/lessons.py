"""What the models are trained from: authored phrases, alone and in threads, as rows of features with their label."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from bot.content.matching_models import Matching
from bot.matching.context import Threads
from bot.matching.features import Eye
from bot.matching.linear import Linear
from bot.matching.message import Message
from bot.matching.train import Row
from bot.matching.wording import expand

_MOST_FORMS = 12
"""Wordings one phrase may add; beyond it they are taken evenly from all it stands for."""
_STRIDE = 7
"""Step through the remarks and threads, so that neighbouring phrases get different ones."""
_THREADS_EACH = 4
"""Threads in which each short question of an intent is shown to the thread's model."""
_WEIGHT_OF_AFTER = 2
"""How often a phrase authored for a thread counts, beside those that intents lead to."""

Asked = tuple[str, str]
"""A label and a wording."""


class Lessons:
    """The rows for each of the three models, from one library's matching data."""

    def __init__(self, data: Matching, read: Callable[[str], Message], eye: Eye, threads: Threads) -> None:
        self._data = data
        self._read = read
        self._eye = eye
        self._threads = threads
        self._alone = _asked(data.phrases.phrases)
        self._asks = [(name, form) for name, intent in data.intents.intents.items() for form in forms(intent.asks)]
        self._after = [
            (context, *asked) for context, phrases in data.phrases.after.items() for asked in _asked(phrases)
        ]

    def nodes(self) -> list[Row]:
        """Return the rows that tell which node a question asks for by itself."""
        whole = [(node, form) for context, node, form in self._after if self._stands_alone(context, node, form)]
        rows = [*_in_stories(self._alone, self._data.intents.asides), *whole]
        return _distinct((label, self._eye.whole(self._read(form))) for label, form in rows)

    def follow(self, first: Linear | None = None) -> list[Row]:
        """Return the rows that tell what a short question means: an intent, or a node by itself.

        With a `first` model, also what is authored for threads, each under the likeliest intent that leads to its node.
        """
        bare = [(node, form) for node, form in self._alone if not self._has_subject(form)]
        rows = [*_in_stories([*self._asks, *bare], self._data.intents.openers), *self._through(first)]
        return _distinct((label, self._eye.aspect(self._read(form))) for label, form in rows)

    def thread(self) -> list[Row]:
        """Return the rows that tell which node a question asks for after the one last shown."""
        shown = [one for at, asked in enumerate(self._asks) for one in self._shown(at, *asked)]
        rows = [*shown, *self._after * _WEIGHT_OF_AFTER]
        return [(node, self.seen_after(self._read(form), context)) for context, node, form in rows]

    def seen_after(self, message: Message, context: str) -> dict[str, float]:
        """Return the features of a message after `context`."""
        named = self._threads.named(message.concepts)
        return self._eye.after(self._eye.aspect(message), context, self._threads.subject_of(context), named)

    def _stands_alone(self, context: str, node: str, form: str) -> bool:
        """Return whether what was asked in a thread would mean the same anywhere."""
        elsewhere = node != context and not self._threads.holds(node)
        return elsewhere or self._threads.named(self._read(form).concepts) is not None

    def _has_subject(self, form: str) -> bool:
        return any(concept in self._data.intents.subjects for concept in self._read(form).concepts)

    def _shown(self, at: int, name: str, form: str) -> Iterator[tuple[str, str, str]]:
        """Yield an intent's question after some of the nodes, with the node it leads to."""
        contexts = list(self._data.intents.subject_of)
        named = self._threads.named(self._read(form).concepts)
        for step in range(_THREADS_EACH if contexts else 0):
            context = contexts[(at + step * _STRIDE) % len(contexts)]
            for node in self._threads.resolve(self._data.intents.intents[name], named, context)[:1]:
                yield context, node.removeprefix("?"), form

    def _through(self, first: Linear | None) -> Iterator[Asked]:
        for context, node, form in self._after if first else ():
            label = self._intent(first, context, node, self._read(form)) if first else None
            if label:
                yield label, form

    def _intent(self, first: Linear, context: str, node: str, message: Message) -> str | None:
        """Return the likeliest label through which the message leads to `node` after `context`."""
        likely = first.probabilities(self._eye.aspect(message))
        named, intents = self._threads.named(message.concepts), self._data.intents.intents
        for label in sorted(likely, key=lambda one: (-likely[one], one)):
            leads = self._threads.resolve(intents[label], named, context) if label in intents else (label,)
            if leads and leads[0].removeprefix("?") == node:
                return label
        return None


def forms(lines: Iterable[str]) -> list[str]:
    """Return the wordings the lines stand for, at most `_MOST_FORMS` of each."""
    found: list[str] = []
    for line in lines:
        every = expand(line)
        found.extend(every[:: max(1, len(every) // _MOST_FORMS)])
    return found


def _asked(phrases: Mapping[str, Sequence[str]]) -> list[Asked]:
    return [(node, form) for node, lines in phrases.items() for form in forms(lines)]


def _in_stories(phrases: Sequence[Asked], asides: Sequence[str]) -> Iterator[Asked]:
    """Yield each phrase alone and beside a remark that could stand beside any: people tell stories around questions."""
    for at, (label, form) in enumerate(phrases):
        yield label, form
        if asides:
            aside = asides[at * _STRIDE % len(asides)]
            yield label, f"{aside}. {form}" if at % 3 else f"{form}. {aside}"


def _distinct(rows: Iterable[tuple[str, dict[str, float]]]) -> list[Row]:
    return list({(label, *values): (label, values) for label, values in rows}.values())
