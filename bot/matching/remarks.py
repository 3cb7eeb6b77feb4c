"""Takes a message apart into clauses, and sets aside what only stands around the question: greetings, thanks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.content.matching_models import Courtesies
from bot.matching.classifier import Classifier
from bot.matching.features import Features
from bot.matching.lessons import REMARK
from bot.matching.parser import Message, joined
from bot.matching.subjects import Subjects
from bot.matching.text import STOP, sampled

REMARK_FROM = 0.3
"""The likelihood from which a clause is set aside as a remark."""
PERHAPS_FROM = 0.01
"""The same for a clause that has no form of a question beside one that has."""
_LONGEST_COURTESY = 6
_FORMS = 400
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
_LINKS = frozenset({"and", "but", "or", "also", "so", "then", "plus"})


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a message, with whether it has the form of a question."""

    message: Message
    asks: bool


class Remarks:
    """Finds the question in a message."""

    def __init__(
        self,
        remarks: Classifier,
        features: Features,
        subjects: Subjects,
        courtesies: Courtesies,
        stems: Callable[[str], Sequence[str]],
        states_facts: Callable[[Message], bool],
    ) -> None:
        self._remarks = remarks
        self._features = features
        self._subjects = subjects
        self._states_facts = states_facts
        self._before = _sequences((*courtesies.words, *courtesies.frames), stems)
        self._after = _sequences(courtesies.words, stems)

    def question(self, message: Message) -> Message:
        """Return the message without the remarks around its question; all of it where nothing else would be left."""
        parts = [Clause(self._bare(part.message), part.asks) for part in clauses(message)]
        if len(parts) < 2:
            return parts[0].message if parts else message
        asked = any(part.asks or _asks(part.message, self._subjects) for part in parts)
        kept = [part.message for part in parts if not self._aside(part, asked=asked)]
        return joined(kept or [part.message for part in parts])

    def _aside(self, part: Clause, *, asked: bool) -> bool:
        """Tell whether a clause is a remark: surely, or perhaps where another clause asks something."""
        if self._names(part.message) or self._states_facts(part.message):
            return False
        likely = self._likely(part.message)
        asks = part.asks or _is_question(part.message)
        return likely > REMARK_FROM or (asked and not asks and likely > PERHAPS_FROM)

    def _names(self, part: Message) -> bool:
        named = self._subjects.named(part)
        telling = (name for name in named.foreign if self._subjects.kind_of[name] != "thing")
        return bool(named.held or named.leaning or next(telling, None))

    def _likely(self, part: Message) -> float:
        named = self._subjects.named(part)
        return self._remarks.probabilities(self._features.standing(part, named)).get(REMARK, 0.0)

    def _bare(self, part: Message) -> Message:
        """Return a clause without the courtesy it begins or ends with, where enough is left."""
        size = len(part.words)
        start = next((n for n in range(_LONGEST_COURTESY, 0, -1) if part.stems[:n] in self._before and n < size), 0)
        end = next(
            (n for n in range(_LONGEST_COURTESY, 0, -1) if part.stems[size - n :] in self._after and n < size - start),
            0,
        )
        left = part.part(start, size - end)
        return left if self._subjects.named(left).held or len(left.words) > 2 else part


def clauses(message: Message) -> list[Clause]:
    """Return the parts of a message between sentence ends and pauses; the last of a sentence bears its mark."""
    parts, at = list[Clause](), 0
    for place in range(len(message.words) + 1):
        ends = place == len(message.words) or message.words[place] == STOP
        if (ends or place in message.pauses or _begins(message, place)) and place > at:
            parts.append(Clause(message.part(at, place), place in message.asked))
            at = place
        if ends:
            at = place + 1
    return parts


def _begins(message: Message, place: int) -> bool:
    """Tell whether another question begins here: `but does`, `and how`."""
    following = message.words[place : place + 2]
    return len(following) == 2 and following[0] in _LINKS and following[1] in _ASKING


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
    """Yield the questions of one sentence: cut where `and how`, `, is` and the like begin another one."""
    message = sentence.message
    later = range(1, len(message.words) - 1)
    cuts = [0, *(at for at in later if _begins(message, at) or (at in message.pauses and message.words[at] in _ASKING))]
    for start, end in zip(cuts, [*cuts[1:], len(message.words)], strict=True):
        part = _unlinked(message.part(start, end))
        if part.words and (_asks(part, subjects) or (sentence.asks and len(cuts) == 1)):
            yield part


def _is_question(part: Message) -> bool:
    """Tell whether a clause begins as a question does, or as a request to tell."""
    at = 0
    while at < len(part.words) - 1 and part.words[at] in _LINKS:
        at += 1
    return bool(part.words) and (part.words[at] in _ASKING or part.words[at] in _TELLING)


def _asks(part: Message, subjects: Subjects) -> bool:
    """Tell whether words ask something: by how they begin, or as a note does, a few words that name a subject."""
    if part.words[0] in _ASKING or part.words[0] in _TELLING:
        return True
    return len(part.words) <= _NOTE and part.words[0] not in _PERSONS and bool(subjects.named(part).held)


def _unlinked(part: Message) -> Message:
    at = 0
    while at < len(part.words) and part.words[at] in _LINKS:
        at += 1
    return part.part(at, len(part.words)) if at else part


def _sequences(lines: Iterable[str], stems: Callable[[str], Sequence[str]]) -> frozenset[tuple[str, ...]]:
    found = (tuple(stems(form)) for line in lines for form in sampled(line, _FORMS))
    return frozenset(one for one in found if 0 < len(one) <= _LONGEST_COURTESY)
