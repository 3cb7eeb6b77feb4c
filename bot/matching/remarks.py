"""Finds the question in a message: which words only stand around it, and where one question ends and another begins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from bot.matching.classifier import Classifier
from bot.matching.features import Features
from bot.matching.lessons import REMARK
from bot.matching.parser import Message, joined
from bot.matching.subjects import Subjects
from bot.matching.text import STOP

AT_PAUSE, INSIDE = 0.5, 3.5
"""What it costs, in log-odds, to pass from question to remark: where a clause begins, and within one."""
_ASKING = frozenset(
    {
        *("what", "whats", "how", "hows", "who", "whos", "when", "where", "wheres", "which", "why", "any"),
        *("does", "do", "did", "is", "are", "was", "can", "could", "should", "would", "will", "has", "have", "am"),
    }
)
_TELLING = frozenset({"tell", "explain", "describe", "list", "compare", "show", "please"})
_PERSONS = frozenset({"i", "im", "ive", "my", "he", "hes", "she", "shes", "we", "they", "it", "its", "you"})
_NOTE = 6
"""Words up to which a sentence without a verb is read as a question, as clinicians write: `ALA dose. Interactions`."""
_LINKS = frozenset({"and", "&", "+", "but", "or", "also", "so", "then", "plus"})
_PARTS = frozenset({"its", "their", "any", "whether", "if", "there", "also", "the"})
_TO = frozenset({"at", "for", "in", "to", "on", "with", "by", "from", "of"})
"""What a further question may begin with after such a word."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a message, with whether it has the form of a question."""

    message: Message
    asks: bool


class Remarks:
    """Finds the words that ask: a model says of each word which it is, and few changes between them are likeliest."""

    def __init__(
        self,
        words: Classifier,
        features: Features,
        subjects: Subjects,
        states_facts: Callable[[Message], bool],
    ) -> None:
        self._words = words
        self._features = features
        self._subjects = subjects
        self._states_facts = states_facts

    def question(self, message: Message, doubt: float = 0.0) -> Message:
        """Return the message without the remarks around its question; all of it where nothing else would be left.

        With `doubt` (log-odds), words are set aside that are less surely a remark.
        """
        parts = [(message.part(start, end), aside) for start, end, aside in self._spans(message, doubt)]
        kept = [part for part, aside in parts if not aside or self._tells(part) or (doubt and _opens(part))]
        if len(kept) == len(parts) or not any(word != STOP for part in kept for word in part.words):
            return message
        return joined(kept)

    def _spans(self, message: Message, doubt: float) -> list[tuple[int, int, bool]]:
        """Return the spans of words that are all remark or all question."""
        if len(message.words) < 2:
            return [(0, len(message.words), False)]
        odds = [one + doubt for one in self._words.log_odds(self._features.words(message), REMARK)]
        begins = message.pauses | {at + 1 for at, word in enumerate(message.words) if word == STOP}
        states = _likeliest(odds, [AT_PAUSE if at in begins else INSIDE for at in range(len(odds))])
        spans, at = [], 0
        for aside, group in groupby(states):
            size = len(list(group))
            spans.append((at, at + size, aside))
            at += size
        return spans

    def _tells(self, part: Message) -> bool:
        """Tell whether a part names something, or says what decides for one person."""
        named = self._subjects.named(part)
        telling = (name for name in named.foreign if self._subjects.kind_of[name] != "thing")
        return bool(named.held or named.leaning or next(telling, None)) or self._states_facts(part)


def _likeliest(odds: Sequence[float], costs: Sequence[float]) -> list[bool]:
    """Return which words are remarks (Viterbi): by the odds of each, and the cost of each change between them."""
    best = [0.0, float(odds[0])]
    back: list[tuple[int, int]] = []
    for value, cost in zip(odds[1:], costs[1:], strict=True):
        ask = 0 if best[0] >= best[1] - cost else 1
        aside = 1 if best[1] >= best[0] - cost else 0
        back.append((ask, aside))
        best = [
            best[ask] - (cost if ask else 0.0),
            best[aside] - (0.0 if aside else cost) + float(value),
        ]
    state = int(best[1] > best[0])
    states = [state]
    for ways in reversed(back):
        state = ways[state]
        states.append(state)
    return [bool(one) for one in reversed(states)]


def questions(message: Message, subjects: Subjects) -> list[Message]:
    """Return the parts of a message that each have the form of a question of their own."""
    return [part for sentence in _sentences(message) for part in _asked(sentence, subjects)]


def _sentences(message: Message) -> Iterator[Clause]:
    at = 0
    for place in range(len(message.words) + 1):
        if place == len(message.words) or message.words[place] == STOP:
            if place > at:
                yield Clause(message.part(at, place), place in message.asked)
            at = place + 1


def _asked(sentence: Clause, subjects: Subjects) -> Iterator[Message]:
    """Yield the questions of one sentence: cut where `and how` begins another one, and `, is` after a question."""
    message = sentence.message
    cuts = [0]
    for at in range(1, len(message.words) - 1):
        after_question = message.words[cuts[-1]] in _ASKING or message.words[cuts[-1]] in _LINKS
        if _links(message, at) or (after_question and at in message.pauses and message.words[at] in _ASKING):
            cuts.append(at)
    for start, end in zip(cuts, [*cuts[1:], len(message.words)], strict=True):
        part = _unlinked(message.part(start, end))
        if part.words and (start > 0 or _asks(part, subjects) or (sentence.asks and len(cuts) == 1)):
            yield part


def _links(message: Message, place: int) -> bool:
    """Tell whether a word that links begins another question here: `but does`, `and at what`, `and their`."""
    word, second, third = (*message.words[place : place + 3], "", "")[:3]
    return word in _LINKS and (second in _ASKING or second in _PARTS or (second in _TO and third in _ASKING))


def _asks(part: Message, subjects: Subjects) -> bool:
    """Tell whether words ask something: by how they begin, or as a note does, a few words that name a subject."""
    if part.words[0] in _ASKING or part.words[0] in _TELLING:
        return True
    return len(part.words) <= _NOTE and part.words[0] not in _PERSONS and bool(subjects.named(part).held)


def _opens(part: Message) -> bool:
    """Tell whether words begin as a question does."""
    bare = _unlinked(part)
    return bool(bare.words) and bare.words[0] in _ASKING


def _unlinked(part: Message) -> Message:
    at = 0
    while at < len(part.words) and part.words[at] in _LINKS:
        at += 1
    return part.part(at, len(part.words)) if at else part
