"""What a channel hands to the inbox, what it must do with the answer, and which messages make one thought.

People send half a sentence and the other half at once; the app cuts what is too long for one message; an album is a
message per picture. All of that is one question. Nothing here waits or stores: rows stay in the inbox, and what is
returned says until when the worker should let them lie. Which arrivals overtake what waits in their conversation is
decided from the same beginnings, at the door, before anything is stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from bot.dialog.turn import Emergency, Incoming, Kind, Reply, State
from bot.store.base import Earlier, Turn

Address = Mapping[str, Any]
"""Where the answer goes, in the platform's own words; JSON only, kept in the inbox row until the turn is done."""


@dataclass(frozen=True, slots=True)
class InboundEvent:
    """One accepted event.

    `keys` are the ids by which a repetition is known (the platform's event id; on Slack also team, channel and ts).
    `person` and `conversation` are clear platform ids such as `telegram:42`: the inbox hashes them before storing.
    `question` is the platform id of the message that asked, `replies_to` of the older message it answers, if any.
    `unaddressed` marks words that were not addressed to the bot (in a thread it was asked into), `asker` that they are
    those of somebody who asked it there: see `worth_saying` in bot.inbox.processor for when it speaks.
    `said` is when the platform says the words were sent, in seconds since the epoch; `album` the name that the pictures
    of one album share; `cut` that the words are as long as one message may be, so that the rest is in the next.
    """

    keys: tuple[str, ...]
    channel: str
    person: str
    conversation: str
    incoming: Incoming
    address: Address
    question: str | None = None
    replies_to: str | None = None
    unaddressed: bool = False
    asker: bool = False
    said: float | None = None
    album: str | None = None
    cut: bool = False


class Progress(Protocol):
    """How a channel says which part of an answer was sent, so that a replay does not send it again."""

    async def __call__(self, message: str, *, last: bool = False) -> None:
        """Write down the platform's id of a part. The `last` one is written by the end of the turn, which follows at
        once: a commit of its own would tell a replay nothing that the turn's end does not."""


def each_written(progress: Progress) -> Progress:
    """Return how parts are written down none of which is the last: something else follows."""

    async def step(message: str, *, last: bool = False) -> None:  # noqa: ARG001
        await progress(message)

    return step


WhenEnded = Callable[[Callable[[], None]], None]


def at_once(then: Callable[[], None]) -> None:
    """Call back for a delivery that nobody writes down."""
    then()


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """One answer to deliver. `sent` are the parts already delivered by an attempt that died; `earlier` is the message
    that answered the same question before it was edited: edit that one instead of sending a second. `doubtful` says
    that an attempt died that may have delivered one part more: where a platform lets one look, look first. `urgent`
    answers go before whatever else waits for its turn to be sent. `when_ended` calls back once all that was delivered
    is written down, or the turn was given up for now."""

    address: Address
    reply: Reply
    sent: Sequence[str] = ()
    earlier: str | None = None
    doubtful: bool = False
    urgent: bool = False
    when_ended: WhenEnded = at_once


class Delivery(Protocol):
    """A place that can deliver an answer."""

    name: str

    async def deliver(self, message: OutboundMessage, progress: Progress) -> None:
        """Deliver the answer, calling `progress` after each part.

        Raises `Busy` when the platform asks to wait or cannot be reached, `Paced` when the answer's turn to be sent is
        still to come, `Gone` when nobody is there any more, and `Refused` when the platform refuses for a reason the
        channel does not know.
        """


class Busy(Exception):
    """The platform cannot take it now; try again after `after` seconds."""

    def __init__(self, after: float, reason: str) -> None:
        super().__init__(reason)
        self.after = after


class Paced(Exception):
    """The answer may be sent in `after` seconds, not before: until then its worker is better off with other work."""

    def __init__(self, after: float) -> None:
        super().__init__(after)
        self.after = after


class Gone(Exception):
    """The person blocked the bot, or the chat, channel or message no longer exists: nothing left to deliver.

    `forget` asks for the person's data to be deleted after the grace period.
    """

    def __init__(self, reason: str, *, forget: bool = False) -> None:
        super().__init__(reason)
        self.forget = forget


class Refused(Exception):
    """The platform refuses it with a word that means nothing to the channel: the turn has failed. `str` is that word,
    which may be logged and shown to an operator."""


# --- one turn for one thought -----------------------------------------------------------------------------------------

PATIENCE = 1.5
"""Seconds the rest of an unfinished thought may take."""

APART = 2.5
"""Seconds between two parts by the platform's own clock, at most: Telegram counts in whole ones."""

LONGEST = 10.0
"""Seconds from its first part to its last: who goes on for longer is answered as far as they got."""

MOST_PARTS = 30
"""Messages in one thought."""

_WORDS = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


def words_in(text: str) -> list[str]:
    """Return the words of a text in lower case, apostrophes straight."""
    return [word.lower().replace("’", "'") for word in _WORDS.findall(text)]


_NEVER_LAST = frozenset(
    words_in("a an the my your our their and or but because if whether than i im i'm very which whose")
)
"""No English sentence ends in one of these."""

_OPENERS = frozenset(words_in("is are was were do does did can could should would will has have had may might must"))
"""Verbs that open a question: with its subject alone it lacks what is asked about it."""

_SELDOM_LAST = _OPENERS | frozenset(
    words_in("am be about of for with to at by after before what how when where it's its he she we they")
)
"""A few words that end in one of these are the beginning of something; a longer sentence may well end so."""

_ANNOUNCED = "question"
_GOES_ON = re.compile(r"\w\W*(?:[,–—]|\.\.|…)\s*$")
_ENDS = re.compile(r"[.!?。？！)\]]\s*$")
_FEW = 3


@dataclass(frozen=True, slots=True)
class MessagePart:
    """One message as it lies in the inbox, opened.

    `said` is when the platform says it was sent, if it does; `album` what its pictures share; `cut` that it is as long
    as a message may be; `question` its platform id.
    """

    row: int
    received: float
    kind: Kind
    text: str
    address: Address
    context: str | None = None
    question: str | None = None
    said: float | None = None
    album: str | None = None
    cut: bool = False
    edited: bool = False
    group: bool = False
    unaddressed: bool = False
    asker: bool = False

    @property
    def spoken(self) -> bool:
        """Whether it is words or a picture; presses and commands stand alone."""
        return self.kind in (Kind.TEXT, Kind.OTHER)


@dataclass(frozen=True, slots=True)
class Thought:
    """What one turn answers: its parts in order, the rows they lie in, and until when the rest may come (0: it is
    complete)."""

    parts: tuple[MessagePart, ...]
    rows: frozenset[int]
    open_until: float = 0.0

    @property
    def text(self) -> str:
        """All its words."""
        return " ".join(part.text for part in self.parts if part.text.strip())

    @property
    def last(self) -> MessagePart:
        """The part under which it is answered: the last one that has words, else the first."""
        if len(self.parts) == 1:
            return self.parts[0]
        return next((part for part in reversed(self.parts) if part.text.strip()), self.parts[0])


def unfinished(text: str) -> bool:
    """Tell whether words are plainly the beginning of something; in doubt they are not."""
    if _GOES_ON.search(text):
        return True
    words = words_in(text)
    if _ENDS.search(text) or not words:
        return False
    if words[-1] in _NEVER_LAST or words[-1] == _ANNOUNCED:
        return True
    return len(words) <= _FEW and (words[-1] in _SELDOM_LAST or (words[0] in _OPENERS and len(words) < _FEW))


def thought_of(row: int, parts: Iterable[MessagePart]) -> Thought:
    """Return the thought that the part in `row` belongs to; `parts` are everything its person has waiting there."""
    lying = sorted(parts, key=lambda part: part.row)
    if len(lying) == 1:
        return Thought((lying[0],), frozenset({row}), _open_until(lying))
    current, rows = _as_corrected(lying)
    groups: list[list[MessagePart]] = []
    for part in current:
        if groups and _belongs(part, groups[-1]):
            groups[-1].append(part)
        else:
            groups.append([part])
    chosen = next(group for group in groups if row in _rows(group, rows))
    return Thought(tuple(chosen), _rows(chosen, rows), _open_until(chosen) if chosen is groups[-1] else 0.0)


def _as_corrected(parts: Iterable[MessagePart]) -> tuple[list[MessagePart], dict[int, set[int]]]:
    """Return each message once, in its place and as it reads after its corrections, and the rows that make it up."""
    current: dict[str, MessagePart] = {}
    rows: dict[int, set[int]] = {}
    for part in parts:
        name = part.question or f"row {part.row}"
        first = current.get(name) if part.edited and not part.album else None
        if first is None:
            name = name if name not in current else f"row {part.row}"
            current[name] = part
        else:
            current[name] = replace(first, text=part.text, kind=part.kind, cut=part.cut)
        rows.setdefault(current[name].row, set()).add(part.row)
    return list(current.values()), rows


def _rows(group: Sequence[MessagePart], rows: dict[int, set[int]]) -> frozenset[int]:
    return frozenset(row for part in group for row in rows[part.row])


def _belongs(part: MessagePart, group: Sequence[MessagePart]) -> bool:
    """Tell whether a part goes on with what came before it."""
    first, before = group[0], group[-1]
    if not (part.spoken and before.spoken) or part.edited or before.edited or part.unaddressed != before.unaddressed:
        return False
    if len(group) >= MOST_PARTS or part.received - first.received > LONGEST or _gap(before, part) > 0:
        return False
    return before.album == part.album if before.album else _lacks_more(group) and not part.album


def _gap(before: MessagePart, part: MessagePart) -> float:
    """Return by how many seconds a part came too late."""
    if before.said is not None and part.said is not None:
        return part.said - before.said - APART
    return part.received - before.received - PATIENCE


def _lacks_more(group: Sequence[MessagePart]) -> bool:
    last = group[-1]
    if not last.spoken or last.edited:
        return False
    return last.cut or bool(last.album) or unfinished(" ".join(part.text for part in group))


def _open_until(group: Sequence[MessagePart]) -> float:
    if not _lacks_more(group) or len(group) >= MOST_PARTS:
        return 0.0
    return min(group[-1].received + PATIENCE, group[0].received + LONGEST)


def part_from(row: int, received: float, question: str | None, found: dict[str, Any]) -> MessagePart:
    """Return one message from what its inbox row holds; a row of an older version lacks what came later."""
    return MessagePart(
        row=row,
        received=received,
        kind=Kind(found["kind"]),
        text=found["text"],
        address=found["address"],
        context=found["context"],
        question=question,
        said=found.get("said"),
        album=found.get("album"),
        cut=bool(found.get("cut")),
        edited=found["edited"],
        group=bool(found.get("group")),
        unaddressed=found["quiet"],
        asker=bool(found.get("asker")),
    )


# --- after what it was asked: a corrected question, and one an emergency overtook, are not simply the next -----------


def asked_in(turn: Turn, *, edited: bool) -> State:
    """Return the state in which a turn's question was asked.

    Where a corrected message was one of several, the other words are gone, and the answer they had stands for them.
    """
    state, earlier = turn.state, turn.earlier
    if edited and earlier is not None:
        history = earlier.history if earlier.whole else (*earlier.history, earlier.node)
        return replace(state, history=history, question=None, emergency=_before(state.emergency, earlier))
    if _overtaken(turn):
        shown = tuple(node for node in state.history if state.emergency and node != state.emergency.node)
        return replace(state, history=shown, question=None, emergency=None)
    return state


def left_by(turn: Turn, after: State, *, edited: bool) -> State:
    """Return what to remember after a turn that was read in `asked_in`: a correction moves the conversation's place
    only if nothing followed its answer, and an emergency stays what it is about."""
    state, earlier = turn.state, turn.earlier
    if edited and earlier is not None:
        if earlier.newest and state.node == earlier.node:
            return after
        kept = after.emergency or (None if _its_own(state.emergency, earlier) else state.emergency)
        return replace(after, history=state.history, question=state.question, quiet=state.quiet, emergency=kept)
    return replace(after, emergency=after.emergency or state.emergency) if _overtaken(turn) else after


def _overtaken(turn: Turn) -> bool:
    emergency = turn.state.emergency
    return emergency is not None and turn.received < emergency.at


def _before(emergency: Emergency | None, earlier: Earlier) -> Emergency | None:
    """Return the emergency the conversation was about when the question was asked, if it was about one."""
    then = emergency is not None and emergency.at <= earlier.at and not _its_own(emergency, earlier)
    return emergency if then else None


def _its_own(emergency: Emergency | None, earlier: Earlier) -> bool:
    """Tell whether it was the question itself that spoke of the emergency."""
    return emergency is not None and emergency.node == earlier.node and emergency.at <= earlier.at


Urgent = Callable[[str], bool]
"""Tells whether words speak of an emergency."""

MOST_REMEMBERED = 4096
"""Beginnings kept in memory, each for a moment; beyond that an emergency said in two messages waits its turn."""


def nothing_urgent(_words: str) -> bool:
    """Answer for an inbox that is told of no emergencies."""
    return False


class Priority:
    """Judges words as they arrive, together with the beginning that came a moment before ("I want to", "die").

    Beginnings are kept in this process alone and only for as long as their rest may take: what is decided is stored.
    """

    def __init__(self, urgent: Urgent) -> None:
        self._urgent = urgent
        self._begun: dict[tuple[str, str], tuple[float, str]] = {}

    def __call__(self, event: InboundEvent, now: float) -> bool:
        """Return whether the event goes first; presses and commands never do."""
        if event.incoming.kind not in (Kind.TEXT, Kind.OTHER) or not event.incoming.text.strip():
            return False
        words = self._with_beginning(event, now)
        return self._urgent(event.incoming.text) or (words != event.incoming.text and self._urgent(words))

    def _with_beginning(self, event: InboundEvent, now: float) -> str:
        who, words = (event.conversation, event.person), event.incoming.text
        at, begun = self._begun.pop(who, (now, ""))
        if begun and now - at <= PATIENCE:
            words = f"{begun} {words}"
        if event.cut or unfinished(words):
            self._remember(who, words, now)
        return words

    def _remember(self, who: tuple[str, str], words: str, now: float) -> None:
        if len(self._begun) >= MOST_REMEMBERED:
            self._begun = {one: begun for one, begun in self._begun.items() if now - begun[0] <= PATIENCE}
        if len(self._begun) < MOST_REMEMBERED:
            self._begun[who] = now, words
