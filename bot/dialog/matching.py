"""What every matcher returns, the one interface a matcher has, and the guard against nodes of yesterday.

A matcher may have been trained, and a conversation begun, before an editor changed the tree. Whatever comes from there
is brought up to date at the engine's door, so that nothing behind it meets a node that does not exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
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
    names: `subject x aspect`; `about` is, beside CHOICES, the general answer on the subject that the message names.
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
    about: str = ""


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
class Turner(Protocol):
    """A matcher that knows what "the other one" is, where a conversation spoke of two."""

    def other(self, text: str, shown: Sequence[str]) -> str | None:
        """Return the answer on the other subject spoken of, where words ask for it after the answers shown."""


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
    if state.about:
        state = replace(state, about=next(iter(todays(library, [state.about])), ""))
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


# --- what words lean on ---------------------------------------------------------------------------------------------

_LEAD = (
    r"(?:(?:and|so|ok|okay|well|then|hm+|oh|please|yes|maybe|i (?:mean|meant|choose|pick|want|take)"
    r"|what (?:about|is|was)|what's|how about|tell me(?: more)? about|show me|open|give me|explain"
    r"|let's (?:do|see|have|take)|make it|it's"
    r"|it is|take|try|go (?:with|for)|i'd like|i would like|can i (?:see|have)|could i (?:see|have)) )*"
)
_MARKER = r"(?:the|your|that|number|no|nr|num|option|choice|button|answer|item|point|#) ?"
_ORDINALS = "first second third fourth fifth sixth seventh eighth".split()  # noqa: SIM905
_CARDINALS = "one two three four five six seven eight".split()  # noqa: SIM905
_PLACE = rf"(?P<digits>\d{{1,2}})(?:st|nd|rd|th)?|(?P<ordinal>{'|'.join(_ORDINALS)})|(?P<end>last|latter|former)"
_TAIL = (
    r"(?: (?:one|option|choice|button|answer|topic|item|entry|again|then|please|pls|thanks|of|in|from|on|the|them|these"
    r"|those|your|list|you (?:gave|offered|showed|listed|mentioned|named)"
    r"|what (?:is|was|does) (?:that|it)(?: say| mean)?"
    r"|what's that|tell me(?: more)?))*"
)
_PICK = re.compile(rf"{_LEAD}(?:{_MARKER})*(?:{_PLACE}){_TAIL}")
_COUNTED = re.compile(
    rf"{_LEAD}(?:{_MARKER})*(?:number|no|nr|option|choice|button|#) ?(?P<cardinal>{'|'.join(_CARDINALS)}){_TAIL}"
)
_ALONE = re.compile(rf"(?P<cardinal>{'|'.join(_CARDINALS)})(?: please| then)?")
_OF_BUTTONS = re.compile(r"\bbuttons?\b")
_JOINTS = re.compile(r"[^\w'#]+|_")


def picked(text: str, listed: Sequence[str], buttons: Sequence[str] = ()) -> str | None:
    """Return what a message picks from the list just shown: "the third one, what is that", "no. 2", "the last".

    Of the buttons under an answer it picks only where it names them: "the second" there is of what the answer says.
    """
    said = _JOINTS.sub(" ", text.casefold().replace("’", "'")).strip()
    found = _PICK.fullmatch(said) or _COUNTED.fullmatch(said) or _ALONE.fullmatch(said)
    chosen = listed or (buttons if _OF_BUTTONS.search(said) else ())
    if found is None or not chosen:
        return None
    at = _place(found.groupdict(), len(chosen))
    return chosen[at] if 0 <= at < len(chosen) else None


def _place(found: Mapping[str, str | None], length: int) -> int:
    """Return where in a list of this length words point, from 0."""
    if digits := found.get("digits"):
        return int(digits) - 1
    if ordinal := found.get("ordinal"):
        return _ORDINALS.index(ordinal)
    if cardinal := found.get("cardinal"):
        return _CARDINALS.index(cardinal)
    return 0 if found.get("end") == "former" else length - 1


def leant_on(library: Library, state: State) -> str | None:
    """Return the answer that words lean on: what a list of choices was about, else the last that says something of a
    subject. A refusal to advise, an emergency that is over and a page about the bot leave the talk where it was."""
    if state.about:
        return state.about
    apart = {library.advice, *library.always, *library.urgent_nodes}
    return next((node for node in reversed(state.history) if node not in apart), state.node)


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


# --- wishes ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for, and what they name: a source, a country, what is wrong."""

    kind: str
    named: str = ""


_COURTESY = re.compile(r"^(?:(?:hi|hello|hey|ok|okay|and|so|please),? )+|,? please$", re.IGNORECASE)
_IDENTIFIER = re.compile(r"(?:10\.\d{4,}/\S+|PMC\d+|NCT\d+) ", re.IGNORECASE)
"""A DOI, the PMCID or the registry number of a source, and nothing else."""
_PIECE = re.compile(r"\([^)]*\)\??\S*|\S+")
_GROUP = re.compile(r"\(([^)]*)\)(.*)", re.DOTALL)


def wishes_in(text: str, wishes: Mapping[str, tuple[str, ...]]) -> Iterator[Wish]:
    """Yield what a whole message wishes, the first in the file first; it may turn out to name nothing that there is."""
    said = " ".join(text.replace("’", "'").split()).rstrip(" .?!")
    said = _COURTESY.sub("", said).strip() + " "
    if _IDENTIFIER.fullmatch(said):
        yield Wish("source", said.strip())
    for kind, templates in wishes.items():
        for template in templates:
            if found := _compiled(template).fullmatch(said):
                yield Wish(kind, (found.groupdict().get("named") or "").strip())


@cache
def _compiled(template: str) -> re.Pattern[str]:
    """Return the pattern of a template in content/small-talk.yaml."""
    return re.compile("".join(map(_pattern, _PIECE.findall(template))), re.IGNORECASE)


def _pattern(piece: str) -> str:
    group = _GROUP.fullmatch(piece)
    if group is None:
        return re.escape(piece).replace(r"\*", "(?P<named>.+?)") + r"\s+"
    either = "|".join(re.escape(one.strip()) for one in group[1].split("|"))
    if group[2] == "?":
        return rf"(?:(?:{either})\s+)?"
    return rf"(?:{either})" + re.escape(group[2]) + r"\s+"
