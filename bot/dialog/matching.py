"""What every matcher returns, the one interface a matcher has, and the guard against nodes of yesterday.

A matcher may have been trained, and a conversation begun, before an editor changed the tree. Whatever comes from there
is brought up to date at the engine's door, so that nothing behind it meets a node that does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from bot.content.library import Library
from bot.dialog.composer import Composer
from bot.dialog.personal_data import mask
from bot.dialog.turn import Incoming, Outcome, Register, Reply, State


@dataclass(frozen=True, slots=True)
class Match:
    """The decision about one message, with its reasons.

    `node` is the node to show (for CHOICES the `otherwise` node); `choices` holds two or three node ids when unsure;
    `related` the general answers that help: nearest topics for not-covered, matching answers for personal advice;
    `scores` the best candidates first, 0..1; `reasons` one short English phrase per deciding rule or signal;
    `note` names an interface sentence to lead the answer with (for example `other-language`), or is empty; `language`
    is the code of another language the message is in, when content/languages.yaml holds it; `also` are the answers to
    further questions of the same message, in their order; `beside` is the answer that says what may harm in what a
    personal question is about; `missing` is what was asked and no answer holds, as authored
    names: `subject x aspect`.
    """

    outcome: Outcome
    node: str
    choices: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    scores: tuple[tuple[str, float], ...] = ()
    reasons: tuple[str, ...] = ()
    note: str = ""
    language: str = ""
    also: tuple[str, ...] = ()
    beside: str = ""
    missing: str = ""


class Matcher(Protocol):
    """Anything that can decide about free text."""

    def match(self, text: str, context: str | None, register: Register) -> Match:
        """Return the decision for `text` asked after node `context` by a reader of `tone`; never raises."""


@runtime_checkable
class Alarm(Protocol):
    """A matcher that tells an emergency without deciding about the rest: cheap enough for every message at the door."""

    def is_urgent(self, text: str) -> bool:
        """Return whether words speak of an emergency, whatever they follow."""

    def is_over(self, text: str) -> bool:
        """Return whether words, after the card of an emergency, say that it is over."""

    def heard(self, text: str) -> str:
        """Return what words after the card of an emergency say (`worse`, `alone`, ...), or an empty text."""


@runtime_checkable
class Scrubber(Protocol):
    """A matcher that knows which words of a question may be kept for an editor."""

    def scrubbed(self, text: str) -> str:
        """Return what is no name, place or number; empty where the question is personal or too little is left."""


def todays(library: Library, nodes: Iterable[str]) -> tuple[str, ...]:
    """Return the nodes under their present ids, without those that are gone, each once."""
    known = (library.resolve(node) for node in nodes)
    return tuple(dict.fromkeys(node for node in known if node is not None and _has_answer(library, node)))


def up_to_date(library: Library, state: State, incoming: Incoming) -> tuple[State, Incoming]:
    """Return a turn that names no node but today's."""
    history = todays(library, state.history[::-1])[::-1]  # of what was shown twice, the later time counts
    if history != state.history:
        state = replace(state, history=history)
    if incoming.context is not None:
        incoming = replace(incoming, context=next(iter(todays(library, [incoming.context])), None))
    return state, incoming


class UpToDateMatcher:
    """A matcher whose decisions name today's nodes only; where nothing is left of one, nothing was found."""

    def __init__(self, library: Library, matcher: Matcher) -> None:
        self._library = library
        self._matcher = matcher

    def match(self, text: str, context: str | None, register: Register) -> Match:
        """Return the matcher's decision, brought up to date."""
        context = next(iter(todays(self._library, [context] if context else ())), None)
        found = self._matcher.match(text, context, register)
        named = (found.node, *found.choices, *found.related, *found.also, *filter(None, [found.beside]))
        if found.outcome is Outcome.SMALL_TALK:
            return found if found.node in self._library.small_talk else self._nothing(found)
        if all(node in self._library.nodes and _has_answer(self._library, node) for node in named):
            return found
        return self._changed(found)

    def _changed(self, found: Match) -> Match:
        node = next(iter(todays(self._library, [found.node])), None)
        choices, related = todays(self._library, found.choices), todays(self._library, found.related)
        also, beside = todays(self._library, found.also), next(iter(todays(self._library, [found.beside])), "")
        if found.outcome is Outcome.URGENT:
            return replace(found, node=node or self._library.urgent, choices=choices, related=related)
        if node is None or (found.outcome is Outcome.CHOICES and not choices):
            return self._nothing(found)
        return replace(found, node=node, choices=choices, related=related, also=also, beside=beside)

    def _nothing(self, found: Match) -> Match:
        reasons = (*found.reasons, f"`{found.node}` is no node any more")
        related = todays(self._library, found.related)
        node = self._library.otherwise
        return replace(found, outcome=Outcome.NOT_COVERED, node=node, choices=(), related=related, reasons=reasons)


def _has_answer(library: Library, node: str) -> bool:
    return any(node in topic.answers for topic in library.topics.values())


class Keeping:
    """What is kept of questions that nothing answers, and what people are told once; nothing without a scrubber."""

    def __init__(self, matcher: Matcher | None, composer: Composer) -> None:
        self._scrubber = matcher if isinstance(matcher, Scrubber) else None
        self._composer = composer

    def kept(self, reply: Reply, incoming: Incoming) -> Reply:
        """Return the reply with what may be kept of a question that it does not answer.

        A question with an identifier in it is not kept at all: who writes one may have written more of that kind.
        """
        if self._scrubber is None or reply.card.outcome is not Outcome.NOT_COVERED or mask(incoming.text)[1]:
            return reply
        return replace(reply, unmatched=self._scrubber.scrubbed(incoming.text))

    def introduced(self, reply: Reply) -> Reply:
        """Put under the reply what everybody is told once: that there are two registers, and what is kept."""
        if reply.offer:
            return reply
        lines = (self._composer.text("welcome-offer", reply.card.register), self._told("unmatched-kept", reply))
        return replace(reply, offer=" ".join(filter(None, lines)))

    def told(self, reply: Reply) -> Reply:
        """Return the answer about privacy with what is kept of unanswered questions and how to have it removed, where
        they are kept."""
        return replace(reply, offer=" ".join(filter(None, (reply.offer, self._told("unmatched-kept-privacy", reply)))))

    def _told(self, key: str, reply: Reply) -> str:
        return self._composer.text(key, reply.card.register) if self._scrubber else ""
