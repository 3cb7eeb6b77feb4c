"""What is kept beside turns: what people report as wrong, and counts of turns without anybody's name.

The statements here serve both databases, which both know a parameter by `$` and its number.

A turn is in exactly one cell, so no count can be reckoned from others. While a week runs, a cell has a bitmap of 64
bits beside its count: a person sets one of them, chosen by the week's own random salt, so that it can be told how many
people at least are behind a count, and not who (linear counting). When the week is over, cells with few people are
pooled until each has enough; the pools alone are kept, and the salt is deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple, Protocol

# --- reports ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewReport:
    """A report as it is stored: hashed names, sealed words and address. `id` is made of its turn, so that a turn that
    is done twice leaves one."""

    id: bytes
    person: bytes
    conversation: bytes
    channel: str
    node: str
    register: str
    words: bytes
    address: bytes
    at: float


@dataclass(frozen=True, slots=True)
class StoredReport(NewReport):
    """A report with its number for people, and when it was closed, if it was."""

    number: int = 0
    closed: float | None = None


class Reports(Protocol):
    """What a database does with reports. Every method is one transaction and may raise `StoreUnavailable`."""

    async def add_report(self, report: NewReport) -> None:
        """Keep a report, once."""

    async def reports(self, *, closed: bool = False) -> Sequence[StoredReport]:
        """Return the open reports, or all of them, oldest first."""

    async def close_report(self, number: int, at: float) -> StoredReport | None:
        """Close an open report and return it; None if there is none of that number."""


_COLUMNS = "id, person, conversation, channel, node, tone, words, address, at"

ADD_REPORT = f"INSERT INTO report ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING"  # noqa: S608

LIST_REPORTS = f"SELECT {_COLUMNS}, number, closed FROM report WHERE closed IS NULL OR $1 ORDER BY number"  # noqa: S608

CLOSE_REPORT = (
    f"UPDATE report SET closed = $2 WHERE number = $1 AND closed IS NULL RETURNING {_COLUMNS}, number, closed"  # noqa: S608
)

THEIR_REPORTS = "SELECT node, at, words, closed FROM report WHERE person = $1 ORDER BY number"

FORGET_REPORTS = "DELETE FROM report WHERE person = $1"

PRUNE_REPORTS = "DELETE FROM report WHERE closed < $1 OR at < $2"


def report_terms(report: NewReport) -> tuple[object, ...]:
    """Return the parameters of `ADD_REPORT`."""
    return (
        report.id,
        report.person,
        report.conversation,
        report.channel,
        report.node,
        report.register,
        report.words,
        report.address,
        report.at,
    )


# --- counts -----------------------------------------------------------------------------------------------------------

LEAST = 5
"""People that must be behind a count before anybody may see it."""
ANY = "*"
"""Stands for a field that was given up when cells were pooled."""
PUBLISHED = -1
"""In the place of a shard: what is left of a week that is over."""
SHARDS = 32
"""Rows that a count is spread over, so that replicas do not wait for each other's commits."""
SALT_BYTES = 16
_DAYS, _MONDAY = 7, 3
"""Day 0, 1 January 1970, was a Thursday: weeks begin three days before it."""


class TallyCell(NamedTuple):
    """What is told apart: how it was asked, what came of it, the node shown and the one before it.

    `via` is `words`, `command`, or what was pressed. `about` is, where something was asked that is not held, the
    subject and the aspect as they are authored; else for choices the nodes offered, for an answer to words how
    sure it was.
    """

    channel: str
    register: str
    via: str
    outcome: str
    node: str
    before: str
    about: str

    @classmethod
    def parse(cls, text: str) -> TallyCell:
        """Return the cell of its stored form. Raises TypeError for what is none."""
        return cls(*text.split("\t"))

    def __str__(self) -> str:
        return "\t".join(self)


class Tally(NamedTuple):
    """One turn to be counted: its cell in stored form, and the bit of its person in this week."""

    cell: str
    bit: int


SUM_WEEKS = "SELECT day, sum(times) FROM tally WHERE shard = $1 GROUP BY day ORDER BY day DESC LIMIT $2"
SUM_CELLS = "SELECT cell, sum(times) FROM tally WHERE shard = $1 AND day >= $2 GROUP BY cell ORDER BY cell"
"""For both databases, which both know a parameter by `$` and its number."""


class Published(NamedTuple):
    """A count that may be seen: the week, by its first day (days since 1970-01-01), the pool, the turns in it."""

    day: int
    cell: TallyCell
    times: int


class Summed(NamedTuple):
    """What is read of the counts at once: the turns of each week, and of each pool in all these weeks together."""

    weeks: Sequence[tuple[int, int]] = ()
    cells: Sequence[tuple[TallyCell, int]] = ()

    @property
    def turns(self) -> int:
        """All of them."""
        return sum(times for _, times in self.weeks)


class Tallies(Protocol):
    """The part of a store that holds counts, and the questions that were kept."""

    async def week_salt(self, week: int, fresh: bytes) -> bytes | None:
        """Return the salt of a week, `fresh` if it had none yet; None once the week is over and no more is counted."""

    async def end_weeks(self, before: int) -> None:
        """Keep of the weeks before this one only the counts that may be seen, and forget their salts."""

    async def published(self) -> Sequence[Published]:
        """Return the counts of the weeks that are over, oldest first."""

    async def summed(self, weeks: int) -> Summed:
        """Return the counts of the last so many weeks there are, added up by the database."""

    async def unmatched(self) -> Sequence[tuple[int, bytes]]:
        """Return the unanswered questions that were kept, sealed, with their numbers, oldest first."""

    async def drop_unmatched(self, number: int) -> bool:
        """Delete a question that was kept; return whether there was one."""


_GIVEN_UP: tuple[frozenset[str], ...] = (
    frozenset(),
    frozenset({"before"}),
    frozenset({"before", "channel", "register"}),
    frozenset({"before", "channel", "register", "about"}),
    frozenset({"before", "channel", "register", "about", "node"}),
    frozenset(TallyCell._fields) - {"outcome"},
    frozenset(TallyCell._fields),
)
"""What is given up, step by step, until enough people share a cell: what an editor needs most goes last."""


def week_of(day: int) -> int:
    """Return the number of the week, from Monday, that a day is in."""
    return (day + _MONDAY) // _DAYS


def first_day(week: int) -> int:
    """Return the Monday of a week."""
    return week * _DAYS - _MONDAY


def people(bits: int) -> int:
    """Return how many people at least set these bits: some may share one."""
    return (bits & ((1 << 64) - 1)).bit_count()


def gathered(rows: Iterable[tuple[str, int, int]]) -> dict[TallyCell, tuple[int, int]]:
    """Return (times, bits) of each cell, all days and shards together; a row that cannot be read is left out."""
    found: dict[TallyCell, tuple[int, int]] = {}
    for text, times, bits in rows:
        try:
            cell = TallyCell.parse(text)
        except TypeError:
            continue
        before, seen = found.get(cell, (0, 0))
        found[cell] = before + times, seen | bits
    return found


def pooled(counts: Mapping[TallyCell, tuple[int, int]]) -> dict[TallyCell, int]:
    """Return the turns of each pool that enough people are behind; pools share no turn, and what is left is dropped."""
    left, shown = dict(counts), dict[TallyCell, int]()
    for given_up in _GIVEN_UP:
        pools: dict[TallyCell, list[TallyCell]] = {}
        for cell in left:
            pools.setdefault(cell._replace(**dict.fromkeys(given_up, ANY)), []).append(cell)
        for pool, members in pools.items():
            bits = 0
            for cell in members:
                bits |= left[cell][1]
            if people(bits) >= LEAST:
                shown[pool] = sum(left.pop(cell)[0] for cell in members)
    return shown


def published_from(rows: Iterable[tuple[int, str, int]]) -> list[Published]:
    """Return rows (day, cell, times) as counts, each cell read once; a row that is no cell is left out."""
    read = cache(_cell_of)
    return [Published(day, cell, times) for day, text, times in rows if (cell := read(text))]


def cells_from(rows: Iterable[tuple[str, int]]) -> list[tuple[TallyCell, int]]:
    """Return rows (cell, times) with each cell read; a row that is no cell is left out."""
    return [(cell, times) for text, times in rows if (cell := _cell_of(text))]


def _cell_of(text: str) -> TallyCell | None:
    return TallyCell.parse(text) if text.count("\t") == len(TallyCell._fields) - 1 else None


def left_of(rows: Iterable[tuple[str, int, int]]) -> list[tuple[str, int]]:
    """Return what is left of a week's rows (cell, times, bits) when it is over, as rows again."""
    return [(str(cell), times) for cell, times in sorted(pooled(gathered(rows)).items())]
