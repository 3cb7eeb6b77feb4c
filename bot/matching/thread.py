"""What a thread makes of a question that its words alone leave open: what the answer last shown says, and of what."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from bot.dialog.turn import Match, Outcome
from bot.matching.build import Parts
from bot.matching.parser import Message
from bot.matching.ranking import Reading
from bot.matching.subjects import NONE, SELF
from bot.matching.text import FUNCTION, PERSONS, STOP, clean, split

SURE = 0.7
"""How sure the aspect of a question must be for the thread's subject alone to decide."""
LEANS = 0.5
"""How far such a question must lean on its thread."""
LIKELY = 0.3
"""From which likelihood an answer of the thread's subject that holds every word asked is given and not offered."""
PERSONAL = 0.3
"""From which likelihood of a personal question the words of an answer decide nothing."""
OFTEN = 0.2
"""The share of all answers that may hold a word that still tells one from another."""
UNSURE = (Outcome.CHOICES, Outcome.NOT_COVERED)
_BOTH = "interactions"
_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_SHORTEST = 3

_GOING_ON = frozenset("and or so then also too ok okay what about how same for with".split())  # noqa: SIM905
"""Words that go on from what was said, and ask nothing themselves."""

Unit = frozenset[str]
"""A word of a question or a name in it, in all the forms in which an answer may hold it."""


class Thread:
    """Decides what only the thread can decide; it reads the answers once, when somebody first asks on."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._subjects = parts.subjects

    def resolved(self, match: Match, question: Message, reading: Reading, context: str | None) -> Match:
        """Return the decision where it is sure, or the one that the thread makes of it: a subject that thread and words
        make up together, an aspect that the thread's subject holds, an answer that speaks of all that is asked."""
        if context is None or match.also or match.language:
            return match
        same = self._same_of(question, reading, context) if match.outcome is not Outcome.SMALL_TALK else None
        if match.outcome not in UNSURE and same is None:
            return self._with_harm(match, question, context)
        found = (
            same
            or self._together(reading, context)
            or self._by_aspect(reading, context)
            or self._by_words(match, question, reading, context)
            or self._only_one(match, reading, context)
        )
        if found is None:
            return match
        reasons = (*match.reasons, f"{found} in the thread of {context}")
        return replace(Match(Outcome.ANSWER, found), scores=match.scores, reasons=reasons)

    def _together(self, reading: Reading, context: str) -> str | None:
        """Return the answer on what the thread's subject and a leaning name make up: "DOACs?" after vitamin K2."""
        it, named = self._subjects.it(context), reading.named
        whole = self._subjects.together(it, named.leaning) if it and not named.held else None
        if whole is None:
            return None
        node = self._subjects.leads(whole, reading.aspect, context) if self._is_sure(reading) else SELF
        return self._subjects.general(whole) if node in (SELF, NONE) else node

    def _by_aspect(self, reading: Reading, context: str) -> str | None:
        """Return the answer that holds the aspect of the thread's subject; what is named beside it is what the subject
        is asked about together with, if anything."""
        it, named = self._subjects.it(context), reading.named
        if it is None or named.held or reading.leans < LEANS or not self._is_sure(reading):
            return None
        if (named.leaning or named.foreign) and reading.aspect != _BOTH:
            return None
        node = self._subjects.row(it).get(reading.aspect)
        return None if node in (SELF, NONE) else node

    def _by_words(self, match: Match, question: Message, reading: Reading, context: str) -> str | None:
        """Return the answer of the thread that speaks of every word of the question: the likeliest one, or the last."""
        scores, named = dict(match.scores), reading.named
        units = list(self._units(question))
        if not units or scores.get(self._parts.data.roles.advice, 0.0) > PERSONAL:
            return None
        around = self._around(context)
        if named.held:
            around &= self._subjects.answers_of(named.held[0])
        best = next((node for node in scores if node != self._parts.data.roles.otherwise), "")
        if best in around and scores[best] >= LIKELY and self._holds(best, units):
            return best
        return context if context in around and self._holds(context, units) else None

    def _only_one(self, match: Match, reading: Reading, context: str) -> str | None:
        """Return the one of several likely answers that says something of the thread's subject, if only one does."""
        own = [] if reading.named.held else [node for node in match.choices if node in self._around(context)]
        return own[0] if len(own) == 1 and own[0] != self._parts.data.roles.advice else None

    def _same_of(self, question: Message, reading: Reading, context: str) -> str | None:
        """Return the answer last shown where a message only names another of what it is about: "and duloxetine?"."""
        held = reading.named.held
        if len(held) != 1 or reading.named.foreign or not self._only_names(question):
            return None
        return context if self._subjects.same_of(held[0], context) == context else None

    def _with_harm(self, match: Match, question: Message, context: str) -> Match:
        """Return a refusal to advise with the answer last shown beside it, if that says what may harm in it."""
        refused = match.node == self._parts.data.roles.advice and not match.beside
        if not refused or context not in self._subjects.harms or not self._holds(context, list(self._units(question))):
            return match
        return replace(match, beside=context)

    def _around(self, context: str) -> frozenset[str]:
        it = self._subjects.it(context)
        return (self._subjects.answers_of(it) if it else frozenset()) | {context}

    def _is_sure(self, reading: Reading) -> bool:
        return reading.aspects.get(reading.aspect, 0.0) >= SURE

    # --- what answers say ---------------------------------------------------------------------------------------------

    def _holds(self, node: str, units: Sequence[Unit]) -> bool:
        """Tell whether an answer speaks of every word, at least one of which few answers hold."""
        held, often = self._said.get(node, frozenset()), OFTEN * len(self._said)
        found = [unit & held for unit in units]
        return all(found) and any(min(self._counts[one] for one in unit) <= often for unit in found)

    @cached_property
    def _said(self) -> Mapping[str, frozenset[str]]:
        """The words of each answer and the names in it."""
        return {node: frozenset(self._read(" . ".join(texts))) for node, texts in self._parts.data.said.items()}

    @cached_property
    def _counts(self) -> Counter[str]:
        """In how many answers each of them stands."""
        return Counter(one for held in self._said.values() for one in held)

    def _read(self, text: str) -> Iterator[str]:
        stems = [self._parts.stem(word) for word in split(clean(_TEMPLATE.sub(" ", text)))]
        yield from stems
        yield from (name for one in self._parts.lexicon.longest(stems) for name in self._names(one.concepts))

    def _units(self, question: Message) -> Iterator[Unit]:
        """Yield what is asked about: names, and words that are not mere grammar."""
        named: set[int] = set()
        for one in question.mentions:
            if names := self._names(one.concepts):
                named.update(range(one.start, one.end))
                yield frozenset((*names, " ".join(question.stems[one.start : one.end])))
        for at, stem in enumerate(question.stems):
            grammar = stem == STOP or stem in FUNCTION or stem in PERSONS or len(stem) < _SHORTEST
            if at not in named and not grammar and not stem.isdigit():
                yield frozenset((stem,))

    def _only_names(self, question: Message) -> bool:
        """Tell whether a message goes on with names alone: "and duloxetine?"; "what is duloxetine" asks by itself."""
        named = {at for one in question.mentions if self._names(one.concepts) for at in range(one.start, one.end)}
        return all(word == STOP or word in _GOING_ON for at, word in enumerate(question.words) if at not in named)

    def _names(self, concepts: Sequence[str]) -> list[str]:
        return [name for name in concepts if name in self._subjects.kind_of]
