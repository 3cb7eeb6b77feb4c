"""One turn for one thought: which messages belong together, and whether the rest is still to come.

People send half a sentence and the other half at once; the app cuts what is too long for one message; an album is a
message per picture. All of that is one question. Nothing here waits or stores: rows stay in the inbox, and what is
returned says until when the worker should let them lie.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.dialog.turn import Kind
from bot.inbox.events import Address

PATIENCE = 1.5
"""Seconds the rest of an unfinished thought may take."""

APART = 2.5
"""Seconds between two parts by the platform's own clock, at most: Telegram counts in whole ones."""

LONGEST = 10.0
"""Seconds from its first part to its last: who goes on for longer is answered as far as they got."""

MOST_PARTS = 30
"""Messages in one thought."""

_WORDS = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


def _words(text: str) -> list[str]:
    return [word.lower().replace("’", "'") for word in _WORDS.findall(text)]


_NEVER_LAST = frozenset(
    _words("a an the my your our their and or but because if whether than i im i'm very which whose")
)
"""No English sentence ends in one of these."""

_OPENERS = frozenset(_words("is are was were do does did can could should would will has have had may might must"))
"""Verbs that open a question: with its subject alone it lacks what is asked about it."""

_SELDOM_LAST = _OPENERS | frozenset(
    _words("am be about of for with to at by after before what how when where it's its he she we they")
)
"""A few words that end in one of these are the beginning of something; a longer sentence may well end so."""

_ANNOUNCED = "question"
_GOES_ON = re.compile(r"\w\W*(?:[,–—]|\.\.|…)\s*$")
_ENDS = re.compile(r"[.!?。？！)\]]\s*$")
_FEW = 3


@dataclass(frozen=True, slots=True)
class ThoughtPart:
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

    parts: tuple[ThoughtPart, ...]
    rows: frozenset[int]
    open_until: float = 0.0

    @property
    def text(self) -> str:
        """All its words."""
        return " ".join(part.text for part in self.parts if part.text.strip())

    @property
    def last(self) -> ThoughtPart:
        """The part under which it is answered: the last one that has words, else the first."""
        return next((part for part in reversed(self.parts) if part.text.strip()), self.parts[0])


def unfinished(text: str) -> bool:
    """Tell whether words are plainly the beginning of something; in doubt they are not."""
    if _GOES_ON.search(text):
        return True
    words = _words(text)
    if _ENDS.search(text) or not words:
        return False
    if words[-1] in _NEVER_LAST or words[-1] == _ANNOUNCED:
        return True
    return len(words) <= _FEW and (words[-1] in _SELDOM_LAST or (words[0] in _OPENERS and len(words) < _FEW))


def thought_of(row: int, parts: Iterable[ThoughtPart]) -> Thought:
    """Return the thought that the part in `row` belongs to; `parts` are everything its person has waiting there."""
    current, rows = _as_corrected(sorted(parts, key=lambda part: part.row))
    groups: list[list[ThoughtPart]] = []
    for part in current:
        if groups and _belongs(part, groups[-1]):
            groups[-1].append(part)
        else:
            groups.append([part])
    chosen = next(group for group in groups if row in _rows(group, rows))
    return Thought(tuple(chosen), _rows(chosen, rows), _open_until(chosen) if chosen is groups[-1] else 0.0)


def _as_corrected(parts: Iterable[ThoughtPart]) -> tuple[list[ThoughtPart], dict[int, set[int]]]:
    """Return each message once, in its place and as it reads after its corrections, and the rows that make it up."""
    current: dict[str, ThoughtPart] = {}
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


def _rows(group: Sequence[ThoughtPart], rows: dict[int, set[int]]) -> frozenset[int]:
    return frozenset(row for part in group for row in rows[part.row])


def _belongs(part: ThoughtPart, group: Sequence[ThoughtPart]) -> bool:
    """Tell whether a part goes on with what came before it."""
    first, before = group[0], group[-1]
    if not (part.spoken and before.spoken) or part.edited or before.edited or part.unaddressed != before.unaddressed:
        return False
    if len(group) >= MOST_PARTS or part.received - first.received > LONGEST or _gap(before, part) > 0:
        return False
    return before.album == part.album if before.album else _lacks_more(group) and not part.album


def _gap(before: ThoughtPart, part: ThoughtPart) -> float:
    """Return by how many seconds a part came too late."""
    if before.said is not None and part.said is not None:
        return part.said - before.said - APART
    return part.received - before.received - PATIENCE


def _lacks_more(group: Sequence[ThoughtPart]) -> bool:
    last = group[-1]
    if not last.spoken or last.edited:
        return False
    return last.cut or bool(last.album) or unfinished(" ".join(part.text for part in group))


def _open_until(group: Sequence[ThoughtPart]) -> float:
    if not _lacks_more(group) or len(group) >= MOST_PARTS:
        return 0.0
    return min(group[-1].received + PATIENCE, group[0].received + LONGEST)


def part_from(row: int, received: float, question: str | None, found: dict[str, Any]) -> ThoughtPart:
    """Return one message from what its inbox row holds; a row of an older version lacks what came later."""
    return ThoughtPart(
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
